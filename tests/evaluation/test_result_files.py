"""Result files of other programs: read as they are written, refused with what is wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.errors import DifferentFingerprints, UsageError
from svqa.evaluation import compare_runs, compare_types, read_run


def logged(doc_id: int, **metrics: object) -> dict:
    """A line as lmms-eval writes it with `--log_samples`."""
    return {
        "doc_id": doc_id,
        "target": "A",
        "filtered_resps": ["A"],
        "doc_hash": "74234e98",
        "input": "what is it?",
        **metrics,
    }


def videomme(video: str, said: str, **more: str) -> dict:
    """The metric of its task `videomme`."""
    found = {"question_id": "1-1", "task_category": "Counting Problem", "videoID": video}
    return {"videomme_perception_score": {**found, "pred_answer": said, "answer": "A", **more}}


def tempcompass(video: str, rating: int, dim: str = "order") -> dict:
    """The metrics of its tasks `tempcompass_*`: the same object twice."""
    found = {"video_id": video, "gt-answer": "A", "rating": rating, "dim": dim}
    return {"avg_accuracy": found, f"{dim}_accuracy": found}


def jsonl(folder: Path, name: str, *rows: object) -> Path:
    (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder / name


def csv(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_sample_log_gives_value_video_and_type(tmp_path):
    rows = [logged(0, **videomme("a", "A")), logged(1, **videomme("b", "C"))]
    run = read_run(jsonl(tmp_path, "20260923_samples_videomme.jsonl", *rows))
    assert run.name == "20260923_samples_videomme"
    assert run.values == {"0": 1.0, "1": 0.0} and run.videos == {"0": "a", "1": "b"}
    assert set(run.types.values()) == {"Counting Problem"}
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    assert read_run(packed).values == run.values


def test_a_rating_and_a_score_and_a_number_are_read(tmp_path):
    media = {"input_media": ["clips/0020.mp4"]}
    rows = [
        logged(0, **tempcompass("v", 1)),
        logged(1, **tempcompass("v", -1)),  # a reply that could not be read is wrong
        logged(2, mme_score={"category": "code", "score": 1.0}, **media),
        logged(3, exact_match=0.25, **media),
    ]
    run = read_run(jsonl(tmp_path, "log.jsonl", *rows))
    assert run.values == {"0": 1.0, "1": 0.0, "2": 1.0, "3": 0.25}
    assert run.videos["2"] == run.videos["3"] == "clips/0020.mp4"
    assert run.types == {"0": "order", "1": "order", "2": "code"}


@pytest.mark.parametrize(
    "row, says",
    [
        ({"question": "?"}, "line 1: is no sample of lmms-eval: it has no doc_id, target"),
        (logged(0), "line 1: has no metric that is a score: none"),
        (logged(0, exact_match=1.0), "line 1: names no video"),
        (logged(0, acc=1.0, f1=0.5, input_media=["v"]), "metrics that differ, name one: acc, f1"),
        (logged(0, acc=70.5, input_media=["v"]), "`acc` must be 0 to 1, got 70.5"),
    ],
)
def test_a_wrong_line_of_a_log_is_refused(tmp_path, row, says):
    with pytest.raises(UsageError, match=says):
        read_run(jsonl(tmp_path, "log.jsonl", row))


def test_one_of_several_metrics_is_named_and_an_unknown_one_refused(tmp_path):
    path = jsonl(tmp_path, "log.jsonl", logged(0, acc=1.0, f1=0.5, input_media=["v"]))
    assert read_run(path, metric="f1").values == {"0": 0.5}
    with pytest.raises(UsageError, match="has no metric `bleu`, only acc, f1"):
        read_run(path, metric="bleu")
    twice = [logged(0, acc=1.0, input_media=["v"])] * 2
    with pytest.raises(UsageError, match="line 2: has the doc_id of line 1"):
        read_run(jsonl(tmp_path, "twice.jsonl", *twice))


def test_a_plain_csv_is_read_by_value_or_by_its_answers(tmp_path):
    table = csv(tmp_path, "a.csv", "id,video,accuracy,type\n1,v,1,why\n2,w,0.5,\n")
    run = read_run(table)
    assert run.values == {"1": 1.0, "2": 0.5} and run.types == {"1": "why"}
    said = csv(tmp_path, "b.csv", "id,video,prediction,answer\n1,v,A cup.,a cup\n2,w,,dog\n")
    assert read_run(said).values == {"1": 1.0, "2": 0.0}
    assert read_run(said).fingerprint == run.fingerprint  # the same ids of the same videos


@pytest.mark.parametrize(
    "text, says",
    [
        ("id,accuracy\n1,1\n", "lacks the column.s. video"),
        ("id,video,points\n1,v,1\n", r"needs a column `accuracy` \(0 to 1\), or `prediction`"),
        ("id,video,accuracy\n1,v,70\n", "line 2: `accuracy` must be 0 to 1, got '70'"),
        ("id,video,accuracy\n1,v,1\n1,v,0\n", "line 3: has the id of line 2"),
        ("id,video,prediction,answer\n1,v,a,\n", "line 2: has no value for answer"),
    ],
)
def test_a_wrong_csv_is_refused(tmp_path, text, says):
    with pytest.raises(UsageError, match=says):
        read_run(csv(tmp_path, "a.csv", text))


def test_answers_to_other_questions_are_not_compared(tmp_path):
    a = jsonl(tmp_path, "a.jsonl", logged(0, **tempcompass("v", 1)))
    other = {**logged(0, **tempcompass("v", 1)), "target": "B"}
    b = jsonl(tmp_path, "b.jsonl", other)
    with pytest.raises(DifferentFingerprints, match="targets_sha256"):
        compare_runs([read_run(a), read_run(b)])


def by_aspect(folder: Path, name: str, right: int) -> Path:
    """40 videos, two aspects; `right` says whether `speed` is answered well."""
    row = {"question": "?", "gt-answer": "A"}
    videos = {
        f"v{i}": {
            "action": [{**row, "rating": i % 2}],
            "speed": [{**row, "rating": right if i % 8 else 1 - right}],
        }
        for i in range(40)
    }
    (folder / name).write_text(json.dumps(videos))
    return folder / name


def test_ratings_are_compared_by_aspect_and_corrected_over_all_of_them(tmp_path):
    good, bad = (by_aspect(tmp_path, f"{name}.json", name == "good") for name in ("good", "bad"))
    found = compare_types([read_run(good), read_run(bad)])
    assert list(found) == ["action", "speed"]
    assert found["action"][0].verdict != "better" == found["speed"][0].verdict
    (speed,) = found["speed"]
    assert speed.winner == "good" and speed.found.n == 40 and speed.found.difference == 0.75
    assert speed.holm_p == pytest.approx(2 * speed.found.p)  # two aspects were looked at


def test_a_broken_rating_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"v": {"order": [{"question": "?", "gt-answer": "A"}]}}))
    with pytest.raises(UsageError, match="row 0 of 'v', 'order' needs .*`rating` of 0 or 1"):
        read_run(path)


def test_the_command_compares_by_type(tmp_path):
    files = [str(by_aspect(tmp_path, f"{name}.json", name == "good")) for name in ("good", "bad")]
    given = ["compare", *files, "--by-type", "--database", f"sqlite:///{tmp_path / 'x.db'}"]
    said = CliRunner().invoke(app, given)
    assert said.exit_code == 0 and "speed" in said.stdout, said.stderr
    found = json.loads(CliRunner().invoke(app, [*given, "--json"]).stdout)
    assert set(found["by_type"]) == {"action", "speed"}
    assert found["by_type"]["speed"][0]["winner"] == "good"


def test_published_ratings_of_two_models(shared_data):
    """Figures that the ratings of others hold, counted another way."""
    names = ("gemini.multi-choice", "video-llava.multi-choice")
    runs = [read_run(shared_data / "tempcompass" / f"{name}.json") for name in names]
    found = compare_runs(runs)
    assert [run.quality().value for run in runs] == pytest.approx([1010 / 1580, 720 / 1580])
    assert found.pairs[0].verdict == "better" and len(set(runs[0].videos.values())) == 410
    assert list(compare_types(runs)) == [
        "action",
        "attribute_change",
        "direction",
        "order",
        "speed",
    ]
