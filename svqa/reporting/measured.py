"""Committed measurements outside the notebooks -> rows for README's results: benchmarks, checkpoints, speed."""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Row = tuple[Mapping[str, Any], str]
"""A figure (`label`, `value`, `low`, `high`, `n`, `unit`) and the file it stands in."""


def measured_rows(root: Path) -> Iterator[Row]:
    """Every figure of the measurements that are there, in the order README shows them."""
    yield from _nextqa(root)
    yield from _nextgqa(root)
    yield from _checkpoints(root)
    yield from _speed(root)


def _nextqa(root: Path) -> Iterator[Row]:
    for file, data in _read(root, "docs/data/nextqa_ablation.json"):
        named = {row["name"]: row["accuracy"] for row in data["rows"]}
        shown = {"EvidenceAnswerer, nothing trained": [n for n in named if n.startswith("the method:")], "HGA, stored": ["stored"]}
        for label, names in shown.items():
            for name in names:
                yield _percent(f"NExT-QA, half of validation: {label}", named[name]), file


def _nextgqa(root: Path) -> Iterator[Row]:
    for file, data in _read(root, "docs/data/nextgqa_ablation.json"):
        shown = {"(the method)": "the method", "question words alone": "floor: question words alone"}
        for row in data["rows"]:
            for part, label in shown.items():
                if row["method"].endswith(part):
                    for key, name in (("iou", "mIoU"), ("iou_at_05", "IoU@0.5"), ("hit_at_1", "hit@1")):
                        yield _percent(f"NExT-GQA, {data['folds']} folds, {name}: {label}", row[key]), file


def _checkpoints(root: Path) -> Iterator[Row]:
    for path in sorted((root / "svqa" / "checkpoints").glob("*/metrics.json")):
        for file, data in _read(root, path.relative_to(root).as_posix()):
            for name, figure in data["figures"].items():
                yield _percent(f"shapes world, {path.parent.name}: {name}", figure), file


def _speed(root: Path) -> Iterator[Row]:
    for file, data in _read(root, "docs/data/bench.json"):
        for row in data["rows"]:
            label = f"{row['id']}: {row['what']}, against {row['against']} (aim {row['aim']})"
            ratio = row["ratio"]
            interval = {"low": ratio["low"], "high": ratio["high"]} if ratio["n"] > 1 else {}
            yield {"label": label, "value": ratio["value"], **interval, "n": ratio["n"], "unit": ""}, file


def _percent(label: str, figure: Mapping[str, Any]) -> Mapping[str, Any]:
    bounds = {key: 100 * figure[key] for key in ("value", "low", "high")}
    return {"label": label, **bounds, "n": figure["n"], "unit": "%"}


def _read(root: Path, name: str) -> Iterator[tuple[str, dict]]:
    path = root / name
    if path.is_file():
        yield name, json.loads(path.read_text(encoding="utf-8"))
