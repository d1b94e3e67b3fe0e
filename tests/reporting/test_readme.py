"""Committed results -> tables of documents; a finished report -> the committed sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from svqa.errors import UsageError
from svqa.reporting import readme


def build_in(folder, sample: str) -> str:
    """-> the README and docs of a small repository with one result."""
    for name, parts in readme.PLACES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(
            "".join(
                f"<!-- {n}: written by svqa.reporting.readme -->\nold\n<!-- {n}: end -->\n"
                for n in parts
            )
        )
    (folder / "pyproject.toml").write_text("[project]\noptional-dependencies = {}\n")
    (folder / "svqa/media").mkdir(parents=True)
    (folder / "svqa/media/__init__.py").write_text('"""File -> frames."""\n')
    (folder / "svqa/media/video.py").write_text('"""Path -> frames.\n\nMore.\n"""\n')
    (folder / "experiments/study").mkdir(parents=True)
    (folder / "experiments/__init__.py").write_text('"""Studies."""\n')
    (folder / "experiments/study/run.py").write_text('"""Study -> result."""\n')
    (folder / "reports/sample/00_a").mkdir(parents=True)
    (folder / "reports/sample/00_a/results.json").write_text(sample, encoding="utf-8")
    return readme.build(folder)[folder / "docs/results.md"].decode()


def test_the_results_table_shows_value_interval_n_and_source(tmp_path):
    made = build_in(
        tmp_path,
        '{"figures": [{"label": "a | b", "value": 0.857, "low": 0.571, "high": 1.0, "n": 2427}]}',
    )
    source = "[00_a](../reports/sample/00_a/results.json)"
    assert f"| a \\| b | 0.86 [0.57, 1.00] | 2,427 | {source} |" in made
    assert "old" not in made
    assert {path.name for path in readme.stale(tmp_path)} == {Path(n).name for n in readme.PLACES}
    tree = readme.build(tmp_path)[tmp_path / "docs/architecture.md"].decode()
    assert [" ".join(line.split()) for line in tree.splitlines() if " -> " in line] == [
        "media/ File -> frames",
        "video.py Path -> frames",
        "study/ Study -> result",
    ]


def test_a_missing_marker_is_named(tmp_path):
    build_in(tmp_path, "{}")
    (tmp_path / "README.md").write_text("no table\n")
    with pytest.raises(UsageError, match=r"README.md needs the markers"):
        readme.build(tmp_path)


def test_a_finished_report_becomes_the_sample(tmp_path):
    report = tmp_path / "reports"
    for name in (
        "00_a/notebook.html",
        "00_a/results.json",
        "00_a/notebook.ipynb",
        "01_b/results.json",
    ):
        (report / name).parent.mkdir(parents=True, exist_ok=True)
        (report / name).write_text(name)
    (report / "01_b/notebook.html").write_text("x" * (readme.PAGE_BYTES + 1))
    cards = '<a href="00_a/notebook.html"><a href="01_b/notebook.html">'
    (report / "index.html").write_text(cards)
    sample = report / "sample"
    copied = {p.relative_to(sample).as_posix() for p in readme.take_sample(report, tmp_path)}
    assert copied == {"index.html", "00_a/notebook.html", "00_a/results.json", "01_b/results.json"}
    assert (sample / "index.html").read_text() == (
        '<a href="00_a/notebook.html"><a href="../../notebooks/01_b.ipynb">'
    )
