"""Committed measurements on the shapes world -> their tables in docs/results.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from svqa.reporting.markdown import Table, percent, read_json

CHECKPOINTS = {"blip-captioner": "captioner", "clip": "CLIP", "yolo": "YOLO"}


def shapes_tables(root: Path) -> Iterator[Table]:
    """A table for every committed measurement on the small world that is there."""
    for make in (_answers, _captions_and_boxes, _end_to_end, _grounding, _frame_selection, _order):
        yield from make(root)


def _answers(root: Path) -> Iterator[Table]:
    """The tiny BLIP by type of question: the right frame beside other frames and none."""
    for data in read_json(root, "svqa/checkpoints/blip-vqa/metrics.json"):
        figures = data["figures"]
        rows = []
        for name, figure in figures.items():
            if "(" not in name:
                baselines = (
                    figures.get(f"{name} ({baseline})") for baseline in ("shuffled", "blind")
                )
                rows.append((name, percent(figure), *map(percent, baselines), f"{figure['n']:,}"))
        title = "The shapes world: the tiny BLIP shown one frame, fresh videos, right in %"
        columns = ("question", "the right frame", "baseline: another video", "baseline: blind", "n")
        yield Table(title, "svqa/checkpoints/blip-vqa/metrics.json", columns, tuple(rows))


def _captions_and_boxes(root: Path) -> Iterator[Table]:
    rows = []
    for name, label in CHECKPOINTS.items():
        for data in read_json(root, f"svqa/checkpoints/{name}/metrics.json"):
            rows += [
                (f"{label}: {what}", percent(figure), f"{figure['n']:,}")
                for what, figure in data["figures"].items()
            ]
    if rows:
        title = "The shapes world: captions, retrieval, boxes, in %"
        yield Table(title, "svqa/checkpoints", ("measured", "value", "n"), tuple(rows))


def _end_to_end(root: Path) -> Iterator[Table]:
    """`svqa ask` from file to answer, by type of question, beside another video and none."""
    for data in read_json(root, "experiments/shapes_end_to_end/result.json"):
        shown = ("accuracy", "iou_at_05", "hit_at_1")
        named = {"**`svqa ask`**": data, **data["by_type"]}
        named |= {f"baseline: {name}": baseline for name, baseline in data["baselines"].items()}
        rows = [
            (name, *(percent(of.get(metric)) for metric in shown)) for name, of in named.items()
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


def _grounding(root: Path) -> Iterator[Table]:
    """The seconds that hold the evidence, by type of question, beside baselines."""
    for data in read_json(root, "experiments/shapes_grounding/result.json"):
        kinds = list(data["by_type"])
        found = {"all": data, **{kind: data["by_type"][kind] for kind in kinds}}
        rows = [
            (name, *(percent(part[metric]) for part in found.values()))
            for name, metric in (
                ("**boxes at ten looks a second, and what the question says**", "span IoU>=0.5"),
                ("the same from boxes twice a second", "span IoU>=0.5, two looks a second"),
            )
        ]
        for told in read_json(root, "experiments/shapes_end_to_end/result.json"):
            shown = (told, *(told["by_type"].get(kind, {}) for kind in kinds))
            rows.append(
                (
                    f"`svqa ask` from file, two looks a second, all types: {told['n']} questions",
                    *(percent(of.get("iou_at_05")) for of in shown),
                )
            )
        rows += [
            (f"baseline: {name}", *(percent(baseline.get(kind)) for kind in found))
            for name, baseline in data["baselines"].items()
        ]
        title = (
            f"The shapes world: {data['n']} questions whose seconds are found at IoU >= 0.5, in %"
        )
        yield Table(
            title, "experiments/shapes_grounding/result.json", ("found by", *found), tuple(rows)
        )


def _frame_selection(root: Path) -> Iterator[Table]:
    """Which frame an answerer is given, and what it answers from it."""
    for data in read_json(root, "experiments/shapes_frame_selection/result.json"):
        kinds = list(data["by_type"])
        rows = [
            (
                "**frame level**",
                percent(data["shows the thing"]),
                percent(data["frame level"]),
                *(percent(data["by_type"][kind]["frame level"]) for kind in kinds),
            )
        ]
        rows += [
            (
                f"baseline: {name}",
                *(percent(baseline[part]) for part in ("shows the thing", "all", *kinds)),
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
    for data in read_json(root, "experiments/shapes_temporal_order/result.json"):
        asked = [name for name in data if ", " in name]
        rows = [("**order-aware vector**", *(percent(data[name]) for name in asked))]
        rows += [
            (f"baseline: {baseline}", *(percent(of[name]) for name in asked))
            for baseline, of in data["baselines"].items()
        ]
        title = f"The shapes world: a motion told from its reverse, {data['n']} videos, in %"
        yield Table(
            title, "experiments/shapes_temporal_order/result.json", ("by", *asked), tuple(rows)
        )
