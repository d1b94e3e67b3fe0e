"""Rows of arms and seeds -> what each learnt, kept and recovered, with videos and seeds in doubt.

The seeds of an arm answer the same questions. An interval adds two variances: that over videos, of
the seeds' mean, and that between seeds, divided by their number; its t has the degrees of freedom
of Satterthwaite 1946, so that three seeds which disagree make it wide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student

from experiments.learning_time.arms import ARMS, BEFORE, NEVER_LOOKS
from experiments.learning_time.task import KEPT, LEARNT
from svqa.training.dataset import Example

Rows = Sequence[Mapping[str, Any]]


def summary(rows: Rows, test: Sequence[Example]) -> dict[str, Any]:
    """-> `{arm: {type: figure, learnt, kept, lost, recovered_above_floor: {type: figure}}}`."""
    types = np.array([e.type for e in test])
    _, video = np.unique([e.group for e in test], return_inverse=True)
    values = {name: _values(rows, name) for name in dict.fromkeys(row["arm"] for row in rows)}
    table: dict[str, Any] = {}
    for name, mine in values.items():
        of_arm = [row for row in rows if row["arm"] == name]
        found = {
            "seeds": [row["seed"] for row in of_arm],
            "trainable_share": of_arm[0]["trainable_share"],
            **{t: _mean(mine[:, types == t], video[types == t]) for t in (*LEARNT, *KEPT)},
        }
        if len(mine) > 1:
            found["between_seeds_sd"] = {
                t: float(mine[:, types == t].mean(1).std(ddof=1)) for t in (*LEARNT, *KEPT)
            }
        for key, among in (("learnt", LEARNT), ("kept", KEPT)):
            here = np.isin(types, among)
            found[key] = _mean(mine[:, here], video[here])
            if key == "kept" and name in ARMS and BEFORE in values:
                lost = values[BEFORE][:, here] - mine[:, here]
                found["lost"] = _mean(lost, video[here])
        if name in ARMS and {"full", NEVER_LOOKS} <= set(values):
            found["recovered_above_floor"] = {
                key: share
                for key, among in (("learnt", LEARNT), *((t, (t,)) for t in LEARNT))
                if (
                    share := _recovered(
                        *(values[n][:, np.isin(types, among)] for n in (name, "full", NEVER_LOOKS)),
                        video[np.isin(types, among)],
                    )
                )
            }
        table[name] = found
    return table


def curves(rows: Rows) -> dict[str, list[dict[str, float]]]:
    """-> what was right about the validation questions by step, the mean of the arm's seeds."""
    found: dict[str, list[dict[str, float]]] = {}
    for name in ARMS:
        exams = [row["curve"] for row in rows if row["arm"] == name]
        if exams:
            steps = min(map(len, exams))
            found[name] = [
                {key: float(np.mean([of[i][key] for of in exams])) for key in exams[0][i]}
                for i in range(steps)
            ]
    return found


def _values(rows: Rows, name: str) -> np.ndarray:
    """-> (S, N): a row a seed."""
    mine = sorted((row for row in rows if row["arm"] == name), key=lambda row: row["seed"])
    return np.array([[int(digit) for digit in row["values"]] for row in mine], dtype=float)


def _mean(values: np.ndarray, video: np.ndarray) -> dict[str, Any]:
    """`values (S, N)`, `video (N,)` -> their mean with its interval."""
    off = values.mean(0) - values.mean()
    bounds = (0.0 if values.min() >= 0 else -1.0, 1.0)
    return _figure(values.mean(), _over_videos(off, video), video, [values.mean(1)], bounds=bounds)


def _recovered(
    mine: np.ndarray, full: np.ndarray, floor: np.ndarray, video: np.ndarray
) -> dict[str, Any] | None:
    """The gain over the floor as a share of full fine-tuning's, its error by the delta method.

    None where full's own gain is not sure.
    """
    gain = full.mean() - floor.mean()
    if _mean(full - floor, video)["low"] <= 0:
        return None
    share = (mine.mean() - floor.mean()) / gain
    off = (mine.mean(0) - floor.mean(0) - share * (full.mean(0) - floor.mean(0))) / gain
    between = [mine.mean(1) / gain, share * full.mean(1) / gain]
    if mine is full or np.array_equal(mine, full):
        off, between = np.zeros_like(off), []
    return _figure(share, _over_videos(off, video), video, between, bounds=(-np.inf, np.inf))


def _over_videos(off: np.ndarray, video: np.ndarray) -> float:
    """Deviations from the mean (N,) -> the variance of that mean, videos drawn whole."""
    sums = np.bincount(video, off)
    sums = sums[np.bincount(video) > 0]
    return float(len(sums) / (len(sums) - 1) * (sums**2).sum() / len(off) ** 2)


def _figure(
    value: float,
    of_videos: float,
    video: np.ndarray,
    between: Sequence[np.ndarray],
    *,
    bounds: tuple[float, float],
) -> dict[str, Any]:
    """`between`: the means of seeds, whose variances add up."""
    parts = [(of_videos, len(np.unique(video)) - 1)]
    parts += [
        (float(means.var(ddof=1)) / len(means), len(means) - 1)
        for means in between
        if len(means) > 1
    ]
    total = sum(part for part, _ in parts)
    freedom = total**2 / sum(part**2 / df for part, df in parts) if total > 0 else 1.0
    reach = float(student.ppf(0.975, freedom)) * total**0.5 if total > 0 else 0.0
    return {
        "value": float(value),
        "low": float(max(bounds[0], value - reach)),
        "high": float(min(bounds[1], value + reach)),
        "n": len(video),
    }
