"""`python -m benchmarks.faults.ray_kills`: films taken in by a Ray cluster whose parts are killed.

Two nodes on this machine and a real PostgreSQL. In every run a new database gets the films, while a
worker, the second node, the database or the driver is killed with SIGKILL at random moments and,
but for the worker, which Ray starts again itself, started anew. In the end the rows have to be
those of one process that nobody disturbed.
"""

from __future__ import annotations

import json as serialiser
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from benchmarks.faults.ray_driver import library
from benchmarks.faults.stored_rows import Rows, all_rows
from svqa.cli.output import print_table
from svqa.profiling.provenance import package_versions, this_machine
from svqa.reporting.sample_clips import ffmpeg

PARTS = ("worker", "node", "database", "driver")
RUN_S = 900.0  # a run that takes longer hangs
COLOURS = ("blue", "green", "gray", "navy", "teal", "olive", "maroon", "purple", "white", "orange")
NODE = {
    "num_cpus": 1,
    "object_store_memory": 100_000_000,
    "include_dashboard": False,
    "include_log_monitor": False,
    "node_ip_address": "127.0.0.1",
}
# on a machine with more to do than cores, Ray's own parts take longer to start than it waits
PATIENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on these the loopback is the address of a node
    "RAY_raylet_start_wait_time_s": "120",
    "RAY_agent_register_timeout_ms": "120000",
}


def run_ray_kills(
    folder: Path, *, films: int, runs: int, kills: int, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield what each run came to: kills by part, seconds, and what differs (all 0 if nothing)."""
    paths = [_film(folder, number) for number in range(films)]
    with _postgres() as server, _Cluster() as cluster:
        with library(_new_database(server, "undisturbed")) as one:
            one.ingest(*paths)
            right = all_rows(one.store)
        for number in range(runs):
            rng = random.Random(f"ray:{seed}:{number}")
            url = _new_database(server, f"run{number}")
            begin = time.monotonic()
            killed = _disturbed(url, paths, server, cluster, kills, rng)
            took_s = round(time.monotonic() - begin, 1)
            with library(url) as here:
                found = _compared(all_rows(here.store), right)
            yield {"run": number, "killed": dict(killed), "seconds": took_s, **found}


def _disturbed(
    url: str, paths: Sequence[str], server: Any, cluster: _Cluster, kills: int, rng: random.Random
) -> Counter[str]:
    """Kill parts of an ingest until there were `kills`; let it end; -> how often each was."""
    killed: Counter[str] = Counter()
    parts = [part for _ in range(kills) for part in rng.sample(PARTS, len(PARTS))][:kills]
    driver = _drive(url, cluster.address, paths)
    until = time.monotonic() + RUN_S
    try:
        while (code := driver.poll()) != 0:
            if time.monotonic() > until:
                raise TimeoutError(f"a run did not end within {RUN_S:.0f} s")
            if code is not None:  # killed, or it could not reach what is just being started
                driver = _drive(url, cluster.address, paths)
            time.sleep(rng.uniform(0.2, 2.0))
            if parts and (actors := _actors()):  # films are being taken in, or are about to be
                part = parts.pop()
                _kill(part, driver, server, cluster, actors)
                killed[part] += 1
    finally:
        driver.kill()
        driver.wait()
    return killed


def _kill(
    part: str,
    driver: subprocess.Popen[bytes],
    server: Any,
    cluster: _Cluster,
    actors: list[psutil.Process],
) -> None:
    """Kill a part, and start it again where nobody else does."""
    if part == "driver":
        driver.kill()
        driver.wait()
    elif part == "database":
        first = psutil.Process(server.get_pid())
        others = first.children()
        first.kill()
        psutil.wait_procs([first, *others], timeout=30)  # they share memory, which has to be free
        while True:  # it mends itself before it answers, which may take longer than pg_ctl waits
            with suppress(subprocess.SubprocessError, AssertionError):
                server.ensure_postgres_running()
                break
            time.sleep(0.2)
    elif part == "node":
        cluster.replace_node()
    else:
        with suppress(psutil.NoSuchProcess):
            actors[0].kill()


def _actors() -> list[psutil.Process]:
    """-> the processes of this machine's actors: Ray names each after what it is."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.cmdline()[0].startswith("ray::FilmActor"):
                found.append(process)
    return found


def _compared(found: Rows, right: Rows) -> dict[str, int]:
    """-> rows that are lost, and rows that should not be there."""
    return {
        "lost": sum((right[table] - found[table]).total() for table in right),
        "doubled": sum((found[table] - right[table]).total() for table in right),
    }


def _new_database(server: Any, name: str) -> str:
    server.psql(f"CREATE DATABASE {name}")
    return server.get_uri().replace("/postgres?", f"/{name}?")


def _drive(url: str, address: str, paths: Sequence[str]) -> subprocess.Popen[bytes]:
    run = [sys.executable, "-m", "benchmarks.faults.ray_driver", url, address, *paths]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(run, stdin=quiet, stdout=quiet, stderr=quiet)


def _film(folder: Path, number: int) -> str:
    """-> two seconds of a colour, and a number of frames by which films of one colour differ."""
    path = folder / f"film-{number:02}.mp4"
    if not path.exists():
        seconds = 2.0 + 0.1 * (number // len(COLOURS))
        source = f"color={COLOURS[number % len(COLOURS)]}:s=64x48:r=10:d={seconds}"
        command = [ffmpeg(), "-v", "error", "-f", "lavfi", "-i", source]
        subprocess.run([*command, "-pix_fmt", "yuv420p", "-g", "10", str(path)], check=True)
    return str(path)


@contextmanager
def _postgres() -> Iterator[Any]:
    import pgserver

    with tempfile.TemporaryDirectory(prefix="svqa-pg-", ignore_cleanup_errors=True) as data:
        server = pgserver.get_server(data, cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


class _Cluster:
    """Two nodes of a processor each, on the loopback."""

    def __init__(self) -> None:
        os.environ.update(PATIENT)
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(initialize_head=True, head_node_args={**NODE, "no_monitor": True})
        self._second = self._cluster.add_node(**NODE)

    def __enter__(self) -> _Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.shutdown()

    @property
    def address(self) -> str:
        return self._cluster.address

    def replace_node(self) -> None:
        """End the second node with all its processes, and start another."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = self._cluster.add_node(**NODE)


def ray_kills(
    films: Annotated[int, typer.Option(min=1, help="Films of two seconds.")] = 40,
    runs: Annotated[int, typer.Option(min=1, help="Databases that they go into.")] = 20,
    kills: Annotated[int, typer.Option(min=0, help="Kills in each.")] = 3,
    seed: Annotated[int, typer.Option(help="Which parts, which moments.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write JSON to this file too.")] = None,
) -> None:
    """Take films in by a cluster whose parts are killed; count what came of it."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="svqa-ray-") as folder:
        for row in run_ray_kills(Path(folder), films=films, runs=runs, kills=kills, seed=seed):
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
    result = {
        "made_on": datetime.now(UTC).date().isoformat(),
        "command": f"python -m benchmarks.faults.ray_kills --films {films} --runs {runs} "
        f"--kills {kills} --seed {seed}",
        "hardware": this_machine(),
        "versions": package_versions(("ray", "sqlalchemy", "psycopg", "pgserver")),
        "films": films,
        "runs": len(rows),
        "killed": dict(sum((Counter(row["killed"]) for row in rows), Counter())),
        "lost": sum(row["lost"] for row in rows),
        "doubled": sum(row["doubled"] for row in rows),
        "slowest_s": max(row["seconds"] for row in rows),
    }
    if out:
        out.write_text(serialiser.dumps(result, indent=2) + "\n", encoding="utf-8")
    print_table(("what", "value"), [(k, v) for k, v in result.items() if k not in ("hardware",)])


if __name__ == "__main__":
    typer.run(ray_kills)
