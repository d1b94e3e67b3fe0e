"""Committed figures on benchmarks that others know, from others' predictions -> their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from svqa.reporting.markdown import Table, percent, read_json

OPEN_METRICS = {
    "wups": "WUPS",
    "wups_09": "WUPS, threshold 0.9",
    "exact_match": "exact match",
    "semantic_similarity": "cosine of meaning",
    "answered": "answered",
}
OPEN = {
    "stored": "HGA, a trained video model (its stored answers)",
    "most frequent answer by type": "baseline: most frequent answer of other videos' questions",
}
MOMENTS = {
    "r1_at_05": "R1@0.5",
    "r1_at_07": "R1@0.7",
    "map": "mAP",
    "hl_map_very_good": "HL-mAP (very good)",
    "hl_hit1_very_good": "HL-hit@1 (very good)",
}


def known_tables(root: Path) -> Iterator[Table]:
    """A table for every committed measurement that is there."""
    yield from _nextoe(root)
    yield from _qvhighlights(root)
    yield from _tempcompass(root)


def _nextoe(root: Path) -> Iterator[Table]:
    """The evidence answerer, a trained model's stored answers, and what never looks."""
    source = "experiments/nextoe/result.json"
    for data in read_json(root, source):
        by_type = data["by_type"]
        named = {"**EvidenceAnswerer**, no weight fitted on these questions": data}
        named |= {OPEN[name]: figures for name, figures in data["baselines"].items()}
        yield Table(
            "NExT-QA open-ended, from ready-made captions (VideoAgent's file, written by a far "
            f"larger vision-language model), {data['n']:,} questions, in % (`svqa eval nextoe`; "
            f"by type, WUPS of EvidenceAnswerer: causal {percent(by_type['C'].get('wups'))}, "
            f"temporal {percent(by_type['T'].get('wups'))}, descriptive "
            f"{percent(by_type['D'].get('wups'))}; HGA's published WUPS on the whole validation "
            f"set: {100 * data['published_hga']['wups']:.2f})",
            source,
            ("answered by", *OPEN_METRICS.values()),
            tuple(
                (name, *(percent(figures.get(metric)) for metric in OPEN_METRICS))
                for name, figures in named.items()
            ),
        )


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
