"""Words of an answer and of its reference -> WUPS: how near in meaning, by Wu and Palmer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Similarity = Callable[[str, str], float]  # of two words, 0 to 1; 0 where either is unknown
BELOW = 0.1  # what is left of a similarity below the threshold


def wups(
    answer: Sequence[str],
    reference: Sequence[str],
    similarity: Similarity,
    *,
    threshold: float = 0.0,
) -> float:
    """-> in [0, 1], the smaller of both directions; 0 where nothing matches anything.

    Each word counts with its best match on the other side, and the counts are multiplied; a word
    without any match is passed over. So NExT-QA's open-ended evaluation has it (`metrics.py` of
    doc-doc/NExT-OE; Malinowski and Fritz 2014, arXiv:1410.0210, sum over sets of answers).

    >>> wups(["dog"], ["dog", "ball"], lambda a, b: 1.0 if a == b else 0.4)
    0.4
    """
    return min(
        _one_way(answer, reference, similarity, threshold),
        _one_way(reference, answer, similarity, threshold),
    )


def _one_way(
    these: Sequence[str], those: Sequence[str], similarity: Similarity, threshold: float
) -> float:
    best = [max((_kept(similarity(a, b), threshold) for b in those), default=0.0) for a in these]
    matched = [value for value in best if value > 0]
    product = 1.0 if matched else 0.0
    for value in matched:
        product *= value
    return product


def _kept(value: float, threshold: float) -> float:
    # the same word is always whole; the official code asks for that before anything else
    return value if value >= threshold else BELOW * value
