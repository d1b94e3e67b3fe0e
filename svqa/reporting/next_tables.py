"""Committed figures on NExT-QA and NExT-GQA -> their tables, each beside who never looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from svqa.reporting.markdown import Table, difference, percent, read_json

BESIDE_NEXTQA = {
    "the method + 1/4 nearness of option to question (blind)": (
        "and a quarter of the option's nearness to the question, untrained"
    ),
    "trained: re-ranker of the options, folds by video": (
        "a re-ranker of features of the options, trained on the other of 5 folds by video"
    ),
}
KINDS = {"C": "causal", "T": "temporal", "D": "descriptive"}


CAPTIONED = (
    "from ready-made captions (VideoAgent's file, written by a far larger vision-language model)"
)


def next_tables(root: Path) -> Iterator[Table]:
    """A table for every committed measurement that is there."""
    yield from _nextqa(root)
    yield from chat_lora_tables(root)
    yield from _nextgqa(root)


def _nextqa(root: Path) -> Iterator[Table]:
    """Methods beside their baselines, over all questions and by kind."""
    for data in read_json(root, "experiments/nextqa_ablation/result.json"):
        named = {row["name"]: row for row in data["rows"]}
        rows = [
            _nextqa_row("**EvidenceAnswerer**, no weight fitted on these questions", row)
            for name, row in named.items()
            if name.startswith("the method:")
        ]
        rows += [
            _nextqa_row(f"{label}; difference {difference(named[name]['difference'])}", named[name])
            for name, label in BESIDE_NEXTQA.items()
            if name in named
        ]
        rows += [
            _nextqa_row("HGA, a trained video model (its stored predictions)", named["stored"])
        ]
        for evidence in read_json(root, "experiments/nextqa_comparison/evidence.json"):
            rows += [
                _nextqa_row(f"baseline: {name}", baseline)
                for name, baseline in evidence["baselines"].items()
                if name != "stored"
            ]
        title = (
            f"NExT-QA multiple choice, {CAPTIONED}, {data['n']:,} questions on "
            f"{data['videos']} videos, right in %"
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
        percent(row["accuracy"]),
        *(percent(row.get("by_type", {}).get(kind)) for kind in KINDS),
    )


def chat_lora_tables(root: Path) -> Iterator[Table]:
    """A small model of words, frozen and trained, with and without lines to read."""
    labels = {
        "frozen": "SmolLM2-135M reads the captions, frozen",
        "LoRA": "**SmolLM2-135M reads the captions, LoRA**",
        "blind, frozen": "baseline: no captions, frozen",
        "blind, LoRA": "baseline: no captions, LoRA",
        "EvidenceAnswerer": "EvidenceAnswerer",
        "EvidenceAnswerer + LoRA": "EvidenceAnswerer, with LoRA as a second reader",
    }
    for data in read_json(root, "experiments/chat_lora/result.json"):
        named = {row["name"]: row for row in data["rows"]}
        trained = data["training"]
        yield Table(
            f"A chat model trained to read captions, NExT-QA, {CAPTIONED}, {data['n']} questions "
            f"on {data['videos']} videos of fold {data['fold']}, trained on "
            f"{trained['questions']} questions on {trained['videos']} other videos, right in %",
            "experiments/chat_lora/result.json",
            ("answered by", "all", *KINDS.values(), "difference"),
            tuple(
                (*_nextqa_row(label, named[name]), _beside(named[name]))
                for name, label in labels.items()
            ),
        )


def _beside(row: Mapping[str, Any]) -> str:
    return f"{difference(row['difference'])} to {row['against']}" if "against" in row else ""


def _against(label: str, row: Mapping[str, Any]) -> str:
    """What was tried beside the method says how much it changes."""
    tried = label.startswith("the method, ") and "iou_above_the_method" in row
    return f"{label}: {difference(row['iou_above_the_method'])} of mIoU" if tried else label


def _nextgqa(root: Path) -> Iterator[Table]:
    """The method, what was tried beside it and did not help, and the baselines."""
    method = "question words + meaning + words (the method)"
    shown = {
        method: "**question words + captions** (the method)",
        "the method, content times (length / 6 s) ^ 0.5": (
            "the method, content times (length / 6 s) ^ 0.5"
        ),
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
    for data in read_json(root, "experiments/nextgqa_ablation/result.json"):
        by_name = {row["method"]: row for row in data["rows"]}
        rows = [
            (
                _against(label, by_name[name]),
                *(percent(by_name[name].get(key)) for key in ("iou", "iou_at_05", "hit_at_1")),
            )
            for name, label in shown.items()
            if name in by_name
        ]
        title = (
            f"NExT-GQA grounding, {CAPTIONED}, {data['n']:,} questions; the prior's table and two "
            f"weights are fitted on the other of {data['folds']} folds by video, in %"
        )
        yield Table(
            title,
            "experiments/nextgqa_ablation/result.json",
            ("seconds found by", "mIoU", "IoU >= 0.5", "hit@1"),
            tuple(rows),
        )
