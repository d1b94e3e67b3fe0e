"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the repository."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.imports import REPOSITORY

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^## (Add a \w+)\n(.*?)(?=^## )", TEXT, re.DOTALL | re.MULTILINE))
BLOCK = re.compile(
    r"^(New file|At the end of|In) `([^`]+)`(?:, (above|below) the line `(.+?)`)?:\n\n"
    r"```(?:python|text)\n(.*?)^```",
    re.DOTALL | re.MULTILINE,
)


def write_block(root: Path, how: str, name: str, side: str, line: str, code: str) -> None:
    """Do what the sentence above a block says."""
    path = root / name
    if how == "New file":
        assert not path.exists(), f"{name} is there already"
        path.write_text(code, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if how == "At the end of":
        path.write_text(f"{text}\n\n{code}", encoding="utf-8")
        return
    lines = text.splitlines(keepends=True)
    (at,) = [i for i, have in enumerate(lines) if have.rstrip("\n") == line]
    lines.insert(at + (side == "below"), code)
    path.write_text("".join(lines), encoding="utf-8")


def commands(recipe: str) -> list[list[str]]:
    found = re.findall(r"^\$ (.+)$", recipe, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in found]


@pytest.fixture
def copy(tmp_path, real_clips) -> Path:
    """The tracked files of this checkout as they are now, and a film."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, tmp_path / name)
    shutil.copyfile(real_clips["bigbuckbunny"], tmp_path / "kitchen.mp4")
    return tmp_path


def test_there_are_three_recipes_and_every_block_of_code_says_where_it_goes():
    assert list(RECIPES) == ["Add a model", "Add a metric", "Add a benchmark"]
    for recipe in RECIPES.values():
        code = recipe.count("```python") + recipe.count("```text")
        assert len(BLOCK.findall(recipe)) == code >= 3
        assert commands(recipe)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_when_followed_to_the_letter(name, copy):
    for block in BLOCK.findall(RECIPES[name]):
        write_block(copy, *block)
    said = {}
    for words in commands(RECIPES[name]):
        run = [sys.executable, *(["-m", *words] if words[0] == "svqa" else words[1:])]
        done = subprocess.run(run, cwd=copy, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        said[shlex.join(words)] = done.stdout
    check = {"Add a model": model_added, "Add a metric": metric_added}.get(name, benchmark_added)
    check(copy, said)


def model_added(copy: Path, said: dict[str, str]) -> None:
    assert "brightness@1" in next(text for words, text in said.items() if "models show" in words)
    assert "wrote README.md" in said["python -m svqa.reporting.readme"]
    assert "| `bright` |" in (copy / "README.md").read_text(encoding="utf-8")


def metric_added(copy: Path, said: dict[str, str]) -> None:
    assert " passed" in next(text for words, text in said.items() if "pytest" in words)
    kept = [(copy / name).read_bytes() for name in ("svqa/metrics/boundaries.py",)]
    assert kept == [BLOCK.findall(RECIPES["Add a metric"])[0][-1].encode()], "already in order"


def benchmark_added(copy: Path, said: dict[str, str]) -> None:
    out = next(text for words, text in said.items() if "--only P30" in words)
    assert '"id": "P30"' in out and '"same_result": true' in out
