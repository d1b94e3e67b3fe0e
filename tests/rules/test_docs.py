"""README and docs are true: the code runs, the commands and files exist, the numbers are those of
the results.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from svqa.reporting import readme
from tests.helpers.imports import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DOCS = [
    REPOSITORY / "README.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "THIRD_PARTY.md",
]
NEEDS_NETWORK = ("models", "pull")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    lines = [
        line[2:]
        for block in blocks("console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]
    return [shlex.split(line, comments=True) for line in lines]


def test_the_two_commands_are_seen_at_once():
    top = TEXT.splitlines()[:15]
    assert any("make demo" in line for line in top) and any("make test" in line for line in top)


def test_every_make_command_has_a_target():
    targets = set(
        re.findall(
            r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    named = set(re.findall(r"\bmake ([a-z-]+)`", TEXT)) | {
        words[1] for words in commands() if words[0] == "make"
    }
    assert named and named <= targets


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_command_of_the_readme_runs(tmp_path, real_clips):
    shutil.copyfile(real_clips["bigbuckbunny"], tmp_path / "kitchen.mp4")
    run = [
        words[1:]
        for words in commands()
        if words[0] == "svqa" and tuple(words[1:3]) != NEEDS_NETWORK
    ]
    assert len(run) >= 4
    for words in run:
        done = subprocess.run(
            [sys.executable, "-m", "svqa", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"svqa {shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), f"svqa {shlex.join(words)} says nothing"


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, real_clips):
    shutil.copyfile(real_clips["bigbuckbunny"], tmp_path / "kitchen.mp4")
    assert blocks("python")
    for code in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        assert re.search(r"\d\.\d-\d+\.\d s", done.stdout), "an answer with the seconds it rests on"


def test_tables_and_picture_are_what_the_committed_results_make():
    assert [path.name for path in readme.stale()] == [], "run: python -m svqa.reporting.readme"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_point_at_files_that_exist(path):
    links = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


def build_in(folder, sample: str) -> str:
    """-> the README of a small repository with one result."""
    (folder / "README.md").write_text(
        "".join(
            f"<!-- {n}: written by svqa.reporting.readme -->\nold\n<!-- {n}: end -->\n"
            for n in ("notebooks", "results")
        )
    )
    (folder / "docs").mkdir()
    (folder / "docs/architecture.md").write_text(
        "<!-- tree: written by svqa.reporting.readme -->\n<!-- tree: end -->\n"
    )
    (folder / "svqa/media").mkdir(parents=True)
    (folder / "svqa/media/__init__.py").write_text('"""File -> frames."""\n')
    (folder / "svqa/media/video.py").write_text('"""Path -> frames.\n\nMore.\n"""\n')
    (folder / "reports/sample/00_a").mkdir(parents=True)
    (folder / "reports/sample/00_a/results.json").write_text(sample, encoding="utf-8")
    return readme.build(folder)[folder / "README.md"].decode()


def test_the_results_table_shows_value_interval_n_and_source(tmp_path):
    made = build_in(
        tmp_path,
        '{"figures": [{"label": "a | b", "value": 0.857, "low": 0.571, "high": 1.0, "n": 2427}]}',
    )
    assert (
        "| a \\| b | 0.86 [0.57, 1.00] | 2,427 | [00_a](reports/sample/00_a/results.json) |" in made
    )
    assert "old" not in made
    assert {path.name for path in readme.stale(tmp_path)} == {"README.md", "architecture.md"}
    tree = readme.build(tmp_path)[tmp_path / "docs/architecture.md"].decode()
    assert [" ".join(line.split()) for line in tree.splitlines() if " -> " in line] == [
        "media/ File -> frames",
        "video.py Path -> frames",
    ]


def test_a_finished_report_becomes_the_sample(tmp_path):
    report = tmp_path / "reports"
    for name in ("index.html", "00_a/notebook.html", "00_a/results.json", "00_a/notebook.ipynb"):
        (report / name).parent.mkdir(parents=True, exist_ok=True)
        (report / name).write_text(name)
    copied = {
        p.relative_to(report / "sample").as_posix() for p in readme.take_sample(report, tmp_path)
    }
    assert copied == {"index.html", "00_a/notebook.html", "00_a/results.json"}
