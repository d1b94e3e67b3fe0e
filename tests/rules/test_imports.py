"""What an import may cost and do: the face stays light, nothing happens by importing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.helpers.imports import modules

HEAVY = (
    "torch",
    "transformers",
    "ultralytics",
    "av",
    "decord",
    "cv2",
    "pandas",
    "matplotlib",
    "sklearn",
    "ctranslate2",
)


def loaded_after(code: str) -> set[str]:
    """-> the heavy packages in `sys.modules` of a fresh process that ran `code`."""
    tail = f"import sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tail}"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_face_imports_nothing_heavy():
    assert loaded_after("import svqa") == set()


def test_help_imports_nothing_heavy():
    code = "from typer.testing import CliRunner\nfrom svqa.cli import app\n"
    assert loaded_after(code + "assert CliRunner().invoke(app, ['--help']).exit_code == 0") == set()


def test_the_database_comes_without_torch():
    assert "torch" not in loaded_after("from svqa.database import init_db")


def test_the_check_sees_a_heavy_import():
    assert loaded_after("import matplotlib") == {"matplotlib"}


@pytest.mark.slow
def test_importing_every_module_does_nothing_else(tmp_path):
    """No network, no seeding, no file, no thread left, no output: only definitions."""
    names = [
        name for name in modules() if not name.endswith("__main__") and ".migrations." not in name
    ]
    code = f"""
import importlib, random, sys, threading
import numpy as np
import torch
random.seed(1); np.random.seed(1); torch.manual_seed(1)
def state():
    numbers = np.random.get_state()[1].tobytes(), torch.random.get_rng_state().numpy().tobytes()
    return random.getstate(), *numbers
before = state()
for name in {names!r}:
    importlib.import_module(name)
assert before == state(), "seeded"
assert threading.active_count() == 1, threading.enumerate()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
