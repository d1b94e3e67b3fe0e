"""A film, a seed -> ingests killed at random moments until each is done, and what they left.

The parent of the decoding worker is killed with SIGKILL, which nobody can catch.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.faults.stored_rows import Rows, all_rows
from svqa.database import open_store
from svqa.reporting.sample_clips import loop, real_clip

FILM_S, SCENE_S = 23, 5.0  # five chunks, the last of them shorter
ORPHAN_S = 5.0
# loads the models once, and then has a child of its own for every database named on stdin: killed
# moments lie within the ingest, and a hundred of them do not load a hundred times
_NURSERY = """
import os, signal, sys
from svqa.models import load_set
from svqa.database import open_store
from svqa.pipeline import Library
from svqa.settings import Settings
path, scene_s = sys.argv[1:]
models = load_set("offline")
models.encoder, models.captioner, models.detector, models.sentences
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        continue
    settings = Settings(database=line.strip(), scene_s=float(scene_s), every_s=1.0, speech=False,
                        text=False)
    with Library(open_store(settings.database), models, settings) as library:
        (report,) = library.ingest(path)
    os._exit(0)
"""


def run_kills(
    folder: Path, *, kills: int, seed: int, until: float, say: Callable[[int], None]
) -> dict[str, Any]:
    """Kill until there were `kills`, or it is later than `until` (monotonic seconds).

    -> counts, all but the first two 0 where nothing is wrong: `kills`, `ingests`, `redone` (chunks
    that were lost although committed), `not_equal` (ingests whose rows differ from those of one
    that was never killed), `not_a_prefix` (kills that left a row which that one has not),
    `damaged`, `orphans`.
    """
    film = folder / f"killed-{FILM_S}s.mp4"
    if not film.exists():
        loop(real_clip("bikes.mp4"), film, seconds=FILM_S)
    names = ("kills", "ingests", "redone", "not_equal", "not_a_prefix", "damaged", "orphans")
    found: dict[str, Any] = dict.fromkeys(names, 0)
    rng = random.Random(f"kills:{seed}")
    with Nursery(film) as nursery:
        whole_s = nursery.ingest(folder / "whole.db")
        right = _rows(folder / "whole.db")
        while found["kills"] < kills and time.monotonic() < until:
            database = folder / f"killed{found['ingests']}.db"
            committed, done = 0, False
            while not done and found["kills"] < kills:
                child = nursery.begin(database)
                time.sleep(rng.uniform(0.0, whole_s))
                workers = _children(child)
                done = not child.is_running()
                if not done:
                    child.send_signal(signal.SIGKILL)
                    found["kills"] += 1
                    say(found["kills"])
                _, alive = psutil.wait_procs([child, *workers], timeout=ORPHAN_S)
                found["orphans"] += len(alive)
                if database.exists():
                    rows = _rows(database)
                    chunks = sum(rows["ingest_chunks"].values())
                    found["redone"] += max(0, committed - chunks)
                    settled = rows.keys() - UNFINISHED
                    found["not_a_prefix"] += any(rows[name] - right[name] for name in settled)
                    found["damaged"] += _is_damaged(database)
                    committed = chunks
            nursery.ingest(database)  # the last time in peace
            found["ingests"] += 1
            found["not_equal"] += _rows(database) != right
            _remove(database)
    _remove(folder / "whole.db")
    return found


class Nursery:
    """A process that has loaded the models and begins ingests, each in a child of its own."""

    def __init__(self, film: Path):
        run = [sys.executable, "-c", _NURSERY, str(film), str(SCENE_S)]
        self._process = subprocess.Popen(
            run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def begin(self, database: Path) -> psutil.Process:
        """-> the child that ingests into this database."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"sqlite:///{database}\n")
        self._process.stdin.flush()
        return psutil.Process(int(self._process.stdout.readline()))

    def ingest(self, database: Path) -> float:
        """Let an ingest end; -> how many seconds it took."""
        child = self.begin(database)
        begin = time.monotonic()
        psutil.wait_procs([child])
        return time.monotonic() - begin


# what is only right at the end: status and counts of a video, shots, and figures
UNFINISHED = {"videos", "segments", "metrics"}


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _remove(database: Path) -> None:
    for left in database.parent.glob(f"{database.name}*"):
        left.unlink()


def _rows(database: Path) -> Rows:
    with open_store(f"sqlite:///{database}") as store:
        return all_rows(store)


def _is_damaged(database: Path) -> bool:
    with open_store(f"sqlite:///{database}") as store:
        return any("interrupted" not in problem for problem in store.check().problems)
