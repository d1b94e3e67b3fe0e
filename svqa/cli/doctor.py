"""This machine -> what works, what is in force, what to do about the rest."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from svqa.cli.output import Database, Json, print_json, print_table


def register(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command()(doctor)


def doctor(
    database: Database = None,
    models: Annotated[str, typer.Option("--models")] = "offline",
    json: Json = False,
) -> None:
    """Check this machine: Python, threads, decoder, database, weights, runtimes, network, GPU."""
    from svqa.settings import Settings

    checks = list(examine(Settings.load(database=database).database, models))
    if json:
        print_json([asdict(c) for c in checks])
    else:
        print_table(
            ("", "check", "in force"),
            [("ok" if c.ok else "FAIL", c.name, c.detail) for c in checks],
        )
    if not all(c.ok for c in checks):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Check:
    """One line of the report. `ok` False: something to do, which `detail` says."""

    name: str
    ok: bool
    detail: str


def examine(database: str, models: str) -> Iterator[Check]:
    """Every check in turn.

    One that raises is reported as failed with its error and does not stop the others.
    """
    checks: list[tuple[str, Callable[[], str]]] = [
        ("python", _python),
        ("threads", _threads),
        ("opencv", _opencv),
        ("decoder", _decoder),
        ("decoding", _decoding),
        ("sqlite", _sqlite),
        ("database", lambda: _database(database)),
        ("weights", lambda: _weights(models)),
        ("runtimes", _runtimes),
        ("network", _network),
        ("gpu", _gpu),
    ]
    for name, check in checks:
        try:
            yield Check(name, True, check())
        except Exception as error:  # a check reports, whatever happens
            yield Check(name, False, f"{type(error).__name__}: {error}")


def _python() -> str:
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"


def _threads() -> str:
    import torch

    said = os.environ.get("OMP_NUM_THREADS", "not set")
    return (
        f"{os.cpu_count()} cores, torch {torch.__version__} uses {torch.get_num_threads()} "
        f"threads (OMP_NUM_THREADS {said})"
    )


def _opencv() -> str:
    """Two builds of OpenCV share the folder `cv2/`: fine, as long as they are of one version."""
    builds = sorted({*metadata.packages_distributions().get("cv2", ())})
    versions = {name: metadata.version(name) for name in builds}
    found = ", ".join(f"{name} {version}" for name, version in versions.items())
    newest = max(versions.values(), key=lambda text: [int(part) for part in text.split(".")])
    repair = "pip install --force-reinstall --no-deps " + " ".join(f"{b}=={newest}" for b in builds)
    try:
        import cv2
    except ImportError as error:
        raise RuntimeError(
            f"{found} cannot be imported ({error}): removing one build takes the files of the "
            f"other. Run: {repair}"
        ) from error
    if len(set(versions.values())) > 1:
        raise RuntimeError(
            f"{found}: both write the same folder, so they have to be of one version. Run: {repair}"
        )
    return f"{found}; its folder holds version {cv2.__version__}"


def _decoder() -> str:
    second = (
        "decord " + metadata.version("decord")
        if _has("decord")
        else "decord not installed (optional)"
    )
    return f"PyAV {metadata.version('av')} in a worker process; second backend: {second}"


def _has(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _decoding() -> str:
    """Write a one-second clip in a child process and read it back through the real worker."""
    import subprocess

    from svqa.media import Sampling, probe, read_frames

    script = (
        "import av, sys, numpy as np\n"
        "with av.open(sys.argv[1], 'w') as out:\n"
        "    stream = out.add_stream('mpeg4', rate=10); stream.width = stream.height = "
        "64; stream.pix_fmt = 'yuv420p'\n"
        "    for i in range(10):\n"
        "        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 25 * i, np.uint8))\n"
        "        for packet in stream.encode(frame): out.mux(packet)\n"
        "    for packet in stream.encode(): out.mux(packet)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "clip.mp4")
        subprocess.run(
            [sys.executable, "-c", script, path], check=True, capture_output=True, timeout=60
        )
        info, frames = probe(path), read_frames(path, Sampling.every(0.5))
    if len(frames) != 2:
        raise RuntimeError(f"a one-second clip gave {len(frames)} frames at 2 a second, expected 2")
    return f"a test clip of {info.duration_s:.1f} s was written and read back: {frames!r}"


def _sqlite() -> str:
    version = sqlite3.sqlite_version
    note = ""
    if tuple(map(int, version.split("."))) < (3, 51, 3):
        note = "; older than 3.51.3, so svqa keeps one writer, which alone checkpoints the log"
    return f"SQLite {version}{note}"


def _database(url: str) -> str:
    from svqa.database import open_store

    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return f"{url}: not there yet, the first ingest makes it"
    with open_store(url) as store:
        health = store.check()
    if health.problems:
        raise RuntimeError("; ".join(health.problems))
    keys = "on" if health.foreign_keys else "off"
    return (
        f"{health.url}: {health.backend} {health.version}, journal {health.journal_mode}, "
        f"foreign keys {keys}"
    )


def _weights(models: str) -> str:
    from svqa.models.zoo import describe, verify

    verify(models)
    names = ", ".join(m.name for m in describe(models))
    return f"set '{models}' complete, checksums right: {names}"


def _runtimes() -> str:
    """By what each network runs, once one has run here; a set with others runs by torch."""
    from svqa.models import measured_runtimes

    found = measured_runtimes()
    return "; ".join(f"{name}: {measured}" for name, measured in found.items()) or "none run yet"


def _network() -> str:
    offline = os.environ.get("HF_HUB_OFFLINE", "0")
    return f"nothing is fetched unless `svqa models pull` is asked to (HF_HUB_OFFLINE={offline})"


def _gpu() -> str:
    from svqa.profiling.machine import describe_gpu

    return describe_gpu()
