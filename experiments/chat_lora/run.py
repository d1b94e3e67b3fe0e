"""NExT-QA captions read by SmolLM2 -> what LoRA adds, what lines add, what two readers reach.

Trained on videos of four folds, measured on those of the fifth: four lines of captions a question,
found by the similarity that `EvidenceAnswerer` uses, options weighed by likelihood. Every row is
asked the same questions; intervals resample videos. The weights of the two readers are fitted on
questions of the four folds that the model was not trained on. Ended and started again, it goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.chat_lora.data import FOLDS, SHOWN, Part, read_all, split, write_questions
from experiments.chat_lora.readers import BASE, READERS, Reader, Scores, fit_weights
from experiments.command import (
    CAPTIONED,
    add_nextqa_files,
    percent,
    points,
    study_arguments,
    write_result,
)
from svqa.answering.option_scoring import standardise
from svqa.cli.progress import progress_bars
from svqa.database import StoredVersion, open_store
from svqa.errors import UsageError
from svqa.evaluation.nextqa import read_annotations, read_captions
from svqa.evaluation.nextqa_vectors import sentence_encoder
from svqa.metrics.results import bootstrap_over_groups, figures_by_type
from svqa.records import Progress
from svqa.training.lora import fine_tune

NAME = "chat-lora"
EVIDENCE, BOTH = "EvidenceAnswerer", "EvidenceAnswerer + LoRA"
# what a row is held against
AGAINST = {
    "LoRA": "frozen",
    "frozen": "blind, frozen",
    "blind, LoRA": "LoRA",
    BOTH: EVIDENCE,
}


def run_study(given: argparse.Namespace, progress: Progress | None = None) -> dict[str, Any]:
    """-> JSON: `rows` with accuracy and the paired difference, `weights`, `training`."""
    sizes = {"train": given.train, "val": given.val, "test": given.test}
    parts = split(read_annotations(given.annotations), given.fold, sizes, given.seed)
    shown, evidence = read_all(
        list(parts.values()), read_captions(given.captions), sentence_encoder(), progress
    )
    files = {
        name: write_questions(given.work / f"{name}.jsonl", part, shown)
        for name, part in parts.items()
    }
    kept = Scores(given.work / "scores.jsonl")
    asked = [(name, "test") for name in READERS] + [("LoRA", "val")]
    ids = {name: [c.question.id for c in part.choices] for name, part in parts.items()}
    _same_settings(given)
    asked = [row for row in asked if given.rows is None or row[0] in given.rows]
    frozen = [row for row in asked if not READERS[row[0]][0]]
    _ask(Reader(None), frozen, files, ids, kept, progress)
    version = None
    if given.rows is None or len(frozen) < len(asked):
        version = _trained(given, files, progress)
        kept = Scores(given.work / "scores.jsonl")  # with what another process added meanwhile
        _ask(Reader(version), [a for a in asked if a not in frozen], files, ids, kept, progress)
    if version is None or given.rows is not None:
        return {}
    rows, weights = _rows(parts, kept, evidence, given.seed)
    return {
        "n": len(parts["test"].choices),
        "videos": len(set(parts["test"].videos)),
        "fold": f"{given.fold + 1} of {FOLDS}",
        "lines_shown": SHOWN,
        "seed": given.seed,
        "rows": rows,
        "weights": weights,
        "training": _training(version),
    }


def _same_settings(given: argparse.Namespace) -> None:
    """Raises UsageError where the folder holds work on other settings."""
    kept = {k: str(v) for k, v in vars(given).items() if k not in ("work", "out", "rows")}
    path = given.work / "settings.json"
    if path.is_file() and (had := json.loads(path.read_text(encoding="utf-8"))) != kept:
        raise UsageError(f"{given.work} holds work on {had}. Name another folder with --work.")
    path.write_text(json.dumps(kept), encoding="utf-8")


def _ask(
    reader: Reader,
    asked: Sequence[tuple[str, str]],
    files: Mapping[str, Path],
    ids: Mapping[str, Sequence[str]],
    kept: Scores,
    progress: Progress | None,
) -> None:
    for name, part in asked:
        reader.ask(name, files[part], ids[part], kept, progress)


def _trained(
    given: argparse.Namespace, files: Mapping[str, Path], progress: Progress | None
) -> StoredVersion:
    """The version of these settings: made before, or now."""
    database = f"sqlite:///{given.work / 'versions.db'}"
    with open_store(database) as store:
        if made := store.model_versions(NAME):
            return made[-1]
    version = fine_tune(
        files["train"],
        files["val"],
        given.epochs,
        base=BASE,
        name=NAME,
        out=given.work / "models",
        database=database,
        device=given.device,
        precision=given.precision,
        batch_size=given.batch_size,
        learning_rate=given.learning_rate,
        save_steps=10,
        seed=given.seed,
        progress=progress,
    )
    assert version is not None  # one process
    return version


def _rows(
    parts: Mapping[str, Part], kept: Scores, evidence: Mapping[str, np.ndarray], seed: int
) -> tuple[list[dict], dict[str, float]]:
    test, val = parts["test"].choices, parts["val"].choices
    scores = {
        name: {c.question.id: standardise(kept.of[name, c.question.id]) for c in test}
        for name in READERS
    }
    scores[EVIDENCE] = {c.question.id: evidence[c.question.id] for c in test}
    right = {c.question.id: c.right for c in val}
    weights = fit_weights([evidence, {q: standardise(kept.of["LoRA", q]) for q in right}], right)
    scores[BOTH] = {
        q: weights[0] * scores[EVIDENCE][q] + weights[1] * scores["LoRA"][q]
        for q in scores[EVIDENCE]
    }
    values = {
        name: np.array([float(np.argmax(of[c.question.id]) == c.right) for c in test])
        for name, of in scores.items()
    }
    videos, types = parts["test"].videos, [c.question.type[0] for c in test]
    rows = []
    for name, mine in values.items():
        row = {
            "name": name,
            "accuracy": bootstrap_over_groups(mine, videos, seed).to_json(),
            "by_type": {
                kind: of["accuracy"].to_json()
                for kind, of in figures_by_type(mine, videos, types, seed).items()
            },
        }
        if against := AGAINST.get(name):
            difference = bootstrap_over_groups(mine - values[against], videos, seed, bounds=(-1, 1))
            row |= {"against": against, "difference": difference.to_json()}
        rows.append(row)
    return rows, {EVIDENCE: round(weights[0], 3), "LoRA": round(weights[1], 3)}


def _training(version: StoredVersion) -> dict[str, Any]:
    f, s = version.figures, version.settings
    return {
        "base": version.base_id,
        "base_sha256": version.base_sha256,
        "questions": f["train_examples"],
        "videos": f["train_videos"],
        "validation_questions": f["val_examples"],
        "validation_videos": f["val_videos"],
        "trainable": f["trainable"],
        "trainable_share": round(f["trainable_share"], 5),
        "steps": f["steps"],
        "best_step": f["best_step"],
        "before": f["before"]["accuracy"],
        "after": f["after"]["accuracy"],
        "curve": f["curve"],
        "seconds": round(version.seconds),
        "hardware": version.hardware,
        **{
            k: s[k] for k in ("epochs", "batch_size", "learning_rate", "precision", "rank", "alpha")
        },
    }


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    rows = {row["name"]: row for row in result["rows"]}
    t = result["training"]
    return (
        f"Trained on {t['questions']} questions ({t['epochs']} epoch(s), {t['trainable']:,} "
        f"weights, {100 * t['trainable_share']:.2f} %), SmolLM2-135M, answering {CAPTIONED}, "
        f"is right about {percent(rows['LoRA']['accuracy'])} of {result['n']} questions on "
        f"{result['videos']} videos of a fold it never saw, frozen "
        f"{percent(rows['frozen']['accuracy'])}: "
        f"{points(rows['LoRA']['difference'])}; without lines it reaches "
        f"{percent(rows['blind, LoRA']['accuracy'])}. EvidenceAnswerer alone, from the same "
        f"captions: {percent(rows[EVIDENCE]['accuracy'])}, with it as a second reader "
        f"{percent(rows[BOTH]['accuracy'])}, {points(rows[BOTH]['difference'])}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    add_nextqa_files(parser, "annotations", "captions")
    add = parser.add_argument
    add("--work", type=Path, default=Path("chat-lora"), help="folder of versions and scores")
    rows = f"only ask these, beside another process that does the rest: {', '.join(READERS)}"
    add("--rows", nargs="+", choices=list(READERS), metavar="ROW", help=rows)
    add("--fold", type=int, default=0, help="fold that is measured, 0 to 4 (default: %(default)s)")
    add("--train", type=int, default=256, help="most training questions (default: %(default)s)")
    add("--val", type=int, default=72, help="most validation questions (default: %(default)s)")
    add("--test", type=int, default=260, help="most test questions (default: %(default)s)")
    add("--epochs", type=int, default=1, help="times through them (default: %(default)s)")
    add("--batch-size", type=int, default=8, help="questions a step (default: %(default)s)")
    add("--learning-rate", type=float, default=1e-3, help="at its peak (default: %(default)s)")
    add("--precision", default="fp32", help="fp32, bf16, fp16 (default: %(default)s)")
    add("--device", default=None, help="cpu or cuda (default: a GPU if there is one)")
    add("--seed", type=int, default=0, help="of folds, order and update (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Train, measure and write."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_study(given, progress)
    if result:
        write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
