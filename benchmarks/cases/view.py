"""P24: a library of 1,000 films and a film of 3 hours, opened: seconds, and memory that stays.

Rows are what an ingest of such films leaves, each film the same small file; the models' vectors are
random, the models themselves real.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.harness import Benchmark, Measured
from svqa.database import Store, open_store
from svqa.media import probe
from svqa.models import load_set
from svqa.records import (
    Caption,
    Chunk,
    Detection,
    Evidence,
    Segment,
    TextBox,
    Utterance,
    VectorSet,
    VideoInfo,
)
from svqa.reporting.sample_clips import real_clip
from svqa.settings import Settings

FILMS, HOURS, CHUNK_S, DIM, AIM_S = 1000, 3, 30, 384, 2.0
_BOUND = "an absolute bound"
_LONG = f"a film of {HOURS} hours"
LIBRARY = Benchmark(
    "P24.library", f"seconds: a library of {FILMS:,} films", _BOUND, AIM_S, group="P24"
)
FILM = Benchmark("P24.film", f"seconds: {_LONG} in `svqa serve`", _BOUND, AIM_S, group="P24")
PAGE = Benchmark("P24.page", f"seconds: the page of {_LONG}", _BOUND, AIM_S, group="P24")
MEMORY = Benchmark(
    "P24.memory",
    "memory after opening all of it ten times more",
    "after the first",
    1.05,
    group="P24",
)
BENCHMARKS = (LIBRARY, FILM, PAGE, MEMORY)

# each is opened in a process of its own, whose models have answered something before
_CHILD = """
import json, sys, time
from pathlib import Path
import psutil
from starlette.testclient import TestClient
from svqa.pipeline.library import open_library
from svqa.server import Door, create_app
from svqa.viewer import export_page

folder, long, short = sys.argv[1:]
me = psutil.Process()
host = "http://127.0.0.1:8765"

def timed(do):
    begin = time.perf_counter()
    result = do()
    return time.perf_counter() - begin, result

with open_library(f"sqlite:///{folder}/svqa.db") as library:
    app = create_app({"usual": library}, Door.of("127.0.0.1", 8765, token="t"), uploads=folder)
    client = TestClient(app, base_url=host, headers={"authorization": "Bearer t"})

    def get(path):
        reply = client.get(path)
        assert reply.status_code == 200, reply.text
        return reply

    def library_page():
        return get("/api/films").json()["total"]

    def all_films():
        for offset in range(0, library_page(), 60):
            get(f"/api/films?offset={offset}")

    def film():
        return len(get(f"/api/films/{long}").content)

    def page():
        return export_page(library, library.find(long), Path(folder) / "page.html").stat().st_size

    get("/api/films/" + short)
    library.search("a street", video=short)
    first = {"library": timed(library_page), "film": timed(film), "page": timed(page)}
    all_films()
    held = me.memory_info().rss
    seconds = {name: [s] for name, (s, _) in first.items()}
    for _ in range(10):
        for name, do in (("library", library_page), ("film", film), ("page", page)):
            seconds[name].append(timed(do)[0])
        all_films()
    print(json.dumps({"seconds": seconds, "held": held, "then": me.memory_info().rss,
                      "bytes": {n: r for n, (_, r) in first.items() if n != "library"},
                      "films": first["library"][1]}))
"""


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Measured]]:
    """Yields P24, its films in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        yield _figures(Path(folder))


def _figures(folder: Path) -> Iterator[Measured]:
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        long, short = _filled(store, folder)
    run = [sys.executable, "-c", _CHILD, str(folder), long, short]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if found["films"] != FILMS + 1:
        raise AssertionError(f"the library shows {found['films']} films")
    for benchmark in (LIBRARY, FILM, PAGE):
        seconds = found["seconds"][benchmark.id.partition(".")[2]]
        notes = {"first_s": seconds[0], "slowest_s": max(seconds)}
        yield Measured(benchmark, sorted(seconds)[len(seconds) // 2], notes)
    mib = {"after_the_first": found["held"] / 2**20, "after_ten_more": found["then"] / 2**20}
    yield Measured(MEMORY, found["then"] / found["held"], {"mib": mib, "bytes": found["bytes"]})


def _filled(store: Store, folder: Path) -> tuple[str, str]:
    """-> the ids of the long film, about which three questions were asked, and of a short one."""
    models = load_set("offline")
    settings = Settings(database=store.url).identity(models.model_ids)
    encoder = models.model_ids["encoder"]
    clip = folder / "film.mp4"
    clip.write_bytes(real_clip("bikes.mp4").read_bytes())
    info = probe(clip)
    rng = np.random.default_rng(0)
    ids = []
    for number in range(FILMS + 1):
        chunks = HOURS * 3600 // CHUNK_S if number == FILMS else 1
        named = replace(info, sha256=f"{number:064x}", duration_s=float(chunks * CHUNK_S))
        ids.append(_film(store, named, settings, chunks, encoder, rng))
    for number in range(3):
        found = [
            Evidence(ids[-1], str(clip), t, t + 5.0, 0.5, "caption", "a street")
            for t in (3.0, 900.0, 4000.0, 10_000.0)
        ]
        store.add_query(
            f"What is seen in part {number}?",
            kind="ask",
            models=models.model_ids,
            latency_ms=1.0,
            evidence=found,
            videos=[ids[-1]],
            answer="a street",
            score=0.5,
        )
    return ids[-1], ids[0]


def _film(
    store: Store,
    info: VideoInfo,
    settings: dict,
    chunks: int,
    encoder: str,
    rng: np.random.Generator,
) -> str:
    claim = store.claim_video(info, settings)
    for number in range(chunks):
        store.commit_chunk(claim.video_id, _chunk(float(number * CHUNK_S), encoder, rng))
    shots = [Segment(t, t + 6.0, "shot") for t in np.arange(0, info.duration_s, 6.0).tolist()]
    store.finish_video(claim.video_id, shots=shots)
    return claim.video_id


def _chunk(at: float, encoder: str, rng: np.random.Generator) -> Chunk:
    """What half a minute of a talk on a street leaves: three boxes a frame, two frames a second."""
    by, parts = "bench@1", [(at + i * 5.0, at + i * 5.0 + 5.0) for i in range(6)]
    frames = tuple(at + i / 2 for i in range(2 * CHUNK_S))
    values = rng.standard_normal((len(parts), DIM)).astype(np.float32)
    return Chunk(
        at,
        at + CHUNK_S,
        frame_times_s=frames,
        segments=tuple(Segment(*span) for span in parts),
        captions=tuple(Caption("A street with people and a tram.", *s, 0.5, by) for s in parts),
        utterances=tuple(Utterance("mind the tram, here it comes", *s, 0.9, by) for s in parts),
        detections=tuple(
            Detection(label, 0.8, (10.0, 20.0, 200.0, 150.0), t, by, track_id=i)
            for t in frames
            for i, label in enumerate(("person", "bicycle", "car"))
        ),
        text_boxes=tuple(
            TextBox("STOP", *s, 0.9, (10.0, 20.0, 200.0, 150.0), by) for s in parts[:2]
        ),
        vectors=(VectorSet("segment", "visual", encoder, np.array(parts), values),),
    )
