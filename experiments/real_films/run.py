"""Questions a person might type about real films -> what `svqa ask` gets right, from the pixels.

The file holds a JSON object a line: `video` (a path beside the file), `question`, `type`, `accept`
and `reject` (regular expressions, case ignored), `abstain_ok`, and `spans` (seconds that hold the
evidence, or null). An answer is right where an `accept` is found in it and no `reject` is; an
abstention is right only where `abstain_ok` says so (the question asks about what is not there).
Neither films nor questions are in this repository: they are other people's. Developers saw them
while they mended faults: other films are the fairer test. The same is measured without each part of
the set, and with a search that draws lots, for the table of docs/offline-models.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import svqa
from experiments.command import add_page, percent, points, study_arguments, write_result
from experiments.page import fill_page, table
from experiments.real_films.outcomes import (
    OUTCOMES,
    figures_of,
    outcome_of,
    read_rows,
    seconds_found,
)
from experiments.real_films.search_by_lot import answers_of, run_by_lot
from svqa.cli.progress import progress_bars
from svqa.errors import UsageError
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.records import Progress

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
        _library(databases or Path(temporary), models, arm) as library,
    ):
        library.ingest(
            *sorted({questions.parent / row["video"] for row in rows}), progress=progress
        )
        model_ids = dict(library.models.model_ids)
        work_s_per_s = _work(library)
        answers = answers_of(library, rows, questions.parent, progress)
        for row, answer in zip(rows, answers, strict=True):
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


def search_by_lot(
    questions: Path, *, databases: Path, models: str = "offline", progress: Progress | None = None
) -> dict[str, Any]:
    """The whole set asked again with its search drawn by lot, on what was taken in before."""
    rows = read_rows(questions)
    with _library(databases, models, WHOLE) as library:
        library.ingest(
            *sorted({questions.parent / row["video"] for row in rows}), progress=progress
        )
        return run_by_lot(library, rows, questions.parent, progress=progress)


def same_answers(result: Mapping[str, Any]) -> None:
    """Raises UsageError where the search, asked again, is right about other shares than before."""
    again = {name: result["search_by_lot"]["search"][name]["value"] for name in OUTCOMES}
    before = {name: result[name]["value"] for name in OUTCOMES}
    if again != before:
        raise UsageError(
            f"The answers are others than when the arms were measured ({again}, before {before}): "
            "run it without --by-lot-only."
        )


def _library(folder: Path, models: str, arm: str) -> svqa.Library:
    url = f"sqlite:///{folder}/{models}_{arm.replace(' ', '_')}.db"
    return svqa.open_library(url, models, **ARMS[arm])


def _work(library: svqa.Library) -> float:
    stages = [library.store.metrics(video.id) for video in library.videos()]
    spent = sum(s for stage in stages for name, s in stage.items() if name.endswith("_s"))
    return spent / sum(video.duration_s for video in library.videos())


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
    lot = result["search_by_lot"]
    drawn = f"with everything, the search drawn by lot ({len(lot['seeds'])} draws)"
    rows.insert(1, [drawn, *(percent(lot["by_lot"][name]) for name in OUTCOMES), "", ""])
    heads = ["arm", *OUTCOMES, "first evidence in the true seconds", "s of work a second of film"]
    return {
        "together": f"{result['n']} questions about {result['fingerprint']['films']} films.\n\n"
        f"{table(heads, rows)}\n{told_by_lot(lot)}\n\nWith everything, by what is asked:\n\n"
        f"{table(['type', 'n', *OUTCOMES], kinds)}"
    }


def told_by_lot(lot: Mapping[str, Any]) -> str:
    """-> what the search is worth, in two sentences."""
    apart, seconds = lot["difference"], lot["search"]["seconds"]
    return (
        f"The search over the same search drawn by lot, paired, over films and {len(lot['seeds'])} "
        f"draws: right {points(apart['right'])}, wrong {points(apart['wrong'])}, net "
        f"{points(apart['net'])}, right with first evidence in the true seconds "
        f"{points(apart['seconds'])} of the {seconds['n']} questions that have them; "
        f"{percent(lot['changed'])} of the answers read otherwise. Films as short as these "
        "are read whole, whatever the search says."
    )


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    no, lot = result["baselines"]["no to everything"], result["search_by_lot"]
    return (
        f"Of {result['n']} questions about {result['fingerprint']['films']} films "
        f"{percent(result['right'])} are answered right, {percent(result['wrong'])} wrong, the "
        f"rest are abstained from; answering no to everything is right for {percent(no['right'])} "
        f"and wrong for the rest. With the search drawn by lot {percent(lot['by_lot']['right'])} "
        f"are right: the search is worth {points(lot['difference']['right'])}."
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
    parser.add_argument(
        "--by-lot-only",
        action="store_true",
        help="ask again with the search and with lots, and keep the other arms of --out",
    )
    add_page(parser, PAGE)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary, progress_bars() as progress:
        databases = given.databases or Path(temporary)
        more = {"models": given.models, "databases": databases, "progress": progress}
        if given.by_lot_only:
            result = json.loads(given.out.read_text(encoding="utf-8"))
            result["search_by_lot"] = search_by_lot(given.questions, **more)
            same_answers(result)
        else:
            whole = run_real_films(given.questions, **more)
            result = {
                **whole.to_json(),
                "search_by_lot": search_by_lot(given.questions, **more),
                "arms": without_parts(given.questions, whole, **more),
            }
    write_result(result, given.out, finding)
    fill_page(given.page, blocks(result))


if __name__ == "__main__":
    main()
