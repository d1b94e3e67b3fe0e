"""The small world from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.errors import UsageError


def test_the_same_seed_makes_the_same_world_and_a_full_folder_is_kept(tmp_path: Path):
    runner = CliRunner()
    for name in ("a", "b"):
        made = runner.invoke(
            app,
            ["shapes", "make", "--n", "2", "--seed", "5", "--out", str(tmp_path / name), "--json"],
        )
        assert made.exit_code == 0, made.output
        assert json.loads(made.stdout)["videos"] == 2
    for name in ("metadata.jsonl", "questions.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    again = runner.invoke(app, ["shapes", "make", "--n", "2", "--out", str(tmp_path / "a")])
    assert isinstance(again.exception, UsageError)


@pytest.mark.parametrize("moved", [["shapes", "train", "clip"]])
def test_a_command_that_left_says_where_it_is(moved):
    done = CliRunner().invoke(app, moved)
    assert isinstance(done.exception, UsageError)
    assert "python -m" in str(done.exception)
