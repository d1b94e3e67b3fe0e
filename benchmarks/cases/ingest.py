"""P14 ingest again, P15 growth with length: time linear, memory flat."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import Benchmark, Case, Measured
from svqa.reporting.sample_clips import loop, real_clip

SHORT_S, LONG_S = 600, 3600
_LONG, _SHORT = f"{LONG_S // 60} minutes of 720p", f"{SHORT_S // 60} minutes"
AGAIN = Benchmark("P14", "ingest again, 60 s unchanged", "the first ingest", 0.01)
TIME = Benchmark("P15.time", _LONG, _SHORT, 6.1, group="P15")
MEMORY = Benchmark("P15.memory", f"peak memory of {_LONG}", _SHORT, 1.03, group="P15")
BESIDE = Benchmark(
    "P15.beside", f"GiB beside the loaded models, {_LONG}", "an absolute bound", 0.6, group="P15"
)
BENCHMARKS = (AGAIN, TIME, MEMORY, BESIDE)

# The peak is sampled: `ru_maxrss` of a child begins at what its parent held, and the decoding
# worker counts as well. Shared pages count once (PSS): for a moment after it is forked, a worker
# seems to hold all that its parent does.
_CHILD = """
import json, sys, threading, time
import psutil
from svqa.pipeline.library import open_library

def held():
    total = 0
    for process in (me, *me.children(recursive=True)):
        try:
            info = process.memory_full_info()
            total += getattr(info, "pss", info.uss)
        except psutil.NoSuchProcess:
            pass
    return total

def watch():
    while not done.wait(0.05):
        peaks.append(held())

short, path, database = sys.argv[1:]
me, done, peaks = psutil.Process(), threading.Event(), []
with open_library(database) as library:
    library.ingest(short)  # loads every model
    loaded = held()
    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    (report,) = library.ingest(path)
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
print(json.dumps({"seconds": seconds, "loaded": loaded, "peak": max(peaks), "status": report.status,
                  "frames": report.frames, "real_time_factor": report.real_time_factor}))
"""


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case | Measured]]:
    """Yields the wanted figures; P15 takes as long as two ingests of real length."""
    with tempfile.TemporaryDirectory() as folder:
        yield _cases(Path(folder), wanted)


def _cases(folder: Path, wanted: Sequence[str]) -> Iterator[Case | Measured]:
    if "P14" in wanted:
        yield _again(folder)
    if "P15" in wanted:
        yield from _growth(folder)


def _again(folder: Path) -> Measured:
    """The second ingest of an unchanged file as a share of the first."""
    from svqa.pipeline.library import open_library

    path = loop(real_clip(), folder / "again.mp4", seconds=60)
    with open_library(f"sqlite:///{folder}/again.db") as library:
        library.ingest(real_clip("bikes.mp4"))  # the models are loaded by now
        times = []
        for _ in range(8):
            begin = time.perf_counter()
            (report,) = library.ingest(path)
            times.append(time.perf_counter() - begin)
    share = sorted(times[1:])[3] / times[0]
    notes = {"first_s": times[0], "again_s": sorted(times[1:])[3], "status": report.status}
    return Measured(AGAIN, share, notes)


def _growth(folder: Path) -> Iterator[Measured]:
    clip = real_clip()
    short_film = loop(clip, folder / "short.mp4", seconds=SHORT_S, drifting=True)
    # no model remembers a picture for ten minutes: the same ones again are as good as new
    paths = {SHORT_S: short_film, LONG_S: loop(short_film, folder / "long.mp4", seconds=LONG_S)}
    runs = {s: _child(clip, path, folder / f"{s}.db") for s, path in paths.items()}
    short, long = runs[SHORT_S], runs[LONG_S]
    yield Measured(
        TIME,
        long["seconds"] / short["seconds"],
        {
            "real_time_factor": long["real_time_factor"],
            "seconds": {str(s): r["seconds"] for s, r in runs.items()},
        },
    )
    peaks = {str(s): r["peak"] / 2**20 for s, r in runs.items()}
    yield Measured(MEMORY, long["peak"] / short["peak"], {"peak_mib": peaks})
    yield Measured(BESIDE, (long["peak"] - long["loaded"]) / 2**30)


def _child(short: Path, path: Path, database: Path) -> dict:
    run = [sys.executable, "-c", _CHILD, str(short), str(path), f"sqlite:///{database}"]
    return json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
