"""A notebook's findings -> one `results.json`, from which every table and card is built.

The file holds `headline` (one sentence with a number in it), `figures` (the numbers behind it, each
with its interval and n where it was measured on a sample) and whatever else the notebook wants to
keep.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svqa.errors import UsageError
from svqa.profiling.provenance import package_versions

RESULTS_FILE = "results.json"
FIGURE_KEYS = ("label", "value", "low", "high", "n", "unit")
PACKAGES = ("svqa", "numpy", "torch", "transformers", "av")


def reports_dir() -> Path:
    """Where results go: `SVQA_REPORTS`, else `reports/`.

    Beside the nearest `notebooks/` folder, else `./reports`.
    """
    if chosen := os.environ.get("SVQA_REPORTS"):
        return Path(chosen)
    here = Path.cwd()
    root = next((p for p in (here, *here.parents) if (p / "notebooks").is_dir()), here)
    return root / "reports"


def write_results(name: str, results: Mapping[str, Any]) -> Path:
    """Keep what notebook `name` found in `<reports>/<name>/results.json`; -> its path.

    `results` needs a `headline`; each of its `figures` is `{"label", "value"}` and, where measured
    on a sample, `low`, `high` (95 % interval), `n` and `unit`. Numbers must be finite. Raises
    UsageError on anything else.

    >>> found = {"headline": "Answered in 0.4 s.", "figures": []}
    >>> write_results("00_quickstart", found)  # doctest: +SKIP
    """
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", name):
        raise UsageError(
            f"Results are named after their notebook, for example '00_quickstart'; got {name!r}."
        )
    _check(name, results)
    path = reports_dir() / name / RESULTS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"notebook": name, **results, "versions": package_versions(PACKAGES)}
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read_results(folder: str | Path) -> dict[str, Any]:
    """-> the results kept in a notebook's report folder; empty where it kept none."""
    path = Path(folder) / RESULTS_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def figure_text(figure: Mapping[str, Any]) -> str:
    """A figure as people read it, with its interval where it has one.

    >>> figure_text({"label": "R@1", "value": 0.857, "low": 0.571, "high": 1.0, "n": 7})
    '0.86 [0.57, 1.00]'
    >>> figure_text({"label": "speed", "value": 3, "unit": "x real time"})
    '3 x real time'
    """
    value = _number(figure["value"])
    if figure.get("low") is not None and figure.get("high") is not None:
        value += f" [{_number(figure['low'])}, {_number(figure['high'])}]"
    return f"{value} {figure['unit']}" if figure.get("unit") else value


def _number(value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (abs(value) >= 100 and math.isfinite(value)):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _check(name: str, results: Mapping[str, Any]) -> None:
    headline = results.get("headline")
    if not isinstance(headline, str) or not re.search(r"\d", headline):
        raise UsageError(
            f"The results of '{name}' need a `headline`: one sentence with a number in "
            f"it; got {headline!r}."
        )
    for figure in results.get("figures", ()):
        unknown = set(figure) - set(FIGURE_KEYS)
        if unknown or "label" not in figure or "value" not in figure:
            raise UsageError(
                f"A figure of '{name}' holds {', '.join(FIGURE_KEYS)}, at least label and "
                f"value; got {dict(figure)}."
            )


def _plain(value: Any) -> Any:
    """numpy numbers and arrays, figures with `to_json`, paths -> what JSON knows."""
    for convert in ("to_json", "tolist"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    if isinstance(value, Path):
        return value.name
    raise UsageError(f"Results hold numbers, texts and lists of them; got {type(value).__name__}.")
