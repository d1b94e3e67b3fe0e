"""P12: a chunk's rows through the store, against the same rows by `sqlite3.executemany`."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.harness import Benchmark, Case
from svqa.database import Store, open_store
from svqa.records import Chunk, VectorSet, VideoInfo

ROWS = 20_000
DIM = 384
WRITE = Benchmark(
    "P12",
    f"{2 * ROWS:,} rows in one transaction",
    "sqlite3.executemany into the same tables",
    0.75,
    higher_is_better=True,
)
BENCHMARKS = (WRITE,)


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case]]:
    """Yields P12 on two fresh databases."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(f"sqlite:///{folder}/ours.db") as store,
    ):
        open_store(f"sqlite:///{folder}/theirs.db").close()
        raw = sqlite3.connect(Path(folder) / "theirs.db", isolation_level=None)
        raw.execute("PRAGMA foreign_keys=ON")
        spans = np.stack([np.arange(ROWS), np.arange(ROWS) + 1.0], axis=1) * 1e-3
        values = np.random.default_rng(0).standard_normal((ROWS, DIM)).astype(np.float32)
        chunk = Chunk(
            0.0,
            30.0,
            tuple(spans[:, 0]),
            vectors=(VectorSet("frame", "visual", "bench", spans, values),),
        )
        numbers = count(1)
        yield iter(
            [
                Case(
                    WRITE,
                    lambda: _ours(store, chunk, next(numbers)),
                    lambda: _theirs(raw, chunk, next(numbers)),
                    int.__eq__,
                )
            ]
        )
        raw.close()


def _info(number: int) -> VideoInfo:
    return VideoInfo(f"{number}.mp4", f"{number:064x}", 1, 30.0, 64, 64, 25.0)


def _ours(store: Store, chunk: Chunk, number: int) -> int:
    claim = store.claim_video(_info(number), {})
    store.commit_chunk(claim.video_id, chunk)
    store.finish_video(claim.video_id)
    return store.find_video(claim.video_id).frames


def _theirs(raw: sqlite3.Connection, chunk: Chunk, number: int) -> int:
    info, vectors = _info(number), chunk.vectors[0]
    raw.execute("BEGIN IMMEDIATE")
    video = _insert(
        raw,
        "videos",
        {
            "public_id": f"{number:012x}",
            "sha256": info.sha256,
            "settings_hash": "0" * 64,
            "settings": "{}",
            "path": info.path,
            "size_bytes": 1,
            "duration_s": 30.0,
            "width_px": 64,
            "height_px": 64,
            "rate_hz": 25.0,
            "rotation_deg": 0,
            "codec": "",
            "container": "",
            "has_audio": 0,
            "variable_rate": 0,
            "status": "ready",
            "note": "",
            "committed_s": 30.0,
            "frames": 0,
            "segments": 0,
            "created_at": "2026-01-01 00:00:00.000000",
        },
    )
    space = raw.execute("SELECT id FROM embedding_spaces").fetchone()
    space = (
        space[0]
        if space
        else _insert(
            raw,
            "embedding_spaces",
            {"level": "frame", "modality": "visual", "model_id": "bench", "dim": DIM},
        )
    )
    halves = vectors.values.astype(np.float16)
    raw.executemany(
        "INSERT INTO frames (video_id, t_s) VALUES (?, ?)",
        ((video, t) for t in chunk.frame_times_s),
    )
    raw.executemany(
        "INSERT INTO embeddings (video_id, space_id, start_s, end_s, vector) VALUES (?, "
        "?, ?, ?, ?)",
        (
            (video, space, a, b, half.tobytes())
            for (a, b), half in zip(vectors.spans.tolist(), halves, strict=True)
        ),
    )
    raw.execute("COMMIT")
    return raw.execute("SELECT count(*) FROM frames WHERE video_id = ?", (video,)).fetchone()[0]


def _insert(raw: sqlite3.Connection, table: str, row: dict) -> int:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    return raw.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values())
    ).lastrowid
