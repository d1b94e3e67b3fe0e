"""Committed figures on benchmarks that others know, from others' predictions -> their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
    yield from _tempcompass(root)


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


def _tempcompass(root: Path) -> Iterator[Table]:
    """Two published models by form of question and aspect, with the verdict of each pair."""
    source = "experiments/tempcompass_comparison/result.json"
    for data in read_json(root, source):
        a, b = data["models"]
        rows = [
            (
                f"{form}, {aspect}",
                percent(of[a]),
                percent(of[b]),
                _points(of["pair"]),
                f"{of['pair']['holm_p']:.4f}",
                of["pair"]["verdict"],
                str(of["pair"]["n"]),
            )
            for form, aspects in data["forms"].items()
            for aspect, of in aspects.items()
        ]
        yield Table(
            f"TempCompass, two published models by the ratings that the benchmark's authors stored "
            f"of them (neither is svqa's), {data['videos']} videos, right in %; "
            "`svqa compare --by-type`",
            source,
            ("questions", a, b, "difference, points", "p (Holm)", "verdict", "n"),
            tuple(rows),
        )


def _points(pair: Mapping[str, Any]) -> str:
    value, low, high = (100 * pair[key] for key in ("difference", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
