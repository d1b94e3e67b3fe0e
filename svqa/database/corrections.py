"""What a person says of an answer -> a row beside the question; the last one of each, read back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select

from svqa.database.base import Transactions
from svqa.database.schema import Video
from svqa.database.schema_trail import Correction, Query, QueryEvidence, QueryVideo
from svqa.database.stored_records import StoredCorrection
from svqa.errors import UsageError
from svqa.records import Segment

VERDICTS = ("right", "wrong")


class CorrectionStore(Transactions):
    """The part of the store that keeps what people said of answers."""

    def add_correction(
        self,
        query: int,
        verdict: str,
        *,
        answer: str = "",
        spans: Sequence[tuple[float, float]] = (),
        video: str = "",
    ) -> int:
        """Keeps that an answer was right or wrong, what and when it should be; -> its number.

        `query` is the question's number in the audit trail. `spans` are seconds of `video`; without
        one, of the film the question was about, or else that its evidence lies in. Raises
        UsageError for a number, a verdict or seconds that cannot be.
        """
        if verdict not in VERDICTS:
            raise UsageError(f"a verdict is right or wrong, got {verdict!r}.")
        for start_s, end_s in spans:
            try:
                Segment(start_s, end_s)
            except (TypeError, ValueError) as error:
                raise UsageError(f"seconds of a correction: {error}.") from None
        with self.write() as connection:
            asked = connection.execute(select(Query.kind).where(Query.id == query)).scalar()
            if asked != "ask":
                what = "is a search" if asked else "is not in the audit trail"
                raise UsageError(f"Only an answer can be corrected; question {query} {what}.")
            named = connection.execute(
                select(Video.public_id)
                .join(QueryVideo, QueryVideo.video_id == Video.id)
                .where(QueryVideo.query_id == query)
                .limit(2)
            ).scalars()
            only = [*named]
            cited = select(QueryEvidence.video).where(QueryEvidence.query_id == query)
            first = connection.execute(cited.order_by(QueryEvidence.rank).limit(1)).scalar()
            row = connection.execute(
                insert(Correction).values(
                    query_id=query,
                    verdict=verdict,
                    answer=answer.strip(),
                    video=video or (only[0] if len(only) == 1 else first or ""),
                    spans=[[float(start_s), float(end_s)] for start_s, end_s in spans],
                )
            )
            assert row.inserted_primary_key is not None, "one row was inserted"
            return row.inserted_primary_key[0]

    def corrections(self, queries: Sequence[int] | None = None) -> list[StoredCorrection]:
        """The last correction of each question, or of these, in the order they were asked in."""
        last = select(func.max(Correction.id)).group_by(Correction.query_id)
        query = select(Correction).where(Correction.id.in_(last)).order_by(Correction.query_id)
        if queries is not None:
            query = query.where(Correction.query_id.in_(queries))
        with self.read() as connection:
            return [
                StoredCorrection(
                    r.query_id,
                    r.verdict,
                    r.answer,
                    r.video,
                    tuple((start_s, end_s) for start_s, end_s in r.spans),
                    r.created_at,
                )
                for r in connection.execute(query)
            ]
