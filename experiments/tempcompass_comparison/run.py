"""TempCompass, the stored ratings of two published models -> which is better, by aspect.

The answers and ratings of Gemini and Video-LLaVA are the benchmark's authors' (Liu et al. 2024,
arXiv:2403.00476); no model runs here, and no question or rating is copied. Compared are multiple
choice and yes / no, paired by question, clustered by video, corrected over the aspects of a form.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command import points, study_arguments, write_result
from svqa.evaluation.runs import Run, compare_runs, compare_types, read_run
from svqa.metrics.results import bootstrap_over_groups

MODELS = {"gemini": "Gemini", "video-llava": "Video-LLaVA"}
FORMS = {"multi-choice": "multiple choice", "yes_no": "yes / no"}
ALL = "all"


def compare_forms(folder: Path, *, seed: int = 0) -> dict[str, Any]:
    """-> both models on both forms of question, over all of them and by aspect."""
    forms, videos = {}, 0
    for form, called in FORMS.items():
        runs = [read_run(folder / f"{name}.{form}.json") for name in MODELS]
        (pair,) = compare_runs(runs, seed=seed).pairs
        aspects = {ALL: pair, **{k: v for k, (v,) in compare_types(runs, seed=seed).items()}}
        forms[called] = {
            aspect: {
                **{
                    MODELS[name]: _accuracy(run, aspect, seed)
                    for name, run in zip(MODELS, runs, strict=True)
                },
                "pair": {**found.to_json(), "a": MODELS["gemini"], "b": MODELS["video-llava"]}
                | {"winner": found.winner and MODELS[found.winner.removesuffix(f".{form}")]},
            }
            for aspect, found in aspects.items()
        }
        videos = len(set(runs[0].videos.values()))
    return {"models": list(MODELS.values()), "videos": videos, "seed": seed, "forms": forms}


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    said = []
    for form, aspects in result["forms"].items():
        pair = aspects[ALL]["pair"]
        difference = {"value": pair["difference"], "low": pair["low"], "high": pair["high"]}
        open_ones = [k for k, of in aspects.items() if of["pair"]["verdict"] == "undecided"]
        less = f", undecided for {', '.join(open_ones)}" if open_ones else ""
        said.append(
            f"{form} {points(difference)} (`{pair['verdict']}` over {pair['n']} questions{less})"
        )
    a, b = result["models"]
    return (
        f"By the ratings that TempCompass's authors stored, {a} against {b}, on "
        f"{result['videos']} videos: {'; '.join(said)}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--folder", type=Path, required=True, help="folder of `auto_eval_results`, a file a model"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Compare and write the result."""
    given = arguments().parse_args(argv)
    write_result(compare_forms(given.folder), given.out, finding)


def _accuracy(run: Run, aspect: str, seed: int) -> dict[str, Any]:
    ids = [key for key in run.values if aspect in (ALL, run.types[key])]
    values, about = [run.values[key] for key in ids], [run.videos[key] for key in ids]
    return bootstrap_over_groups(values, about, seed).to_json()


if __name__ == "__main__":
    main()
