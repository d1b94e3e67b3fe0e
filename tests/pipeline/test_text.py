"""Text in the picture: searched in every moment in which it can be read, beside captions and speech."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from svqa.database import open_store
from svqa.pipeline.search import scores_over_time, search
from svqa.pipeline.search_cache import SearchCache
from svqa.records import Caption, Chunk, TextBox, VectorSet
from tests.helpers.database import fresh_url, video_info

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
