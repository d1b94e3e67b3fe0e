"""From wrong answers to a version: asked, corrected, exported, measured, trained, judged."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import svqa
from svqa.database import open_store
from svqa.questions import read_questions

pytestmark = pytest.mark.slow
FILMS = 6


def run(*words: str, cwd, expect: int | None = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "svqa", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert expect is None or done.returncode == expect, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six small films, three questions about each asked and said to be right or wrong."""
    folder = tmp_path_factory.mktemp("loop")
    run("shapes", "make", "--n", str(FILMS), "--seed", "5", "--out", "world", cwd=folder)
    known = read_questions(folder / "world" / "questions.jsonl")
    with svqa.open_library(f"sqlite:///{folder}/svqa.db", "shapes") as library:
        for video in dict.fromkeys(q.video for q in known):
            library.ingest(video)
            for question in [q for q in known if q.video == video][:3]:
                said = library.ask(question.text, video=video, options=question.options)
                verdict = "right" if said.text == question.answers[0] else "wrong"
                library.store.add_correction(
                    said.number, verdict, answer=question.answers[0], spans=question.spans
                )
    return folder


@pytest.mark.timeout(900)
def test_the_loop_is_walked_without_leaving_svqa(folder):
    said = json.loads(run("export", "questions", "-o", "mine.jsonl", "--json", cwd=folder).stdout)
    assert said["questions"] == 3 * FILMS
    assert {name: n > 0 for name, n in said["splits"].items()} == dict.fromkeys(
        ("train", "val", "test"), True
    )
    asked = read_questions(folder / "mine.jsonl")
    known = {(q.video, q.text): q for q in read_questions(folder / "world" / "questions.jsonl")}
    assert all((q.video, q.text) in known for q in asked), "films are found from the file's folder"
    measured = run(
        *("eval", "questions", "mine.jsonl", "--split", "test", "--models", "shapes", "--json"),
        cwd=folder,
    )
    assert json.loads(measured.stdout)
    train = ("train", "lora", "--train", "mine.jsonl", "--val", "mine.jsonl", "--name", "mine")
    version = json.loads(run(*train, "--epochs", "1", "--json", cwd=folder).stdout)
    assert version["version"] == "mine:1"
    judged = run("models", "promote", "mine", "--questions", "mine.jsonl", cwd=folder, expect=None)
    assert judged.returncode in (0, 1) and "Traceback" not in judged.stderr
    assert "verdict" in judged.stdout + judged.stderr


def test_an_answer_is_corrected_by_its_number(folder):
    with svqa.open_library(f"sqlite:///{folder}/svqa.db", "shapes") as library:
        (before,) = [q for q in library.store.queries(1) if q.kind == "ask"]
    told = run(
        *("correct", str(before.id), "--answer", "a red circle", "--span", "1-2.5", "--json"),
        cwd=folder,
    )
    assert json.loads(told.stdout) == {
        "question": before.id,
        "verdict": "wrong",
        "answer": "a red circle",
        "spans": [[1.0, 2.5]],
    }
    run("correct", "--right", cwd=folder)
    with svqa.open_library(f"sqlite:///{folder}/svqa.db", "shapes") as library:
        (said,) = library.store.corrections([before.id])
    assert said.verdict == "right" and said.answer == ""
    for wrong in (("--span", "soon"), ("--right", "--answer", "x"), ("99999",), ("--span", "5-3")):
        refused = run("correct", *wrong, cwd=folder, expect=2)
        assert "UsageError" in refused.stderr, wrong


def test_nothing_said_is_no_file(tmp_path):
    open_store(f"sqlite:///{tmp_path}/svqa.db").close()
    refused = run("export", "questions", "-o", "mine.jsonl", cwd=tmp_path, expect=2)
    assert "svqa correct" in refused.stderr and not (tmp_path / "mine.jsonl").exists()
