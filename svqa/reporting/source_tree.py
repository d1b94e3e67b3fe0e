"""The repository's Python files -> a tree, each with the first line of its docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

COLUMN = 30


def tree(root: Path) -> str:
    """-> an indented tree of the sources.

    The package module by module, `benchmarks/` file by file, a line for every experiment.
    """
    lines = [*_modules(root, "svqa"), *_modules(root, "benchmarks"), *_experiments(root)]
    return "\n".join(["", *(f"    {line}" for line in lines), ""])


def _modules(root: Path, folder: str) -> Iterator[str]:
    for path in sorted(
        (root / folder).rglob("*.py"),
        key=lambda p: (p.parent.parts, p.name != "__init__.py", p.name),
    ):
        if path.name == "__main__.py" or "migrations" in path.parts:
            continue
        depth = len(path.relative_to(root).parts) - 1
        if path.name == "__init__.py":
            yield _line(depth - 1, f"{path.parent.name}/", path)
        else:
            yield _line(depth, path.name, path)


def _experiments(root: Path) -> Iterator[str]:
    """A folder each: what its `run.py`, else its `__main__.py` or `__init__.py`, says it is."""
    if not (root / "experiments").is_dir():
        return
    yield _line(0, "experiments/", root / "experiments" / "__init__.py")
    for folder in sorted(p for p in (root / "experiments").iterdir() if p.is_dir()):
        names = [folder / name for name in ("run.py", "__main__.py", "__init__.py")]
        path = next((p for p in names if p.is_file()), None)
        if path:
            yield _line(1, f"{folder.name}/", path)


def _line(depth: int, name: str, path: Path) -> str:
    says = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return f"{'  ' * depth + name:<{COLUMN}}{says.splitlines()[0] if says else ''}".rstrip(" .")
