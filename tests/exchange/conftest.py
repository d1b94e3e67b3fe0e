"""A library with one film and one question that cites four spans, and its command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.database import open_store
from tests.helpers.films import store_film, store_question


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        number = store_question(store, store_film(store, folder))
        store.add_correction(number, "wrong", answer="a tram")
    return folder


@pytest.fixture
def run(folder):
    def run(*words: str, code: int = 0) -> str:
        shown = ["--database", f"sqlite:///{folder}/svqa.db"] if words[0] == "export" else []
        done = CliRunner().invoke(app, [*words, *shown])
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout + done.stderr + str(done.exception or "")

    return run
