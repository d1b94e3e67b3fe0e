"""NExT-QA, the evidence answerer against a trained model's stored answers -> which is better.

HGA (Jiang and Han 2020) is a graph network trained on NExT-QA; its authors' stored predictions are
compared, question by question, with what the `offline` set's evidence answerer chooses from one
caption a second. Two files with a row a question are kept beside the result, for `svqa compare` and
notebook 06; ids of questions and videos are numbered, because the benchmark's own are not ours to
copy.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command import (
    CAPTIONED,
    add_nextqa_files,
    percent,
    points,
    study_arguments,
    write_result,
)
from svqa.cli.progress import progress_bars
from svqa.evaluation.nextqa import read_annotations, read_predictions, run_nextqa
from svqa.evaluation.nextqa_vectors import sentence_encoder
from svqa.evaluation.runs import compare_runs, read_run
from svqa.models.base import TextEncoder
from svqa.records import Progress

STORED = "HGA, stored predictions of its authors"


def run_both(
    annotations: str | Path,
    captions: str | Path,
    predictions: str | Path,
    *,
    sentences: TextEncoder,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, dict[str, Any]]:
    """-> `{"evidence": ..., "hga": ...}`, each the JSON of a result file with a row a question."""
    found = run_nextqa(
        annotations,
        captions,
        sentences=sentences,
        predictions=predictions,
        seed=seed,
        progress=progress,
    )
    choices = read_annotations(annotations)
    stored = read_predictions(predictions, choices)
    videos = list(dict.fromkeys(choice.question.video for choice in choices))
    rows: dict[str, list[dict[str, Any]]] = {"evidence": [], "hga": []}
    for i, (choice, row, picked) in enumerate(
        zip(choices, found.per_question, stored.tolist(), strict=True)
    ):
        same = {
            "id": f"q{i:04d}",
            "video": f"v{videos.index(choice.question.video):03d}",
            "type": choice.question.type,
        }
        right = int(row["chosen"] == row["right"])
        rows["evidence"].append({**same, "accuracy": right, "score": round(row["score"], 3)})
        rows["hga"].append({**same, "accuracy": int(picked == choice.right)})
    data = found.to_json()
    benchmark = {key: data["fingerprint"][key] for key in ("benchmark", "annotations_sha256")}
    return {
        "evidence": {
            "n": found.n,
            "baselines": data["baselines"],
            "fingerprint": data["fingerprint"],
            "per_question": rows["evidence"],
        },
        "hga": {
            "n": found.n,
            "fingerprint": {**benchmark, "model": STORED},
            "per_question": rows["hga"],
        },
    }


def write_run(run: Mapping[str, Any], path: Path) -> None:
    """Write a result file with one line a question."""
    head = json.dumps({key: value for key, value in run.items() if key != "per_question"})
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in run["per_question"])
    path.write_text(f'{head[:-1]}, "per_question": [\n{rows}\n]}}\n', encoding="utf-8")


def compare_files(folder: Path, *, seed: int = 0) -> dict[str, Any]:
    """The two result files of `folder` -> what `svqa compare` says of them."""
    runs = [read_run(folder / f"{name}.json") for name in ("evidence", "hga")]
    found = compare_runs(runs, seed=seed)
    return {"n": len(runs[0].values), "seed": seed, **found.stored.result}


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    quality = {model["name"]: model["accuracy"] for model in result["models"]}
    (pair,) = result["pairs"]
    ends = {key: pair[key] for key in ("low", "high")}
    difference = {"value": pair["difference"], **ends}
    return (
        f"Without training on the benchmark, the evidence answerer is right about "
        f"{percent(quality['evidence'])} of {result['n']} questions, {CAPTIONED}, HGA about "
        f"{percent(quality['hga'])}: {points(difference)}, verdict `{pair['verdict']}`."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_nextqa_files(parser, "annotations", "captions", "predictions")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Answer, compare and write all three files."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        runs = run_both(
            given.annotations,
            given.captions,
            given.predictions,
            sentences=sentence_encoder(),
            progress=progress,
        )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        write_run(run, given.out.with_name(f"{name}.json"))
    write_result(compare_files(given.out.parent), given.out, finding)


if __name__ == "__main__":
    main()
