"""Rows -> passages: what was written about the videos, said in them and read in their pictures."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from sqlalchemy import Row, func, select

from svqa.database.base import Transactions
from svqa.database.schema import Caption, TextBox, Utterance, Video
from svqa.database.stored_records import joined_lines, statements_of
from svqa.database.vectors import BATCH, searchable
from svqa.errors import UsageError
from svqa.records import Evidence

TABLES: dict[str, type[Caption] | type[Utterance] | type[TextBox]] = {
    "caption": Caption,
    "speech": Utterance,
    "text": TextBox,
}


class PassageStore(Transactions):
    """The part of the store that reads what videos have in words."""

    def count_lines(self, videos: Iterable[str]) -> int:
        """-> captions, utterances and lines of text: as many passages as there are, or more."""
        count = 0
        with self.read() as connection:
            wanted = list(searchable(connection, videos))
            for table, first in itertools.product(TABLES.values(), range(0, len(wanted), BATCH)):
                of = table.video_id.in_(wanted[first : first + BATCH])
                query = select(func.count()).select_from(table).where(of)
                count += connection.execute(query).scalar_one()
        return count

    def passages(
        self,
        *,
        videos: Iterable[str] | None = None,
        kinds: Sequence[str] = ("caption", "speech", "text"),
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> list[Evidence]:
        """Captions, speech and text in the picture, by video and time, with score 0.

        Those that overlap `[start_s, end_s)`, where these are given. Lines of text that come and go
        together are one passage, a line a row, in reading order: a sign or a slide is told whole,
        and what stays on (a station's name) is apart from it.
        """
        if unknown := set(kinds) - set(TABLES):
            raise UsageError(
                f"kinds of passages are {', '.join(TABLES)}, got {', '.join(sorted(unknown))}."
            )
        found: list[tuple[Row, str]] = []
        with self.read() as connection:
            wanted = list(searchable(connection, videos))
            for kind, first in itertools.product(kinds, range(0, len(wanted), BATCH)):
                table = TABLES[kind]
                columns = (
                    *(Video.id, Video.public_id, Video.path),
                    *(table.start_s, table.end_s, table.text),
                    *((Caption.statements,) if kind == "caption" else ()),
                )
                query = select(*columns).join(table, table.video_id == Video.id)
                query = query.where(table.video_id.in_(wanted[first : first + BATCH]))
                query = query if start_s is None else query.where(table.end_s > start_s)
                query = query if end_s is None else query.where(table.start_s < end_s)
                found += [(row, kind) for row in connection.execute(query.order_by(table.id))]
        found.sort(key=lambda item: (item[0].id, item[0].start_s, item[0].end_s))
        spoken = [
            Evidence(
                *(r.public_id, r.path, r.start_s, r.end_s, 0.0, kind, r.text),
                statements=statements_of(r) if kind == "caption" else None,
            )
            for r, kind in found
            if kind != "text"
        ]
        read = joined_lines([r for r, kind in found if kind == "text"])
        order = {row.public_id: n for n, (row, _) in enumerate(found)}
        return sorted([*spoken, *read], key=lambda p: (order[p.video], p.start_s, p.end_s))
