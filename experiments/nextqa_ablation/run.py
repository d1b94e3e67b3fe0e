"""NExT-QA questions -> what each ingredient of the method adds, what the support threshold buys.

Every row is paired with the one it is compared to, question by question; intervals resample videos.
Ingredients that were tried and left out are rows too (`"used": false`), so that nobody tries them
again without knowing. Rows whose name begins with "trained" are: weights of features of the
options, in folds by video.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command import (
    CAPTIONED,
    add_nextqa_files,
    counted,
    percent,
    points,
    study_arguments,
    write_result,
)
from experiments.nextqa_ablation.time_prior import score_with_time_prior
from experiments.nextqa_ablation.trained_rows import (
    BY_TYPE,
    FEATURES,
    FOLDS,
    OWN_ONLY,
    SHUFFLED,
    STANDARDISED,
    TRAINED,
    trained_picks,
)
from experiments.several_runs import figure_of_runs
from svqa.answering.evidence import MIN_SUPPORT
from svqa.answering.option_scoring import (
    added_by_options,
    mean_of_best,
    score_options,
    standardise,
    word_overlap,
)
from svqa.answering.sentence_scoring import Lines, read_passages, support
from svqa.cli.progress import progress_bars
from svqa.evaluation.nextqa import Choice, read_annotations, read_captions, read_predictions
from svqa.evaluation.nextqa_vectors import sentence_encoder
from svqa.language.question_parser import plain
from svqa.metrics.results import bootstrap_over_groups, figures_by_type
from svqa.models.base import TextEncoder
from svqa.records import Evidence, Progress

# name: (what it is compared with, part of the method)
ROWS = {
    "words found in the captions": ("", False),
    "option alone": ("", False),
    "question + option": ("option alone", False),
    "first try: option, question + option and words, standardised and summed": (
        "option alone",
        False,
    ),
    "what the option adds to the question": ("question + option", True),
    "the method: and the lines without boilerplate": ("what the option adds to the question", True),
    "the method + time prior": ("the method: and the lines without boilerplate", False),
    "the method + 1/4 words": ("the method: and the lines without boilerplate", False),
    "the method + 1/4 option alone": ("the method: and the lines without boilerplate", False),
    "the method + 1/4 nearness of option to question (blind)": (
        "the method: and the lines without boilerplate",
        False,
    ),
}
METHOD = "the method: and the lines without boilerplate"
# what differs from the trained re-ranker is set beside it, not beside the method
BESIDE_TRAINED = (BY_TYPE, STANDARDISED, OWN_ONLY)


def score_rows(
    question: str, options: Sequence[str], lines: Lines, encoder: TextEncoder
) -> dict[str, np.ndarray]:
    """-> (K,) scores of the options by each row of `ROWS`."""
    options = list(options)
    alone = mean_of_best(lines.vectors @ encoder.encode_text(options).T)
    together = mean_of_best(
        lines.vectors @ encoder.encode_text([f"{question} {o}" for o in options]).T
    )
    words = word_overlap(options, lines)
    added = mean_of_best(lines.vectors @ added_by_options(question, options, encoder).T)
    method = score_options(question, options, lines, encoder)
    scaled = standardise(method)
    blind = encoder.encode_text(options) @ encoder.encode_text([question])[0]
    scores = [
        words,
        alone,
        together,
        standardise(alone) + standardise(together) + standardise(words),
        added,
        method,
        score_with_time_prior(question, options, lines, encoder),
        scaled + standardise(words) / 4,
        scaled + standardise(alone) / 4,
        scaled + standardise(blind) / 4,
    ]
    return dict(zip(ROWS, scores, strict=True))


def run_ablation(
    annotations: str | Path,
    captions: str | Path,
    *,
    sentences: TextEncoder,
    predictions: str | Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """-> JSON: `rows` (accuracy, by type, paired difference from another row) and `abstention`."""
    choices, passages = read_annotations(annotations), read_captions(captions)
    videos = [choice.question.video for choice in choices]
    right: dict[str, Any] = {name: [] for name in ROWS}
    for choice in counted(choices, "questions", progress):
        lines = read_passages(passages[choice.question.video], sentences)
        asked = plain(choice.question.text), choice.question.options, lines, sentences
        for name, scores in score_rows(*asked).items():
            right[name].append(float(np.argmax(scores) == choice.right))
    types, answers = [c.question.type[0] for c in choices], np.array([c.right for c in choices])
    picks, penalties = trained_picks(choices, passages, sentences, seed=seed, progress=progress)
    right |= {name: (picked == answers).astype(float) for name, picked in picks.items()}
    if predictions is not None:
        right["stored"] = (read_predictions(predictions, choices) == answers).astype(float)
    rows = [_row(name, right, videos, types, seed) for name in right]
    return {
        "n": len(choices),
        "videos": len(set(videos)),
        "seed": seed,
        "model": sentences.model_id,
        "rows": rows,
        "trained": {"folds": FOLDS, "features": FEATURES, "penalty_by_fold": penalties},
        "abstention": measure_abstention(choices, passages, sentences, seed),
    }


def measure_abstention(
    choices: Sequence[Choice],
    passages: Mapping[str, Sequence[Evidence]],
    sentences: TextEncoder,
    seed: int,
) -> dict:
    """Each question is read against its own video's captions and against the next video's.

    The next video's should not answer it.

    -> the area under the curve of best support (own against other), and the share answered of each
    at several thresholds. Some of the other videos show a similar scene, so even a perfect judge
    would not reach 1.
    """
    videos = sorted({choice.question.video for choice in choices})
    other = dict(zip(videos, [*videos[1:], videos[0]], strict=True))
    lines = {video: read_passages(passages[video], sentences) for video in videos}
    groups = [choice.question.video for choice in choices]
    own, wrong = (
        np.array(
            [
                support(lines[at(c.question.video)], plain(c.question.text), sentences).max()
                for c in choices
            ]
        )
        for at in (lambda video: video, other.get)
    )
    curve = []
    for threshold in sorted({0.30, 0.35, 0.40, 0.45, 0.50, MIN_SUPPORT}):
        answered = {
            name: bootstrap_over_groups(values >= threshold, groups, seed).to_json()
            for name, values in (("answered_own", own), ("answered_other", wrong))
        }
        curve.append({"threshold": threshold, **answered})
    greater = (own[:, None] > wrong[None, :]).mean() + 0.5 * (own[:, None] == wrong[None, :]).mean()
    return {
        "area_under_curve": round(float(greater), 4),
        "threshold_used": MIN_SUPPORT,
        "curve": curve,
    }


def _row(
    name: str,
    right: Mapping[str, Any],
    videos: list[str],
    types: Sequence[str],
    seed: int,
) -> dict:
    """A row of the result; of several shuffles their mean, each, and intervals over both."""
    values = np.array(right[name], dtype=np.float64)
    if values.ndim == 2:
        runs = values - np.array(right[TRAINED], dtype=np.float64)
        return {
            "name": name,
            "used": False,
            "accuracy": figure_of_runs(values, videos, seed).to_json(),
            "runs": [round(float(mean), 6) for mean in values.mean(axis=1)],
            "against": TRAINED,
            "difference": figure_of_runs(runs, videos, seed, bounds=(-1, 1)).to_json(),
        }
    against, used = ROWS.get(name, (TRAINED if name in BESIDE_TRAINED else METHOD, False))
    row = {
        "name": name,
        "used": used,
        "accuracy": bootstrap_over_groups(values, videos, seed).to_json(),
        "by_type": {
            k: v["accuracy"].to_json()
            for k, v in figures_by_type(values, videos, types, seed).items()
        },
    }
    if against:
        difference = bootstrap_over_groups(
            values - np.array(right[against], dtype=np.float64), videos, seed, bounds=(-1, 1)
        )
        row |= {"against": against, "difference": difference.to_json()}
    return row


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    rows = {row["name"]: row for row in result["rows"]}
    added, trained = "what the option adds to the question", result["trained"]
    shuffled = rows[SHUFFLED]
    return (
        f"The method is right about {percent(rows[METHOD]['accuracy'])} of {result['n']} questions "
        f"on {result['videos']} videos, {CAPTIONED}; the vector of what an option adds to the "
        f"question is worth {points(rows[added]['difference'])} over the vector of both together. "
        f"A re-ranker of {len(trained['features'])} features trained on the other videos of "
        f"{trained['folds']} folds, from the same captions, is right about "
        f"{percent(rows[TRAINED]['accuracy'])}, {points(rows[TRAINED]['difference'])}; what "
        f"the other videos' captions say is part of it, without that it changes by "
        f"{points(rows[OWN_ONLY]['difference'])}. Trained on "
        f"answers that were shuffled ({len(shuffled['runs'])} times) it reaches "
        f"{percent(shuffled['accuracy'])}, chance is 20."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_nextqa_files(parser, "annotations", "captions", "predictions")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_ablation(
            given.annotations,
            given.captions,
            sentences=sentence_encoder(),
            predictions=given.predictions,
            progress=progress,
        )
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
