"""A file of one's own questions.

The figures can go up and down, the baselines do not look, wrong files are refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import svqa
from svqa.cli import app
from svqa.errors import SvqaError
from svqa.evaluation import QuestionSet, read_question_set, read_run, run_questions
from svqa.evaluation.question_file import _habits, _moved, _span_values
from svqa.records import Question
from svqa.shapes import make_dataset


def question(
    text: str, answer: str, video: str, options: tuple[str, ...] = (), kind: str = ""
) -> Question:
    return Question(text, options, video, (answer,), type=kind, id=f"{video} {text}")


def test_spans_are_ranked_by_their_middles_and_the_first_is_the_one_found():
    values = _span_values([(0.0, 2.0), (4.0, 6.0)], [(4.0, 6.0)])
    assert (
        values["iou"] == values["hit_at_1"] == 0.0
        and values["recall_at_5"] == 1.0
        and values["reciprocal_rank"] == 0.5
    )
    assert _span_values([(4.0, 6.0)], [(4.0, 8.0)])["iou"] == 0.5
    assert not any(_span_values([], [(4.0, 6.0)]).values())


def test_habits_are_learnt_on_other_videos_only():
    asked = [
        question("is it raining?", "yes", "a"),
        question("is it raining?", "yes", "a"),
        question("is it raining?", "no", "b"),
        question("is it raining?", "no", "c"),
        question("who is it?", "no", "d"),
    ]
    said = {name: [v["accuracy"] for v in values] for name, values in _habits(asked).items()}
    # in b and c it does not rain, and of the others two in three say yes
    assert said["blind"][:3] == [
        0.0,
        0.0,
        0.0,
    ]
    assert said["majority"] == [0.0, 0.0, 0.0, 0.0, 0.0] and "chance" not in said
    alone = _habits([question("who?", "me", "a"), question("who?", "me", "a")])
    assert [v["accuracy"] for v in alone["blind"]] == [0.0, 0.0]  # nobody else was asked


def test_chance_and_habits_keep_to_the_options():
    asked = [
        question("which?", "x", "a", ("x", "y")),
        question("which?", "z", "b", ("z", "y", "w", "v")),
    ]
    baselines = _habits(asked)
    assert [v["accuracy"] for v in baselines["chance"]] == [0.5, 0.25]
    counted = zip("1232", "abcd", strict=True)
    mixed = [*asked, *(question("how many?", n, video, kind="count") for n, video in counted)]
    # an open question draws among what the other videos answer to its type: 2 among 1, 2 and 3
    chance = [v["accuracy"] for v in _habits(mixed)["chance"]]
    assert chance == pytest.approx([0.5, 0.25, 0, 1 / 3, 0, 1 / 3])
    # the other video's answer is none of the options
    assert [v["accuracy"] for v in baselines["majority"]] == [
        0.0,
        0.0,
    ]


def test_a_moved_span_keeps_its_length_and_stays_inside():
    rng = np.random.default_rng(0)
    moved = np.array([_moved((2.0, 5.0), 10.0, rng) for _ in range(200)])
    assert (
        np.allclose(np.diff(moved), 3.0)
        and moved.min() >= 0
        and moved.max() <= 10
        and np.ptp(moved[:, 0]) > 5
    )
    assert _moved((0.0, 12.0), 10.0, rng) == (0.0, 10.0)


def test_the_file_has_a_fingerprint_of_its_bytes_and_split(tmp_path: Path):
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"video": "a.mp4", "question": "what?", "answer": "it"}))
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_question_set(path).fingerprint == {"questions_sha256": checksum}
    asked = read_question_set(path, split="test")
    assert asked.fingerprint == {"questions_sha256": checksum, "split": "test"}
    assert [q.text for q in asked.questions] == ["what?"]


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """Four shapes videos with their questions."""
    folder = tmp_path_factory.mktemp("world")
    make_dataset(4, 77, folder / "made")
    return folder


@pytest.mark.slow
def test_ones_own_questions_are_measured_beside_their_baselines(world: Path):
    done = CliRunner().invoke(
        app,
        [
            "eval",
            "questions",
            str(world / "made" / "questions.jsonl"),
            "--models",
            "shapes",
            "--database",
            f"sqlite:///{world}/own.db",
            "--json",
        ],
    )
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    found = json.loads(done.stdout)
    rows = [
        json.loads(line) for line in (world / "made" / "questions.jsonl").read_text().splitlines()
    ]
    assert found["n"] == len(rows) == len(found["per_question"])
    never = {"blind", "majority", "chance"}  # and of the seconds:
    never |= {"random", "whole video", "question words", "shuffled time"}
    assert set(found["baselines"]) == never | {"another video"}
    timed = [
        np.mean([r["accuracy"] for r in found["per_question"] if r["type"] == kind])
        for kind in ("when", "order", "direction", "changes")
    ]
    assert np.mean(timed) >= 0.7, timed  # from frames alone they are at chance, .25 to .5
    for name in ("majority", "another video"):
        assert found["accuracy"]["value"] > found["baselines"][name]["accuracy"]["value"] + 0.1
    assert found["iou"]["value"] > found["baselines"]["shuffled time"]["iou"]["value"] + 0.1
    (world / "a.json").write_text(done.stdout)
    assert read_run(world / "a.json").quality().value == pytest.approx(
        found["accuracy"]["value"], abs=1e-6
    )


@pytest.mark.slow
def test_a_wrong_truth_brings_the_figures_down(world: Path):
    asked = read_question_set(world / "made" / "questions.jsonl")
    few = [q for q in asked.questions if q.type in ("changes", "order")]
    swapped = [
        replace(q, answers=(next(o for o in q.options if o not in q.answers),), spans=((0.0, 0.1),))
        for q in few
    ]
    with svqa.open_library(f"sqlite:///{world}/own.db", "shapes") as library:
        right, wrong = (
            run_questions(library, QuestionSet(tuple(qs), asked.fingerprint))
            for qs in (few, swapped)
        )
    assert right.metrics["accuracy"].value > 0.6 > 0.4 > wrong.metrics["accuracy"].value
    assert right.metrics["iou"].value > wrong.metrics["iou"].value


@pytest.mark.slow
def test_a_video_that_cannot_be_read_stops_before_anything_is_measured(world: Path, tmp_path: Path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    for video, said in (("broken.mp4", "cannot be read"), ("missing.mp4", "missing.mp4")):
        (tmp_path / "q.jsonl").write_text(
            json.dumps({"video": video, "question": "what?", "answer": "it"})
        )
        with (
            svqa.open_library(f"sqlite:///{tmp_path}/x.db", "shapes") as library,
            pytest.raises(SvqaError, match=said),
        ):
            run_questions(library, read_question_set(tmp_path / "q.jsonl"))
