"""What a training found -> curve, metrics and the model card beside the weights.

`curve.json`, `curve.png`, `metrics.json` and `README.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from svqa.metrics.results import Figure
from svqa.profiling.provenance import commit_and_dirty


def write_json(path: Path, value: Any) -> None:
    """Indented, sorted, ending in a newline."""
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def save_curve(folder: Path, rows: Sequence[Mapping[str, float]], *, title: str) -> None:
    """`rows` of `step` and figures -> `curve.json`, and `curve.png` with one panel a figure."""
    from matplotlib.figure import Figure as Page

    write_json(folder / "curve.json", list(rows))
    names = [name for name in rows[-1] if name != "step"]
    page = Page(figsize=(4 * len(names), 3), layout="constrained")
    for ax, name in zip(page.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        known = [row for row in rows if name in row]  # a later stage may measure more
        ax.plot([row["step"] for row in known], [row[name] for row in known], color="#3b6ea5")
        ax.set(xlabel="step", ylabel=name)
    page.suptitle(title)
    page.savefig(folder / "curve.png", dpi=80, metadata={"Software": None})


def write_card(
    folder: Path, *, title: str, text: str, metrics: Mapping, figures: Mapping[str, Figure]
) -> None:
    """`metrics.json` (with the figures and the commit) and README.md with a table of them."""
    found = {
        **metrics,
        "commit": commit_and_dirty()[0],
        "figures": {name: figure.to_json() for name, figure in figures.items()},
    }
    write_json(folder / "metrics.json", found)
    rows = [
        f"| {name} | {f.value:.3f} | [{f.low:.3f}, {f.high:.3f}] | {f.n} |"
        for name, f in figures.items()
    ]
    recipe = [
        f"- {key}: {value}" for key, value in sorted(found.items()) if key not in ("figures",)
    ]
    table = "\n".join(
        ["| figure | value | 95 % interval over videos | n |", "|---|---|---|---|", *rows]
    )
    body = f"""---
license: agpl-3.0
library_name: svqa
---
# {title}

{text.strip()}

## Figures

On freshly drawn videos from seed {found["evaluation_seed"]}, which no training uses;
written by the training itself.

{table}

## Recipe

{chr(10).join(recipe)}

The loss over the steps is in `curve.json` and `curve.png`. `checksums.json` holds the SHA-256 of
every file here.
"""
    (folder / "README.md").write_text(body, encoding="utf-8")
