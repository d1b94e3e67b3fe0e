"""Committed results, notebooks and modules -> README.md's tables and picture, and the tree of
docs/architecture.md.

No number there is typed. `python -m svqa.reporting.readme` rewrites what stands between the
markers, `--check` only says whether it is up to date, `--sample reports` first takes over what
`make report` wrote as the committed sample.
"""

from __future__ import annotations

import argparse
import ast
import base64
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from svqa.errors import SvqaError, UsageError
from svqa.reporting.html import notebook_text, pictures
from svqa.reporting.readme_tables import Table, measured_tables
from svqa.reporting.results import figure_text, read_results

ROOT = Path(__file__).resolve().parents[2]
README, ARCHITECTURE, PICTURE = (
    Path("README.md"),
    Path("docs/architecture.md"),
    Path("docs/img/answer.png"),
)
TREE_COLUMN = 30


def build(root: Path = ROOT) -> dict[Path, bytes]:
    """-> what the built files should hold, by path. Raises UsageError where a marker is missing."""
    made: dict[Path, bytes] = {}
    for file, name, body in (
        (README, "notebooks", notebooks_table(root)),
        (README, "results", results_table(root)),
        (ARCHITECTURE, "tree", tree(root)),
    ):
        path = root / file
        text = made[path].decode() if path in made else path.read_text(encoding="utf-8")
        made[path] = _between(text, path, name, body).encode()
    quickstart = root / "notebooks" / "00_quickstart.ipynb"
    if quickstart.is_file() and (shown := pictures(quickstart)):
        made[root / PICTURE] = base64.b64decode(shown[0].partition(",")[2])
    return made


def notebooks_table(root: Path = ROOT) -> str:
    """-> a Markdown table: notebook, its question, its minutes, what it found."""
    rows = ["| notebook | asks | minutes | finds |", "|---|---|---|---|"]
    for path in sorted((root / "notebooks").glob("[0-9]*.ipynb")):
        title, question = notebook_text(path)
        found = read_results(root / "reports" / "sample" / path.stem).get("headline", "")
        link = f"[{path.stem.split('_')[0]} {_cell(title)}](notebooks/{path.name})"
        rows.append(f"| {link} | {_cell(question)} | {_minutes(path)} | {_cell(found)} |")
    return "\n".join(rows)


def results_table(root: Path = ROOT) -> str:
    """-> Markdown tables of every committed figure (benchmarks, the small world, speed, the
    notebooks) and its source.
    """
    parts = [_table(table) for table in measured_tables(root)]
    rows = ["| measured | value [95 % interval] | n | from |", "|---|---|---|---|"]
    for folder in sorted(p.parent for p in (root / "reports" / "sample").glob("*/results.json")):
        source = f"[{folder.name}](reports/sample/{folder.name}/results.json)"
        for figure in read_results(folder).get("figures", ()):
            rows.append(_result_row(figure, source))
    return "\n\n".join([*parts, "**In the notebooks**\n\n" + "\n".join(rows)])


def _table(table: Table) -> str:
    head = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    body = ["| " + " | ".join(map(_cell, row)) + " |" for row in table.rows]
    return f"**{table.title}** ([{Path(table.source).name}]({table.source}))\n\n" + "\n".join(
        [*head, *body]
    )


def _result_row(figure: Mapping[str, Any], source: str) -> str:
    n = f"{figure['n']:,}" if figure.get("n") else ""
    return f"| {_cell(figure['label'])} | {_cell(figure_text(figure))} | {n} | {source} |"


def take_sample(reports: Path, root: Path = ROOT) -> list[Path]:
    """Copy the index, the pages and the results of a finished report to `reports/sample/`; -> what
    was copied.
    """
    found = [
        p
        for pattern in ("index.html", "[0-9]*/notebook.html", "[0-9]*/results.json")
        for p in sorted(reports.glob(pattern))
    ]
    if not found:
        raise UsageError(f"No report in '{reports}'. Run: make report")
    copies = [root / "reports" / "sample" / path.relative_to(reports) for path in found]
    for path, copy in zip(found, copies, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return copies


def stale(root: Path = ROOT) -> list[Path]:
    """-> the files that are not what `build` makes."""
    return [
        path
        for path, content in build(root).items()
        if not path.is_file() or path.read_bytes() != content
    ]


def tree(root: Path = ROOT) -> str:
    """-> the package as an indented tree, each folder and module with the first line of its
    docstring.
    """
    lines = []
    for path in sorted(
        (root / "svqa").rglob("*.py"),
        key=lambda p: (p.parent.parts, p.name != "__init__.py", p.name),
    ):
        if path.name == "__main__.py" or "migrations" in path.parts:
            continue
        depth = len(path.relative_to(root).parts) - 1
        name, indent = path.name, depth
        if path.name == "__init__.py":
            name, indent = f"{path.parent.name}/", depth - 1
        says = (
            (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
            .split("\n")[0]
            .rstrip(".")
        )
        lines.append(f"    {'  ' * indent + name:<{TREE_COLUMN}}{says}".rstrip())
    return "\n".join(["", *lines, ""])


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
            cell.source
            for cell in nbformat.read(str(path), as_version=4).cells
            if cell.cell_type == "markdown"
        ),
        "",
    )
    found = re.search(r"(\w+) minutes?\b", first, re.IGNORECASE)
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    word = found.group(1).lower() if found else ""
    return str(words.index(word)) if word in words else word


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _say(paths: list[Path], root: Path = ROOT) -> Iterator[str]:
    return (path.relative_to(root).as_posix() for path in paths)


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
        paths = stale()
        if options.check and paths:
            print(
                f"Stale: {', '.join(_say(paths))}. Run: python -m svqa.reporting.readme",
                file=sys.stderr,
            )
            return 1
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(build()[path])
            print(f"wrote {path.relative_to(ROOT)}")
    except SvqaError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
