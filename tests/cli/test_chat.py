"""`svqa ask --answerer`: a real server over HTTP, a folder in process, the same film.

The model is a SmolVLM of the smallest size that the tests teach two colours.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from svqa.database import open_store
from tests.cli.test_cli import svqa
from tests.helpers.chat import write_film, write_red_or_blue
from tests.helpers.chat_server import loopback, serving

__all__ = ["loopback"]
LOOPBACK = {"SVQA_TEST_LOOPBACK": "1"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_red_or_blue(tmp_path_factory.mktemp("models") / "red-or-blue")


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """A working folder whose svqa.db holds a red and a blue film."""
    folder = tmp_path_factory.mktemp("films")
    for colour in ("red", "blue"):
        write_film(folder / f"{colour}.mp4", colour)
    svqa("ingest", ".", "--json", cwd=folder)
    return folder


def ask(folder: Path, film: str, answerer: object, *options: str, **more) -> dict:
    asked = ("ask", "What colour is it?", "--video", f"{film}.mp4", "--answerer", answerer)
    return json.loads(svqa(*asked, *options, "--json", cwd=folder, **more).stdout)


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    """`transformers serve` on this machine -> the address of the model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SVQA_TEST_LOOPBACK", "1")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = tmp_path_factory.mktemp("serve") / "log"
        command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model)]
        with open(log, "w") as out:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
                stdout=out,
                stderr=out,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},
            )
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/v1#{model}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_a_real_server_sees_the_frames_and_its_citation_is_a_second_of_the_film(films, server):
    for colour in ("red", "blue"):
        answer = ask(films, colour, server, **LOOPBACK)
        assert (answer["answer"], answer["score"]) == (colour, 0.9)
        (cited,) = answer["evidence"]
        assert cited["text"].startswith("frame at") and 0 <= cited["start_s"] < 6
        assert answer["usage"]["prompt_tokens"] > 100 and answer["usage"]["frames"] >= 1
        assert answer["model"].endswith(server.split("/")[2])


def test_what_an_answer_cost_is_kept_with_the_question(films, server):
    ask(films, "red", server, **LOOPBACK)
    with open_store(f"sqlite:///{films}/svqa.db") as store:
        query = store.queries(1)[0]
    assert query.usage["tries"] == 1 and query.usage["new_tokens"] > 5
    assert query.models["answerer"].endswith(server.split("/")[2])
    assert query.latency_ms > 0 and query.answer == "red"


def test_the_same_model_in_process_says_the_same(films, model):
    for colour in ("red", "blue"):
        answer = ask(films, colour, model)
        assert answer["answer"] == colour and answer["model"].startswith("red-or-blue@")
        assert answer["evidence"][0]["text"].startswith("frame at")
    chosen = ask(films, "blue", model, "--options", "red", "--options", "blue")
    assert chosen["answer"] == "blue" and chosen["score"] > 0.5


def test_a_folder_can_be_named_in_the_environment_and_in_the_settings_file(films, model, tmp_path):
    asked = ("ask", "What colour is it?", "--video", "red.mp4", "--json")
    said = json.loads(svqa(*asked, cwd=films, SVQA_ANSWERER=str(model)).stdout)
    assert said["model"].startswith("red-or-blue@")
    (tmp_path / "settings.toml").write_text(f'answerer = "{model}"\n')
    file = {"SVQA_SETTINGS": str(tmp_path / "settings.toml")}
    assert json.loads(svqa(*asked, cwd=films, **file).stdout)["answer"] == "red"
    over = svqa(*asked, "--answerer", "offline", cwd=films, **file)
    assert json.loads(over.stdout)["model"].startswith(("evidence+", "sightings+"))


def test_without_a_server_the_error_is_one_line_and_no_row_holds_a_key(films, loopback):
    key = "sk-secret-0123456789"
    asked = ("ask", "What colour is it?", "--video", "red.mp4", "--answerer")
    with serving((401, json.dumps({"error": f"wrong key {key}"}))) as refusing:
        refused = svqa(*asked, refusing.url, cwd=films, expect=1, SVQA_ENDPOINT_KEY=key, **LOOPBACK)
    assert "refuses the key (401); set SVQA_ENDPOINT_KEY" in refused.stderr
    away = svqa(*asked, refusing.url, cwd=films, expect=1, SVQA_ENDPOINT_KEY=key, **LOOPBACK)
    assert len(away.stderr.splitlines()) == 1 and "cannot be reached" in away.stderr
    for said in (refused.stdout + refused.stderr, away.stdout + away.stderr):
        assert key not in said and "Traceback" not in said
    for path in films.glob("svqa.db*"):
        assert key.encode() not in path.read_bytes()
