"""Faces offer what they list, lazily; notebooks and the specification's tests use nothing else."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

from svqa.moved import MOVED, RENAMED
from tests.helpers.imports import REPOSITORY, code_of_notebook, faces, imports, modules

FACES = faces()
FOLDERS = {
    path.parent.relative_to(REPOSITORY).as_posix().replace("/", ".")
    for path in modules().values()
    if path.name == "__init__.py"
}
NO_FACES = {"svqa.cli", "svqa.database.migrations", "svqa.database.migrations.versions"}
READERS = sorted((REPOSITORY / "notebooks").glob("[0-9]*.ipynb"))
SPECIFICATION = sorted((REPOSITORY / "tests" / "specification").glob("test_*.py"))


def not_from_a_face(source: str) -> list[str]:
    """-> imports of the package's insides: neither a face nor a top-level module."""
    return [
        f"line {line}: {name}"
        for line, name in imports(source)
        if name.startswith("svqa.")
        and name.count(".") > 1
        and name.rpartition(".")[0] not in FACES
        and name.rpartition(".")[0] not in TOP_LEVEL
    ]


TOP_LEVEL = {name for name in modules() if name.count(".") == 1 and name not in FACES}


def test_every_folder_has_a_face():
    assert set(FACES) == FOLDERS - NO_FACES


@pytest.mark.parametrize("package", FACES)
def test_a_face_offers_what_it_lists_and_nothing_else(package):
    module = importlib.import_module(package)
    offered = set(FACES[package])
    assert set(module.__all__) == offered and set(dir(module)) >= offered
    stub = (REPOSITORY / package.replace(".", "/") / "__init__.pyi").read_text(encoding="utf-8")
    listed = stub.partition("__all__ = [")[2].partition("]")[0]
    assert {name.strip(' ",') for name in listed.split() if name.strip(' ",')} == offered
    for name, home in FACES[package].items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
    with pytest.raises(AttributeError, match="no_such_name"):
        module.no_such_name  # noqa: B018


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.stem)
def test_notebooks_import_from_faces_only(path):
    assert not_from_a_face(code_of_notebook(path)) == []


@pytest.mark.parametrize("path", SPECIFICATION, ids=lambda path: path.stem)
def test_the_tests_of_the_specification_import_from_faces_only(path):
    assert not_from_a_face(path.read_text(encoding="utf-8")) == []


def test_an_inner_import_is_seen():
    bad = "from svqa.pipeline.library import Library\nfrom svqa.records import Answer\nimport svqa"
    assert not_from_a_face(bad) == ["line 1: svqa.pipeline.library.Library"]


def test_a_light_name_of_a_heavy_folder_loads_nothing_heavy():
    code = "import sys; from svqa.models import MODEL_SETS; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=REPOSITORY)


@pytest.mark.parametrize("old, new", MOVED.items())
def test_an_import_of_a_former_name_says_where_it_is(old, new):
    assert old not in modules() and new in modules() | modules(REPOSITORY / "benchmarks") | modules(
        REPOSITORY / "experiments"
    )
    with pytest.raises(ImportError) as said:
        importlib.import_module(old)
    assert old in str(said.value) or "svqa.evaluation.speed_cases" in str(said.value)


def test_a_former_name_is_also_seen_through_from_import():
    with pytest.raises(ImportError, match="svqa.answering.event_answers"):
        from svqa.pipeline import telling  # noqa: F401


@pytest.mark.parametrize("old, new", RENAMED.items())
def test_a_former_name_in_a_face_says_what_it_is_called(old, new):
    (folder, was), (home, name) = old.rsplit(".", 1), new.rsplit(".", 1)
    assert not hasattr(importlib.import_module(folder), was)
    assert hasattr(importlib.import_module(home), name)
    with pytest.raises(ImportError, match=re.escape(f"'{old}' is '{new}' now.")):
        exec(f"from {folder} import {was}")
