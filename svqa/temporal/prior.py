"""A question's words -> where in a video, and for how long, its answer tends to be seen.

People who ask "... at the end of the video" have looked: the words alone say much about the
seconds; `svqa eval nextgqa` measures how much. The prior is a table anyone can read, counted from
questions whose seconds people have marked: a few cells of (position, length), and for each bucket
of question words how many spans fell into each cell.

Position is the span's start as a fraction of the room it has, start / (duration - length): 0 begins
with the video, 1 ends with it. Length is given for a 30 s video and grows with (duration / 30) ^
`stretch`: marked moments are longer in longer videos, but far less than in proportion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

REFERENCE_S = 30.0
SHORTEST_S = 0.2
POSITION_EDGES = (0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.98)
LENGTH_EDGES_S = (2.5, 4.0, 6.0, 9.0, 16.0)
_CELLS = (len(POSITION_EDGES) + 1) * (len(LENGTH_EDGES_S) + 1)
_TIME_PHRASE = (
    r"\b(?:(?:in|at|near|towards?|by|from|around)\s+)?(?:the\s+)?(?:very\s+)?"
    r"(?:end(?:ing)?|start|beginning|middle)(?:\s+of\s+(?:the\s+)?(?:video|clip))?\b"
    r"|\bhalfway(?:\s+through)?(?:\s+the\s+(?:video|clip))?\b|\b(?:of|in|through) the video\b"
)
SHIPPED = Path(__file__).with_name("prior.json")

_CELLS_KEY, _COUNTS_KEY = (
    "cells: [position, length_s in a 30 s video]",
    "spans in each cell, by bucket",
)
_NUMBERS = ("stretch", "other_position", "other_relation", "content_weight", "frame_weight")

POSITION_WORDS = {
    "end": r"end|ending|last|finally|eventually",
    "beginning": r"start|beginning|begin|first|initially",
    "middle": r"middle|halfway|midway",
}
RELATION_WORDS = {"after": r"after", "before": r"before", "while": r"while|when|as|during"}


def bucket_of(question: str) -> tuple[str, str]:
    """-> (position, relation) said by the question's words, "-" where they say none.

    >>> bucket_of("What does the man do after he sits down near the end?")
    ('end', 'after')
    >>> bucket_of("Why is the baby smiling?")
    ('-', '-')
    """
    return _first(question, POSITION_WORDS), _first(question, RELATION_WORDS)


def without_time_words(question: str) -> str:
    """The question without the words that only say when: what is left is what a caption can match.

    >>> without_time_words("what does the man do after he sits down near the end of the video")
    'what does the man do after he sits down'
    """
    return " ".join(re.sub(_TIME_PHRASE, " ", question, flags=re.IGNORECASE).split()) or question


@dataclass(frozen=True, eq=False)
class Prior:
    """The table: `cells` (C, 2) of (position, length_s), and the spans each bucket counted there.

    Counts are (C,) for each bucket.

    `stretch`: how length grows with duration. `other_position`, `other_relation`: what a span of a
    bucket with another position or relation counts, between 0 and 1, so that a rare bucket borrows
    from its neighbours. `content_weight`, `frame_weight`: how much the scores of the video's
    seconds count against the table, when a span and when a frame is looked for. `provenance`: what
    it was fitted on.
    """

    cells: np.ndarray
    counts: Mapping[tuple[str, str], np.ndarray]
    stretch: float = 0.5
    other_position: float = 0.02
    other_relation: float = 0.1
    content_weight: float = 0.7
    frame_weight: float = 0.4
    provenance: Mapping[str, object] = field(default_factory=dict)

    def spans(self, question: str, duration_s: float) -> tuple[np.ndarray, np.ndarray]:
        """-> (spans (C, 2) in seconds of this video, weights (C,) that sum to 1)."""
        if not duration_s > 0:
            raise ValueError(f"duration_s must be > 0, got {duration_s}")
        weights = self.weights(bucket_of(question))
        length_s = np.clip(
            self.cells[:, 1] * (duration_s / REFERENCE_S) ** self.stretch, SHORTEST_S, None
        )
        length_s = np.minimum(length_s, duration_s)
        start_s = self.cells[:, 0] * (duration_s - length_s)
        return np.stack([start_s, start_s + length_s], axis=1), weights

    def weights(self, bucket: tuple[str, str]) -> np.ndarray:
        """-> (C,): the bucket's own counts and its neighbours' discounted ones, as shares of 1."""
        position, relation = bucket
        total = np.zeros(len(self.cells))
        for (other, its_relation), counts in self.counts.items():
            discount = 1.0 if other == position else self.other_position
            total += counts * discount * (1.0 if its_relation == relation else self.other_relation)
        return total / total.sum()

    def density(self, question: str, duration_s: float, t_s: np.ndarray) -> np.ndarray:
        """-> (N,): how likely each second is inside the span, relative to the video's mean.

        1 means that nothing is known.
        """
        spans, weights = self.spans(question, duration_s)
        t_s = np.asarray(t_s, np.float64)[:, None]
        inside = ((spans[:, 0] <= t_s) & (t_s < spans[:, 1])) @ weights
        return inside / (np.diff(spans, axis=1).ravel() @ weights / duration_s)


def fit_prior(
    questions: Sequence[str],
    durations_s: Sequence[float],
    spans: Sequence[Sequence[tuple[float, float]]],
    *,
    stretch: float = 0.5,
    provenance: Mapping[str, object] | None = None,
) -> Prior:
    """Count the table from marked questions; a question with several spans counts one in all.

    A cell stands at the mean position and length of the spans in it, not at its centre: many spans
    begin with the video or end with it exactly, and a centre would miss them.
    """
    if not len(questions) == len(durations_s) == len(spans) or not len(questions):
        raise ValueError(
            "one duration and one list of spans a question, at least one question, got "
            f"{len(questions)} questions, {len(durations_s)} durations, {len(spans)} lists of spans"
        )
    weighted, total = np.zeros((_CELLS, 2)), np.zeros(_CELLS)
    counts: dict[tuple[str, str], np.ndarray] = {}
    for question, duration_s, marked in zip(questions, durations_s, spans, strict=True):
        position, length_s = _normalised(marked, duration_s, stretch)
        cell = np.searchsorted(POSITION_EDGES, position) * (
            len(LENGTH_EDGES_S) + 1
        ) + np.searchsorted(LENGTH_EDGES_S, length_s)
        np.add.at(total, cell, 1 / len(marked))
        np.add.at(weighted, cell, np.stack([position, length_s], axis=1) / len(marked))
        np.add.at(counts.setdefault(bucket_of(question), np.zeros(_CELLS)), cell, 1 / len(marked))
    used = total > 0
    return Prior(
        weighted[used] / total[used, None],
        {b: c[used] for b, c in sorted(counts.items())},
        stretch,
        provenance=provenance or {},
    )


def save_prior(prior: Prior, path: str | Path) -> None:
    """Write the table as JSON: one line a cell, one line a bucket."""
    cells = ",\n    ".join(
        json.dumps([round(float(p), 3), round(float(s), 2)]) for p, s in prior.cells
    )
    buckets = ",\n    ".join(
        f'"{p} {r}": {json.dumps([round(float(c), 2) for c in counts])}'
        for (p, r), counts in prior.counts.items()
    )
    head = {
        "provenance": dict(prior.provenance),
        **{name: getattr(prior, name) for name in _NUMBERS},
    }
    head_text = json.dumps(head, indent=2)[:-2]
    Path(path).write_text(
        f'{head_text},\n  "{_CELLS_KEY}": [\n    {cells}\n  ],\n'
        f'  "{_COUNTS_KEY}": {{\n    {buckets}\n  }}\n}}\n',
        encoding="utf-8",
    )


@lru_cache(maxsize=8)
def load_prior(path: str | Path = SHIPPED) -> Prior:
    """-> the table at `path`, by default the one shipped with the package.

    Its `provenance` says what made it.
    """
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    counts = {tuple(name.split(" ")): np.array(row) for name, row in data[_COUNTS_KEY].items()}
    return Prior(
        np.array(data[_CELLS_KEY], np.float64),
        counts,
        provenance=data["provenance"],
        **{n: data[n] for n in _NUMBERS},
    )


def _first(question: str, words: Mapping[str, str]) -> str:
    return next(
        (
            name
            for name, pattern in words.items()
            if re.search(rf"\b(?:{pattern})\b", question.lower())
        ),
        "-",
    )


def _normalised(
    marked: Sequence[tuple[float, float]], duration_s: float, stretch: float
) -> tuple[np.ndarray, np.ndarray]:
    spans = np.clip(np.asarray(marked, np.float64).reshape(-1, 2), 0, duration_s)
    length_s = np.maximum(np.diff(spans, axis=1).ravel(), SHORTEST_S)
    room_s = duration_s - length_s
    position = np.where(room_s > 1e-6, spans[:, 0] / np.maximum(room_s, 1e-6), 0.5)
    return np.clip(position, 0, 1), length_s * (REFERENCE_S / duration_s) ** stretch
