"""Committed notebooks -> told in small cells, executed in order, a number after each figure."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from svqa.reporting import parameters_of
from svqa.reporting.html import notebook_text
from tests.helpers.imports import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
MAX_STATEMENTS, MAX_LINES = 15, 30  # of a code cell, formatted: one call may take many lines
FORBIDDEN = {
    "a class": r"^class ",
    "pip": r"(^|[!%\s])pip install",
    "sys.path": r"sys\.path",
    "a shell command": r"^\s*[!%]",
}


def problems(notebook) -> list[str]:
    """-> what breaks a rule, one sentence each."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [
        f"cell {i}: {text}"
        for i, cell in enumerate(notebook.cells)
        for text in _cell_problems(cell)
    ]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        found.append("not executed from top to bottom: run it again from a fresh kernel")
    if [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())] != code[
        :1
    ]:
        found.append("the first code cell, and no other, is tagged `parameters`")
    first = notebook.cells[0].source if notebook.cells else ""
    if not (first.startswith("# ") and "?" in first and re.search(r"\w+ minutes?\b", first)):
        found.append("the first cell has a title, the question it answers and the minutes it takes")
    if not re.search(r"limit", notebook.cells[-1].source if notebook.cells else "", re.IGNORECASE):
        found.append("the last cell says what was learnt and the limits")
    return found + _figures_without_a_number(notebook.cells)


def _cell_problems(cell) -> list[str]:
    if cell.cell_type != "code":
        return []
    found = [
        f"holds {what}"
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, cell.source, re.MULTILINE)
    ]
    lines = len(cell.source.splitlines())
    if lines > MAX_LINES:
        found.append(f"{lines} lines, at most {MAX_LINES}")
    statements = 0 if "holds a shell command" in found else _statements(cell.source)
    if statements > MAX_STATEMENTS:
        found.append(f"{statements} statements, at most {MAX_STATEMENTS}")
    if re.search(r";\s*$", cell.source, re.MULTILINE):
        found.append("ends a line with `;`, which nbval does not heed: write `ax = ...`")
    for out in cell.outputs:
        if out.output_type == "error" or out.get("name") == "stderr":
            found.append("shows an error or a warning")
        if re.search(
            r"/(home|root|tmp|work)/|0x[0-9a-f]{6,}",
            str(out.get("text", "")) + str(out.get("data", {}).get("text/plain", "")),
        ):
            found.append("prints a path or an address of this machine")
    return found


def _statements(source: str) -> int:
    """-> how many steps a reader follows, those inside loops and functions too."""
    return sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(source)))


def _figures_without_a_number(cells) -> list[str]:
    """A sentence with a number follows each figure, in the same cell's print or in the next."""
    found = []
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and any(
            "image/png" in out.get("data", {}) for out in cell.outputs
        ):
            following = cells[i + 1] if i + 1 < len(cells) else None
            printed = [
                out.get("text", "")
                for c in (cell, following)
                if c and c.cell_type == "code"
                for out in c.outputs
            ]
            told = [following.source] if following and following.cell_type == "markdown" else []
            if not any(re.search(r"\d", text) for text in printed + told):
                found.append(f"cell {i}: a figure without a sentence that has a number in it")
    return found


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS if path.name.startswith("00_quickstart")], (
        "notebooks/00_quickstart.ipynb is missing"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_keeps_the_rules(path):
    assert re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name)
    assert problems(nbformat.read(path, as_version=4)) == []
    title, question = notebook_text(path)
    assert title != "Untitled" and question.endswith("?"), (
        "the paragraph under the title is the question"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_parameters_are_literals_with_units_in_comments(path):
    assert parameters_of(path), "at least one parameter"
    cells = nbformat.read(path, as_version=4).cells
    source = next(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", ()))
    lines = source.splitlines()
    ends = {node.targets[0].id: lines[node.end_lineno - 1] for node in ast.parse(source).body}
    numbers = [name for name, value in parameters_of(path).items() if type(value) in (int, float)]
    assert [name for name in numbers if "#" not in ends[name]] == [], (
        "each number says its unit in a comment"
    )


def good_notebook():
    picture = new_output("display_data", data={"image/png": "AAAA"})
    return new_notebook(
        cells=[
            new_markdown_cell("# T\n\n**Question.** Why?\n\n1 minute."),
            new_code_cell("seed = 0  # any", metadata={"tags": ["parameters"]}, execution_count=1),
            new_code_cell(
                "plot()",
                outputs=[picture, new_output("stream", text="6 of 7\n")],
                execution_count=2,
            ),
            new_markdown_cell("What we learned. Limits."),
        ]
    )


def test_no_notebook_leaves_a_folder_behind():
    kept = [p.name for p in NOTEBOOKS if "mkdtemp" in p.read_text(encoding="utf-8")]
    assert NOTEBOOKS and kept == []


def test_a_good_notebook_passes():
    assert problems(good_notebook()) == []


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda nb: nb.cells[2].update(source="class A:\n    pass"), "a class"),
        (lambda nb: nb.cells[2].update(source="%pip install x"), "pip"),
        (lambda nb: nb.cells[2].update(source="import sys\nsys.path.insert(0, '..')"), "sys.path"),
        (lambda nb: nb.cells[2].update(source="a = 1\n" * 16), "16 statements"),
        (lambda nb: nb.cells[2].update(source="f(" + "\n" * 30 + ")"), "31 lines"),
        (lambda nb: nb.cells[2].update(source="plot();"), "nbval"),
        (lambda nb: nb.cells[2].update(execution_count=7), "top to bottom"),
        (lambda nb: nb.cells[2]["outputs"].pop(), "without a sentence"),
        (
            lambda nb: nb.cells[2]["outputs"].append(new_output("stream", name="stderr", text="w")),
            "warning",
        ),
        (
            lambda nb: nb.cells[2]["outputs"].append(new_output("stream", text="/home/me/a.mp4")),
            "of this machine",
        ),
        (lambda nb: nb.cells[1]["metadata"].pop("tags"), "parameters"),
        (lambda nb: nb.cells.pop(), "limits"),
        (lambda nb: nb.cells[0].update(source="Hello"), "title"),
    ],
)
def test_a_broken_rule_is_seen(change, expected):
    notebook = good_notebook()
    change(notebook)
    assert expected in " ".join(problems(notebook))
