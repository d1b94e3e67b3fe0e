"""Values of several models on the same questions -> every pair compared, and who is on top.

With Holm's correction over the pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

from svqa.metrics.statistics import ALPHA, MARGIN, PairedComparison, compare_paired, holm


@dataclass(frozen=True)
class Pair:
    """Two models on the same questions.

    `holm_p` is `found.p` corrected for all pairs that were compared with it.

    `verdict` and `winner` (a name, or None) are those of `found`, except that a `better` which does
    not survive the correction is `undecided`.
    """

    a: str
    b: str
    found: PairedComparison
    holm_p: float
    verdict: str
    winner: str | None

    def to_json(self) -> dict:
        """-> one flat row: the two names, the statistics, then the corrected verdict."""
        corrected = {"holm_p": self.holm_p, "verdict": self.verdict, "winner": self.winner}
        return {"a": self.a, "b": self.b, **asdict(self.found), **corrected}


@dataclass(frozen=True)
class Ranking:
    """Which of several models is on top.

    `verdict`: `better`, `equivalent`, `undecided` or `unopposed` (the only one).

    `winner` is None where that is undecided. Of equivalent models it is the first in the order that
    was given.
    """

    winner: str | None
    verdict: str
    reason: str


def compare_all(
    values: Mapping[str, Sequence[float]],
    videos: Sequence,
    *,
    seed: int = 0,
    margin: float = MARGIN,
) -> tuple[Pair, ...]:
    """Every pair of `values` (name -> (N,)); `videos (N,)`: what each question is about.

    Raises as `compare_paired`.

    >>> values = {"new": [1, 1, 1, 0] * 10, "old": [0, 0, 1, 0] * 10}
    >>> (pair,) = compare_all(values, [i // 2 for i in range(40)])
    >>> pair.verdict, pair.winner
    ('better', 'new')
    """
    found = {
        (a, b): compare_paired(values[a], values[b], videos, seed=seed, margin=margin)
        for a, b in combinations(values, 2)
    }
    corrected = holm({pair: result.p for pair, result in found.items()})
    return tuple(_pair(a, b, result, corrected[a, b]) for (a, b), result in found.items())


def compare_within(
    values: Mapping[str, Sequence[float]],
    videos: Sequence,
    kinds: Sequence[str],
    *,
    seed: int = 0,
    margin: float = MARGIN,
) -> dict[str, tuple[Pair, ...]]:
    """Every pair of `values` among the questions of each kind; kinds in alphabetical order.

    `videos (N,)`, `kinds (N,)`. Holm's correction counts every pair of every kind, because all of
    them are looked at.
    """
    found = {}
    for kind in sorted(set(kinds)):
        at = [i for i, other in enumerate(kinds) if other == kind]
        about = [videos[i] for i in at]
        for a, b in combinations(values, 2):
            mine, other = ([values[name][i] for i in at] for name in (a, b))
            found[kind, a, b] = compare_paired(mine, other, about, seed=seed, margin=margin)
    corrected = holm({key: result.p for key, result in found.items()})
    return {
        kind: tuple(
            _pair(a, b, result, corrected[of, a, b])
            for (of, a, b), result in found.items()
            if of == kind
        )
        for kind in sorted(set(kinds))
    }


def ranking(
    means: Mapping[str, float], pairs: Sequence[Mapping], *, prefer: Sequence[str] = ()
) -> Ranking:
    """The model on top among `means` (name -> mean value), judged by `pairs`.

    These are rows of `Pair.to_json`.

    Better than every other: `better`. Equivalent to those it does not beat: `equivalent`, and the
    first of them in `prefer` (the cheapest, say) is named. Anything else is `undecided` and names
    nobody.
    """
    if not means:
        return Ranking(None, "undecided", "No model is left to choose from.")
    top = max(means, key=lambda name: means[name])
    if len(means) == 1:
        return Ranking(top, "unopposed", f"{top} is the only one to choose from.")
    compared = {name: _between(top, name, pairs) for name in means if name != top}
    against = {
        name: row
        for name, row in compared.items()
        if row is not None and row["verdict"] != "undecided"
    }
    if unclear := [name for name in compared if name not in against]:
        reasons = (_undecided(top, name, compared[name]) for name in unclear)
        return Ranking(None, "undecided", "; ".join(reasons) + ".")
    level = [name for name, row in against.items() if row["verdict"] == "equivalent"]
    if not level:
        return Ranking(top, "better", f"{top} is better than {', '.join(against)}.")
    chosen = min(
        [top, *level], key=lambda name: prefer.index(name) if name in prefer else len(prefer)
    )
    reason = (
        f"{top} and {', '.join(level)} are within {against[level[0]]['margin']:g} of each other"
    )
    return Ranking(
        chosen, "equivalent", f"{reason}; {chosen} costs least." if prefer else f"{reason}."
    )


def _pair(a: str, b: str, found: PairedComparison, holm_p: float) -> Pair:
    if found.verdict == "better" and holm_p > ALPHA:
        return Pair(a, b, found, holm_p, "undecided", None)
    return Pair(a, b, found, holm_p, found.verdict, {"a": a, "b": b, None: None}[found.winner])


def _between(a: str, b: str, pairs: Sequence[Mapping]) -> Mapping | None:
    return next((row for row in pairs if {row["a"], row["b"]} == {a, b}), None)


def _undecided(top: str, name: str, row: Mapping | None) -> str:
    if row is None:
        return f"{top} and {name} were not compared on enough videos"
    sign = 1 if row["a"] == top else -1
    low, high = sorted((sign * row["low"], sign * row["high"]))
    return (
        f"{top} - {name} is {sign * row['difference']:+.3f} [{low:+.3f}, {high:+.3f}] on "
        f"{row['n']} questions of {row['videos']} videos, which could have shown "
        f"{row['detectable']:.3f}"
    )
