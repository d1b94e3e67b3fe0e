"""F29: nothing is looked up and nothing is left in the home folder, seen by the system's calls.

Denied sockets would hide a library that tries; here none is denied, and the trace has to be empty.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from svqa.shapes import scene_of, write_mp4

STRACE = shutil.which("strace")
CALLS = "trace=socket,connect,sendto,sendmsg,sendmmsg"
REACHES = re.compile(r"AF_INET6?\b|htons\(53\)")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(STRACE is None, reason="needs strace to see a process's system calls"),
]


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """A film with sound, so that every role of a set is used."""
    path = tmp_path_factory.mktemp("film") / "tones.mp4"
    write_mp4(scene_of(90_663, 0), path, width_px=128)
    return path


def traced(folder: Path, *arguments: object) -> list[str]:
    """Run a command as a stranger would, with an empty home; -> calls that reach for a network."""
    home, calls = folder / "home", folder / "calls"
    home.mkdir(exist_ok=True)
    known = {"HOME": str(home), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    trace = (STRACE or "", "-f", "-qq", "--seccomp-bpf", "-e", CALLS, "-o", str(calls))
    done = subprocess.run(
        [*trace, sys.executable, "-m", "svqa", *map(str, arguments)],
        env={**known, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in calls.read_text().splitlines() if REACHES.search(line)]


def test_the_trace_sees_what_reaches_out(tmp_path):
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
    trace = (STRACE or "", "-f", "-qq", "-e", CALLS, "-o", str(tmp_path / "calls"))
    subprocess.run([*trace, sys.executable, "-S", "-c", code], env={}, check=True, timeout=60)
    assert REACHES.search((tmp_path / "calls").read_text())


def left_in(home: Path) -> set[str]:
    return {
        str(p.relative_to(home))
        for p in home.rglob("*")
        if p.is_file() and not p.is_relative_to(home / ".cache" / "svqa")
    }


@pytest.mark.parametrize("models", ["offline", "shapes"])
@pytest.mark.fault("F29")
def test_a_film_is_taken_in_searched_and_asked_without_a_network(film, tmp_path, models):
    of = ("--models", models)
    for command in (
        ("ingest", film, *of),
        ("search", "a circle", *of),
        ("search", "a circle", "--sound", film, *of),
        ("ask", "what is seen?", *of),
        ("ask", "when does the circle appear?", "--video", film, *of),
    ):
        assert traced(tmp_path, *command) == [], command
    assert left_in(tmp_path / "home") == set()


@pytest.mark.parametrize(
    "command",
    [
        ("--version",),
        ("doctor",),
        ("models", "list"),
        ("models", "show", "hub"),
        ("db", "init"),
        ("shapes", "make", "--n", "2", "--out", "world"),
    ],
)
@pytest.mark.fault("F29")
def test_other_commands_need_none_either(tmp_path, command):
    assert traced(tmp_path, *command) == []
    assert left_in(tmp_path / "home") == set()
