"""What a wheel holds: the package with its data and types, and nothing else of this repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.helpers.imports import REPOSITORY
from tests.release.check_wheel import NEEDED, problems


def wheel_of(folder, *names: str):
    """-> a file that lists as a wheel with these names."""
    path = folder / "svqa-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


@pytest.mark.parametrize(
    "name, said",
    [
        ("benchmarks/run.py", "not the package's"),
        ("experiments/__init__.py", "not the package's"),
        ("svqa/media/test_video.py", "a test"),
    ],
)
def test_a_file_too_many_is_seen(tmp_path, name, said):
    good = (*NEEDED, "svqa-0.dist-info/METADATA")
    assert problems(wheel_of(tmp_path, *good)) == []
    assert problems(wheel_of(tmp_path, *good, name)) == [f"{name} is {said}"]


def test_a_file_too_few_is_seen(tmp_path):
    assert problems(wheel_of(tmp_path, *NEEDED[1:])) == ["svqa/py.typed is missing"]


@pytest.mark.slow
def test_the_wheel_holds_the_package_only(tmp_path):
    """Built from a copy, so that nothing is written into the checkout."""
    pytest.importorskip("build", reason="build comes with svqa[dev]")
    for name in ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    for name in ("svqa", "benchmarks", "experiments"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=ignored)
    command = [sys.executable, "-m", "build", "-q", "--wheel", "--no-isolation", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert problems(wheel) == []
