"""Committed results, notebooks and code -> the tables and trees of README.md and docs/.

No number there is typed. `python -m svqa.reporting.readme` rewrites what stands between the
markers, `--check` only says whether it is up to date, `--sample reports` first takes over what
`make report` wrote as the committed sample.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svqa.errors import SvqaError, UsageError
from svqa.reporting.fault_tables import faults_table, long_form_table, ray_kills_table
from svqa.reporting.html import notebook_text
from svqa.reporting.markdown import cell, table_text
from svqa.reporting.mutation_tables import mutation_tables
from svqa.reporting.next_tables import chat_lora_tables
from svqa.reporting.readme_summary import summary_table
from svqa.reporting.readme_tables import measured_tables
from svqa.reporting.reference_tables import (
    extras_table,
    hub_table,
    known_benchmarks_table,
    model_sets_table,
    models_table,
    moved_table,
    question_fields_table,
    sets_table,
    settings_table,
    weights_table,
)
from svqa.reporting.results import figure_text, read_results
from svqa.reporting.scale_tables import (
    halfvec_table,
    library_search_table,
    peers_table,
    ray_overhead_table,
)
from svqa.reporting.source_tree import tree

ROOT = Path(__file__).resolve().parents[2]
PAGE_BYTES = 300_000  # a notebook's page up to this size is kept in the sample
CAPTIONED = "(NExT: from ready-made captions written by a far larger model)"


def build(root: Path = ROOT) -> dict[Path, bytes]:
    """-> what the built files should hold, by path. Raises UsageError where a marker is missing."""
    made: dict[Path, bytes] = {}
    for name, parts in PLACES.items():
        path = root / name
        text = path.read_text(encoding="utf-8")
        for part in parts:
            text = _between(text, path, part, _relative(MAKERS[part](root), path.parent, root))
        made[path] = text.encode()
    return made


def notebooks_table(root: Path = ROOT) -> str:
    """-> a Markdown table: notebook, its question, its minutes, what it found."""
    rows = []
    for path in sorted((root / "notebooks").glob("[0-9]*.ipynb")):
        title, question = notebook_text(path)
        results = read_results(root / "reports" / "sample" / path.stem)
        link = f"[{path.stem.split('_')[0]} {cell(title)}](notebooks/{path.name})"
        rows.append((link, question, _minutes(path), _headline(results)))
    return table_text(("notebook", "asks", "minutes", "finds"), rows)


def results_table(root: Path = ROOT) -> str:
    """-> Markdown tables of every committed figure and its source.

    Of real films, benchmarks, the small world, speed, the notebooks.
    """
    rows = []
    for folder in sorted(p.parent for p in (root / "reports" / "sample").glob("*/results.json")):
        source = f"[{folder.name}](reports/sample/{folder.name}/results.json)"
        for figure in read_results(folder).get("figures", ()):
            n = f"{figure['n']:,}" if figure.get("n") else ""
            rows.append((_captioned(figure["label"]), figure_text(figure), n, source))
    columns = ("measured", "value [95 % interval]", "n", "from")
    return "\n\n".join(
        [*map(str, measured_tables(root)), f"**In the notebooks**\n\n{table_text(columns, rows)}"]
    )


def commands(root: Path = ROOT) -> str:
    """-> every command with its options, as the command line itself prints them."""
    run = [sys.executable, "-m", "svqa.cli.reference"]
    return subprocess.run(run, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def take_sample(reports: Path, root: Path = ROOT) -> list[Path]:
    """Copy the index, the results and the small pages of a finished report to `reports/sample/`.

    -> what was written.

    A card whose page is too large to be kept leads to the executed notebook instead.
    """
    index = reports / "index.html"
    if not index.is_file():
        raise UsageError(f"No report in '{reports}'. Run: make report")
    sample = root / "reports" / "sample"
    pages = {p for p in reports.glob("[0-9]*/notebook.html") if p.stat().st_size <= PAGE_BYTES}
    kept = sorted({*pages, *reports.glob("[0-9]*/results.json")})
    for old in sample.glob("[0-9]*/notebook.html"):
        old.unlink()
    for path in kept:
        copy = sample / path.relative_to(reports)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)

    def link(found: re.Match) -> str:
        page = reports / found[1] / "notebook.html"
        return found[0] if page in pages else f'href="../../notebooks/{found[1]}.ipynb"'

    text = re.sub(r'href="(\d\d_\w+)/notebook\.html"', link, index.read_text(encoding="utf-8"))
    (sample / "index.html").write_text(text, encoding="utf-8")
    return [sample / "index.html", *(sample / path.relative_to(reports) for path in kept)]


def stale(root: Path = ROOT) -> list[Path]:
    """-> the files that are not what `build` makes."""
    return [path for path, content in build(root).items() if path.read_bytes() != content]


MAKERS = {
    "summary": summary_table,
    "notebooks": notebooks_table,
    "results": results_table,
    "chat-lora": lambda root: "\n\n".join(map(str, chat_lora_tables(root))),
    "model-sets": model_sets_table,
    "sets": sets_table,
    "models": models_table,
    "weights": weights_table,
    "hub": hub_table,
    "settings": settings_table,
    "extras": extras_table,
    "question-fields": question_fields_table,
    "known-benchmarks": known_benchmarks_table,
    "moved": moved_table,
    "commands": commands,
    "tree": tree,
    "faults": faults_table,
    "faults-long": long_form_table,
    "ray-kills": ray_kills_table,
    "mutants": mutation_tables,
    "peers": peers_table,
    "library-search": library_search_table,
    "halfvec": halfvec_table,
    "ray-overhead": ray_overhead_table,
}
PLACES = {
    "README.md": ("summary", "notebooks", "sets"),
    "THIRD_PARTY.md": ("weights", "hub"),
    "docs/architecture.md": ("tree", "model-sets"),
    "docs/chat-models.md": ("chat-lora",),
    "docs/commands.md": ("commands",),
    "docs/reference.md": ("models", "hub", "settings", "extras"),
    "docs/your-own-questions.md": ("question-fields", "known-benchmarks"),
    "docs/moved.md": ("moved",),
    "docs/results.md": ("results", "peers"),
    "docs/reliability.md": ("faults", "faults-long", "mutants"),
    "docs/scale.md": ("ray-kills", "ray-overhead", "library-search", "halfvec"),
}


def _headline(results: Mapping[str, Any]) -> str:
    found = str(results.get("headline", ""))
    measured = " ".join([found, *(figure["label"] for figure in results.get("figures", ()))])
    return f"{found} {CAPTIONED}" if "NExT" in measured and "ready-made" not in found else found


def _captioned(label: str) -> str:
    return f"{label}, from ready-made captions" if "NExT" in label else label


def _relative(text: str, folder: Path, root: Path) -> str:
    """Links from the repository's root -> links from `folder`."""

    def moved(link: re.Match) -> str:
        target = Path(os.path.relpath(root / link[1], folder)).as_posix()
        return f"]({target}{link[2] or ''})"

    return re.sub(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)", moved, text)


def _between(text: str, path: Path, name: str, body: str) -> str:
    start, end = f"<!-- {name}: written by svqa.reporting.readme -->", f"<!-- {name}: end -->"
    if text.count(start) != 1 or text.count(end) != 1:
        raise UsageError(f"{path.name} needs the markers '{start}' and '{end}' once each.")
    before, rest = text.split(start)
    return f"{before}{start}\n{body}\n{end}{rest.split(end)[1]}"


def _minutes(path: Path) -> str:
    import nbformat

    first = next(
        (
            part.source
            for part in nbformat.read(str(path), as_version=4).cells
            if part.cell_type == "markdown"
        ),
        "",
    )
    found = re.search(r"(\w+) minutes?\b", first, re.IGNORECASE)
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    word = found.group(1).lower() if found else ""
    return str(words.index(word)) if word in words else word


def main(arguments: list[str] | None = None) -> int:
    """-> exit code: 0 up to date or rewritten, 1 stale (`--check`) or not possible."""
    parser = argparse.ArgumentParser(
        prog="python -m svqa.reporting.readme", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 where something is stale"
    )
    parser.add_argument(
        "--sample",
        type=Path,
        metavar="DIR",
        help="first copy this finished report to reports/sample",
    )
    options = parser.parse_args(arguments)
    try:
        if options.sample and not options.check:
            take_sample(options.sample)
        made = build()
        paths = [path for path, content in made.items() if path.read_bytes() != content]
        if options.check and paths:
            named = ", ".join(path.relative_to(ROOT).as_posix() for path in paths)
            print(f"Stale: {named}. Run: python -m svqa.reporting.readme", file=sys.stderr)
            return 1
        for path in paths:
            path.write_bytes(made[path])
            print(f"wrote {path.relative_to(ROOT)}")
    except SvqaError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
