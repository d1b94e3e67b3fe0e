"""pyproject.toml, constraints.txt, environment.yml, Makefile and the installed packages tell one
story.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import svqa
from tests.helpers.imports import REPOSITORY, imports, modules

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
INSTALLED_EXTRAS = ("notebooks", "hub", "postgres", "dev")
# which extra a module may use without having it in the core install
EXTRA_USERS = {
    "notebooks": ("svqa.reporting",),
    "postgres": ("svqa.database",),
    "hub": ("svqa.models", "svqa.training"),
    "dev": ("benchmarks.harness", "svqa.shapes.train"),
}


def constraints() -> dict[str, str]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements(*extras: str) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [r for r in map(Requirement, texts) if r.marker is None or r.marker.evaluate()]


@pytest.mark.parametrize("requirement", requirements(*INSTALLED_EXTRAS), ids=lambda r: r.name)
def test_every_dependency_has_one_exact_version_that_its_range_allows_and_that_is_installed(
    requirement,
):
    exact = constraints().get(canonicalize_name(requirement.name))
    assert exact, f"{requirement.name} has no exact version in constraints.txt"
    assert exact in requirement.specifier, (
        f"{requirement.name}=={exact} is outside {requirement.specifier}"
    )
    assert importlib.metadata.version(requirement.name) == exact


def test_torch_and_torchvision_are_the_pair_that_fits():
    assert (constraints()["torch"], constraints()["torchvision"]) == ("2.14.1", "0.29.1")


def test_there_is_one_opencv():
    assert [name for name in constraints() if name.startswith("opencv")] == ["opencv-python"]


def test_versions_that_carried_malware_are_excluded():
    (ultralytics,) = [r for r in requirements() if r.name == "ultralytics"]
    assert not any(bad in ultralytics.specifier for bad in ("8.3.41", "8.3.42", "8.3.45", "8.3.46"))
    text = next(t for t in PROJECT["dependencies"] if t.startswith("ultralytics"))
    assert all(f"!={bad}" in text for bad in ("8.3.41", "8.3.42", "8.3.45", "8.3.46")), (
        "named, whatever the lower bound is"
    )


def test_conda_and_make_install_the_same():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    extras = re.search(
        r"^EXTRAS := (\S+)", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    ).group(1)
    assert pip["pip"] == ["--constraint constraints.txt", f"--editable .[{extras}]"]
    assert tuple(extras.split(",")) == INSTALLED_EXTRAS
    python = next(d.partition("=")[2] for d in conda if d.startswith("python="))
    assert f"{python}.0" in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert python == f"{sys.version_info.major}.{sys.version_info.minor}" or sys.version_info > (
        3,
        11,
    )


def test_one_version_everywhere():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert svqa.__version__ == PROJECT["version"] == citation["version"]
    assert f"## [{PROJECT['version']}]" in changelog
    assert citation["license"] == PROJECT["license"] == "AGPL-3.0-or-later"


def test_what_is_imported_is_declared():
    owners = importlib.metadata.packages_distributions()
    core = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    missing = []
    for module, path in modules().items():
        extras = [e for e, users in EXTRA_USERS.items() if module.startswith(users)]
        allowed = core | {canonicalize_name(Requirement(t).name) for e in extras for t in EXTRAS[e]}
        for line, name in imports(path.read_text(encoding="utf-8")):
            top = name.split(".")[0]
            if top in ("svqa", "__future__") or top in sys.stdlib_module_names:
                continue
            if not {canonicalize_name(o) for o in owners.get(top, ())} & allowed:
                missing.append(
                    f"{module}:{line} imports {top}, which pyproject.toml does not give it"
                )
    assert missing == [], "\n".join(missing)


def test_every_file_that_is_not_code_is_package_data():
    patterns = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]["package-data"]["svqa"]
    others = [
        p.name for p in tracked() if p.is_relative_to(REPOSITORY / "svqa") and p.suffix != ".py"
    ]
    assert [
        name
        for name in others
        if not any(fnmatch(name, pattern.rpartition("/")[2]) for pattern in patterns)
    ] == []


def test_no_file_names_a_package_registry():
    hosts = [
        "py" + "pi.org",
        "files.python" + "hosted",
        "registry.npm" + "js",
        "download.py" + "torch.org",
        "--index" + "-url",
    ]
    texts = [
        p
        for p in tracked()
        if p.suffix in (".py", ".md", ".toml", ".txt", ".yml", ".cff", ".ipynb", ".json", "")
        and p.is_file()
    ]
    named = [
        f"{p.name}: {host}"
        for p in texts
        for host in hosts
        if host in p.read_text(encoding="utf-8", errors="replace")
    ]
    assert named == []


def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [
        REPOSITORY / name
        for name in listed.stdout.split("\0")
        if name and (REPOSITORY / name).is_file()
    ]
