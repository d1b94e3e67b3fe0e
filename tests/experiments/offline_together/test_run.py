"""Outcomes are counted as documented, arms leave out what they say, the page shows the figures."""

from __future__ import annotations

import json

import pytest

from experiments.offline_together.run import (
    ARMS,
    PAGE,
    blocks,
    floor,
    main,
    outcome_of,
    seconds_of,
)
from experiments.page import fill
from svqa.records import Answer, Evidence
from tests.helpers.imports import REPOSITORY

RESULT = json.loads(
    (REPOSITORY / "experiments" / "offline_together" / "result.json").read_text(encoding="utf-8")
)
ROW = {"video": "a.mp4", "type": "what", "accept": ["cat"], "reject": ["dog"], "spans": [[2, 4]]}


def said(text: str, start_s: float = 2.0, end_s: float = 3.0) -> Answer:
    evidence = (Evidence("v", "v.mp4", start_s, end_s, 1.0, "visual", "x"),)
    return Answer(text, 1.0, "m", evidence=evidence)


SILENT = Answer("no", 0.0, "m", abstained=True, reason="r")


def test_an_answer_is_right_wrong_or_silent():
    assert outcome_of(ROW, said("A Cat")) == "right"
    assert outcome_of(ROW, said("a cat and a dog")) == "wrong" == outcome_of(ROW, said("a cow"))
    assert outcome_of(ROW, SILENT) == "silent"
    assert outcome_of({**ROW, "abstain_ok": True}, SILENT) == "right"


def test_the_middle_of_the_first_evidence_counts():
    assert seconds_of(ROW, said("a cat", 1, 4)) is True
    assert seconds_of(ROW, said("a cat", 0, 3)) is False
    assert seconds_of(ROW, SILENT) is None is seconds_of({**ROW, "spans": None}, said("a cat"))


def test_who_never_looks_says_yes_or_nothing():
    rows = [
        {"video": "a", "type": "yes_no", "accept": ["yes"]},
        {"video": "a", "type": "yes_no", "accept": ["^no"]},
        {"video": "b", "type": "what", "accept": ["cat"]},
        {"video": "b", "type": "trap", "accept": ["no"], "abstain_ok": True},
    ]
    shares = {name: figure["value"] for name, figure in floor(rows).items()}
    assert shares == {"right": 0.5, "wrong": 0.25, "silent": 0.25}


def test_the_page_shows_the_committed_figures():
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text, blocks(RESULT)) == text, "run: python -m experiments.offline_together.run"
    assert set(RESULT["arms"]) == {*ARMS, "floor"}


@pytest.mark.slow
def test_a_run_on_one_clip(real_clips, tmp_path):
    (tmp_path / "bikes.mp4").write_bytes(real_clips["bikes"].read_bytes())
    rows = [
        {"video": "bikes.mp4", "question": "Is there a bicycle?", "type": "yes_no"},
        {"video": "bikes.mp4", "question": "What colour is the elephant?", "type": "trap"},
    ]
    rows[0] |= {"accept": ["yes"], "spans": [[0, 10]]}
    rows[1] |= {"accept": ["no elephant"], "abstain_ok": True}
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("<!-- together -->\n<!-- /together -->\n", encoding="utf-8")
    out = tmp_path / "result.json"
    main(["--questions", str(questions), "--out", str(out), "--page", str(page)])
    arms = json.loads(out.read_text(encoding="utf-8"))["arms"]
    assert arms["everything"]["right"]["value"] == 1.0
    assert "2 questions about 1 clips" in page.read_text(encoding="utf-8")
