"""Natural questions about real films -> how many the offline set answers, with and without a part.

Each arm takes the clips in anew, once with everything, once without each part, once with captions
alone, and asks every question. Right: an accepted pattern is found in the answer and no rejected
one is; a refusal is right where the question is about something that is not there. Also fills the
table of docs/offline-models.md. The questions were written by looking at the clips, and developers
saw them while they mended faults: other clips are the fairer test.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command import percent, study_arguments, write_result
from experiments.page import fill_page, table
from svqa import open_library
from svqa.cli.progress import progress_bars
from svqa.metrics.results import bootstrap_over_groups
from svqa.records import Answer, Progress

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "offline-models.md"
QUESTIONS = ROOT.parent / "shared" / "data" / "real_qa" / "questions.jsonl"
ARMS: dict[str, dict[str, bool]] = {
    "everything": {},
    "without boxes": {"boxes": False},
    "without text in the picture": {"text": False},
    "without speech": {"speech": False},
    "captions alone": {"boxes": False, "text": False, "speech": False},
}
OUTCOMES = ("right", "wrong", "silent")
SEED = 0


def outcome_of(row: Mapping[str, Any], answer: Answer) -> str:
    """`right`, `wrong` or `silent`."""
    if answer.abstained:
        return "right" if row.get("abstain_ok") else "silent"
    accepted = any(re.search(p, answer.text, re.IGNORECASE) for p in row["accept"])
    rejected = any(re.search(p, answer.text, re.IGNORECASE) for p in row.get("reject", ()))
    return "right" if accepted and not rejected else "wrong"


def seconds_of(row: Mapping[str, Any], answer: Answer) -> bool | None:
    """Whether the first evidence lies in the true seconds; None where none are told."""
    if not row.get("spans") or answer.abstained or not answer.evidence:
        return None
    first = answer.evidence[0]
    middle = (first.start_s + first.end_s) / 2
    return any(start_s <= middle <= end_s for start_s, end_s in row["spans"])


def measure(
    questions: Path, folder: Path, arms: Sequence[str], *, progress: Progress | None = None
) -> dict[str, Any]:
    """-> {arm: its figures}; `folder` keeps the databases, so that asking again takes seconds."""
    rows = [json.loads(line) for line in questions.read_text("utf-8").splitlines() if line.strip()]
    return {
        arm: figures(rows, list(asked(rows, questions.parent, folder, arm, progress)), arm)
        for arm in arms
    } | {"floor": floor(rows)}


def asked(
    rows: Sequence[Mapping[str, Any]],
    clips: Path,
    folder: Path,
    arm: str,
    progress: Progress | None,
) -> Iterator[tuple[Answer, float, float]]:
    """-> each answer, with the ingest's seconds and the seconds of film that they were for."""
    database = f"sqlite:///{folder / arm.replace(' ', '_')}.db"
    with open_library(database, "offline", **ARMS[arm]) as library:
        paths = sorted({str(clips / row["video"]) for row in rows})
        library.ingest(*paths, progress=progress)
        spent = film = 0.0
        for video in library.videos():
            measured = library.store.metrics(video.id)
            spent += sum(s for name, s in measured.items() if name.endswith("_s"))
            film += video.duration_s
        for row in rows:
            yield library.ask(row["question"], video=str(clips / row["video"])), spent, film


def figures(
    rows: Sequence[Mapping[str, Any]], told: Sequence[tuple[Answer, float, float]], arm: str
) -> dict[str, Any]:
    """-> shares of the outcomes with intervals over clips, the seconds, counts by type, cost."""
    clips = [row["video"] for row in rows]
    answers = [answer for answer, _, _ in told]
    outcomes = [outcome_of(row, answer) for row, answer in zip(rows, answers, strict=True)]
    pairs = zip(rows, answers, outcomes, strict=True)
    hits = [
        (float(hit), row["video"])
        for row, answer, outcome in pairs
        if outcome == "right" and (hit := seconds_of(row, answer)) is not None
    ]
    by_type: dict[str, dict[str, int]] = {}
    for row, outcome in zip(rows, outcomes, strict=True):
        counts = by_type.setdefault(row["type"], dict.fromkeys(OUTCOMES, 0))
        counts[outcome] += 1
    return {
        **{
            name: bootstrap_over_groups([float(o == name) for o in outcomes], clips, SEED).to_json()
            for name in OUTCOMES
        },
        "seconds": bootstrap_over_groups(*zip(*hits, strict=True), SEED).to_json()
        if hits
        else None,
        "by_type": dict(sorted(by_type.items())),
        "stage_s_per_s_of_film": told[0][1] / told[0][2],
    }


def floor(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Who never looks: silent, but for a "yes" to every question that can be answered so."""
    clips = [row["video"] for row in rows]
    blind = [
        outcome_of(row, Answer("yes", 1.0, "blind"))
        if row["type"] == "yes_no"
        else ("right" if row.get("abstain_ok") else "silent")
        for row in rows
    ]
    return {
        name: bootstrap_over_groups([float(o == name) for o in blind], clips, SEED).to_json()
        for name in OUTCOMES
    }


def blocks(result: Mapping[str, Any]) -> dict[str, str]:
    """-> the page's table by its marker."""
    arms, first = result["arms"], next(iter(result["arms"].values()))
    rows = [
        [
            arm,
            *(percent(row[name]) for name in OUTCOMES),
            percent(row["seconds"]) + f" (n = {row['seconds']['n']})" if row.get("seconds") else "",
            f"{row['stage_s_per_s_of_film']:.2f}" if "stage_s_per_s_of_film" in row else "",
        ]
        for arm, row in arms.items()
    ]
    kinds = [
        [name, *(counts[outcome] for outcome in OUTCOMES)]
        for name, counts in first["by_type"].items()
    ]
    heads = ["arm", *OUTCOMES, "first evidence in the true seconds", "s of work a second of film"]
    n = first["right"]["n"]
    return {
        "together": f"{n} questions about {result['clips']} clips.\n\n{table(heads, rows)}\n"
        f"With everything, by what is asked:\n\n{table(['type', *OUTCOMES], kinds)}"
    }


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    row, alone = result["arms"]["everything"], result["arms"]["captions alone"]
    return (
        f"With everything {percent(row['right'])} of {row['right']['n']} natural questions about "
        f"{result['clips']} real clips are answered rightly and {percent(row['wrong'])} wrongly, "
        f"with captions alone {percent(alone['right'])} and {percent(alone['wrong'])}; a refusal "
        "is right where the thing is not there."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--questions",
        type=Path,
        default=QUESTIONS,
        help="JSON lines of questions, beside their clips (default: %(default)s)",
    )
    parser.add_argument(
        "--databases",
        type=Path,
        help="folder that keeps an arm's database for the next run (default: a temporary one)",
    )
    parser.add_argument(
        "--page",
        type=Path,
        default=PAGE,
        help="page whose table is filled (default: %(default)s)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, write the JSON, fill the page."""
    given = arguments().parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary, progress_bars() as progress:
        folder = given.databases or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        arms = measure(given.questions, folder, list(ARMS), progress=progress)
    lines = given.questions.read_text("utf-8").splitlines()
    clips = {json.loads(line)["video"] for line in lines if line.strip()}
    result = {"clips": len(clips), "arms": arms}
    write_result(result, given.out, finding)
    fill_page(given.page, blocks(result))


if __name__ == "__main__":
    main()
