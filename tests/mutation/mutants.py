"""Source files -> places at which they can be changed, each with its mutants, and a seeded sample.

A place is sampled, and then one of its mutants: an addition has eleven and a number two, and so
each piece of code counts once. What changes nothing that runs (a type, a docstring) is no mutant.
"""

from __future__ import annotations

import ast
import functools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("metrics", "temporal", "retrieval", "training")


@dataclass(frozen=True)
class Mutant:
    """One change: `path` within the repository, `line` from 1, and the lines as they were and are.

    `occurrence` counts the places of the file that `operator` fits.
    """

    path: str
    line: int
    column: int
    operator: str
    occurrence: int
    before: str = ""
    after: str = ""

    @property
    def key(self) -> str:
        """What names it as long as the line stays as it is."""
        return f"{self.path} | {self.before} | {self.after}"

    def code(self) -> str:
        """-> the whole file, changed."""
        changed = mutate_code(_text(self.path), get_operator(self.operator)(), self.occurrence)
        assert changed is not None
        return changed


def files(folder: str) -> list[str]:
    """-> the modules of a folder of the package, faces left out."""
    found = sorted((REPOSITORY / "svqa" / folder).glob("*.py"))
    return [p.relative_to(REPOSITORY).as_posix() for p in found if p.name != "__init__.py"]


def sample(folder: str, n: int, seed: int) -> tuple[list[Mutant], int]:
    """-> one mutant each of `n` places of a folder, and of how many places they were drawn.

    A larger sample of the same seed holds the smaller one. Places that have no mutant but such as
    change nothing are passed over.
    """
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for path in files(folder):
        for mutant in _mutants(path):
            places.setdefault((mutant.path, mutant.line, mutant.column), []).append(mutant)
    order = sorted(places)
    rng = random.Random(f"{folder} {seed}")
    rng.shuffle(order)
    found: list[Mutant] = []
    for place in order:
        if len(found) == n:
            break
        of = places[place]
        rng.shuffle(of)
        real = next((m for m in map(_told, of) if m is not None), None)
        found += [real] if real is not None else []
    return found, len(order)


def _mutants(path: str) -> Iterator[Mutant]:
    nodes = list(ast_nodes(get_ast(_text(path))))
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():  # those that have to be told what to put in
            continue
        operator, occurrence = kind(), 0
        for node in nodes:
            for (line, column), _ in operator.mutation_positions(node):
                yield Mutant(path, line, column, name, occurrence)
                occurrence += 1


def _told(mutant: Mutant) -> Mutant | None:
    """The mutant with the lines that it changes, or None if it changes nothing that runs."""
    old, new = _text(mutant.path), mutant.code()
    try:
        if _runs(old) == _runs(new):
            return None
    except SyntaxError:
        return None
    before, after = old.splitlines(), new.splitlines()
    changed = next(i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    place = {f: getattr(mutant, f) for f in ("path", "line", "column", "operator", "occurrence")}
    return Mutant(**place, before=before[changed].strip(), after=after[changed].strip())


@functools.lru_cache(maxsize=8)
def _runs(source: str) -> str:
    """What of a source runs: annotations are never evaluated, docstrings never read."""
    return ast.dump(_Bare().visit(ast.parse(source)))


class _Bare(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        return node

    def visit_arguments(self, node: ast.arguments) -> Any:
        # a bare star in a signature, which cosmic-ray takes for a multiplication
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
        node.defaults = [*node.defaults, *filter(None, node.kw_defaults)]
        node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        node.annotation = ast.Constant(0)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> Any:
        return self.generic_visit(node) if not isinstance(node.value, ast.Constant) else node

    def visit_If(self, node: ast.If) -> Any:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return ast.Pass()
        return self.generic_visit(node)


@functools.cache
def _text(path: str) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def lines_of_statement(path: str, line: int) -> range:
    """-> the lines of the innermost statement at a line, of a compound one those of its head."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(_text(path))):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body: Sequence[ast.stmt] = getattr(node, "body", ())
            end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
            if line < end or not body:
                found = range(node.lineno, max(end, node.lineno + 1))
    return found
