"""Text in the picture: read once while it stays, found in every moment in which it can be read."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from svqa.database import open_store
from svqa.errors import UsageError
from svqa.models import load_set
from svqa.pipeline import Library
from svqa.pipeline.search import scores_over_time, search
from svqa.pipeline.search_cache import SearchCache
from svqa.pipeline.text_analysis import in_reading_order
from svqa.records import Caption, Chunk, TextBox, TextLine, VectorSet
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, pattern
from tests.helpers.database import fresh_url, video_info
from tests.helpers.reader import models_that_read

SPANS = np.array([(0.0, 5.0), (5.0, 10.0), (10.0, 15.0), (15.0, 20.0)])
AXES = {"bread": 0, "street": 1, "sea": 2}


class Encoder:
    """Each known word is a direction; a text points where its first known word does."""

    model_id, dim = "words@1", 4

    def encode_text(self, texts):
        found = [next((AXES[w] for w in t.lower().split() if w in AXES), 3) for t in texts]
        return np.eye(4, dtype=np.float32)[found]


MODELS = SimpleNamespace(encoder=Encoder(), sentences=Encoder(), model_ids={})


def line(text: str, start_s: float, end_s: float, top: float = 0.0) -> TextBox:
    return TextBox(text, start_s, end_s, 0.9, (1.0, top, 80.0, top + 10), "reader@1")


@pytest.fixture
def store(tmp_path):
    """One video of four segments, all alike but for what is written in the middle two."""
    with open_store(fresh_url("sqlite", tmp_path)) as opened:
        claim = opened.claim_video(video_info(duration_s=20.0), {})
        same = np.tile(np.eye(4, dtype=np.float32)[3], (4, 1))
        captions = tuple(Caption("a street", *span, 0.5, "c@1") for span in SPANS.tolist())
        text = (line("MENU", 5.0, 15.0), line("bread 413 cents", 5.0, 15.0, top=20))
        vectors = (
            VectorSet("segment", "visual", "words@1", SPANS, same),
            VectorSet(
                "segment", "text", "words@1", SPANS[1:3], np.eye(4, dtype=np.float32)[[0, 0]]
            ),
        )
        opened.commit_chunk(
            claim.video_id,
            Chunk(0.0, 20.0, captions=captions, text_boxes=text, vectors=vectors),
        )
        opened.finish_video(claim.video_id)
        yield opened


def videos(store) -> list[str]:
    return [v.id for v in store.videos()]


def test_what_is_written_is_found_in_every_moment_in_which_it_can_be_read(store):
    found = search(store, MODELS, "the price of bread", videos=videos(store))
    assert [(e.start_s, e.kind) for e in found[:2]] == [(5.0, "text"), (10.0, "text")]
    assert all(e.text == "MENU\nbread 413 cents" for e in found[:2])
    assert all(e.parts["text"] > 0.9 and e.parts["bm25"] > 0 for e in found[:2])
    assert not any("text" in e.parts or "bm25" in e.parts for e in found[2:])


def test_words_of_the_picture_do_not_hide_the_caption_of_a_moment_found_otherwise(store):
    found = search(store, MODELS, "sea", videos=videos(store))
    assert {(e.kind, e.text) for e in found} == {("visual", "a street")}


def test_a_word_that_only_the_picture_has_is_found_by_itself(store):
    start_s, scores = scores_over_time(
        store, MODELS, "413 cents", video=videos(store)[0], cache=SearchCache()
    )
    assert start_s.tolist() == [0.0, 5.0, 10.0, 15.0]
    assert min(scores[1:3]) > max(scores[0], scores[3])


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """40 s at the file's own 800 x 480: number 5 for 12 s, 9 for 10 s, then 5 again. -> (path)."""
    path = tmp_path_factory.mktemp("held") / "held.mp4"
    shown = [5] * 24 + [9] * 20 + [5] * 36
    raw = b"".join(pattern(number, 800, 480).tobytes() for number in shown)
    size = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "800x480", "-r", 2, "-i", "pipe:")
    ffmpeg(*size, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", path, stdin=raw)
    return path


@pytest.fixture(scope="module")
def library(held, tmp_path_factory):
    """The held pictures, ingested by a set that reads."""
    settings = Settings(database=fresh_url("sqlite", tmp_path_factory.mktemp("reading")))
    with Library(open_store(settings.database), models_that_read(), settings) as library:
        (report,) = library.ingest(held)
        assert report.status == "ready", report
        yield library


def test_text_is_read_at_the_files_own_size_and_only_where_the_picture_changed(library):
    (video,) = library.videos()
    read = [(b.text, b.start_s, b.end_s) for b in library.store.text_boxes(video.id)]
    # segments end at 10 and 15 s, the numbers change at 12 and 22 s; a committed chunk ends at 30 s
    assert read == [
        ("frame", 0.0, 30.0),
        ("5", 0.0, 12.0),
        ("9", 12.0, 22.0),
        ("5", 22.0, 30.0),
        ("frame", 30.0, 40.0),
        ("5", 30.0, 40.0),
    ]
    assert library.models.reader.shapes == [(480, 800, 3)] * 3, "the first 5 is not read again"
    box = library.store.text_boxes(video.id)[1]
    assert box.xyxy_px == (2.0, 12.0, 798.0, 119.0) and box.model_id == "numbers@1"
    passages = library.store.passages(kinds=["text"])
    told = [(p.text, p.start_s, p.end_s) for p in passages]
    assert told == [
        ("5", 0.0, 12.0),
        ("frame", 0.0, 30.0),
        ("9", 12.0, 22.0),
        ("5", 22.0, 30.0),
        ("frame\n5", 30.0, 40.0),
    ]
    assert library.store.metrics(video.id)["text_s"] > 0


def test_the_number_on_the_picture_is_searched(library):
    (first, second, *_) = library.search("the number 9")
    assert {(e.start_s, e.end_s) for e in (first, second)} == {(10.0, 15.0), (15.0, 20.0)}
    assert first.parts["bm25"] > 0 and (first.kind, first.text) == ("text", "frame\n9")
    (video,) = library.videos()
    table = library.store.vectors(
        "segment", "text", library.models.sentences.model_id, videos=[video.id]
    )
    assert table.spans.tolist() == [[s, s + 5.0] for s in np.arange(0.0, 40.0, 5.0)]


def test_held_pictures_are_looked_at_once_and_no_span_is_lost(library):
    (video,) = library.videos()
    store = library.store
    assert video.frames == 80 and store.metrics(video.id)["frames_skipped"] == 80 - 4
    assert len(store.captions(video.id)) == len(store.segments(video.id)) == 8
    table = store.vectors("frame", "visual", library.models.encoder.model_id, videos=[video.id])
    assert table.spans[:, 0].tolist() == np.arange(0.0, 40.0, 0.5).tolist()
    assert (table.values[:24] == table.values[0]).all()
    assert (table.values[24:44] == table.values[24]).all()


def test_a_set_that_is_told_not_to_read_does_not(held, tmp_path):
    settings = Settings(database=fresh_url("sqlite", tmp_path), text=False)
    with Library(open_store(settings.database), models_that_read(), settings) as library:
        (report,) = library.ingest(held)
        assert report.status == "ready" and library.store.text_boxes(report.video) == []
        assert library.models.reader.shapes == []
        stored = library.store.find_video(report.video).settings
    assert "model.reader" not in stored and stored["analysis_px"] == 640


def test_whether_text_is_read_is_part_of_an_ingest_only_where_it_could_be():
    with_reader, without = models_that_read().model_ids, load_set("shapes").model_ids
    on, off = Settings(), Settings(text=False)
    assert on.identity(with_reader) != off.identity(with_reader)
    assert on.identity(without) == off.identity(without)
    assert on.identity(without) != Settings(analysis_px=320).identity(without)
    with pytest.raises(UsageError, match="analysis_px"):
        Settings(analysis_px=8)


@pytest.mark.parametrize(
    "tops, order",
    [
        ({"b": (50, 0), "a": (0, 3), "d": (100, 40), "c": (0, 41)}, "abcd"),  # two rows of two
        ({"c": (0, 90), "a": (0, 0), "b": (0, 30)}, "abc"),
    ],
)
def test_lines_are_read_row_by_row(tops, order):
    lines = [TextLine(name, 0.9, (x, y, x + 30.0, y + 12.0)) for name, (x, y) in tops.items()]
    assert "".join(line.text for line in in_reading_order(lines)) == order
