"""Source -> what it imports, read with `ast`: also the imports inside functions."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "svqa"


def modules(folder: Path = PACKAGE) -> dict[str, Path]:
    """-> every module below a folder of the repository by its dotted name."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(source: str) -> Iterator[tuple[int, str]]:
    """-> (line, dotted name) of everything imported.

    `from a import b` gives `a.b`, whatever `b` is.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: write imports in full, not relative"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def faces() -> dict[str, dict[str, str]]:
    """-> of the package and each of its folders: exported name -> module it lives in."""
    return {
        name: dict(_exported(name, path.with_suffix(".pyi")))
        for name, path in modules().items()
        if path.name == "__init__.py" and path.with_suffix(".pyi").is_file()
    }


def module_of(name: str, known: Mapping[str, Path], faces: Mapping[str, Mapping[str, str]]) -> str:
    """-> the module that an imported dotted name belongs to; a face's name, where it lives."""
    if name in known:
        return name
    owner, _, attribute = name.rpartition(".")
    return faces.get(owner, {}).get(attribute, owner)


def code_of_notebook(path: Path) -> str:
    """-> the code cells of a notebook as one source."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def _exported(package: str, stub: Path) -> Iterator[tuple[str, str]]:
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1, f"{stub}: a face offers what lives in its own folder"
            yield from ((alias.name, f"{package}.{node.module}") for alias in node.names)
