"""Executed notebooks -> `index.html`: the story on one page, with its key figures."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from svqa.reporting.html import pictures, render
from svqa.reporting.notebooks import NotebookRun
from svqa.reporting.results import figure_text

TILES = 8
TILES_PER_NOTEBOOK = 2


def build_index(
    runs: Sequence[NotebookRun], out_dir: str | Path, *, films: Sequence[Mapping[str, str]] = ()
) -> Path:
    """Write `out_dir/index.html` for notebooks run by `run_notebook`; -> its path.

    A card a film's page, then a card a notebook (first picture, question, headline), and a tile for
    the first figures each of them kept.
    """
    out_dir = Path(out_dir).resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    tiles = [
        _tile(figure)
        for run in runs
        for figure in run.results.get("figures", ())[:TILES_PER_NOTEBOOK]
    ]
    index = out_dir / "index.html"
    cards = [*films, *(_card(run, out_dir) for run in runs)]
    page = render(
        "index.html", lead=_lead(runs), tiles=tiles[:TILES], cards=cards, versions=_versions(runs)
    )
    index.write_text(page, encoding="utf-8")
    return index


def film_card(page: Path, title: str, question: str, answer: str, picture: str) -> dict[str, str]:
    """-> the card of a film's page that lies beside the index; `picture` is a data URI."""
    return {
        "href": quote(page.name),
        "number": "the film",
        "title": title,
        "question": question,
        "headline": answer,
        "picture": picture,
    }


def _card(run: NotebookRun, out_dir: Path) -> dict[str, str]:
    shown = pictures(run.executed)
    return {
        "href": quote(Path(os.path.relpath(run.html, out_dir)).as_posix()),
        "number": run.name.split("_")[0],
        "title": run.title,
        "question": run.question,
        "headline": str(run.results.get("headline", "")),
        "picture": shown[0] if shown else "",
    }


def _tile(figure: Mapping[str, Any]) -> dict[str, str]:
    sure = []
    if figure.get("low") is not None and figure.get("high") is not None:
        interval = figure_text({**figure, "unit": ""}).partition(" ")[2]
        sure.append(f"95 % {interval}")
    if figure.get("n"):
        sure.append(f"n = {figure['n']:,}")
    value = figure_text({"label": "", "value": figure["value"]})
    return {
        "value": value,
        "unit": figure.get("unit") or "",
        "label": figure["label"],
        "sure": ", ".join(sure),
    }


def _lead(runs: Sequence[NotebookRun]) -> str:
    count = f"{len(runs)} notebook{'' if len(runs) == 1 else 's'}"
    return (
        f"{count}, executed from top to bottom on this machine. Each asks one question; this "
        "page keeps the answers."
    )


def _versions(runs: Sequence[NotebookRun]) -> str:
    found: dict[str, str] = {}
    for run in runs:
        found.update(run.results.get("versions", {}))
    return (
        "Made with " + ", ".join(f"{name} {version}" for name, version in found.items()) + "."
        if found
        else ""
    )
