"""NExT-QA open-ended: what is right by hand, what is skipped, a published model's known figure."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.errors import UsageError
from svqa.evaluation import nextoe, run_nextoe
from svqa.evaluation.nextoe import (
    frequent_answers,
    open_values,
    read_open_predictions,
    read_open_questions,
    wups_values,
)
from svqa.language import load_wordnet
from svqa.metrics import bootstrap_over_groups
from svqa.models import MiniLM

ROWS = (
    ("park", "what is the man riding", "bike", "1", "DO"),
    ("park", "how many dogs are there", "two", "2", "DC"),
    ("kitchen", "what is the woman stirring", "batter", "1", "DO"),
    ("garden", "what is the dog doing", "bike", "1", "DO"),
)
CAPTIONS = {
    "park": ["A man rides a bike along a path.", "Two dogs run."],
    "kitchen": ["A woman stirs batter in a bowl."],
    "garden": ["A dog sleeps on the grass."],
}
ANSWERS = {"park": {"1": "bikes", "2": "three"}, "kitchen": {"1": "bowl"}, "garden": {"1": ""}}


@pytest.fixture
def files(tmp_path):
    with open(tmp_path / "val.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("video", "question", "answer", "qid", "type"))
        writer.writerows(ROWS)
    (tmp_path / "captions.json").write_text(json.dumps(CAPTIONS))
    (tmp_path / "stored.json").write_text(json.dumps(ANSWERS))
    return [tmp_path / name for name in ("val.csv", "captions.json", "stored.json")]


@pytest.fixture(scope="module")
def sentences():
    return MiniLM.from_pretrained()


@pytest.fixture
def words():
    try:
        return load_wordnet()
    except UsageError as error:
        pytest.skip(str(error))


def test_stored_answers_by_hand(files, sentences, words):
    questions = read_open_questions(files[0])
    told = read_open_predictions(files[2], questions)
    assert [q.id for q in questions] == ["garden_1", "kitchen_1", "park_1", "park_2"]
    rows = open_values(questions, told, sentences, words)
    garden, kitchen, bike, count = rows
    assert set(garden.values()) == {0.0}, "no answer is wrong everywhere"
    assert bike["wups"] == 1.0 and bike["exact_match"] == 0.0, "bikes and bike have one lemma"
    assert count["wups"] == count["wups_09"] == 0.0, "a count is right or wrong, never near"
    assert 0 < kitchen["wups_09"] < kitchen["wups"] < 1
    assert 0 < kitchen["semantic_similarity"] < 1


def test_the_most_frequent_answer_is_counted_on_other_videos(files):
    questions = read_open_questions(files[0])
    assert frequent_answers(questions) == ["batter", "bike", "batter", ""]


def test_answers_come_from_the_videos_own_captions(files, sentences, words):
    found = run_nextoe(files[0], files[1], sentences=sentences, predictions=files[2])
    told = {row["id"]: row["answer"] for row in found.per_question}
    assert "bike" in told["park_1"].lower() and found.n == 4
    assert set(found.baselines) == {"most frequent answer by type", "stored"}
    assert set(found.by_type) == {"D", "DC", "DO"}
    files[1].write_text(json.dumps({**CAPTIONS, "park": CAPTIONS["kitchen"]}))
    other = run_nextoe(files[0], files[1], sentences=sentences)
    assert other.metrics["wups"].value < found.metrics["wups"].value


def test_without_wordnet_the_row_is_left_out_with_its_reason(files, monkeypatch):
    def missing():
        raise UsageError("WordNet is not installed. Run: pip install 'svqa[wups]'")

    monkeypatch.setattr(nextoe, "load_wordnet", missing)
    given = [str(path) for path in files[:2]]
    called = CliRunner().invoke(
        app, ["eval", "nextoe", "--annotations", given[0], "--captions", given[1], "--json"]
    )
    assert called.exit_code == 0 and "pip install 'svqa[wups]'" in called.stderr
    found = json.loads(called.stdout)
    assert "wups" not in found and found["exact_match"]["n"] == 4


@pytest.mark.parametrize(
    "at, text, message",
    [
        (0, "video,question,answer,qid\n", "lacks the column"),
        (0, "video,question,answer,qid,type\na,b,c,1,DO\na,b,c,1,DO\n", "as|again what line 2"),
        (1, '{"park": ["a"], "garden": ["b"]}', "no captions of video 'kitchen'"),
        (2, '{"park": {"1": "x"}}', "no answer to question"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(files, sentences, at, text, message):
    files[at].write_text(text)
    with pytest.raises(UsageError, match=message):
        run_nextoe(files[0], files[1], sentences=sentences, predictions=files[2])


def test_a_published_models_stored_answers_get_its_published_figure(shared_data, words):
    """HGA's WUPS is published on the whole validation set, of which this is a half of the videos.

    So it must lie inside what a half can tell: no lemmas or the larger direction lie outside.
    """
    questions = read_open_questions(shared_data / "nextoe" / "val.csv")
    stored = read_open_predictions(shared_data / "nextoe" / "hga_predictions.json", questions)
    values = [
        wups_values(question.type, told, question.answers[0], words)["wups"]
        for question, told in zip(questions, stored, strict=True)
    ]
    figure = bootstrap_over_groups(values, [question.video for question in questions], 0)
    assert figure.n == 2598 and figure.low < 0.2148 < figure.high
