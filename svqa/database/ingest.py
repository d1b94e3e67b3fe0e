"""Claim, chunks, finish: how a video gets into the database, one transaction a chunk."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from svqa.database.base import row_id
from svqa.database.chunks import chunk_part, insert_chunk
from svqa.database.columns import utc_now
from svqa.database.lease_owner import new_owner
from svqa.database.leases import LeaseStore, is_held
from svqa.database.schema import IngestChunk, Segment, Video, VideoMetrics
from svqa.database.stored_records import Claim
from svqa.errors import LeaseLost, NotIngested, UsageError
from svqa.records import Chunk, Segment as SegmentRecord, VideoInfo

LEASE = timedelta(minutes=10)  # longer than any model takes over one chunk

# Built once: making a statement takes SQLAlchemy longer than SQLite takes to run it.
_HOLDER = (
    select(Video.id, Video.owner, Video.committed_s)
    .where(Video.public_id == bindparam("video"))
    .with_for_update()
)
_COMMITTED = select(IngestChunk.part).where(
    IngestChunk.video_id == bindparam("video_id"),
    IngestChunk.part == bindparam("part"),
    IngestChunk.start_s == bindparam("start_s"),
)
_PROGRESS = (
    update(Video)
    .where(Video.id == bindparam("row"))
    .values(
        committed_s=bindparam("reached_s"),
        lease_until=bindparam("lease"),
        frames=Video.frames + bindparam("more_frames"),
        segments=Video.segments + bindparam("more_segments"),
    )
)


class IngestStore(LeaseStore):
    """The part of the store that writes videos."""

    def claim_video(
        self, info: VideoInfo, settings: Mapping[str, str | int | float | bool | None]
    ) -> Claim:
        """Asks for the right to ingest a file with these settings.

        The right is a lease that `commit_chunk` renews.

        The lease of a dead process of this machine, or an expired one, is taken over at once.
        """
        digest = hash_settings(settings)
        public_id = public_id_of(info.sha256, digest)
        with self.write() as connection:
            fresh = self._insert_video(connection, info, settings, digest, public_id)
            row = connection.execute(
                select(Video).where(Video.public_id == public_id).with_for_update()
            ).one()
            # the file was moved; of an object elsewhere nobody asks, that one is read now is known
            if row.path != info.path and not os.path.exists(row.path):
                connection.execute(update(Video).where(Video.id == row.id).values(path=info.path))
            if row.status in ("ready", "partial"):
                return Claim(public_id, row.status, row.committed_s)
            if not fresh and is_held(row):
                return Claim(public_id, "busy", row.committed_s)
            owner = _new_owner()
            connection.execute(
                update(Video)
                .where(Video.id == row.id)
                .values(status="ingesting", note="", owner=owner, lease_until=utc_now() + LEASE)
            )
            latest = connection.execute(
                select(IngestChunk.findings)
                .where(IngestChunk.video_id == row.id)
                .order_by(IngestChunk.part != "frames", IngestChunk.start_s.desc())
                .limit(1)
            ).first()
        self._leases[public_id] = owner
        if latest is None:
            return Claim(public_id, "new", row.committed_s)
        return Claim(public_id, "resumed", row.committed_s, latest.findings or {})

    def commit_chunk(self, video_id: str, chunk: Chunk) -> bool:
        """Writes everything of a chunk in one transaction.

        False where the same chunk was committed before.

        Chunks of frames (or with nothing in them) advance `committed_s` to their end; chunks of
        only scene vectors or speech do not. A chunk is the same when its part (see
        `chunks.chunk_part`) and `start_s` are. Raises `BadVector`, `BadText`, `LeaseLost`; then
        nothing of the chunk is stored.
        """
        part = chunk_part(chunk)
        moment = utc_now()
        with self.write() as connection:
            row = self._held_video(connection, video_id)
            same = {"video_id": row.id, "part": part, "start_s": chunk.start_s}
            if connection.execute(_COMMITTED, same).first() is not None:
                return False
            insert_chunk(connection, row.id, chunk)
            connection.execute(
                insert(IngestChunk),
                {
                    **same,
                    "end_s": chunk.end_s,
                    "committed_at": moment,
                    "findings": dict(chunk.findings),
                },
            )
            progress = {
                "row": row.id,
                "reached_s": max(row.committed_s, chunk.end_s)
                if part == "frames"
                else row.committed_s,
                "lease": moment + LEASE,
                "more_frames": len(chunk.frame_times_s),
                "more_segments": sum(segment.level == "segment" for segment in chunk.segments),
            }
            connection.execute(_PROGRESS, progress)
        return True

    def finish_video(
        self,
        video_id: str,
        *,
        status: str = "ready",
        note: str = "",
        shots: Sequence[SegmentRecord] = (),
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Makes the video searchable, with its shots and its measured figures; ends the lease.

        Figures are `{"decode_s": 1.2}`.
        """
        if status not in ("ready", "partial"):
            raise ValueError(f"status must be ready or partial, got {status!r}")
        figures = {
            name: float(value) for name, value in (metrics or {}).items() if math.isfinite(value)
        }
        with self.write() as connection:
            row = self._held_video(connection, video_id)
            connection.execute(
                delete(Segment).where(Segment.video_id == row.id, Segment.level == "shot")
            )
            connection.execute(delete(VideoMetrics).where(VideoMetrics.video_id == row.id))
            spans = {s.start_s: s for s in shots}.values()
            if spans:
                connection.execute(
                    insert(Segment),
                    [
                        {
                            "video_id": row.id,
                            "level": "shot",
                            "start_s": s.start_s,
                            "end_s": s.end_s,
                        }
                        for s in spans
                    ],
                )
            if figures:
                connection.execute(
                    insert(VideoMetrics),
                    [
                        {"video_id": row.id, "name": name, "value": value}
                        for name, value in figures.items()
                    ],
                )
            connection.execute(
                update(Video)
                .where(Video.id == row.id)
                .values(
                    status=status, note=note, ingested_at=utc_now(), owner=None, lease_until=None
                )
            )
        self._leases.pop(video_id, None)

    def fail_video(self, video_id: str, error: str) -> None:
        """Records why the ingest failed and ends the lease.

        What was committed stays, the next claim resumes there.
        """
        self._let_go(
            video_id,
            status="failed",
            note=error.replace("\0", "").encode("utf-8", "replace").decode(),
        )

    def delete_video(self, video_id: str) -> None:
        """Forget all about a video but its questions. UsageError while somebody takes it in."""
        with self.write() as connection:
            key = row_id(connection, video_id)
            row = connection.execute(select(Video).where(Video.id == key)).one()
            if row.status == "ingesting" and is_held(row):
                raise UsageError(f"{row.path} is being ingested: wait for that, or end it.")
            connection.execute(delete(Video).where(Video.id == key))

    def _insert_video(
        self,
        connection: Connection,
        info: VideoInfo,
        settings: Mapping[str, str | int | float | bool | None],
        digest: str,
        public_id: str,
    ) -> bool:
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
        new = dialect.insert(Video).values(
            public_id=public_id,
            sha256=info.sha256,
            settings_hash=digest,
            settings=dict(settings),
            path=info.path,
            size_bytes=info.size_bytes,
            duration_s=info.duration_s,
            width_px=info.width_px,
            height_px=info.height_px,
            rate_hz=info.rate_hz,
            rotation_deg=info.rotation_deg,
            codec=info.codec,
            container=info.container,
            has_audio=info.has_audio,
            frame_count=info.frames,
            variable_rate=info.variable_rate,
            status="ingesting",
        )
        return connection.execute(new.on_conflict_do_nothing()).rowcount == 1

    def _held_video(self, connection: Connection, video_id: str) -> Row:
        row = connection.execute(_HOLDER, {"video": video_id}).first()
        if row is None:
            raise NotIngested(
                f"No video {video_id!r} was claimed in this database. Call claim_video first."
            )
        if row.owner is None or row.owner != self._leases.get(video_id):
            holder = row.owner or "nobody"
            raise LeaseLost(
                f"Video {video_id!r} is not held by this store (holder: {holder}). Claim it again."
            )
        return row


def public_id_of(sha256: str, settings_hash: str) -> str:
    """-> the short id of a file's bytes ingested with these settings."""
    return hashlib.sha256(f"{sha256}{settings_hash}".encode()).hexdigest()[:12]


def hash_settings(settings: Mapping[str, str | int | float | bool | None]) -> str:
    """SHA-256 of the settings' canonical JSON: the order of the names does not matter."""
    return hashlib.sha256(
        json.dumps(dict(settings), sort_keys=True, allow_nan=False).encode()
    ).hexdigest()


def _new_owner() -> str:
    return new_owner(utc_now())
