"""What an ingest has to say of a video beside its rows, kept with every chunk.

So that a run that was killed and goes on says the same as one that was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from svqa.media import join_spans

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Findings:
    """As far as the ingest has come.

    `damaged_spans_s`: where pictures may be wrong. `left_out`: (number of a block of sound, what
    was spoken there and not written down). `frames_skipped`: pictures that repeated others. From
    `ended` on, which the last chunk has: `truncated` says whether the file ends too early,
    `declared_s` how long it should be, `unheard` how its sound is coded where nobody can decode it.
    """

    damaged_spans_s: Spans = ()
    left_out: tuple[tuple[int, str], ...] = ()
    frames_skipped: int = 0
    ended: bool = False
    truncated: bool = False
    declared_s: float = 0.0
    unheard: str = ""

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Findings:
        """From what `write` made; an empty one where an earlier version kept nothing."""
        names = {field.name for field in fields(cls)}
        known = {name: value for name, value in kept.items() if name in names}
        for name in ("damaged_spans_s", "left_out"):
            known[name] = tuple((a, b) for a, b in known.get(name, ()))
        return cls(**known)

    def write(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    def add(
        self, *, damaged_spans_s: Spans, left_out: Mapping[int, str], frames_skipped: int
    ) -> Findings:
        """The same and what this run found: seconds are joined, pictures are added up."""
        return replace(
            self,
            damaged_spans_s=tuple(join_spans((*self.damaged_spans_s, *damaged_spans_s))),
            left_out=tuple(sorted({**dict(self.left_out), **left_out}.items())),
            frames_skipped=self.frames_skipped + frames_skipped,
        )
