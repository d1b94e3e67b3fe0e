"""`svqa eval` as a person or a script meets it.

JSON as promised, the baselines in the same table, refusals that teach.
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from svqa.answering import EvidenceAnswerer
from svqa.cli import app
from svqa.errors import UsageError
from svqa.evaluation import run_shapes
from svqa.evaluation.shapes import Captioned
from svqa.models import Captioner, MiniLM, ModelSet
from svqa.records import Caption, FrameBatch, Question

VIDEOS, QUESTIONS, CAPTIONS = 3, 4, 15  # of each video so many


def svqa(*arguments: object, expect: int = 0):
    done = CliRunner().invoke(app, ["eval", *map(str, arguments)])
    assert done.exit_code == expect, f"{done.output}\n{done.stderr}\n{done.exception!r}"
    return done


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """No test finds what another run has kept, and none leaves anything."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory) -> dict[str, Path]:
    """A few questions and captions of the first videos of the real files, as files of their own."""
    source, folder = shared_data / "nextqa", tmp_path_factory.mktemp("nextqa")
    marked = json.loads((source / "nextgqa_spans.json").read_text())
    videos = sorted(marked)[:VIDEOS]
    for name, column in (("nextqa_mc.csv", "video"), ("nextgqa.csv", "video_id")):
        with open(source / name, newline="") as file, open(folder / name, "w", newline="") as out:
            reader = csv.DictReader(file)
            writer = csv.DictWriter(out, reader.fieldnames)
            writer.writeheader()
            rows = list(reader)
            for video in videos:
                writer.writerows([row for row in rows if row[column] == video][:QUESTIONS])
    captions = json.loads(gzip.decompress((source / "captions_1fps.json.gz").read_bytes()))
    (folder / "captions.json").write_text(
        json.dumps({video: captions[video][:CAPTIONS] for video in videos})
    )
    (folder / "spans.json").write_text(json.dumps({video: marked[video] for video in videos}))
    return {
        "choices": folder / "nextqa_mc.csv",
        "asked": folder / "nextgqa.csv",
        "captions": folder / "captions.json",
        "spans": folder / "spans.json",
        "hga": source / "hga_predictions.json",
    }


def assert_figure(figure: dict) -> None:
    assert (
        set(figure) == {"value", "low", "high", "n"}
        and figure["low"] <= figure["value"] <= figure["high"]
    )


def test_nextqa_gives_the_promised_json(real):
    files = (
        "--annotations",
        real["choices"],
        "--captions",
        real["captions"],
        "--predictions",
        real["hga"],
    )
    said = svqa("nextqa", *files, "--json")
    found = json.loads(said.stdout)
    assert {"n", "accuracy", "by_type", "baselines", "fingerprint"} == set(
        found
    ) and not said.stderr
    assert_figure(found["accuracy"])
    assert {"chance", "blind", "word overlap", "stored"} <= set(found["baselines"])
    assert found["accuracy"]["value"] > found["baselines"]["chance"]["accuracy"]["value"]


def test_a_person_sees_the_baselines_in_the_same_table(real):
    said = svqa("nextqa", "--annotations", real["choices"], "--captions", real["captions"]).stdout
    (row,) = (line for line in said.splitlines() if "│ accuracy " in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert (
        len(cells) == 2 + 1 + 4
        and all("[" in cell for cell in cells[2:])
        and "20.0 [20.0, 20.0]" in cells
    )
    assert "word overlap" in said and "accuracy, T" in said


@pytest.mark.slow
def test_nextgqa_gives_the_promised_json_with_and_without_folds(real):
    files = (
        "--annotations",
        real["asked"],
        "--spans",
        real["spans"],
        "--captions",
        real["captions"],
    )
    found, refitted = (
        json.loads(svqa("nextgqa", *files, *more, "--json").stdout) for more in ((), ("--folds", 3))
    )
    for metric in ("iou", "iou_at_05", "iop", "hit_at_1", "recall_at_5", "reciprocal_rank"):
        assert_figure(found[metric])
        assert_figure(found["baselines"]["random"][metric])
    assert set(found["baselines"]) == {"random", "whole video", "question words", "shuffled time"}
    assert found["iou"]["value"] > found["baselines"]["random"]["iou"]["value"]
    assert found["fingerprint"]["folds"] is None and "refitted" in refitted["fingerprint"]["table"]
    said = svqa("nextgqa", *files).stdout
    assert "question words" in said and "iou_above_question_words" in said


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path):
    said = svqa(
        "nextqa",
        "--annotations",
        tmp_path / "none.csv",
        "--captions",
        tmp_path / "none.json",
        expect=2,
    )
    assert "none.csv" in "".join(said.stderr.replace("│", "").split())  # the frame wraps long paths


class SaysColours(Captioner):
    """Says which of three colours most of each frame's brightest pixels have."""

    model_id = "brightest"

    def caption(self, frames, segments):
        names = np.array(["red", "green", "blue"])[
            frames.pixels.reshape(len(frames), -1, 3).max(1).argmax(1)
        ]
        pairs = zip(names, segments, strict=True)
        return [
            Caption(f"A {name} circle.", s.start_s, s.end_s, 1.0, "brightest") for name, s in pairs
        ]


def test_who_reads_words_is_given_a_caption_of_each_frame():
    pixels = np.zeros((1, 8, 8, 3), np.uint8)
    pixels[..., 2] = 200
    model = Captioned(EvidenceAnswerer(MiniLM.from_pretrained()), SaysColours())
    question = Question("what colour is the circle", ("red", "blue"))
    answer = model.answer(question, [], FrameBatch(pixels, np.array([3.0])))
    assert (
        answer.text == "blue"
        and answer.evidence[0].start_s == 3.0
        and "brightest" in answer.model_id
    )
    assert model.answer(question, []).abstained, "nothing to look at, nothing to read"


@pytest.mark.slow
def test_shapes_by_type_with_who_never_looks_beside_it():
    found = json.loads(
        svqa("shapes", "--models", "offline", "--n", 2, "--seed", 5, "--json").stdout
    )
    assert (
        found["fingerprint"]["seed"] == 5 and found["fingerprint"]["videos"] == 2 and found["n"] > 5
    )
    assert {"middle frame", "shuffled", "blind", "majority", "chance"} <= set(found["baselines"])
    kinds = set(found["by_type"])
    assert "colour" in kinds and kinds <= set(found["baselines"]["majority"])


@pytest.mark.slow
def test_shapes_says_how_often_the_seconds_were_found():
    found = json.loads(svqa("shapes", "--n", 4, "--seed", 6, "--json").stdout)
    assert (
        found["span IoU>=0.5"]["value"] >= 0.5 > found["baselines"]["span: random"]["all"]["value"]
    )
    spoken = svqa("shapes", "--n", 2, "--seed", 6).stdout
    assert "hold the evidence" in spoken and "right frame" in spoken


def test_a_set_that_cannot_answer_is_refused():
    with pytest.raises(UsageError, match="no model that answers"):
        run_shapes(ModelSet("mute", {}))
    with pytest.raises(UsageError, match="at least 2"):
        run_shapes(ModelSet("mute", {}), videos=1)
