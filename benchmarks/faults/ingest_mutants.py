"""Numbers of mutants -> what ingesting each came to: a JSON line a mutant on stdout.

Run as a program by `benchmarks.faults.run`, which lives on if this one does not.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.faults.mutants import make_films, mutant
from benchmarks.faults.thumbnails import Thumbnails, cheap_models, thumbnails_of
from svqa.database import open_store
from svqa.errors import SvqaError
from svqa.media import Sampling, read_frames
from svqa.media.worker_start import template_pids
from svqa.pipeline import IngestReport, Library
from svqa.pipeline.damage_note import damaged_spans
from svqa.settings import Settings

EVERY_S = 0.5
CHILD_S = 5.0  # so long a worker may outlive its ingest
ANOTHER = (
    12.0  # mean difference of two thumbnails, of 255, from which a person sees another picture
)
SAID_S = 0.11  # notes are rounded to tenths


def open_cheap(folder: Path) -> Library:
    """A fresh library with models that cost nothing."""
    settings = Settings(
        database=f"sqlite:///{folder}/mutants.db",
        models="thumbnails",
        every_s=EVERY_S,
        speech=False,
        boxes=False,
        text=False,
    )
    return Library(open_store(settings.database), cheap_models(), settings)


def shown(library: Library, video: str) -> tuple[np.ndarray, np.ndarray]:
    """-> (T,) seconds and (T, 432) thumbnails that an ingest left in the database."""
    table = library.store.vectors("frame", "visual", Thumbnails.model_id, videos=[video])
    return table.spans[:, 0], thumbnails_of(table.values)


def main(folder: Path, seed: int, numbers: list[int]) -> None:
    """Ingest these mutants into a database of their own, and a whole film after them."""
    me = psutil.Process()
    paths = make_films(folder)
    data = {name: path.read_bytes() for name, path in paths.items()}
    work = folder / f"batch{numbers[0]}"
    work.mkdir(exist_ok=True)
    whole: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    with open_cheap(work) as library:
        began_bytes = 0
        for number in numbers:
            made = mutant(data, number, seed)
            path = work / f"{number}-{made.film}"
            path.write_bytes(made.data)
            begin = time.perf_counter()
            (report,) = library.ingest(path)
            row: dict[str, Any] = {"number": number, "film": made.film, "damage": made.damage}
            row |= {"seconds": round(time.perf_counter() - begin, 2), "status": report.status}
            row |= {"error": report.note.split(":")[0] if report.status == "failed" else ""}
            row["typed"] = not row["error"] or _is_typed(row["error"])
            row["orphans"] = _orphans(me)
            if report.video and report.status in ("ready", "partial"):
                if made.film not in whole:
                    pictures = read_frames(paths[made.film], Sampling.native(), size_px=(192, 108))
                    vectors = Thumbnails().encode_frames(pictures.pixels)
                    whole[made.film] = pictures.t_s, thumbnails_of(vectors)
                row["said"] = bool(report.note)
                row["frames"] = report.frames
                row["unsaid"] = unsaid(report, shown(library, report.video), whole[made.film])
            began_bytes = began_bytes or me.memory_info().rss
            row["grown_mib"] = (me.memory_info().rss - began_bytes) >> 20
            path.unlink()
            print(json.dumps(row), flush=True)
        (healthy,) = library.ingest(paths[made.film])
        problems = library.store.check().problems
    for left in (*work.glob("mutants.db*"), work):
        left.rmdir() if left.is_dir() else left.unlink()
    print(json.dumps({"healthy": healthy.status, "problems": list(problems)}), flush=True)


def unsaid(
    report: IngestReport,
    found: tuple[np.ndarray, np.ndarray],
    whole: tuple[np.ndarray, np.ndarray],
) -> int:
    """How many pictures the film never had are kept and not called damaged.

    A picture counts as one of the film's where it is near any of them, at whatever second: a header
    that was edited may move them all, and what the file says of time is then what it says.
    """
    spans = damaged_spans(report.note)
    count = 0
    for t_s, picture in zip(*found, strict=True):
        nearest = np.abs(whole[1] - picture).mean(axis=1).min()
        told = any(start_s - SAID_S <= t_s <= end_s + SAID_S for start_s, end_s in spans)
        count += int(nearest > ANOTHER and not told)
    return count


def _is_typed(name: str) -> bool:
    kinds, known = [SvqaError], set()
    while kinds:
        kind = kinds.pop()
        known.add(kind.__name__)
        kinds += kind.__subclasses__()
    return name in known


def _orphans(me: psutil.Process) -> int:
    """Workers that are still there after `CHILD_S`."""
    until = time.monotonic() + CHILD_S
    while (workers := _workers(me)) and time.monotonic() < until:
        time.sleep(0.02)
    return len(workers)


def _workers(me: psutil.Process) -> set[int]:
    return {child.pid for child in me.children(recursive=True)} - template_pids()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [int(n) for n in sys.argv[3:]])
