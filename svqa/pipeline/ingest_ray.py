"""Paths -> reports, on the machines of a Ray cluster: an actor a core, a film a call.

An actor keeps its models from film to film and writes to PostgreSQL itself, a chunk a transaction.
The driver only hands films out: what it must know to go on is in the database, so it may be killed
and started again. A film whose actor, machine or database went away is handed out again, and goes
on after its last chunk; of leases that a dead actor of another machine still has, the driver
reports the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from svqa.database import Store, open_store, this_process
from svqa.errors import DatabaseError, DatabaseUnreachable, UsageError
from svqa.models.zoo import ModelSet
from svqa.pipeline.film_queue import FilmQueue
from svqa.pipeline.ingest import FATAL, IngestReport, ingest_one
from svqa.records import Progress
from svqa.settings import Settings

MOST_DEATHS = 3  # actors that may die of a film while their machines live
PATIENCE_S = 600.0  # without a database
POLL_S = 1.0
LONGEST_PAUSE_S = 60.0  # of an actor that does not reach a database which the driver reaches
STORE_BYTES = 100_000_000  # no film and no row goes through Ray's memory


def ingest_on_ray(
    store: Store,
    models: ModelSet,
    paths: Sequence[str | Path],
    *,
    settings: Settings,
    address: str | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> list[IngestReport]:
    """One report a file, in the order of `paths`, with the rows that one machine makes.

    `address`: of a running cluster (`auto`, `host:port`, `ray://host:port`); without it Ray is
    started on this machine for this call. `jobs`: actors, as many as the cluster has room for
    without it; with an autoscaler, more of them are what it grows for. Paths are read on the
    machines of the cluster: on a file system that all of them see. Raises UsageError where the
    store is not PostgreSQL or Ray is not installed, and what a request raises that is wrong for
    every film.
    """
    if not store.url.startswith("postgresql"):
        raise UsageError(
            f"Machines share a database over the network: --engine ray writes to PostgreSQL, got "
            f"{store.url}. Give --database postgresql://user@host/name."
        )
    films = FilmQueue([p if "://" in str(p) else os.path.abspath(p) for p in paths], MOST_DEATHS)
    given = (store.full_url, models.replaced({}), settings)
    with _connected(address) as ray:
        _Crew(ray, store, films, given, jobs, progress).work()
    names = [str(path) for path in paths]
    return [replace(r, path=name) for r, name in zip(films.in_order(), names, strict=True)]


class FilmActor:
    """What runs on a machine of the cluster; everything is opened and loaded when first used."""

    def __init__(self, database: str, models: ModelSet, settings: Settings):
        self._database, self._models, self._settings = database, models, settings
        self._store: Store | None = None

    def begin(self) -> tuple[str, str, str]:
        """-> the version of svqa here, this machine, the process that its leases name."""
        import ray

        from svqa import __version__

        return __version__, ray.get_runtime_context().get_node_id(), this_process()

    def take_in(self, path: str, process: str) -> IngestReport | None:
        """Ingest a film; None where this is another process than the one that is meant.

        Raises what is wrong for every film, and DatabaseUnreachable.
        """
        if process != this_process():
            return None
        if self._store is None:
            self._store = open_store(self._database)
        fatal = (*FATAL, DatabaseUnreachable)
        return ingest_one(self._store, self._models, path, settings=self._settings, fatal=fatal)


@dataclass
class _Member:
    """An actor as the driver sees it: what it was asked last, and where it runs."""

    actor: Any
    asked: Any  # the reference of its next answer
    film: int | None = None
    node: str = ""
    process: str = ""
    idle: bool = False
    pause_s: float = POLL_S  # the next one, should it not reach the database
    paused_s: float = 0.0  # in all, since its last report
    until_s: float = 0.0  # of `time.monotonic`; no film before

    def pause(self) -> None:
        """It did not reach the database. Raises DatabaseError where it has not for too long."""
        if self.paused_s + self.pause_s > PATIENCE_S:
            raise DatabaseError(
                f"The machine {self.node} of the cluster could not reach the database, which this "
                f"one reaches, in {PATIENCE_S:.0f} s of trying again. What was committed is kept: "
                "see to its network, and run the same command again."
            )
        self.until_s = time.monotonic() + self.pause_s
        self.paused_s += self.pause_s
        self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)

    def reported(self) -> None:
        """It took a film in, or found out why not."""
        self.film, self.pause_s, self.paused_s = None, POLL_S, 0.0


class _Crew:
    """The actors, and who has which film."""

    def __init__(
        self,
        ray: Any,
        store: Store,
        films: FilmQueue,
        given: tuple[str, ModelSet, Settings],
        jobs: int | None,
        progress: Progress | None,
    ):
        self.ray, self.store, self.films, self.progress = ray, store, films, progress
        what = "CPU" if given[2].device == "cpu" else "GPU"
        room = int(ray.cluster_resources().get(what, 0))
        count = max(1, min(len(films.paths), jobs or room))
        need = {"num_cpus": 1, "num_gpus": int(what == "GPU")}
        # a restarted actor is asked again by this driver, which knows why it died
        remote = ray.remote(max_restarts=-1, max_task_retries=0, **need)(FilmActor)
        actors = [remote.remote(*given) for _ in range(count)]
        self.members = [_Member(actor, actor.begin.remote()) for actor in actors]
        self.idle_processes: set[str] = set()  # whose leases have to end before films are given out
        self.lost_s: float | None = None

    def work(self) -> None:
        """Until there is a report for every film; whatever comes, no actor and no lease is left."""
        try:
            while not self.films.done:
                self._hand_out()
                asked = [member.asked for member in self.members if not member.idle]
                if not asked:  # all of them pause, or the database is away
                    time.sleep(POLL_S)
                    continue
                for reference in self.ray.wait(asked, timeout=POLL_S)[0]:
                    self._hear(next(m for m in self.members if m.asked == reference))
        finally:
            for member in self.members:
                self.ray.kill(member.actor)
                self.idle_processes.add(member.process)
            with suppress(DatabaseError):  # the next run ends them, or they run out
                self._end_leases()

    def _hand_out(self) -> None:
        try:
            self._end_leases()
        except DatabaseError:
            self._wait_for_database()
            return
        for member in self.members:
            ready = member.idle and member.until_s <= time.monotonic()
            if ready and (film := self.films.next()) is not None:
                member.film, member.idle = film, False
                member.asked = member.actor.take_in.remote(self.films.paths[film], member.process)

    def _end_leases(self) -> None:
        for process in list(self.idle_processes):
            self.store.end_leases(process)
            self.idle_processes.discard(process)
        self.lost_s = None

    def _wait_for_database(self) -> None:
        """Raises DatabaseError where it is away for too long."""
        self.lost_s = self.lost_s or time.monotonic()
        if time.monotonic() - self.lost_s > PATIENCE_S:
            raise DatabaseError(
                f"{self.store.url} could not be reached for {PATIENCE_S:.0f} s. What was committed "
                "is kept: start it, and run the same command again."
            )
        time.sleep(POLL_S)

    def _hear(self, member: _Member) -> None:
        """One answer of an actor: it has begun, it has a report, or something went wrong."""
        film = member.film
        try:
            answer = self.ray.get(member.asked)
        except self.ray.exceptions.RayTaskError as error:
            if film is None or not isinstance(error.cause, DatabaseUnreachable):
                raise error.cause from None
            self._let_go(member)
            self.films.again(film)
            member.pause()
            member.idle = True
        except self.ray.exceptions.RayError as error:  # the actor, or its machine, is gone
            if film is None and isinstance(error, self.ray.exceptions.ActorDiedError):
                raise UsageError(f"No film can be taken in on this cluster: {error}") from None
            self._let_go(member)
            if film is not None and self._lives(member.node):
                self.films.died(film, f"with {type(error).__name__}")
            elif film is not None:
                self.films.again(film)
            member.asked = member.actor.begin.remote()  # answered once it was started again
        else:
            if film is None:
                self._begun(member, *answer)
            elif answer is None:  # it died between two films
                self._let_go(member)
                self.films.again(film)
                member.asked = member.actor.begin.remote()
                return
            else:
                self.films.report(film, answer)
                member.reported()
                self._tell()
            member.idle = True

    def _let_go(self, member: _Member) -> None:
        """What an actor had in hand it has no longer; its leases may still say so."""
        member.film = None
        self.idle_processes.add(member.process)

    def _begun(self, member: _Member, version: str, node: str, process: str) -> None:
        from svqa import __version__

        if version != __version__:
            raise UsageError(
                f"This is svqa {__version__}, and a machine of the cluster has {version}: rows "
                "would differ. Install the same on all of them."
            )
        member.node, member.process = node, process

    def _lives(self, node: str) -> bool:
        return any(n["NodeID"] == node and n["Alive"] for n in self.ray.nodes())

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress("films", len(self.films.reports), len(self.films.paths))


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Ray, joined or started here; it tells nobody how it is used."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise UsageError("Ray is not installed. Run: pip install 'svqa[ray]'") from None
    joined = ray.is_initialized()  # by a program of which this is a part
    if not joined:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if address is None:
            options |= {"include_dashboard": False, "object_store_memory": STORE_BYTES}
            options |= {"_node_ip_address": "127.0.0.1"}
        try:
            ray.init(address or "local", **options)
        except Exception as error:  # Ray raises just this where a node is slow to start
            where = f"the cluster at {address!r}" if address else "a Ray on this machine"
            raise UsageError(f"Ray could not reach {where}: {error}") from None
    try:
        yield ray
    finally:
        if not joined:
            ray.shutdown()
