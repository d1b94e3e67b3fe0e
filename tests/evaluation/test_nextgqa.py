"""NExT-GQA: files read, baselines shown, folds kept apart.

On made-up videos with known answers and on the real ones.
"""

import csv
import json

import numpy as np
import pytest

from experiments.nextgqa_ablation.run import ablation, coherent, flat_table, hierarchical, smoothed
from svqa.errors import UsageError
from svqa.evaluation import read_captions, run_nextgqa
from svqa.evaluation.nextgqa import paired
from svqa.evaluation.nextgqa_data import GroundingQuestion, gather, read_grounding_questions
from svqa.evaluation.nextgqa_fit import (
    CONTENT_WEIGHTS,
    FRAME_WEIGHTS,
    choose_weights,
    fit_table,
    fitted_priors,
    fold_of,
    frame_values,
    hits_by_weight,
    ious_by_weight,
    span_values,
    values_of,
)
from svqa.metrics import grounding_values
from svqa.models import MiniLM
from svqa.records import VectorSet

SCENES = [
    "a dog is jumping over a fence",
    "a woman is cutting a cake",
    "two children are playing a piano",
    "a man is riding a bicycle",
    "a cat is sleeping on a sofa",
    "a boy is kicking a football",
]
VIDEO_S, EVENT_S = 30, 6


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Ten videos of 30 s, each a street with two 6 s events somewhere.

    A question about each event.
    """
    folder, rng = tmp_path_factory.mktemp("nextgqa"), np.random.default_rng(0)
    rows, spans, captions = [], {}, {}
    for v in range(10):
        first, second = rng.permutation(len(SCENES))[:2]
        starts = int(rng.integers(0, 9)), int(rng.integers(15, 24))
        lines = ["an empty street with parked cars"] * VIDEO_S
        location = {}
        for qid, (scene, start) in enumerate(zip((first, second), starts, strict=True)):
            lines[start : start + EVENT_S] = [SCENES[scene]] * EVENT_S
            location[str(qid)] = [[start, start + EVENT_S]]
            asks = f"why is it that {SCENES[scene]}"
            rows.append([f"v{v}", asks, "yes", str(qid), "CW", "yes", "no", "cake", "rain", "sun"])
        spans[f"v{v}"], captions[f"v{v}"] = (
            {"duration": VIDEO_S, "fps": 25, "location": location},
            lines,
        )
    with open(folder / "questions.csv", "w", newline="") as out:
        options = [f"a{i}" for i in range(5)]
        csv.writer(out).writerows(
            [["video_id", "question", "answer", "qid", "type", *options], *rows]
        )
    (folder / "spans.json").write_text(json.dumps(spans))
    (folder / "captions.json").write_text(json.dumps(captions))
    return folder / "questions.csv", folder / "spans.json", folder / "captions.json"


@pytest.fixture(scope="module")
def asked(files):
    questions, durations_s = read_grounding_questions(*files[:2])
    return gather(questions, durations_s, read_captions(files[2]), MiniLM.from_pretrained())


def test_content_finds_the_event_the_baselines_do_not(files):
    result = run_nextgqa(
        *files,
        sentences=MiniLM.from_pretrained(),
        folds=5,
        chosen={f"v{v}_{q}": q for v in range(10) for q in range(2)},
    )
    assert result.n == 20 and result.metrics["hit_at_1"].value >= 0.9
    assert set(result.baselines) == {"random", "whole video", "question words", "shuffled time"}
    assert (
        result.metrics["iou"].value > max(f["iou"].value for f in result.baselines.values()) + 0.1
    )
    assert result.metrics["iou_above_question_words"].low > 0
    assert result.baselines["whole video"]["iou"].value == pytest.approx(EVENT_S / VIDEO_S)
    # option 0 is right, and every second question chose 1
    assert result.metrics["acc_gqa"].value <= 0.5
    assert "refitted" in result.fingerprint["table"] and set(result.by_type) == {"CW"}
    assert result.to_json(per_question=True)["per_question"][0]["video"] == "v0"


def test_the_shipped_table_runs_too_and_says_so(files):
    result = run_nextgqa(*files, sentences=MiniLM.from_pretrained())
    assert (
        result.fingerprint["table"] == "shipped, fitted on other videos"
        and result.metrics["iou"].value > 0.2
    )


def test_no_video_is_in_two_folds_and_none_learns_from_itself(asked):
    fold = fold_of(asked, 5, seed=0)
    videos = np.array([a.question.video for a in asked])
    assert (
        all(len(set(fold[videos == v])) == 1 for v in set(videos))
        and np.bincount(fold).tolist() == [4] * 5
    )
    priors = fitted_priors(asked, 5, seed=0)
    assert len(set(map(id, priors.values()))) == 5
    for i in range(len(asked)):  # 16 questions of the 8 other videos, counted once each
        assert sum(c.sum() for c in priors[i].counts.values()) == pytest.approx(16)


def test_a_held_out_question_cannot_change_its_own_prediction(asked):
    """Move the marks of one video: the prior of its own fold must stay as it was."""
    from dataclasses import replace

    moved = [
        replace(a, question=replace(a.question, spans=((0.0, 1.0),)))
        if a.question.video == "v3"
        else a
        for a in asked
    ]
    at = next(i for i, a in enumerate(asked) if a.question.video == "v3")
    before, after = fitted_priors(asked, 5, 0)[at], fitted_priors(moved, 5, 0)[at]
    assert (
        before.content_weight == after.content_weight and before.frame_weight == after.frame_weight
    )
    np.testing.assert_array_equal(before.cells, after.cells)


def test_weights_are_chosen_on_questions_whose_spans_the_table_never_saw(asked):
    """The table that answers a fold's questions is counted from the other folds alone."""
    fold, seen = fold_of(asked, 4, seed=0), []

    def table(questions):
        seen.append({id(q) for q in questions})
        return fit_table(questions)

    choose_weights(asked, [a.content for a in asked], fold, table=table)
    *inner, whole = seen
    assert whole == {id(a) for a in asked}
    for held, ids in zip(np.unique(fold), inner, strict=True):
        assert ids == {id(a) for a, f in zip(asked, fold, strict=True) if f != held}


def test_choosing_weights_fast_equals_slow(asked):
    from dataclasses import replace

    table = fit_table(asked)
    for a in asked:
        slow = [
            span_values(a, replace(table, content_weight=w), a.content)["iou"]
            for w in CONTENT_WEIGHTS
        ]
        np.testing.assert_allclose(ious_by_weight(a, table, a.content), slow)
        slow = [
            frame_values(a, replace(table, frame_weight=w), a.content)["hit_at_1"]
            for w in FRAME_WEIGHTS
        ]
        np.testing.assert_array_equal(hits_by_weight(a, table, a.content), slow)


def test_the_ablation_has_a_row_a_method_with_its_differences(asked):
    table = ablation(asked)
    rows = {row["method"]: row for row in table["rows"]}
    assert (
        len(rows) == 15 and rows["question words alone"]["iou_above_question_words"]["value"] == 0
    )
    assert rows["frame only, meaning + words"]["hit_at_1"]["value"] >= 0.9
    assert any("length" in method for method in rows)
    # an event of 6 s in 30 s; all of a video ranks none of its frames
    assert rows["whole video"]["iou"]["value"] == pytest.approx(EVENT_S / VIDEO_S)
    assert not {"hit_at_1", "hit_at_1_above_the_method"} & set(rows["whole video"])
    assert rows["random span"]["iou_above_the_method"]["high"] < 0
    assert rows["the method at shuffled times"]["hit_at_1"]["value"] < 0.7
    json.dumps(table)


def test_every_way_to_use_time_keeps_one_score_a_second(asked):
    for a in asked[:3]:
        for scores in (smoothed(a), hierarchical(a), coherent(a)):
            assert scores.shape == a.t_s.shape and np.all(np.isfinite(scores))
    spans, weights = flat_table([]).spans("at the end", 60.0)
    assert np.ptp(weights) == 0 and spans.min() == 0 and spans.max() == 60


@pytest.mark.parametrize(
    "spoil, text",
    [
        (lambda q, s, c: (c, s, c), "annotation file"),
        (lambda q, s, c: (q, c, c), "no span for question"),
    ],
)
def test_wrong_files_teach(files, spoil, text, tmp_path):
    empty = tmp_path / "empty.json"
    empty.write_text("{}")
    annotations, spans, _ = spoil(files[0], files[1], empty)
    with pytest.raises(UsageError, match=text):
        read_grounding_questions(annotations, spans)


def test_missing_captions_teach(files):
    questions, durations_s = read_grounding_questions(*files[:2])
    with pytest.raises(UsageError, match="no captions for video 'v0'"):
        gather(questions, durations_s, {}, MiniLM.from_pretrained())


def test_on_the_real_questions_the_words_beat_the_whole_video(shared_data):
    """Table fitted on one half of the videos, read on the other; no caption is looked at."""
    folder = shared_data / "nextqa"
    questions, durations_s = read_grounding_questions(
        folder / "nextgqa.csv", folder / "nextgqa_spans.json"
    )
    assert len(questions) == 1624 and len({q.video for q in questions}) == 277  # 3 of 280 have none
    seconds = VectorSet(
        "frame", "caption", "none", [(t, t + 1) for t in range(10)], np.zeros((10, 1), np.float32)
    )
    asked = [
        GroundingQuestion(q, durations_s[q.video], seconds, np.zeros(1), np.zeros(10))
        for q in questions
    ]
    half = fold_of(asked, 2, seed=0)
    table = fit_table([a for a, h in zip(asked, half, strict=True) if h])
    held = [a for a, h in zip(asked, half, strict=True) if not h]
    said = [span_values(a, table, np.zeros(10)) for a in held]
    whole = [grounding_values((0.0, a.duration_s), a.question.spans) for a in held]
    difference = paired(said, whole, "iou", [a.question.video for a in held], seed=0)
    assert difference.low > 0.03 and np.mean([row["iou"] for row in said]) > 0.26
    assert values_of(held[0], table, np.zeros(10)).keys() >= {
        "iou",
        "iop_at_05",
        "hit_at_1",
        "recall_at_5",
    }
