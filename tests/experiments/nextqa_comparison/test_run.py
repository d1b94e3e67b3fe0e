"""The kept result files are what `run_both` writes, and the comparison is of them."""

from __future__ import annotations

import csv
import json

from experiments.nextqa_comparison.run import compare_files, run_both, write_run
from svqa.models.minilm import MiniLM
from tests.helpers.imports import REPOSITORY

FOLDER = REPOSITORY / "experiments/nextqa_comparison"


def test_both_runs_have_a_row_a_question_and_say_nothing_of_the_benchmarks_ids(tmp_path):
    rows = [
        {"video": video, "question": "what is it", "answer": right, "qid": qid, "type": "DO"}
        | {f"a{k}": word for k, word in enumerate(("dog", "cat", "car", "tree", "boat"))}
        for video, qid, right in (("b", 7, 0), ("a", 3, 1), ("a", 4, 2))
    ]
    with open(tmp_path / "questions.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "captions.json").write_text(json.dumps({"a": ["a cat sits"], "b": ["a dog"]}))
    stored = {f"{r['video']}_{r['qid']}": {"prediction": 1, "answer": r["answer"]} for r in rows}
    (tmp_path / "stored.json").write_text(json.dumps(stored))
    paths = [tmp_path / name for name in ("questions.csv", "captions.json", "stored.json")]
    runs = run_both(*paths, sentences=MiniLM.from_pretrained())
    evidence, hga = (runs[name]["per_question"] for name in ("evidence", "hga"))
    assert [r["accuracy"] for r in hga] == [1, 0, 0], "in the order of the videos' names"
    assert [(r["id"], r["video"]) for r in evidence] == [(r["id"], r["video"]) for r in hga]
    assert [r["video"] for r in hga] == ["v000", "v000", "v001"]
    assert [r["accuracy"] for r in evidence] == [1, 0, 1]


def test_the_kept_files_are_written_as_they_lie_there(tmp_path):
    for name in ("evidence.json", "hga.json"):
        write_run(json.loads((FOLDER / name).read_text(encoding="utf-8")), tmp_path / name)
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_the_result_is_the_comparison_of_the_kept_files():
    committed = json.loads((FOLDER / "result.json").read_text(encoding="utf-8"))
    assert compare_files(FOLDER) == committed and committed["n"] == 2427
