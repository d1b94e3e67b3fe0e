"""Queries, comparisons and model versions -> rows written once, and read back as records."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Integer, Row, cast, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from svqa.database.base import Transactions, row_id
from svqa.database.schema import Video
from svqa.database.schema_trail import (
    ModelAlias,
    ModelComparison,
    ModelVersion,
    Query,
    QueryEvidence,
    QueryVideo,
)
from svqa.database.stored_records import Outcome, StoredComparison, StoredQuery, StoredVersion
from svqa.errors import UsageError
from svqa.records import Evidence

R = TypeVar("R", StoredComparison, StoredQuery, StoredVersion)


class AuditStore(Transactions):
    """The part of the store that keeps what was asked, compared and trained.

    Nothing here is changed once written.
    """

    def add_query(
        self,
        question: str,
        *,
        kind: str,
        models: Mapping[str, str],
        latency_ms: float,
        evidence: Sequence[Evidence] = (),
        videos: Iterable[str] = (),
        options: Sequence[str] = (),
        answer: str = "",
        option: int | None = None,
        score: float | None = None,
        abstained: bool = False,
        reason: str = "",
        usage: Mapping[str, int] | None = None,
    ) -> int:
        """Keeps a question (`kind="ask"`) or search with its outcome; -> its number.

        `videos`: the ids it was asked of, none for the whole library. `models`: role -> model id.
        `usage`: what a chat model read and wrote for it.
        """
        with self.write() as connection:
            number = _insert(
                connection,
                insert(Query).values(
                    kind=kind,
                    question=question,
                    options=list(options),
                    answer=answer,
                    option=option,
                    score=None if score is None else float(score),
                    abstained=bool(abstained),
                    reason=reason,
                    latency_ms=float(latency_ms),
                    models=dict(models),
                    usage=dict(usage or {}),
                ),
            )
            named = [
                {"query_id": number, "video_id": row_id(connection, v)}
                for v in dict.fromkeys(videos)
            ]
            if named:
                connection.execute(insert(QueryVideo), named)
            if evidence:
                connection.execute(
                    insert(QueryEvidence), _evidence_rows(connection, number, evidence)
                )
        return number

    def queries(
        self, limit: int = 100, *, video: str | None = None, ids: Sequence[int] | None = None
    ) -> list[StoredQuery]:
        """The last questions and searches, newest first; of a `video` or of these `ids` only."""
        query = select(Query).order_by(Query.id.desc()).limit(limit)
        query = query if ids is None else query.where(Query.id.in_(ids))
        with self.read() as connection:
            if video is not None:
                query = query.join(QueryVideo, QueryVideo.query_id == Query.id).where(
                    QueryVideo.video_id == row_id(connection, video)
                )
            rows = connection.execute(query).all()
            ids = [row.id for row in rows]
            named = connection.execute(
                select(QueryVideo.query_id, Video.public_id)
                .join(Video, Video.id == QueryVideo.video_id)
                .where(QueryVideo.query_id.in_(ids))
            ).all()
            shown = connection.execute(
                select(QueryEvidence)
                .where(QueryEvidence.query_id.in_(ids))
                .order_by(QueryEvidence.query_id, QueryEvidence.rank)
            ).all()
        return [
            _query(
                row,
                [n.public_id for n in named if n.query_id == row.id],
                [e for e in shown if e.query_id == row.id],
            )
            for row in rows
        ]

    def outcomes(self, video: str) -> list[Outcome]:
        """How each question and search that named this video ended, oldest first."""
        query = select(Query.kind, Query.abstained, Query.score, Query.latency_ms).join(
            QueryVideo, QueryVideo.query_id == Query.id
        )
        with self.read() as connection:
            rows = connection.execute(
                query.where(QueryVideo.video_id == row_id(connection, video)).order_by(
                    QueryVideo.query_id
                )
            )
            return [Outcome(*row) for row in rows]

    def add_comparison(self, comparison: StoredComparison) -> int:
        """Keeps a comparison of models; -> its number."""
        with self.write() as connection:
            values = _given(comparison, "models") | {"models": list(comparison.models)}
            return _insert(connection, insert(ModelComparison).values(**values))

    def comparisons(
        self, *, model_type: str | None = None, limit: int = 100
    ) -> list[StoredComparison]:
        """The last comparisons, newest first."""
        query = select(ModelComparison).order_by(ModelComparison.id.desc()).limit(limit)
        if model_type is not None:
            query = query.where(ModelComparison.model_type == model_type)
        with self.read() as connection:
            return [
                _record(StoredComparison, row, models=tuple(row.models))
                for row in connection.execute(query)
            ]

    def add_model_version(self, version: StoredVersion) -> StoredVersion:
        """Keeps a version under the next number of its name.

        -> it with `id`, `number` and `created_at`.

        A `number` that is given is used, and refused where it exists. `aliases` are set with
        `set_alias`.
        """
        with self.write() as connection:
            _lock(connection, ModelVersion.__tablename__)
            last = connection.execute(
                select(func.max(cast(ModelVersion.number, Integer))).where(
                    ModelVersion.name == version.name
                )
            ).scalar()
            values = _given(version, "aliases") | {"number": version.number or (last or 0) + 1}
            if version.number is not None and last is not None and version.number <= last:
                raise UsageError(
                    f"{version.name} has versions up to {last}; {version.number} cannot "
                    "be written again."
                )
            connection.execute(insert(ModelVersion).values(**values))
        return self.model_version(f"{version.name}:{values['number']}")

    def model_versions(self, name: str | None = None) -> list[StoredVersion]:
        """All versions, or those of one name, oldest first, with their aliases."""
        query = select(ModelVersion).order_by(ModelVersion.name, ModelVersion.number)
        with self.read() as connection:
            rows = connection.execute(
                query if name is None else query.where(ModelVersion.name == name)
            ).all()
            aliases = connection.execute(
                select(ModelAlias.version_id, ModelAlias.alias).order_by(ModelAlias.alias)
            ).all()
        return [
            _record(
                StoredVersion,
                row,
                aliases=tuple(a.alias for a in aliases if a.version_id == row.id),
            )
            for row in rows
        ]

    def model_version(self, key: str) -> StoredVersion:
        """The version `name:3`, `name:champion`, `name@champion`, or the latest of `name`.

        `UsageError` lists the ones that exist.
        """
        name, _, which = key.replace("@", ":").partition(":")
        known = self.model_versions(name)
        match = [v for v in known if not which or str(v.number) == which or which in v.aliases]
        if not match:
            every = [f"{v.name}:{v.number}" for v in known or self.model_versions()]
            raise UsageError(f"No model version {key!r}. Known: {', '.join(every) or 'none'}.")
        return match[-1]

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Points an alias such as `champion` at a version; it may have pointed elsewhere before."""
        if alias.isdigit() or not alias or ":" in alias or "@" in alias:
            raise UsageError(
                f"an alias is a word that is no number and has neither ':' nor '@', got {alias!r}."
            )
        version = self.model_version(f"{name}:{number}")
        with self.write() as connection:
            dialect = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
            new = dialect.insert(ModelAlias).values(name=name, alias=alias, version_id=version.id)
            moved = {"version_id": new.excluded.version_id, "set_at": new.excluded.set_at}
            connection.execute(
                new.on_conflict_do_update(index_elements=["name", "alias"], set_=moved)
            )


def _insert(connection: Connection, row: Insert) -> int:
    """-> the number that the database gave the row."""
    key = connection.execute(row).inserted_primary_key
    assert key is not None, "one row was inserted"
    return key[0]


def _lock(connection: Connection, table: str) -> None:
    """Makes "the next number" safe on PostgreSQL; SQLite's writers hold the whole file already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _given(record: StoredComparison | StoredVersion, *left_out: str) -> dict:
    """A record's fields for an insert, without those that the database fills in."""
    values = {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}
    return {n: v for n, v in values.items() if n not in ("id", "created_at", *left_out)}


def _record(kind: type[R], row: Row, **special: Any) -> R:
    names = [f.name for f in dataclasses.fields(kind) if f.name not in special]
    return kind(**{name: getattr(row, name) for name in names}, **special)


def _evidence_rows(connection: Connection, number: int, evidence: Sequence[Evidence]) -> list[dict]:
    ids = dict(
        connection.execute(
            select(Video.public_id, Video.id).where(
                Video.public_id.in_({e.video for e in evidence})
            )
        ).all()
    )
    return [
        {
            "query_id": number,
            "rank": rank,
            "video_id": ids.get(e.video),
            "video": e.video,
            "path": e.path,
            "start_s": e.start_s,
            "end_s": e.end_s,
            "score": float(e.score),
            "kind": e.kind,
            "text": e.text,
            "parts": {name: float(value) for name, value in e.parts.items()},
        }
        for rank, e in enumerate(evidence)
    ]


def _query(row: Row, videos: list[str], shown: list[Row]) -> StoredQuery:
    evidence = tuple(
        Evidence(e.video, e.path, e.start_s, e.end_s, e.score, e.kind, e.text, e.parts)
        for e in shown
    )
    return _record(
        StoredQuery, row, options=tuple(row.options), videos=tuple(videos), evidence=evidence
    )
