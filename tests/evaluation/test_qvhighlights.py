"""QVHighlights: the official figures of stored predictions, files refused with their line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.errors import UsageError
from svqa.evaluation import read_moments, read_queries, run_qvhighlights

QUERY = {
    "qid": 1,
    "query": "A dog runs",
    "vid": "park",
    "duration": 10,
    "relevant_windows": [[0, 4]],
    "relevant_clip_ids": [0, 1],
    "saliency_scores": [[4, 4, 4], [2, 2, 2]],
}
MADE = {
    "qid": 1,
    "pred_relevant_windows": [[0, 4, 0.9], [6, 10, 0.1]],
    "pred_saliency_scores": [5, 4, 3, 2, 1],
}
OFFICIAL = {
    "map": "MR-full-mAP",
    "map_at_05": "MR-full-mAP@0.5",
    "map_at_075": "MR-full-mAP@0.75",
    "r1_at_05": "MR-full-R1@0.5",
    "r1_at_07": "MR-full-R1@0.7",
    "hl_map_fair": "HL-min-Fair-mAP",
    "hl_hit1_fair": "HL-min-Fair-Hit1",
    "hl_map_good": "HL-min-Good-mAP",
    "hl_hit1_good": "HL-min-Good-Hit1",
    "hl_map_very_good": "HL-min-VeryGood-mAP",
    "hl_hit1_very_good": "HL-min-VeryGood-Hit1",
}


def written(folder: Path, name: str, *rows: object) -> Path:
    path = folder / name
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_the_figures_of_the_stored_predictions_are_the_official_ones(shared_data):
    folder = shared_data / "qvhighlights"
    found = run_qvhighlights(folder / "val.jsonl", folder / "sample_val_preds.jsonl.gz")
    official = json.loads((folder / "sample_val_preds_metrics_raw.json").read_text())["brief"]
    assert set(found.metrics) == set(OFFICIAL) and found.n == 1550
    for name, theirs in OFFICIAL.items():
        assert 100 * found.metrics[name].value == pytest.approx(official[theirs], abs=0.00501), name
    for length, figures in found.by_type.items():
        theirs = official[f"MR-{length}-mAP"]
        assert 100 * figures["map"].value == pytest.approx(theirs, abs=0.00501)
    for floor, metric in (
        ("whole video", "map"),
        ("random span", "map"),
        ("chance highlights", "hl_map_fair"),
    ):
        assert found.baselines[floor][metric].high < found.metrics[metric].low


def test_a_small_case_by_hand(tmp_path):
    other = {**QUERY, "qid": 2, "vid": "kitchen", "relevant_windows": [[4, 8]]}
    late = {**MADE, "qid": 2, "pred_saliency_scores": [1, 2, 3, 4, 5]}
    found = run_qvhighlights(
        written(tmp_path, "q.jsonl", QUERY, other), written(tmp_path, "p.jsonl", late, MADE)
    )
    assert found.metrics["r1_at_05"].value == 0.5  # the second's first window misses
    assert found.metrics["hl_hit1_fair"].value == 0.5
    assert [row["id"] for row in found.per_question] == ["1", "2"]  # whatever the file's order
    # [6, 10] overlaps [4, 8] by a third: wrong at every IoU
    assert found.metrics["map"].value == 0.5
    assert set(found.by_type) == {"short"}
    # the whole video's IoU with a window of 4 of its 10 seconds
    assert found.baselines["whole video"]["r1_at_05"].value == 0.0
    assert "hl_map_fair" not in found.baselines["whole video"]


def test_windows_alone_and_scores_alone_are_judged(tmp_path):
    queries = written(tmp_path, "q.jsonl", QUERY)
    windows = {key: MADE[key] for key in ("qid", "pred_relevant_windows")}
    found = run_qvhighlights(queries, written(tmp_path, "w.jsonl", windows))
    assert "map" in found.metrics and "hl_map_fair" not in found.metrics
    scores = {key: MADE[key] for key in ("qid", "pred_saliency_scores")}
    found = run_qvhighlights(queries, written(tmp_path, "s.jsonl", scores))
    assert "hl_map_fair" in found.metrics and not found.by_type


@pytest.mark.parametrize(
    "change, says",
    [
        ({"relevant_windows": [[4]]}, "line 2: `relevant_windows` must be"),
        ({"relevant_windows": []}, "line 2: `relevant_windows` must be"),
        ({"duration": "ten"}, "line 2: `duration` must be seconds, got 'ten'"),
        ({"relevant_clip_ids": [0, 9]}, "line 2: `saliency_scores` must hold three ratings"),
        ({"qid": 1}, "line 2: has the qid of line 1"),
    ],
)
def test_a_wrong_query_is_refused_with_its_line(tmp_path, change, says):
    path = written(tmp_path, "q.jsonl", QUERY, {**QUERY, "qid": 2, **change})
    with pytest.raises(UsageError, match=says):
        read_queries(path)


@pytest.mark.parametrize(
    "row, says",
    [
        ({"qid": 1}, "line 1: needs `qid`, and `pred_relevant_windows` or"),
        ({"qid": 1, "pred_relevant_windows": [[0, 4]]}, r"must be \[\[start, end, score\]"),
        ({"qid": 1, "pred_saliency_scores": "high"}, "must be a list of numbers"),
        ({**MADE, "qid": 7}, "lacks 1 of the queries, first '1'"),
        ([1, 2], "must be an object"),
    ],
)
def test_a_wrong_prediction_is_refused(tmp_path, row, says):
    queries = read_queries(written(tmp_path, "q.jsonl", QUERY))
    with pytest.raises(UsageError, match=says):
        read_moments(written(tmp_path, "p.jsonl", row), queries)


def test_the_command_shows_figures_beside_their_baselines(tmp_path):
    files = written(tmp_path, "p.jsonl", MADE), written(tmp_path, "q.jsonl", QUERY)
    given = ["eval", "qvhighlights", str(files[0]), "--annotations", str(files[1])]
    said = CliRunner().invoke(app, given)
    assert said.exit_code == 0 and "whole video" in said.stdout and "r1_at_05" in said.stdout
    found = json.loads(CliRunner().invoke(app, [*given, "--json"]).stdout)
    assert found["r1_at_05"]["value"] == 1.0 and found["n"] == 1
    assert set(found["baselines"]) == {"whole video", "random span", "chance highlights"}
