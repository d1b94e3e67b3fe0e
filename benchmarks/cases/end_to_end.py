"""P5 ingest beside its work on all cores, P21 a film to its answer beside the sum of its floors.

The floors are the same calls of the same models, their input ready, and the same decoding with
nobody working on its frames: recorded in one ingest, replayed on all cores. Both sides are timed in
turn, so that they share what the machine has to give.
"""

from __future__ import annotations

import os
import queue
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import Benchmark, Case, work_s
from svqa.media import Sampling, stream_frames
from svqa.reporting.sample_clips import loop, real_clip

SECONDS = 60  # what is done once a film, such as opening it, weighs little
QUESTION = "What animal is this?"
CORES = len(os.sched_getaffinity(0))
INGEST = Benchmark(
    "P5",
    f"ingest of {SECONDS} s of 720p",
    "decoding it while the models run on ready frames, on all cores",
    1.08,
)
WHOLE = Benchmark(
    "P21",
    f"{SECONDS} s of 720p to an answer",
    "the sum of its floors: decoding alone, then the models alone on all cores",
    0.9,
    higher_is_better=True,
)
BENCHMARKS = (INGEST, WHOLE)
ROUNDS = 3  # of the profile
PARTS = {"boxes": "boxes", "text in the picture": "text", "speech and sound": "speech"}
CALLS = {
    "encoder": "encode_frames",
    "captioner": "caption",
    "detector": "detect",
    "reader": "read",
    "sentences": "encode_text",
    "transcriber": "hear",
    "sounds": "encode_sound",
}


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case]]:
    """Yields P5 and P21 of one film, its models loaded before."""
    from svqa.pipeline.library import open_library

    with tempfile.TemporaryDirectory() as folder:
        film = loop(real_clip(), Path(folder) / "film.mp4", seconds=SECONDS, drifting=True)
        with open_library(f"sqlite:///{folder}/first.db") as library:
            calls = _record(library, film)
            yield _cases(library.models, film, Path(folder), calls, wanted)


def _cases(
    models: Any, film: Path, folder: Path, calls: list[Callable], wanted: Sequence[str]
) -> Iterator[Case]:
    from svqa.pipeline.library import Library, open_library

    numbers = iter(range(1000))

    @contextmanager
    def fresh(**settings: bool) -> Iterator[Library]:
        url = f"sqlite:///{folder}/{next(numbers)}.db"
        with open_library(url, **settings) as library:
            library.models = models
            _forget(models)
            yield library

    def ingest(**settings: bool) -> int:
        with fresh(**settings) as library:
            return library.ingest(film)[0].frames

    def whole() -> int:
        with fresh() as library:
            (report,) = library.ingest(film)
            library.ask(QUESTION)
            return report.frames

    def overlapped() -> int:
        _forget(models)
        frames: list[int] = []
        decoding = threading.Thread(target=lambda: frames.append(_decode(film)))
        decoding.start()
        _replay(calls)
        decoding.join()
        return frames[0]

    def floors() -> int:
        _forget(models)
        frames = _decode(film)
        _replay(calls)
        return frames

    def models_alone() -> None:
        _forget(models)
        _replay(calls)

    notes = {"cores": CORES, "calls": len(calls)}
    if "P5" in wanted:
        profile = {
            "all of it": _spent(ingest),
            **{
                f"without {part}": _spent(partial(ingest, **{setting: False}))
                for part, setting in PARTS.items()
            },
            "the models on ready pictures and sound": _spent(models_alone),
            "decoding once": _spent(lambda: _decode(film)),
        }
        yield Case(INGEST, ingest, overlapped, int.__eq__, {**notes, "profile": profile})
    if "P21" in wanted:
        yield Case(WHOLE, whole, floors, int.__eq__, notes)


def _spent(run: Callable[[], Any]) -> dict[str, float]:
    """-> seconds by the clock and of cores, the medians of a few runs."""
    clock, cores = [], []
    for _ in range(ROUNDS):
        begin, worked_s = time.perf_counter(), work_s()
        run()
        clock.append(time.perf_counter() - begin)
        cores.append(work_s() - worked_s)
    return {"s": statistics.median(clock), "core_s": statistics.median(cores)}


def _decode(film: Path) -> int:
    from svqa.settings import Settings

    settings = Settings()
    every = Sampling.every(settings.every_s)
    with stream_frames(film, every, size_px=settings.analysis_px, fit="shrink") as stream:
        return sum(len(batch) for batch in stream)


def _forget(models: Any) -> None:
    """What the classifier remembers of frames that it has seen."""
    models.encoder._tagger._known.clear()


def _record(library: Any, film: Path) -> list[Callable]:
    """Every call of a model in an ingest and a question, with what it was given."""
    models, calls = library.models, []
    for role, name in CALLS.items():
        model = getattr(models, role, None)
        if model is None or hasattr(getattr(model, name), "recorded"):
            continue
        method = getattr(model, name)

        def told(*given: Any, _method: Callable = method, **more: Any) -> Any:
            calls.append(lambda: _method(*given, **more))
            return _method(*given, **more)

        told.recorded = method  # type: ignore[attr-defined]
        setattr(model, name, told)
    library.ingest(film)
    library.ask(QUESTION)
    for role, name in CALLS.items():
        model = getattr(models, role, None)
        if model is not None and name in vars(model):
            delattr(model, name)
    return calls


def _replay(calls: list[Callable]) -> None:
    """All calls, as many at once as there are cores, each with its share of the threads."""
    import cv2
    import torch

    todo: queue.SimpleQueue[Callable | None] = queue.SimpleQueue()
    for call in [*calls, *[None] * CORES]:
        todo.put(call)
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(max(1, before[0] // CORES))
    cv2.setNumThreads(max(1, before[1] // CORES))
    threads = [threading.Thread(target=_work, args=(todo,)) for _ in range(CORES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


def _work(todo: queue.SimpleQueue) -> None:
    while (call := todo.get()) is not None:
        call()
