"""A chat model trained on lines of the library, by command: trained, asked, compared, promoted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import svqa
from tests.helpers.chat import write_film, write_tiny_chat
from tests.helpers.training import write_rows

pytestmark = pytest.mark.slow
FILMS = {"red": ("red", 6), "blue": ("blue", 6), "red2": ("red", 7), "blue2": ("blue", 7)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Films that were ingested, a file of questions about them without `evidence`, a version."""
    made = tmp_path_factory.mktemp("films")
    rows = []
    for name, (colour, seconds) in FILMS.items():
        write_film(made / f"{name}.mp4", colour, seconds=seconds)
        row = {"video": f"{name}.mp4", "question": "What colour is it?", "answer": colour}
        row |= {"options": ["red", "blue"], "split": "val" if "2" in name else "train"}
        rows.append(row)
    write_rows(made / "questions.jsonl", rows)
    write_tiny_chat("words", made / "reader")
    svqa("ingest", ".", "--json", cwd=made)
    done = svqa(
        *("train", "lora", "--train", "questions.jsonl", "--val", "questions.jsonl"),
        *("--base", "reader", "--name", "mine", "--epochs", "2", "--device", "cpu", "--json"),
        cwd=made,
    )
    assert json.loads(done.stdout)["version"] == "mine:1"
    return made


def test_a_version_is_asked_by_number_and_by_alias(folder):
    asked = ("ask", "What colour is it?", "--video", "red.mp4", "--options", "red")
    asked = (*asked, "--options", "blue", "--json", "--answerer")
    first = json.loads(svqa(*asked, "mine:1", cwd=folder).stdout)
    assert first["model"].startswith("mine:1@") and first["answer"] in ("red", "blue")
    assert first["usage"]["lines"] >= 1, "it read what the library holds"
    svqa("models", "promote", "mine:1", "--force", "--json", cwd=folder)
    again = json.loads(svqa(*asked, "mine@champion", cwd=folder).stdout)
    assert again["answer"] == first["answer"] and again["model"] == first["model"]
    latest = json.loads(svqa(*asked, "mine", cwd=folder).stdout)
    assert latest["model"] == first["model"]
    shown = json.loads(svqa("models", "show", "mine@champion", "--json", cwd=folder).stdout)
    assert shown[0]["name"] == "mine:1"


def test_it_is_measured_on_a_file_of_questions(folder):
    measured = ("eval", "questions", "questions.jsonl", "--json")
    found = json.loads(svqa(*measured, "--answerer", "mine", cwd=folder).stdout)
    assert found["n"] == 4 and found["fingerprint"]["models"]["answerer"].startswith("mine:1@")
    twice = svqa(
        *(*measured, "--answerer", "mine", "--model", "answerer=offline"), cwd=folder, expect=2
    )
    assert "The answerer was given twice, 'mine' and 'offline': give one." in twice.stderr


def test_it_is_compared_as_a_set_is(folder):
    """Both are asked through the library; an unknown name is refused before anything is loaded."""
    compared = ("compare", "mine:1", "offline", "--questions", "questions.jsonl", "--json")
    found = json.loads(svqa(*compared, cwd=folder).stdout)
    assert found["n"] == 4 and {m["name"] for m in found["models"]} == {"mine:1", "offline"}
    wrong = svqa("compare", "mine:7", "offline", *compared[3:], cwd=folder, expect=2)
    assert "Unknown vqa model 'mine:7'" in wrong.stderr


def test_a_film_that_was_not_ingested_is_told_with_its_line(folder):
    row = {"video": "none.mp4", "question": "What colour is it?", "answer": "red"}
    write_rows(folder / "other.jsonl", [row])
    told = svqa(
        *("train", "lora", "--train", "other.jsonl", "--val", "other.jsonl", "--base", "reader"),
        cwd=folder,
        expect=2,
    )
    assert "line 1: has no `evidence`" in told.stderr and "Nothing was trained" in told.stderr
