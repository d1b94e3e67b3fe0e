"""Questions a person might type about real films -> what `svqa ask` gets right, from the pixels.

The file holds a JSON object a line: `video` (a path beside the file), `question`, `type`, `accept`
and `reject` (regular expressions, case ignored), `abstain_ok`, and `spans` (seconds that hold the
evidence, or null). An answer is right where an `accept` is found in it and no `reject` is; an
abstention is right only where `abstain_ok` says so (the question asks about what is not there).
Neither films nor questions are in this repository: they are other people's. Developers saw them
while they mended faults: other films are the fairer test. The same is measured without each part of
the set, for the table of docs/offline-models.md.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import svqa
from experiments.command import add_page, counted, percent, study_arguments, write_result
from experiments.page import fill_page, table
from svqa.cli.progress import progress_bars
from svqa.errors import UsageError
from svqa.json_lines import Mistake, decode, values
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups
from svqa.records import Answer, Progress

OUTCOMES = ("right", "wrong", "abstained")
SEED = 0
PAGE = Path(__file__).resolve().parents[2] / "docs" / "offline-models.md"
WHOLE = "everything"
ARMS: dict[str, dict[str, bool]] = {
    WHOLE: {},
    "without boxes": {"boxes": False},
    "without text in the picture": {"text": False},
    "without speech": {"speech": False},
    "captions alone": {"boxes": False, "text": False, "speech": False},
}
_KEYS = ("video", "question", "type", "accept")


def run_real_films(
    questions: Path,
    *,
    models: str = "offline",
    seed: int = SEED,
    progress: Progress | None = None,
    databases: Path | None = None,
    arm: str = WHOLE,
) -> EvalResult:
    """Shares of right, wrong and abstained answers; `net` is right minus wrong.

    `seconds`: of the right answers with known seconds, those whose first evidence has its middle in
    them. Intervals resample films. Two baselines without the film: no to everything, and always
    abstaining. `arm` leaves out a part of the set (`ARMS`); `databases` is a folder that keeps what
    was taken in for the next run. `work_s_per_s`: seconds that the stages of the ingest took for a
    second of film. Raises UsageError where the file does not hold such questions.
    """
    rows = read_rows(questions)
    outcomes, hits = [], []
    with (
        tempfile.TemporaryDirectory() as temporary,
        svqa.open_library(
            f"sqlite:///{databases or temporary}/{models}_{arm.replace(' ', '_')}.db",
            models,
            **ARMS[arm],
        ) as library,
    ):
        library.ingest(
            *sorted({questions.parent / row["video"] for row in rows}), progress=progress
        )
        model_ids = dict(library.models.model_ids)
        work_s_per_s = _work(library)
        for row in counted(rows, "questions", progress):
            answer = library.ask(row["question"], video=str(questions.parent / row["video"]))
            outcomes.append(outcome_of(row, answer.text, abstained=answer.abstained))
            hits.append(seconds_found(row, answer) if outcomes[-1] == "right" else None)
    films, types = [row["video"] for row in rows], [row["type"] for row in rows]
    found = [hit is not None for hit in hits]
    metrics = figures_of(outcomes, films, seed)
    if any(found):
        metrics["seconds"] = bootstrap_over_groups(
            [float(hit) for hit in hits if hit is not None],
            [film for film, kept in zip(films, found, strict=True) if kept],
            seed,
        )
    return EvalResult(
        len(rows),
        metrics,
        {
            kind: figures_of(*_of_type(kind, types, outcomes, films), seed)
            for kind in sorted(set(types))
        },
        {
            "no to everything": figures_of(
                [outcome_of(row, "No.", abstained=False) for row in rows], films, seed
            ),
            "never answers": figures_of(
                [outcome_of(row, "", abstained=True) for row in rows], films, seed
            ),
        },
        {
            "questions_sha256": hashlib.sha256(questions.read_bytes()).hexdigest(),
            "films": len(set(films)),
            "models": model_ids,
            "seed": seed,
            "work_s_per_s": work_s_per_s,
        },
    )


def without_parts(
    questions: Path, whole: EvalResult, *, progress: Progress | None = None, **given: Any
) -> dict[str, dict[str, Any]]:
    """-> {arm: its shares, seconds and work}, each taken in anew without a part of the set."""
    results = {
        arm: whole
        if arm == WHOLE
        else run_real_films(questions, arm=arm, progress=progress, **given)
        for arm in ARMS
    }
    return {
        arm: {
            **{name: figure.to_json() for name, figure in result.metrics.items()},
            "work_s_per_s": result.fingerprint["work_s_per_s"],
        }
        for arm, result in results.items()
    }


def _work(library: svqa.Library) -> float:
    stages = [library.store.metrics(video.id) for video in library.videos()]
    spent = sum(s for stage in stages for name, s in stage.items() if name.endswith("_s"))
    return spent / sum(video.duration_s for video in library.videos())


def read_rows(path: Path) -> list[dict[str, Any]]:
    """-> the questions of the file. Raises UsageError with the line that is not one."""
    rows = []
    for number, row in values(decode(path.read_bytes(), path)):
        if isinstance(row, Mistake) or not isinstance(row, dict):
            why = row.text if isinstance(row, Mistake) else "is no object"
            raise UsageError(f"{path.name}:{number} {why}.")
        missing = [key for key in _KEYS if not row.get(key)]
        if missing:
            raise UsageError(f"{path.name}:{number} lacks {', '.join(missing)}.")
        rows.append(row)
    if not rows:
        raise UsageError(f"{path} holds no question.")
    return rows


def outcome_of(row: Mapping[str, Any], text: str, *, abstained: bool) -> str:
    """One answer -> `right`, `wrong` or `abstained`."""

    def found(patterns: Sequence[str]) -> bool:
        return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)

    if abstained:
        return "right" if row.get("abstain_ok") else "abstained"
    return "right" if found(row["accept"]) and not found(row.get("reject", ())) else "wrong"


def seconds_found(row: Mapping[str, Any], answer: Answer) -> bool | None:
    """Whether the first evidence has its middle in the true seconds; None where there are none."""
    if not row.get("spans") or not answer.evidence:
        return None
    middle_s = (answer.evidence[0].start_s + answer.evidence[0].end_s) / 2
    return any(start_s <= middle_s <= end_s for start_s, end_s in row["spans"])


def figures_of(outcomes: Sequence[str], films: Sequence[str], seed: int) -> dict[str, Figure]:
    """-> the share of each outcome, and `net`, with intervals over films."""
    is_of = {name: np.array([o == name for o in outcomes], float) for name in OUTCOMES}
    is_of["net"] = is_of["right"] - is_of["wrong"]
    return {
        name: bootstrap_over_groups(v, films, seed, bounds=(-1 if name == "net" else 0, 1))
        for name, v in is_of.items()
    }


def _of_type(
    kind: str, types: Sequence[str], outcomes: Sequence[str], films: Sequence[str]
) -> tuple[list[str], list[str]]:
    kept = [i for i, name in enumerate(types) if name == kind]
    return [outcomes[i] for i in kept], [films[i] for i in kept]


def blocks(result: Mapping[str, Any]) -> dict[str, str]:
    """-> the table of docs/offline-models.md, by its marker."""
    rows = [
        [
            arm,
            *(percent(row[name]) for name in OUTCOMES),
            f"{percent(row['seconds'])} (n = {row['seconds']['n']})" if "seconds" in row else "",
            f"{row['work_s_per_s']:.2f}",
        ]
        for arm, row in result["arms"].items()
    ]
    rows += [
        [f"floor: {name}", *(percent(row[outcome]) for outcome in OUTCOMES), "", ""]
        for name, row in result["baselines"].items()
    ]
    kinds = [
        [
            kind,
            row["right"]["n"],
            *(round(row[name]["value"] * row[name]["n"]) for name in OUTCOMES),
        ]
        for kind, row in result["by_type"].items()
    ]
    heads = ["arm", *OUTCOMES, "first evidence in the true seconds", "s of work a second of film"]
    return {
        "together": f"{result['n']} questions about {result['fingerprint']['films']} films.\n\n"
        f"{table(heads, rows)}\nWith everything, by what is asked:\n\n"
        f"{table(['type', 'n', *OUTCOMES], kinds)}"
    }


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    no = result["baselines"]["no to everything"]
    return (
        f"Of {result['n']} questions about {result['fingerprint']['films']} films "
        f"{percent(result['right'])} are answered right, {percent(result['wrong'])} wrong, the "
        f"rest are abstained from; answering no to everything is right for {percent(no['right'])} "
        f"and wrong for the rest."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--questions", type=Path, required=True, help="the questions, the films beside them (jsonl)"
    )
    parser.add_argument(
        "--models", default="offline", help="model set that answers (default: %(default)s)"
    )
    parser.add_argument(
        "--databases",
        type=Path,
        help="folder that keeps what was taken in for the next run (default: a temporary one)",
    )
    add_page(parser, PAGE)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        more = {"models": given.models, "databases": given.databases, "progress": progress}
        whole = run_real_films(given.questions, **more)
        result = {**whole.to_json(), "arms": without_parts(given.questions, whole, **more)}
    write_result(result, given.out, finding)
    fill_page(given.page, blocks(result))


if __name__ == "__main__":
    main()
