"""A video and the process that takes it in: the lease between them, and how it ends."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Row, select, update

from svqa.database.base import Transactions
from svqa.database.columns import utc_now
from svqa.database.lease_owner import holds, process_of
from svqa.database.schema import Video


class LeaseStore(Transactions):
    """The part of the store that holds videos, so that no two processes take in the same."""

    def __init__(self, engine: Engine):
        super().__init__(engine)
        # public id -> the owner text under which this store holds it
        self._leases: dict[str, str] = {}

    def release(self, video_id: str) -> None:
        """Ends the lease, so that another process can go on from the last chunk."""
        self._let_go(video_id)

    def end_leases(self, process: str) -> None:
        """Ends the leases of a process (`this_process` of it) that holds no film any more.

        For whoever knows more than the lease says: a process of another machine is dead, or idle.
        Were it at work after all, its next chunk raises LeaseLost and is not written.
        """
        with self.write() as connection:
            held = select(Video.id, Video.owner).where(Video.owner.is_not(None))
            own = [row.id for row in connection.execute(held) if process_of(row.owner) == process]
            none = {"owner": None, "lease_until": None}
            connection.execute(update(Video).where(Video.id.in_(own)).values(**none))

    def close(self) -> None:
        """Ends this store's leases and its connections."""
        try:
            for video_id in list(self._leases):
                self.release(video_id)
        finally:
            self._engine.dispose()

    def _let_go(self, video_id: str, **values: Any) -> None:
        owner = self._leases.pop(video_id, None)
        if owner is None:
            return
        with self.write() as connection:
            connection.execute(
                update(Video)
                .where(Video.public_id == video_id, Video.owner == owner)
                .values(owner=None, lease_until=None, **values)
            )


def is_held(row: Row) -> bool:
    """Whether the process that claimed this video still lives, as far as can be known from here."""
    if row.owner is None or row.lease_until is None:
        return False
    return holds(row.owner, row.lease_until, utc_now())
