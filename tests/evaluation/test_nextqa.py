"""NExT-QA: file formats, baselines, metric parity with a published model.

And that a video's own captions matter.
"""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.evaluation import read_annotations, read_captions, read_predictions, run_nextqa
from svqa.metrics import bootstrap_over_groups
from svqa.models import MiniLM

QUESTIONS = [
    (
        "park",
        "what is the man doing",
        1,
        "1",
        "DO",
        ["sleeping", "riding a bike", "swimming", "cooking", "painting"],
    ),
    (
        "park",
        "why did the dog run",
        2,
        "2",
        "CW",
        ["to eat", "to sleep", "to catch the ball", "to swim", "to hide"],
    ),
    (
        "kitchen",
        "what does the woman do after mixing",
        0,
        "1",
        "TN",
        [
            "puts the cake in the oven",
            "rides a horse",
            "plays the piano",
            "opens an umbrella",
            "throws a ball",
        ],
    ),
]
CAPTIONS = {
    "park": [
        "A man rides his bike along a path.",
        "A dog runs after a red ball. It tries to catch the ball.",
    ],
    "kitchen": ["A woman stirs batter in a bowl.", "She places the cake tin in a hot oven."],
}


@pytest.fixture(scope="module")
def sentences() -> MiniLM:
    return MiniLM.from_pretrained()


@pytest.fixture()
def files(tmp_path):
    annotations, captions = tmp_path / "mc.csv", tmp_path / "captions.json.gz"
    with open(annotations, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            "video frame_count width height question answer qid type a0 a1 a2 a3 a4".split()
        )
        for video, question, right, qid, kind, options in QUESTIONS:
            writer.writerow([video, 60, 640, 480, question, right, qid, kind, *options])
    captions.write_bytes(gzip.compress(json.dumps(CAPTIONS).encode()))
    return annotations, captions


def test_reads_questions_and_captions(files):
    choices, passages = read_annotations(files[0]), read_captions(files[1])
    assert [choice.question.id for choice in choices] == ["kitchen_1", "park_1", "park_2"]
    assert choices[0].question.answers == ("puts the cake in the oven",)
    second = passages["park"][1]
    assert (second.start_s, second.end_s, second.kind) == (1.0, 2.0, "caption")


def test_answers_from_captions_with_baselines_and_types(files, sentences):
    result = run_nextqa(*files, sentences=sentences).to_json()
    assert result["n"] == 3 and result["accuracy"]["value"] == 1.0
    assert {"C", "T", "D", "CW", "TN", "DO"} <= set(result["by_type"])
    assert {"chance", "longest option", "blind", "word overlap"} <= set(result["baselines"])
    assert result["baselines"]["chance"]["accuracy"]["value"] == pytest.approx(0.2)


def test_captions_of_another_video_do_worse(files, sentences, tmp_path):
    swapped = tmp_path / "swapped.json"
    swapped.write_text(json.dumps({"park": CAPTIONS["kitchen"], "kitchen": CAPTIONS["park"]}))
    own = run_nextqa(*files, sentences=sentences)
    other = run_nextqa(files[0], swapped, sentences=sentences)
    assert other.metrics["accuracy"].value < own.metrics["accuracy"].value
    assert other.fingerprint["captions_sha256"] != own.fingerprint["captions_sha256"]


def test_a_video_without_captions_is_refused_by_name(files, sentences, tmp_path):
    lacking = tmp_path / "lacking.json"
    lacking.write_text(json.dumps({"park": CAPTIONS["park"]}))
    with pytest.raises(UsageError, match="kitchen"):
        run_nextqa(files[0], lacking, sentences=sentences)


def test_a_file_without_the_columns_is_refused_and_the_column_named(tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("video,question,answer,qid,type,a0,a1,a2,a3\n")
    with pytest.raises(UsageError, match="a4"):
        read_annotations(wrong)


def test_predictions_that_disagree_about_the_truth_are_refused(files, tmp_path):
    stored = tmp_path / "predictions.json"
    rows = {
        f"{video}_{qid}": {"prediction": 0, "answer": right}
        for video, _, right, qid, _, _ in QUESTIONS
    }
    stored.write_text(json.dumps(rows))
    assert read_predictions(stored, read_annotations(files[0])).tolist() == [0, 0, 0]
    rows["park_1"]["answer"] = 4
    stored.write_text(json.dumps(rows))
    with pytest.raises(UsageError, match="park_1"):
        read_predictions(stored, read_annotations(files[0]))


def test_metric_parity_the_stored_predictions_of_hga_give_their_known_accuracy(shared_data):
    choices = read_annotations(shared_data / "nextqa" / "nextqa_mc.csv")
    predicted = read_predictions(shared_data / "nextqa" / "hga_predictions.json", choices)
    right = predicted == np.array([choice.right for choice in choices])
    figure = bootstrap_over_groups(right, [choice.question.video for choice in choices], seed=0)
    assert figure.n == 2427
    assert 100 * figure.value == pytest.approx(48.62, abs=0.005)
