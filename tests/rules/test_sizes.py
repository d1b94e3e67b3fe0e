"""Modules stay small, lines stay short, and three verbs reach few modules."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterable, Mapping

import pytest

from tests.helpers.imports import REPOSITORY, faces, imports, module_of, modules

MOST_LINES, MOST_MEDIAN_LINES, MOST_COLUMNS = 300, 130, 100
# 99 before boxes, text and colours, clocks that jump and pictures that stand; 130 before any chat
# model, version or package could be named as an answerer, 156 before an ingest that is cut off had
# to remember what it found
# by imports alone, whatever is named as a model; with films handed to processes or machines, and
# boxes looked for beside the rest; with questions answered together, and objects read by ranges;
# with films in threads that share models, whose calls are put together
MOST_IMPORTED = 125
# with what a notebook shows of an answer, a widget among it, how the decoding worker cuts a clip,
# how a worker is copied instead of started, how several films are taken in at once, by processes or
# by the machines of a cluster, and how a BLIP sees frames as a sequence, with the two of a detector
# that may be named, how boxes are looked for beside the rest, how questions are answered together,
# how the words of a large library are kept, how an object of a store is read by ranges, and how a
# network is run by what is fastest here, SSD among them, how a line of text is followed, how films
# in threads share models, and how their calls are put together
MOST_REACHED = 200
VERBS = ("svqa.pipeline.library", "svqa.cli.library_commands", "svqa.cli.ask")
NAMES_WITHOUT_USING = ("svqa.moved",)  # where modules went


def sources() -> dict[str, str]:
    return {name: path.read_text(encoding="utf-8") for name, path in modules().items()}


def python_files() -> list[str]:
    """-> the Python files of the repository, the faces' stubs among them."""
    command = ["git", "ls-files", "*.py", "*.pyi"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()]


def test_no_module_is_long_and_half_of_them_are_short():
    lines = {name: len(source.splitlines()) for name, source in sources().items()}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}
    assert statistics.median(lines.values()) <= MOST_MEDIAN_LINES


def test_no_line_is_long():
    long = [
        f"{name}:{number}"
        for name in python_files()
        for number, line in enumerate((REPOSITORY / name).read_text("utf-8").splitlines(), start=1)
        if len(line) > MOST_COLUMNS
    ]
    assert long == []


def test_the_formatter_is_nowhere_told_to_look_away():
    mark = re.compile(r"#\s*fmt:\s*(off|skip)")
    hidden = [n for n in python_files() if mark.search((REPOSITORY / n).read_text("utf-8"))]
    assert hidden == []


def named_in_strings(source: str, known: Iterable[str]) -> set[str]:
    """-> the modules that a source names in strings: a model's `module:Class`, a worker."""
    nodes = ast.walk(ast.parse(source))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {text.partition(":")[0] for text in texts} & set(known)


def reached(start: Iterable[str], known: Mapping[str, str], *, by_name: bool = True) -> set[str]:
    """-> every module that these import or name, faces seen through, and so on from there."""
    offered, paths = faces(), modules()
    seen: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name in seen or name not in known:
            continue
        seen.add(name)
        todo += [module_of(imported, paths, offered) for _, imported in imports(known[name])]
        if by_name and name not in NAMES_WITHOUT_USING:
            todo += named_in_strings(known[name], known)
    return seen


def test_ingest_search_and_ask_reach_few_modules():
    found = reached(VERBS, sources())
    assert {"svqa.media.worker", "svqa.models.conse", "svqa.database.store"} <= found
    assert len(found) <= MOST_REACHED, sorted(found)
    loaded = reached(VERBS, sources(), by_name=False)
    assert "svqa.database.store" in loaded and len(loaded) <= MOST_IMPORTED, sorted(loaded)


def test_what_a_string_names_is_reached():
    known = {"svqa.a": "WORKER = 'svqa.b:Model'", "svqa.b": "from svqa import c", "svqa.c": ""}
    assert reached(["svqa.a"], known) >= {"svqa.a", "svqa.b"}
