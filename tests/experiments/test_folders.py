"""Every study has its command, its result and a README whose finding is that of the result."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import pytest

from experiments.command import counted, percent, points, study_arguments, write_result
from experiments.readme import LINES, build, commands_of, lines_of, result_of, studies
from svqa.metrics.results import EvalResult, Figure
from tests.helpers.imports import REPOSITORY

FOLDER = REPOSITORY / "experiments"
STUDIES = studies(FOLDER)


def intervals(data: Any, outer: Mapping[str, Any] | None = None) -> Iterator[tuple[dict, bool]]:
    """-> every `{"low", "high", ...}` of a result, and whether it or what holds it says its n."""
    if isinstance(data, dict):
        if {"low", "high"} <= set(data):
            yield data, any(isinstance(d.get("n"), int) and d["n"] > 0 for d in (data, outer or {}))
        for value in data.values():
            yield from intervals(value, data)
    elif isinstance(data, list):
        for value in data:
            yield from intervals(value, outer)


def test_every_folder_is_a_study():
    folders = {p.name for p in FOLDER.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == set(STUDIES) and len(STUDIES) >= 14


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_a_result_or_says_why_not(name):
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert list(lines_of(name)) == list(LINES) and all(lines_of(name).values())
    assert (FOLDER / name / "result.json").is_file() or "no result.json: " in text


@pytest.mark.parametrize("name", STUDIES)
def test_the_commands_of_a_readme_are_understood(name):
    assert commands_of(name)
    for command in commands_of(name):
        python, m, module, *given = shlex.split(command)
        assert (python, m) == ("python", "-m")
        run = import_module(f"{module}.run" if module == f"experiments.{name}" else module)
        parsed = run.arguments().parse_args(given)
        assert parsed.out is None or FOLDER not in parsed.out.parents or parsed.out.is_file()


@pytest.mark.parametrize("name", STUDIES)
def test_every_argument_is_documented(name):
    parser = import_module(f"experiments.{name}.run").arguments()
    assert parser.description and parser.prog.startswith("python -m experiments.")
    assert [a.dest for a in parser._actions if not a.help] == []


def test_no_module_is_longer_than_300_lines():
    paths = [*FOLDER.rglob("*.py"), *(REPOSITORY / "benchmarks").rglob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert len(paths) > 40 and {path: n for path, n in lines.items() if n > 300} == {}


def test_help_is_printed_by_the_commands_themselves():
    for module in ("experiments.comparison_simulation.run", "experiments.tiny_models"):
        command = [sys.executable, "-m", module, "--help"]
        found = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        assert f"usage: python -m {module}" in found.stdout


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.json")), ids=lambda p: p.parent.name)
def test_every_interval_says_its_n(path):
    found = list(intervals(json.loads(path.read_text(encoding="utf-8"))))
    assert [data for data, has_n in found if not has_n] == []
    assert all(data["low"] <= data["high"] for data, _ in found)


def test_the_findings_are_those_of_the_committed_results():
    stale = [path for path, text in build().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run: python -m experiments.readme"


def test_whose_captions_are_read_is_said_where_the_figures_are():
    read = ("nextqa_ablation", "nextgqa_ablation", "nextoe", "nextqa_comparison", "chat_lora")
    for name in read:
        first = lines_of(name)["Finding"].partition(". ")[0]
        assert "VideoAgent" in first and "%" in first, name


def test_what_boxes_find_stands_beside_what_svqa_ask_finds():
    told = result_of("shapes_end_to_end")["iou_at_05"]
    boxes = result_of("shapes_grounding")["span IoU>=0.5"]
    pages = [FOLDER / "README.md", REPOSITORY / "README.md"]
    lines = [line for page in pages for line in page.read_text("utf-8").splitlines()]
    found = [line for line in lines if percent(boxes).removesuffix(".0] %") in line]
    assert len(found) == 2 and all(percent(told).partition(" [")[0] in line for line in found)


def test_a_result_is_written_with_its_finding(tmp_path, capsys):
    result = EvalResult(4, {"accuracy": Figure(0.5, 0.25, 0.75, 4)})
    write_result(result, tmp_path / "a" / "out.json", lambda r: percent(r["accuracy"]))
    written = json.loads((tmp_path / "a" / "out.json").read_text(encoding="utf-8"))
    assert written == result.to_json()
    assert capsys.readouterr().out.startswith("50.0 [25.0, 75.0] %\n")
    assert points({"value": -0.05, "low": -0.1, "high": 0.0}) == "-5.0 [-10.0, +0.0] points"


def test_the_default_result_lies_beside_the_study_and_progress_counts_it():
    parser = study_arguments(str(FOLDER / "shapes_fusion" / "run.py"), "about")
    assert parser.parse_args([]).out == FOLDER / "shapes_fusion" / "result.json"
    calls: list[tuple[str, float, float]] = []
    seen = list(counted("abc", "letters", lambda *call: calls.append(call)))
    assert seen == ["a", "b", "c"] and calls == [("letters", i, 3) for i in (1, 2, 3)]
