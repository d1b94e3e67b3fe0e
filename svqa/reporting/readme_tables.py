"""Committed measurements outside the notebooks -> README's result tables: benchmarks, the small
world, speed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.reporting.results import figure_text

KINDS = {"C": "causal", "T": "temporal", "D": "descriptive"}
CHECKPOINTS = {"blip-captioner": "captioner", "clip": "CLIP", "yolo": "YOLO"}


@dataclass(frozen=True)
class Table:
    """A heading, what it is measured on and where it stands, the columns, and a row of cells
    each.
    """

    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def measured_tables(root: Path) -> Iterator[Table]:
    """A table for every committed measurement that is there, in the order README shows them."""
    world = (_world_answers, _world_rest, _asked, _moments, _looking, _order)
    for make in (_nextqa, _nextgqa, *world, _senses, _lora, _index, _speed):
        yield from make(root)


def _nextqa(root: Path) -> Iterator[Table]:
    """Methods beside their baselines, over all questions and by kind."""
    for data in _read(root, "experiments/nextqa_ablation/result.json"):
        named = {row["name"]: row for row in data["rows"]}
        rows = [
            _nextqa_row("**EvidenceAnswerer**, nothing trained", row)
            for name, row in named.items()
            if name.startswith("the method:")
        ]
        rows += [
            _nextqa_row("HGA, a trained video model (its stored predictions)", named["stored"])
        ]
        for evidence in _read(root, "experiments/nextqa_comparison/evidence.json"):
            rows += [
                _nextqa_row(f"baseline: {name}", baseline)
                for name, baseline in evidence["baselines"].items()
                if name != "stored"
            ]
        title = (
            f"NExT-QA multiple choice, {data['n']:,} questions on {data['videos']} videos, "
            "right in %"
        )
        yield Table(
            title,
            "experiments/nextqa_ablation/result.json",
            ("answered by", "all", *KINDS.values()),
            tuple(rows),
        )


def _nextqa_row(label: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        label,
        _percent(row["accuracy"]),
        *(_percent(row.get("by_type", {}).get(kind)) for kind in KINDS),
    )


def _nextgqa(root: Path) -> Iterator[Table]:
    """The method, what was tried beside it and did not help, and the baselines."""
    method = "question words + meaning + words (the method)"
    shown = {
        method: "**question words + captions** (the method)",
        "the method + smoothing": "the method + smoothing",
        "the method + hierarchy": "the method + hierarchy",
        "smoothing only (3 s)": "captions, smoothed",
        "hierarchy only (frame + 5 s + 30 s)": "captions, hierarchy",
        "frame only, meaning": "captions, single frames",
        "question words alone": "baseline: question words alone",
        "the method at shuffled times": "baseline: shuffled times",
        "whole video": "baseline: whole video",
        "random span": "baseline: random span",
    }
    for data in _read(root, "experiments/nextgqa_ablation/result.json"):
        by_name = {row["method"]: row for row in data["rows"]}
        rows = [
            (label, *(_percent(by_name[name][key]) for key in ("iou", "iou_at_05", "hit_at_1")))
            for name, label in shown.items()
            if name in by_name
        ]
        title = f"NExT-GQA grounding, {data['n']:,} questions, {data['folds']} folds by video, in %"
        yield Table(
            title,
            "experiments/nextgqa_ablation/result.json",
            ("seconds found by", "mIoU", "IoU >= 0.5", "hit@1"),
            tuple(rows),
        )


def _world_answers(root: Path) -> Iterator[Table]:
    """The tiny BLIP by type of question: the right frame beside who looks elsewhere and who never
    looks.
    """
    for data in _read(root, "svqa/checkpoints/blip-vqa/metrics.json"):
        figures = data["figures"]
        rows = []
        for name, figure in figures.items():
            if "(" not in name:
                baselines = (
                    figures.get(f"{name} ({baseline})") for baseline in ("shuffled", "blind")
                )
                rows.append((name, _percent(figure), *map(_percent, baselines), f"{figure['n']:,}"))
        title = "The shapes world: the tiny BLIP shown one frame, fresh videos, right in %"
        columns = ("question", "the right frame", "baseline: another video", "baseline: blind", "n")
        yield Table(title, "svqa/checkpoints/blip-vqa/metrics.json", columns, tuple(rows))


def _world_rest(root: Path) -> Iterator[Table]:
    rows = []
    for name, label in CHECKPOINTS.items():
        for data in _read(root, f"svqa/checkpoints/{name}/metrics.json"):
            rows += [
                (f"{label}: {what}", _percent(figure), f"{figure['n']:,}")
                for what, figure in data["figures"].items()
            ]
    if rows:
        title = "The shapes world: captions, retrieval, boxes, in %"
        yield Table(title, "svqa/checkpoints", ("measured", "value", "n"), tuple(rows))


def _moments(root: Path) -> Iterator[Table]:
    """The seconds that hold the evidence, by type of question, beside what never looks for them."""
    for data in _read(root, "experiments/shapes_grounding/result.json"):
        kinds = list(data["by_type"])
        found = {"all": data, **{kind: data["by_type"][kind] for kind in kinds}}
        rows = [
            (name, *(_percent(part[metric]) for part in found.values()))
            for name, metric in (
                ("**boxes, and what the question says happens**", "span IoU>=0.5"),
                ("the same from two looks a second", "span IoU>=0.5, two looks a second"),
            )
        ]
        rows += [
            (f"baseline: {name}", *(_percent(baseline.get(kind)) for kind in found))
            for name, baseline in data["baselines"].items()
        ]
        title = (
            f"The shapes world: {data['n']} questions whose seconds are found at IoU >= 0.5, in %"
        )
        yield Table(
            title, "experiments/shapes_grounding/result.json", ("found by", *found), tuple(rows)
        )


def _asked(root: Path) -> Iterator[Table]:
    """`svqa ask` from file to answer, by type of question, beside who looks at another video or at
    none.
    """
    for data in _read(root, "experiments/shapes_end_to_end/result.json"):
        shown = ("accuracy", "iou_at_05", "hit_at_1")
        named = {"**`svqa ask`**": data, **data["by_type"]}
        named |= {f"baseline: {name}": baseline for name, baseline in data["baselines"].items()}
        rows = [
            (name, *(_percent(of.get(metric)) for metric in shown)) for name, of in named.items()
        ]
        title = (
            f"The shapes world, from file to answer: {data['n']} questions with their options "
            "on whole videos, in %"
        )
        yield Table(
            title,
            "experiments/shapes_end_to_end/result.json",
            ("asked", "right", "IoU >= 0.5", "hit@1"),
            tuple(rows),
        )


def _looking(root: Path) -> Iterator[Table]:
    """Which frame an answerer that looks is shown, and what it answers from it."""
    for data in _read(root, "experiments/shapes_frame_selection/result.json"):
        kinds = list(data["by_type"])
        rows = [
            (
                "**frame level**",
                _percent(data["shows the thing"]),
                _percent(data["frame level"]),
                *(_percent(data["by_type"][kind]["frame level"]) for kind in kinds),
            )
        ]
        rows += [
            (
                f"baseline: {name}",
                *(_percent(baseline[part]) for part in ("shows the thing", "all", *kinds)),
            )
            for name, baseline in data["baselines"].items()
        ]
        title = (
            f"The shapes world: {data['n']} questions about things that come or go, answered "
            "from one frame, in %"
        )
        yield Table(
            title,
            "experiments/shapes_frame_selection/result.json",
            ("frame", "shows the thing", "right", *kinds),
            tuple(rows),
        )


def _order(root: Path) -> Iterator[Table]:
    """Nearest neighbours: is a motion told from its reverse?"""
    for data in _read(root, "experiments/shapes_temporal_order/result.json"):
        asked = [name for name in data if ", " in name]
        rows = [("**order-aware vector**", *(_percent(data[name]) for name in asked))]
        rows += [
            (f"baseline: {baseline}", *(_percent(of[name]) for name in asked))
            for baseline, of in data["baselines"].items()
        ]
        title = f"The shapes world: a motion told from its reverse, {data['n']} videos, in %"
        yield Table(
            title, "experiments/shapes_temporal_order/result.json", ("by", *asked), tuple(rows)
        )


def _senses(root: Path) -> Iterator[Table]:
    """What hearing adds to seeing, on the small world and on real films with sentences spoken over
    them.
    """
    rows = []
    for data in _read(root, "experiments/shapes_fusion/result.json"):
        arms = data["by_type"]["concat, all videos"]
        rows.append(
            (
                "shapes: what happens while a tone sounds",
                _percent(arms["picture alone"]),
                _percent(arms["picture + sound"]),
                _percent(data["lift"]),
                str(data["n"]),
            )
        )
    for data in _read(root, "experiments/speech_retrieval/result.json"):
        rows.append(
            (
                "real films: a sentence by its meaning",
                _percent(data["baselines"]["without speech"]["recall@1"]),
                _percent(data["recall@1"]),
                _percent(data["lift"]),
                str(data["n"]),
            )
        )
    if rows:
        columns = ("moment asked for", "picture alone", "with sound", "lift", "n")
        yield Table(
            "What hearing adds: recall@1 of the moment, in %", "experiments", columns, tuple(rows)
        )


def _lora(root: Path) -> Iterator[Table]:
    """What fine-tuning on time questions gains, as a share of full fine-tuning's gain, and what it
    forgets.
    """
    for data in _read(root, "experiments/lora/result.json"):
        arms = sorted(data["summary"].items(), key=lambda arm: ", rank" in arm[0])
        rows = [
            (
                f"baseline: {name}" if name in ("frozen", "never looks") else name,
                f"{100 * arm['trainable_share']:.1f}",
                _percent(arm["learnt"]),
                _percent(arm.get("recovered")),
                _percent(arm["kept"]),
                _percent(arm.get("lost")),
                str(len(arm["seeds"])),
            )
            for name, arm in arms
        ]
        n = max(arm["learnt"]["n"] for _, arm in arms)
        title = (
            f"LoRA: direction, order and changes learnt from frame grids, up to {n:,} "
            "questions an arm, in %"
        )
        columns = (
            "arm",
            "trainable",
            "learnt",
            "of full's gain",
            "one-frame questions",
            "lost of them",
            "seeds",
        )
        yield Table(title, "experiments/lora/result.json", columns, tuple(rows))


def _index(root: Path) -> Iterator[Table]:
    """What an approximate index loses."""
    for data in _read(root, "benchmarks/hnsw_recall.json"):
        rows = [
            (f"{row['ef_search']}", f"{row['k']}", _percent(row["recall"]))
            for row in data["recall"]
        ]
        title = (
            f"pgvector's HNSW, {data['rows']:,} x {data['dim']} like those of videos: recall "
            "of the exact answer, in %"
        )
        yield Table(title, "benchmarks/hnsw_recall.json", ("ef_search", "k", "recall"), tuple(rows))


def _speed(root: Path) -> Iterator[Table]:
    """Ratios against the best known way, each beside its aim, met or not."""
    for data in _read(root, "benchmarks/result.json"):
        rows = []
        for row in data["rows"]:
            ratio = dict(row["ratio"])
            if ratio["n"] == 1:
                ratio.pop("low"), ratio.pop("high")
            met = "yes" if row["met"] else "**no**"
            rows.append(
                (
                    row["id"],
                    f"{row['what']} / {row['against']}",
                    figure_text(ratio),
                    row["aim"],
                    met,
                )
            )
        machine = data["hardware"]
        title = f"Speed as ratios, measured in turn on {machine['cores']} cores (`svqa bench`)"
        yield Table(
            title,
            "benchmarks/result.json",
            ("id", "this / that", "ratio", "aim", "met"),
            tuple(rows),
        )


def _percent(figure: Mapping[str, Any] | None) -> str:
    if not figure:
        return ""
    in_percent = {key: 100 * figure[key] for key in ("value", "low", "high") if key in figure}
    if in_percent["low"] == in_percent["high"]:
        return figure_text({"value": in_percent["value"]})
    return re.sub(r"(\d)\.00\b", r"\1.0", figure_text(in_percent))


def _read(root: Path, name: str) -> Iterator[dict]:
    """The file's content, or nothing where it is not there."""
    path = root / name
    if path.is_file():
        yield json.loads(path.read_text(encoding="utf-8"))
