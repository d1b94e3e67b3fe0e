"""Workers are copies of one process: the same frames, the same fences, and ends that are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from svqa.errors import DecodeCrashed
from svqa.media import (
    Sampling,
    process as media_process,
    read_frames,
    stream_frames,
    worker_start,
)
from svqa.media.worker_start import start_worker, template_pids
from tests.helpers.clips import numbered

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux")
# another command than the one the template stands for: started anew, as on other systems
ANEW = (sys.executable, "-c", "import sys\nfrom svqa.media.worker import main\nsys.exit(main())")


def _running(path):
    return stream_frames(path, Sampling.native(), size_px=64, batch=4)


@LINUX
def test_workers_are_copies_of_one_process_and_end_while_it_stays():
    path = numbered(frames=1500, size=(96, 64), gop=50)
    with _running(path) as one, _running(path) as other:
        next(one), next(other)
        (template,) = template_pids()
        pids = [stream._worker._process.pid for stream in (one, other)]
        assert len({*pids}) == 2
        assert all(psutil.Process(pid).ppid() == template for pid in pids)
        assert [os.getpgid(pid) for pid in pids] == pids
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert template_pids() == {template} and psutil.pid_exists(template)


def test_a_copy_gives_the_frames_of_a_worker_started_anew(monkeypatch):
    path = numbered(gop=12)
    copied = read_frames(path, Sampling.every(0.2))
    monkeypatch.setattr(media_process, "_COMMAND", ANEW)
    anew = read_frames(path, Sampling.every(0.2))
    np.testing.assert_array_equal(copied.pixels, anew.pixels)
    np.testing.assert_array_equal(copied.t_s, anew.t_s)


@LINUX
def test_a_killed_template_costs_its_worker_and_no_other():
    path = numbered(frames=1500, size=(96, 64), gop=50)
    with _running(path) as stream:
        next(stream)
        (template,) = template_pids()
        os.kill(template, signal.SIGKILL)
        assert sum(len(batch) for batch in stream) == 1496, "it goes on by itself"
    assert len(read_frames(numbered(gop=12), Sampling.every(1.0))) == 3
    (later,) = template_pids() or {0}
    assert later != template


@LINUX
def test_how_a_copy_ended_is_told_with_its_signal():
    with _running(numbered(frames=1500, size=(96, 64), gop=50)) as stream:
        next(stream)
        os.kill(stream._worker._process.pid, signal.SIGSEGV)
        with pytest.raises(DecodeCrashed, match="SIGSEGV"):
            list(stream)


HERE = """
import gc, os, signal, socket, sys
from svqa.media import Sampling, read_frames, stream_frames, worker_start
from svqa.media.worker_start import template_pids
short, long = sys.argv[1:]
def count():
    return len(read_frames(short, Sampling.every(1.0)))
def running():
    stream = stream_frames(long, Sampling.native(), size_px=64, batch=4)
    next(stream)
    return stream
"""


def _said(code: str) -> list[str]:
    """-> the words that a process of its own prints: what hangs, hangs there."""
    films = numbered(gop=12), numbered(frames=1500, size=(96, 64), gop=50)
    run = [sys.executable, "-c", HERE + code, *map(str, films)]
    return subprocess.run(
        run, check=True, timeout=60, capture_output=True, text=True
    ).stdout.split()


@LINUX
def test_a_forked_process_has_a_template_of_its_own():
    said = _said(
        "count(); (mine,) = template_pids()\n"
        "print(mine, flush=True)\n"
        "if not (pid := os.fork()):\n"
        "    print(len(template_pids()), count(), *template_pids(), flush=True)\n"
        "    raise SystemExit\n"
        "os.waitpid(pid, 0)\n"
        "print(count(), *template_pids())"
    )
    mine, none, of_child, its_own, of_parent, kept = map(int, said)
    assert (none, of_child, of_parent) == (0, 3, 3)
    assert kept == mine != its_own


@LINUX
def test_with_many_files_open_a_killed_template_keeps_nobody_waiting():
    """The numbers of what is opened by then are beyond those that a copy closes."""
    said = _said(
        "files = [open(os.devnull) for _ in range(100)]\n"
        "stream = running()\n"
        "(template,) = template_pids()\n"
        "os.kill(template, signal.SIGKILL)\n"
        "print(count(), template_pids() == {template}, sum(map(len, stream)))"
    )
    assert said == ["3", "False", "1496"]


@LINUX
def test_a_worker_that_is_collected_while_another_is_asked_for_ends():
    """Its finalizer runs in the thread that waits for the template's answer."""
    said = _said(
        "loop = [running()]\n"
        "loop.append(loop)\n"
        "pid = loop[0]._worker._process.pid\n"
        "send = socket.send_fds\n"
        "def collecting(*given):\n"
        "    global loop\n"
        "    loop = None\n"
        "    sent = send(*given)\n"
        "    gc.collect()\n"
        "    return sent\n"
        "socket.send_fds = collecting\n"
        "print(count(), count(), os.path.exists(f'/proc/{pid}'), len(template_pids()))"
    )
    assert said == ["3", "3", "False", "1"]


def test_descriptors_are_told_by_their_numbers(tmp_path):
    """The worker opens what it was given, under the number it was told."""
    with (tmp_path / "log").open("wb") as log, open(__file__, "rb") as file:
        theirs, mine = os.pipe()
        with os.fdopen(theirs, "rb") as job, os.fdopen(mine, "wb") as writing:
            read, write = os.pipe()
            with os.fdopen(read, "rb") as answer, os.fdopen(write, "wb") as out:
                code = "import os; print(os.fstat(int(input())).st_ino)"
                command = (sys.executable, "-c", code)
                process, numbers = start_worker(command, job, out, log, [file.fileno()])
                out.close()
                writing.write(b"%d\n" % numbers[0])
                writing.flush()
                assert int(answer.readline()) == os.fstat(file.fileno()).st_ino
                assert process.wait(10) == 0


@LINUX
def test_after_a_question_that_was_broken_off_no_answer_is_taken_for_the_next(monkeypatch):
    """Ctrl-C between a question to the template and its answer."""
    path = numbered(gop=12)
    assert len(read_frames(path, Sampling.every(1.0))) == 3
    (template,) = worker_start._kept.values()
    real = template._socket

    class Interrupted:
        def recv(self, size):
            monkeypatch.setattr(template, "_socket", real)
            raise KeyboardInterrupt

        def __getattr__(self, name):
            return getattr(real, name)

    monkeypatch.setattr(template, "_socket", Interrupted())
    with open(os.devnull, "rb") as nothing, pytest.raises(KeyboardInterrupt):
        template.fork([nothing.fileno()] * 3)
    with _running(path) as stream:
        next(stream)
        pid = stream._worker._process.pid
        its_files = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
        assert os.readlink(f"/proc/self/fd/{stream._worker._out}") in its_files
    assert not psutil.pid_exists(pid)
