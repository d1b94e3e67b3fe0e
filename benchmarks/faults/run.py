"""How many mutants, how many kills -> what became of them, counted; resumable."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.faults.ingest_mutants import EVERY_S
from benchmarks.faults.kills import run_kills
from benchmarks.faults.mutants import DAMAGES, FILMS, SECONDS, make_films
from svqa.profiling.provenance import package_versions, this_machine
from svqa.records import Progress

BATCH = 25  # mutants of one process and one database
BATCH_S = 900.0  # a batch that takes longer hangs
PACKAGES = ("av", "numpy", "sqlalchemy", "imageio-ffmpeg")


def run_faults(
    folder: Path,
    *,
    mutants: int,
    kills: int,
    seed: int = 1,
    minutes: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """-> `{"mutants", "kills", "hardware", ...}`, as committed in result.json.

    What was done is kept in `folder`: the next call with the same seed goes on from there. After
    `minutes`, a third of them for the kills, nothing new is begun, and the result says how many
    there were.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begin, all_s = time.monotonic(), 60 * minutes if minutes else float("inf")
    until = begin + all_s
    show = progress or (lambda what, done, of: None)
    killed = _kills(folder, kills, seed, begin + all_s / 3, show)
    rows = _mutants(folder, mutants, seed, until, show)
    command = f"python -m benchmarks.faults --mutants {mutants} --kills {kills} --seed {seed}"
    return {
        "made_on": datetime.now(UTC).date().isoformat(),
        "command": command + (f" --minutes {minutes:g}" if minutes else ""),
        "hardware": this_machine(),
        "versions": package_versions(PACKAGES),
        "seed": seed,
        "mutants": summary(rows),
        "kills": killed,
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Lines of `ingest_mutants` -> counts."""
    made = [row for row in rows if "number" in row]
    ends = [row for row in rows if "healthy" in row]
    taken = [row for row in made if row.get("status") in ("ready", "partial")]
    whole = SECONDS / EVERY_S
    return {
        "n": len(made),
        "films": sorted({row["film"] for row in made}),
        "damages": sorted({row["damage"] for row in made}),
        "status": dict(Counter(row["status"] for row in made).most_common()),
        "errors": dict(Counter(row["error"] for row in made if row.get("error")).most_common()),
        "crashes": sum(row["status"] == "crashed" for row in made),
        "untyped_errors": sum(not row.get("typed", True) for row in made),
        "orphans": sum(row.get("orphans", 0) for row in made),
        "slowest_s": max((row["seconds"] for row in made), default=0.0),
        "grown_mib": max((row.get("grown_mib", 0) for row in made), default=0),
        "pictures": sum(row["frames"] for row in taken),
        "pictures_unsaid": sum(row["unsaid"] for row in taken),
        "films_with_pictures_unsaid": sum(row["unsaid"] > 0 for row in taken),
        "fewer_and_unsaid": sum(not row["said"] and row["frames"] < whole for row in taken),
        "unsaid": [
            {name: row[name] for name in ("number", "film", "damage", "unsaid", "frames")}
            for row in taken
            if row["unsaid"]
        ],
        "healthy_after": sum(row["healthy"] == "ready" for row in ends),
        "batches": len(ends),
        "database_problems": sum(len(row["problems"]) for row in ends),
    }


def _kills(folder: Path, kills: int, seed: int, until: float, show: Progress) -> dict[str, int]:
    kept = folder / f"kills-{seed}.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    done = sum(row["kills"] for row in rows)
    with kept.open("a") as out:
        more = run_kills(
            folder,
            kills=kills - done,
            seed=seed,
            first=len(rows),
            until=until,
        )
        for row in more if done < kills else ():
            rows.append(row)
            out.write(json.dumps(row) + "\n")
            out.flush()
            show("kills", sum(row["kills"] for row in rows), kills)
    names = ("kills", "redone", "not_equal", "not_a_prefix", "damaged", "orphans")
    return {"ingests": len(rows), **{name: sum(row[name] for row in rows) for name in names}}


def _mutants(
    folder: Path, mutants: int, seed: int, until: float, show: Progress
) -> list[dict[str, Any]]:
    make_films(folder)
    kept = folder / f"mutants-{seed}.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    done = {row["number"] for row in rows if "number" in row}
    left = [number for number in range(mutants) if number not in done]
    with kept.open("a") as out:
        while left and time.monotonic() < until:
            batch, left = left[:BATCH], left[BATCH:]
            for row in _ingest(folder, seed, batch):
                rows.append(row)
                out.write(json.dumps(row) + "\n")
                out.flush()
                show("mutants", sum("number" in row for row in rows), mutants)
    return [row for row in rows if row.get("number", 0) < mutants]


def _ingest(folder: Path, seed: int, batch: Sequence[int]) -> list[dict[str, Any]]:
    """-> what the batch's process said; a mutant during which it died is told as `crashed`."""
    rows: list[dict[str, Any]] = []
    while len(rows) < len(batch):
        todo = batch[len(rows) :]
        run = [sys.executable, "-m", "benchmarks.faults.ingest_mutants", str(folder), str(seed)]
        begin = time.monotonic()
        try:
            done = subprocess.run(
                [*run, *map(str, todo)], stdout=subprocess.PIPE, text=True, timeout=BATCH_S
            )
            said, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as error:
            said, code = (error.stdout or b"").decode(), -1
        lines = [json.loads(line) for line in said.splitlines()]
        ends = [row for row in lines if "healthy" in row]
        rows += [row for row in lines if "number" in row]
        if code == 0:
            return rows + ends
        if len(rows) < len(batch):
            number = batch[len(rows)]
            film = sorted(FILMS)[number % len(FILMS)]
            damage = list(DAMAGES)[(number // len(FILMS)) % len(DAMAGES)]
            seconds = round(time.monotonic() - begin, 2)
            crashed = {"number": number, "film": film, "damage": damage, "exit": code}
            rows.append({**crashed, "status": "crashed", "seconds": seconds})
    return rows
