"""What Ray adds to `svqa ingest --jobs 2` on one machine, where nothing is killed.

    python -m benchmarks.ray_overhead --models offline --films 60 --pairs 6

The films of `benchmarks.faults.ray_kills`, into new databases of one PostgreSQL, by two processes
of `--jobs 2` and by two actors of a Ray that is started for the one command, in turn, the first of
a pair changing. Three parts are told apart by when films were done, as the database has it: until
the first one (starting, loading models, one film), from the first to the last, and what comes after
(ending). Only the middle part grows with the films. A pair is written once it is done; the same
command goes on with the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.faults.ray_driver import library
from benchmarks.faults.ray_kills import PATIENT, new_database, postgres_server
from benchmarks.faults.short_films import made_films
from benchmarks.harness import median_interval
from svqa.pipeline import open_library
from svqa.profiling.provenance import package_versions, this_machine

JOBS = 2
ENGINES = ("local", "ray")
PARTS = ("until_first_s", "films_s", "after_last_s", "seconds")
OUT = Path(__file__).with_suffix(".json")


def take_in(engine: str, url: str, models: str, films: Sequence[str]) -> dict[str, Any]:
    """-> seconds of one ingest, in parts."""
    with library(url) if models == "cheap" else open_library(url, models) as here:
        begin = time.time()
        reports = here.ingest(*films, engine=engine, jobs=JOBS)
        end = time.time()
        done = [video.ingested_at.timestamp() for video in here.store.videos()]
    if bad := [report for report in reports if report.status != "ready"]:
        raise RuntimeError(f"not taken in: {bad}")
    parts = (min(done) - begin, max(done) - min(done), end - max(done), end - begin)
    return dict(zip(PARTS, (round(part, 3) for part in parts), strict=True))


def ratios(pairs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """-> Ray's seconds over those of `--jobs`, in all and between the first film and the last."""
    keys = ("value", "low", "high")
    found = {}
    for part in ("seconds", "films_s"):
        of_pairs = [pair["ray"][part] / pair["local"][part] for pair in pairs]
        found[part] = {**dict(zip(keys, median_interval(of_pairs), strict=True)), "n": len(pairs)}
    return found


def ray_overhead(
    models: Annotated[str, typer.Option(help="A model set, or cheap: models that cost nothing.")],
    films: Annotated[int, typer.Option(min=2, max=60, help="Different films of two seconds.")] = 60,
    pairs: Annotated[int, typer.Option(min=1, help="Pairs in all.")] = 5,
    out: Annotated[Path, typer.Option(help="Write JSON here; what is there goes on.")] = OUT,
) -> None:
    """Take the same films in by both, in turn, and write what each took."""
    found: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.exists() else {"rows": {}}
    kept = found["rows"].get(models, {})
    rows: list[dict[str, Any]] = kept["pairs"] if kept.get("films") == films else []
    with tempfile.TemporaryDirectory(prefix="svqa-ray-") as folder, postgres_server() as server:
        paths = made_films(Path(folder), films)
        for number in range(len(rows), pairs):
            pair: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
            for engine in ENGINES[:: 1 if number % 2 else -1]:
                url = new_database(server, f"{engine}{number}")
                pair[engine] = _by_a_process_of_its_own(engine, url, models, paths)
            rows.append(pair)
            print(pair, file=sys.stderr, flush=True)
            found["rows"][models] = {"films": films, "ratio": ratios(rows), "pairs": rows}
            found["hardware"] = this_machine()
            found["versions"] = package_versions(("ray", "torch", "sqlalchemy"))
            out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _by_a_process_of_its_own(
    engine: str, url: str, models: str, films: Sequence[str]
) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="svqa-ray-") as folder:
        told = Path(folder) / "told.json"
        run = [sys.executable, "-m", "benchmarks.ray_overhead", "--one"]
        given = json.dumps([str(told), engine, url, models, list(films)])
        subprocess.run([*run, given], check=True, env={**os.environ, **PATIENT})
        return json.loads(told.read_text("utf-8"))


def _one(given: str) -> None:
    told, *rest = json.loads(given)
    Path(told).write_text(json.dumps(take_in(*rest)), encoding="utf-8")


if __name__ == "__main__":
    _one(sys.argv[2]) if sys.argv[1:2] == ["--one"] else typer.run(ray_overhead)
