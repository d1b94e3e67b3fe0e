"""Truth files that are what they say, figures counted as documented, a page that shows them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from experiments.offline_parts.boxes import match, score
from experiments.offline_parts.clips import find_clip, truth
from experiments.offline_parts.run import PAGE, blocks
from experiments.offline_parts.speech import TRUTH, compare, tokens
from experiments.offline_parts.text import plain, same
from experiments.page import fill
from svqa.errors import UsageError
from svqa.models import COLOUR_TERMS, coco_supercategories
from svqa.records import TextBox, Utterance
from tests.helpers.imports import REPOSITORY

RESULT = json.loads(
    (REPOSITORY / "experiments" / "offline_parts" / "result.json").read_text(encoding="utf-8")
)


def test_the_page_shows_the_committed_figures():
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text, blocks(RESULT)) == text, "run: python -m experiments.offline_parts.run"


def test_what_was_marked_can_be_found():
    names = set(coco_supercategories()) | {"rabbit", "monkey"}
    for row in truth("objects"):
        for name, x0, y0, x1, y1 in row["objects"]:
            assert name in names and 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
    for row in truth("colours"):
        x0, y0, x1, y1 = row["box"]
        assert set(row["colours"]) <= set(COLOUR_TERMS) and 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
    assert sum(not row["lines"] for row in truth("texts")) >= 20, "pictures without text too"
    assert {"en", "es", "de"} == set(TRUTH["spoken"])


def test_every_clip_is_found_or_named(shared_data, tmp_path):
    clips = {row["clip"] for name in ("objects", "texts", "colours") for row in truth(name)}
    assert all(find_clip(shared_data, name).is_file() for name in clips) and len(clips) == 19
    with pytest.raises(UsageError, match=r"No clip nowhere\.mp4"):
        find_clip(tmp_path, "nowhere.mp4")


def test_each_thing_counts_once_and_the_surest_box_takes_it():
    box = np.array([0.1, 0.1, 0.5, 0.5])
    boxes = [("dog", 0.9, box), ("dog", 0.8, box), ("cat", 0.7, box)]
    assert match(boxes, [("dog", box)], lambda name: name) == {0: 0}
    assert match(boxes, [("dog", box + 0.4)], lambda name: name) == {}
    two = [("cat", box), ("dog", box)]
    assert match(boxes, two, lambda name: name) == {0: 1, 2: 0}


def test_boxes_are_scored_by_name_by_kind_and_by_count():
    row = {"clip": "a", "objects": [["cat", 0, 0, 0.5, 0.5], ["person", 0.6, 0, 1, 1]]}
    found = [
        ("dog", 0.9, np.array([0, 0, 0.5, 0.5])),
        ("person", 0.6, np.array([0.6, 0, 1, 1])),
        ("person", 0.5, np.array([0, 0.6, 0.3, 1])),
    ]
    figures = score([row], [found], 0.4, seed=0)
    value = {name: figure["value"] for name, figure in figures.items()}
    assert value["name_right"] == pytest.approx(1 / 3)
    assert value["kind_right"] == pytest.approx(2 / 3)
    assert (value["person_recall"], value["person_count_right"]) == (1, 0)
    assert (value["animal_recall"], value["animal_count_right"]) == (1, 1)
    assert score([row], [found], 0.55, seed=0)["person_count_right"]["value"] == 1


def test_words_and_starts_are_compared_with_what_was_said():
    said = [Utterance("It's a small bear.", 1.2, 2.0, 0.9, "m"), Utterance("Yes!", 5, 6, 0.9, "m")]
    row = compare("m", "clip", "Its a brown bear. Yes", [1.0, 5.1], said)
    assert (row["words"], row["words_right"], row["words_written"]) == (5, 4, 5)
    assert row["median_start_error_s"] == pytest.approx(0.15)
    assert row["largest_start_error_s"] == pytest.approx(0.2)
    assert tokens("Don't, 3rd") == ["dont", "3rd"]
    assert compare("m", "clip", "a b", [0.0], [])["median_start_error_s"] is None


def test_lines_are_the_same_by_their_letters_at_a_common_second():
    def box(text: str, start_s: float, end_s: float) -> TextBox:
        return TextBox(text, start_s, end_s, 0.9, (0.0, 0.0, 1.0, 1.0), "m")

    assert plain("web-m!") == "webm"
    assert same(box("web-m", 0, 2), box("WebM", 1, 3))
    assert not same(box("web-m", 0, 1), box("web-m", 1, 3))
    assert not same(box("web-m", 0, 2), box("web-k", 0, 2))


def test_the_thresholds_in_force_are_those_that_were_measured():
    from svqa.models.colours import CLEAR_SHARE
    from svqa.models.ssd import MIN_SCORE
    from svqa.models.whisper import SURE_LANGUAGE

    chosen = (RESULT["boxes"]["chosen"], RESULT["colours"]["chosen"], RESULT["speech"]["sure"])
    assert chosen == (MIN_SCORE, CLEAR_SHARE, SURE_LANGUAGE)
    assert RESULT["speech"]["surest_wrong"] < SURE_LANGUAGE
    assert all(counts["wrong"] == 0 for counts in RESULT["speech"]["languages"].values())
