"""A film, a seed -> ingests killed at random moments until each is done, and what they left.

The parent of the decoding worker is killed with SIGKILL, which nobody can catch.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.faults.stored_rows import Rows, all_rows
from svqa.database import open_store
from svqa.reporting.sample_clips import loop, real_clip

FILM_S, SCENE_S = 23, 5.0  # five chunks, the last of them shorter
GONE_S, ORPHAN_S = 60.0, 5.0  # a killed process; a worker after its parent is gone
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
    folder: Path, *, kills: int, seed: int, first: int, until: float
) -> Iterator[dict[str, int]]:
    """Yield what each ingest came to, from number `first` on, until there were `kills`.

    Or until it is later than `until` (monotonic seconds). All counts but `kills` are 0 where
    nothing is wrong: `redone` (chunks that were lost although committed), `not_equal` (1 where its
    rows differ from those of an ingest that was never killed), `not_a_prefix` (kills that left a
    row which that one has not), `damaged`, `orphans`.
    """
    film = folder / f"killed-{FILM_S}s.mp4"
    if not film.exists():
        loop(real_clip("bikes.mp4"), film, seconds=FILM_S)
    whole, killed = folder / "whole.db", folder / "killed.db"
    _remove(whole)
    with Nursery(film) as nursery:
        whole_s = nursery.ingest(whole)
        right = _rows(whole)
        number = first
        while kills > 0 and time.monotonic() < until:
            _remove(killed)
            rng = random.Random(f"kills:{seed}:{number}")
            found = _kill_until_done(nursery, killed, right, whole_s, kills, rng)
            nursery.ingest(killed)  # the last time in peace
            found["not_equal"] = int(_rows(killed) != right)
            number, kills = number + 1, kills - found["kills"]
            yield found
    _remove(killed)
    _remove(whole)


def _kill_until_done(
    nursery: Nursery, database: Path, right: Rows, whole_s: float, most: int, rng: random.Random
) -> dict[str, int]:
    """Kill an ingest again and again, each time at a moment within a whole one's seconds."""
    names = ("kills", "redone", "not_a_prefix", "damaged", "orphans")
    found = dict.fromkeys(names, 0)
    committed = 0
    while found["kills"] < most:
        child = nursery.begin(database)
        time.sleep(rng.uniform(0.0, whole_s))
        workers = _children(child)
        done = not child.is_running()
        if not done:
            child.send_signal(signal.SIGKILL)
            found["kills"] += 1
        psutil.wait_procs([child], timeout=GONE_S)  # it has gigabytes to give back
        _, alive = psutil.wait_procs(workers, timeout=ORPHAN_S)
        found["orphans"] += len(alive)
        if database.exists():
            rows = _rows(database)
            chunks = sum(rows["ingest_chunks"].values())
            found["redone"] += max(0, committed - chunks)
            settled = rows.keys() - UNFINISHED
            found["not_a_prefix"] += any(rows[name] - right[name] for name in settled)
            found["damaged"] += _is_damaged(database)
            committed = chunks
        if done:
            break
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
