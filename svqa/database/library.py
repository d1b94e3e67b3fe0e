"""Rows -> records: the videos, and what was seen and heard in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TypeVar

import numpy as np
from sqlalchemy import ColumnElement, Row, func, inspect, select

from svqa.database.base import SEARCHABLE, Transactions, row_id
from svqa.database.columns import check_text
from svqa.database.ingest import hash_settings, public_id_of
from svqa.database.schema import (
    Caption,
    Detection,
    Embedding,
    EmbeddingSpace,
    Frame,
    IngestChunk,
    Segment,
    TextBox,
    Utterance,
    Video,
    VideoMetrics,
)
from svqa.database.stored_records import (
    BoxColumns,
    StoredChunk,
    StoredVideo,
    statements_of,
    stored_video,
)
from svqa.errors import NotIngested
from svqa.records import (
    Caption as CaptionRecord,
    Detection as DetectionRecord,
    Segment as SegmentRecord,
    TextBox as TextBoxRecord,
    Utterance as UtteranceRecord,
)

# a table with a video and a time
T = TypeVar("T", Caption, Utterance, Detection, TextBox, Segment, Frame, IngestChunk)


class LibraryStore(Transactions):
    """The part of the store that reads videos. A video that is being ingested is never searched."""

    def videos(
        self, *, ready_only: bool = True, settings_match: Mapping | None = None
    ) -> list[StoredVideo]:
        """The videos, oldest first.

        With `settings_match` only those ingested with these values of these settings.
        """
        query = select(Video).order_by(Video.id)
        if ready_only:
            query = query.where(Video.status.in_(SEARCHABLE))
        with self.read() as connection:
            found = [stored_video(row) for row in connection.execute(query)]
        wanted = (settings_match or {}).items()
        return [
            v
            for v in found
            if all(name in v.settings and v.settings[name] == value for name, value in wanted)
        ]

    def find_video(self, key: str, *, ready_only: bool = True) -> StoredVideo:
        """The video with this id (or a unique beginning of it), path, SHA-256 or unique file name.

        The newest of several ingests.

        `NotIngested` lists what comes near; `BadText` for a key that no text in a database can be.
        """
        key = check_text(str(key))
        paths = {key, os.path.abspath(key), os.path.realpath(key)}
        with self.read() as connection:
            for condition in (
                Video.public_id == key,
                Video.path.in_(sorted(paths)),
                Video.sha256 == key.lower(),
            ):
                every = connection.execute(select(Video).where(condition)).all()
                rows = [r for r in every if r.status in SEARCHABLE or not ready_only]
                if rows:
                    return stored_video(max(rows, key=_newest))
            vague = Video.path.endswith(f"{os.sep}{key}", autoescape=True)
            if len(key) >= 4 and key.isalnum():
                vague |= Video.public_id.startswith(key, autoescape=True)
            every = connection.execute(select(Video).where(vague)).all() if key else []
        rows = [r for r in every if r.status in SEARCHABLE or not ready_only]
        if len({r.sha256 for r in rows}) == 1:
            return stored_video(max(rows, key=_newest))
        raise NotIngested(self._not_found(key, [f"{r.public_id} {r.path}" for r in rows]))

    def ingested(
        self, sha256: str, settings: Mapping[str, str | int | float | bool | None]
    ) -> StoredVideo | None:
        """The searchable video with these bytes and settings, None where there is none yet."""
        query = select(Video).where(
            Video.public_id == public_id_of(sha256, hash_settings(settings))
        )
        with self.read() as connection:
            row = connection.execute(query.where(Video.status.in_(SEARCHABLE))).first()
        return None if row is None else stored_video(row)

    def captions(self, video: str) -> list[CaptionRecord]:
        """A video's captions in time order."""
        return [
            CaptionRecord(r.text, r.start_s, r.end_s, r.score, r.model_id, statements_of(r))
            for r in self._rows(Caption, video)
        ]

    def utterances(self, video: str) -> list[UtteranceRecord]:
        """What is said in a video, in time order."""
        return [
            UtteranceRecord(r.text, r.start_s, r.end_s, r.score, r.model_id)
            for r in self._rows(Utterance, video)
        ]

    def detections(self, video: str) -> list[DetectionRecord]:
        """A video's boxes in time order."""
        return [
            DetectionRecord(
                r.label,
                r.score,
                (r.left_px, r.top_px, r.right_px, r.bottom_px),
                r.t_s,
                r.model_id,
                r.track_id,
            )
            for r in self._rows(Detection, video)
        ]

    def box_columns(self, video: str) -> BoxColumns:
        """The same as columns: a tenth of the time, where there are hours of boxes."""
        box, sides = Detection, ("left_px", "top_px", "right_px", "bottom_px")
        with self.read() as connection:
            query = (
                select(box.label, box.t_s, box.track_id, *(getattr(box, side) for side in sides))
                .where(box.video_id == row_id(connection, video))
                .order_by(box.t_s, box.id)
            )
            rows = connection.execute(query).all()
        # a column at a time: to turn all rows around at once takes as long as to read them
        label, t_s, track, *xyxy = (tuple(map(itemgetter(i), rows)) for i in range(7))
        return BoxColumns(label, t_s, track, np.array(xyxy, np.float64).T.reshape(-1, 4))

    def text_boxes(self, video: str) -> list[TextBoxRecord]:
        """The lines of text in a video's pictures, by time; those of one moment in reading order.

        A line that stays longer than a committed chunk comes once a chunk.
        """
        return [
            TextBoxRecord(
                r.text,
                r.start_s,
                r.end_s,
                r.score,
                (r.left_px, r.top_px, r.right_px, r.bottom_px),
                r.model_id,
            )
            for r in self._rows(TextBox, video)
        ]

    def segments(self, video: str, level: str = "segment") -> list[SegmentRecord]:
        """A video's stretches of one level, in time order."""
        rows = self._rows(Segment, video, Segment.level == level)
        return [SegmentRecord(r.start_s, r.end_s, r.level) for r in rows]

    def shots(self, video: str) -> list[SegmentRecord]:
        """A video's shots, in time order."""
        return self.segments(video, "shot")

    def frame_times(self, video: str) -> np.ndarray:
        """(T,) float64 seconds of the sampled frames."""
        return np.array([r.t_s for r in self._rows(Frame, video)], dtype=np.float64)

    def chunks(self, video: str) -> list[StoredChunk]:
        """What has been committed of a video, also while it is being ingested."""
        return [
            StoredChunk(r.part, r.start_s, r.end_s, r.committed_at)
            for r in self._rows(IngestChunk, video)
        ]

    def metrics(self, video: str) -> dict[str, float]:
        """The measured figures of a video's ingest, by name."""
        with self.read() as connection:
            rows = connection.execute(
                select(VideoMetrics.name, VideoMetrics.value)
                .where(VideoMetrics.video_id == row_id(connection, video))
                .order_by(VideoMetrics.name)
            )
            return {row.name: row.value for row in rows}

    def vector_bytes(self, video: str) -> int:
        """Bytes of a video's vectors."""
        query = select(EmbeddingSpace.dim, func.count()).join(
            Embedding, Embedding.space_id == EmbeddingSpace.id
        )
        with self.read() as connection:
            query = query.where(Embedding.video_id == row_id(connection, video))
            rows = connection.execute(query.group_by(EmbeddingSpace.id, EmbeddingSpace.dim))
            return sum(2 * dim * count for dim, count in rows)

    def _rows(self, table: type[T], video: str, *conditions: ColumnElement[bool]) -> Sequence[Row]:
        time = table.t_s if issubclass(table, (Frame, Detection)) else table.start_s
        with self.read() as connection:
            query = (
                select(table)
                .where(table.video_id == row_id(connection, video), *conditions)
                .order_by(time, *inspect(table).primary_key)
            )
            return connection.execute(query).all()

    def _not_found(self, key: str, begins: list[str]) -> str:
        import difflib

        if begins:
            return (
                f"{key!r} is the name, or the beginning, of several videos: "
                f"{'; '.join(begins[:5])}. Give the path, or more of the id."
            )
        known = self.videos()
        names = {os.path.basename(v.path): v for v in known} | {v.id: v for v in known}
        near = difflib.get_close_matches(os.path.basename(key), names, n=3, cutoff=0.4)
        hint = (
            f" Near: {'; '.join(f'{names[n].id} {names[n].path}' for n in near)}." if near else ""
        )
        return f"No ingested video {key[:200]!r} among {len(known)}.{hint} Run: svqa ingest PATH"


def newest_per_file(videos: Iterable[StoredVideo]) -> list[StoredVideo]:
    """Of several ingests of the same bytes only the newest, in the order given."""
    newest: dict[str, StoredVideo] = {}
    for video in videos:
        if video.sha256 not in newest or _newest(video) >= _newest(newest[video.sha256]):
            newest[video.sha256] = video
    kept = {v.id for v in newest.values()}
    return [v for v in videos if v.id in kept]


def _newest(video: StoredVideo | Row) -> tuple:
    return (video.ingested_at or video.created_at, video.created_at)
