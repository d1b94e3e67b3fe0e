"""Committed figures on benchmarks that others know, from others' predictions -> their tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from svqa.reporting.markdown import Table, percent, read_json

MOMENTS = {
    "r1_at_05": "R1@0.5",
    "r1_at_07": "R1@0.7",
    "map": "mAP",
    "hl_map_very_good": "HL-mAP (very good)",
    "hl_hit1_very_good": "HL-hit@1 (very good)",
}


def known_tables(root: Path) -> Iterator[Table]:
    """A table for every committed measurement that is there."""
    yield from _qvhighlights(root)


def _qvhighlights(root: Path) -> Iterator[Table]:
    """The stored predictions of the benchmark's authors beside what never looks."""
    source = "experiments/qvhighlights/result.json"
    for data in read_json(root, source):
        named = {"the predictions that its authors stored, not svqa's": data}
        named |= {f"baseline: {name}": figures for name, figures in data["baselines"].items()}
        yield Table(
            f"QVHighlights, stored predictions of the benchmark's authors (Moment-DETR's "
            f"repository) on {data['n']:,} validation queries, judged by `svqa eval qvhighlights` "
            "as by the official code, in %",
            source,
            ("moments and highlights by", *MOMENTS.values()),
            tuple(
                (name, *(percent(figures.get(metric)) for metric in MOMENTS))
                for name, figures in named.items()
            ),
        )
