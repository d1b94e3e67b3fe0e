"""Questions with known answers -> the same, balanced, and the baselines of those who never look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from svqa.records import Question
from svqa.shapes.scene import COLOURS, SHAPES

_NAMES = {*COLOURS, *SHAPES, *(f"{shape}s" for shape in SHAPES), "objects", "very", "low", "high"}


@dataclass(frozen=True)
class WorldQuestion:
    """A question whose answer is known.

    `time_s`: the frame it is about, None where one frame is not enough.

    `spans`: where the evidence is; for a one-frame question, the seconds around `time_s` in which
    the answer holds.
    """

    text: str
    answer: str
    type: str
    spans: tuple[tuple[float, float], ...]
    options: tuple[str, ...] = ()
    time_s: float | None = None

    def record(self, *, video: str, id: str) -> Question:
        """The project's record of it."""
        return Question(self.text, self.options, video, (self.answer,), self.spans, self.type, id)


class Balance:
    """Remembers how much more often each answer was right than a guess among its options.

    Draws what lags.
    """

    def __init__(self) -> None:
        self._surplus: dict[tuple[str, str], float] = defaultdict(float)

    def draw(
        self, candidates: Sequence[WorldQuestion], rng: np.random.Generator
    ) -> WorldQuestion | None:
        """One of the candidates whose answer lags most for such words; None if there is none.

        None, too, if each of them would favour an answer over another that was on offer: no
        question is better than one that can be guessed from its words.
        """
        cells = defaultdict(list)
        for q in candidates:
            form, value = gist(q.text), _value(q.answer)
            lowest = min(
                (self._surplus[form, _value(option)] for option in q.options), default=np.inf
            )
            if self._surplus[form, value] <= lowest + 1:
                cells[form, value].append(q)
        if not cells:
            return None
        keys = sorted(cells)
        cell = min((keys[i] for i in rng.permutation(len(keys))), key=self._surplus.__getitem__)
        q = cells[cell][rng.integers(len(cells[cell]))]
        self._surplus[cell] += 1
        for option in q.options:
            self._surplus[cell[0], _value(option)] -= 1 / len(q.options)
        return q


def gist(text: str) -> str:
    """The text without names of colours, shapes and tones.

    What is left to someone who does not look.

    >>> gist("is there a red circle?")
    'is there a'
    """
    return " ".join(w for w in text.rstrip("?").replace(":", "").split() if w not in _NAMES)


def baselines(
    train: Sequence[WorldQuestion], test: Sequence[WorldQuestion]
) -> dict[str, dict[str, float]]:
    """-> {type: {n, chance, majority, blind}}: the accuracy on `test` of those who never look.

    `chance` guesses among the options, or among the answers seen in training; `majority` always
    gives the commonest training answer of its type; `blind` knows the training answers to the same
    words or, where these are rare, the same gist.
    """
    result = {}
    for kind in dict.fromkeys(q.type for q in test):
        learn, exam = [q for q in train if q.type == kind], [q for q in test if q.type == kind]
        if learn and exam:
            common = Counter(q.answer for q in learn)
            top = common.most_common(1)[0][0]
            guess = _blind(learn)
            result[kind] = {
                "n": len(exam),
                "chance": float(np.mean([1 / (len(q.options) or len(common)) for q in exam])),
                "majority": float(np.mean([q.answer == top for q in exam])),
                "blind": float(np.mean([guess(q) == q.answer for q in exam])),
            }
    return result


def _blind(learn: Sequence[WorldQuestion]) -> Callable[[WorldQuestion], str]:
    """A guesser that never looks.

    It knows how often each gist of an option was right, or which answer followed which words.
    """
    offered: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    after: dict[str, Counter] = defaultdict(Counter)
    for q in learn:
        form = gist(q.text)
        right[form, gist(q.answer)] += 1
        offered.update((form, gist(option)) for option in q.options)
        after[q.text][q.answer] += 1
        after[form][q.answer] += 1

    def guess(q: WorldQuestion) -> str:
        form = gist(q.text)
        if q.options:
            return max(q.options, key=lambda o: right[form, gist(o)] / (offered[form, gist(o)] + 2))
        known = after[q.text] if after[q.text].total() >= 5 else after[form]
        return known.most_common(1)[0][0] if known else ""

    return guess


def _value(answer: str) -> str:
    """What is balanced: the answer, less the names that only this video has."""
    return answer if len(answer.split()) == 1 else gist(answer)
