"""Rows of an experiment -> what each arm learnt, kept, gained and lost, intervals over videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.lora.task import KEPT, LEARNT
from svqa.metrics.results import bootstrap_over_groups
from svqa.training.dataset import Example


def summary(
    rows: Sequence[Mapping[str, Any]], tests: Mapping[int, Sequence[Example]]
) -> dict[str, Any]:
    """Rows of several seeds -> `{arm: {learnt, kept, by type, gained, recovered, lost}}`.

    `recovered` is the gain over the frozen model as a share of full fine-tuning's with the same
    replay; `recovered_above_baseline` the same over the answer prior, which leaves out what
    answering in the right words is worth.
    """
    table: dict[str, Any] = {}
    for name in dict.fromkeys(arm_name(row) for row in rows):
        mine = [row for row in rows if arm_name(row) == name]
        table[name] = {
            "seeds": [r["seed"] for r in mine],
            "trainable_share": mine[0]["trainable_share"],
            "seconds": float(np.mean([r.get("seconds", 0.0) for r in mine])),
            **{t: _figure(mine, tests, (t,)) for t in (*LEARNT, *KEPT)},
            "learnt": _figure(mine, tests, LEARNT),
            "kept": _figure(mine, tests, KEPT),
        }
        frozen = _same_seeds(rows, "frozen", mine)
        if frozen and name != "frozen":
            table[name]["gained"] = _difference(mine, frozen, tests, LEARNT)
            table[name]["lost"] = _difference(frozen, mine, tests, KEPT)
            full = _same_seeds(
                rows, "full" + (", no replay" if mine[0]["replay"] is False else ""), mine
            )
            for key, baseline in (
                ("recovered", frozen),
                ("recovered_above_baseline", _same_seeds(rows, "answer prior", mine)),
            ):
                if full and baseline and (share := _recovered(mine, full, baseline, tests)):
                    table[name][key] = share
    return table


def arm_name(row: Mapping[str, Any]) -> str:
    """`LoRA, all linear, no replay, rank 2`; the default, rank 8 with replay, is left out."""
    rank = f", rank {row['rank']}" if row["rank"] not in (None, 8) else ""
    return row["arm"] + (", no replay" if row["replay"] is False else "") + rank


def _stacked(rows, tests, types):
    """-> values and groups of all seeds' questions of these types, videos kept apart by seed."""
    values, groups = [], []
    for row in sorted(rows, key=lambda r: r["seed"]):
        for value, e in zip(row["values"], tests[row["seed"]], strict=True):
            if e.type in types:
                values.append(float(value))
                groups.append(f"{row['seed']} {e.group}")
    return np.array(values), groups


def _figure(rows, tests, types) -> dict:
    return bootstrap_over_groups(*_stacked(rows, tests, types), seed=0).to_json()


def _difference(a, b, tests, types) -> dict:
    (mine, groups), (theirs, _) = _stacked(a, tests, types), _stacked(b, tests, types)
    return bootstrap_over_groups(mine - theirs, groups, seed=0, bounds=(-1, 1)).to_json()


def _recovered(mine, full, frozen, tests, draws: int = 2000) -> dict | None:
    """Ratio of gains, bootstrapped over all seeds' videos; None where full's gain is not sure."""
    (a, groups), (b, _), (c, _) = (_stacked(rows, tests, LEARNT) for rows in (mine, full, frozen))
    _, index = np.unique(groups, return_inverse=True)
    ours, theirs = np.bincount(index, a - c), np.bincount(index, b - c)
    picks = np.random.default_rng(0).integers(0, len(ours), (draws, len(ours)))
    of_full = theirs[picks].sum(1)
    if of_full.min() <= 0:
        return None
    low, high = np.percentile(ours[picks].sum(1) / of_full, [2.5, 97.5])
    return {
        "value": float(ours.sum() / theirs.sum()),
        "low": float(low),
        "high": float(high),
        "n": len(a),
    }


def _same_seeds(rows, name: str, like) -> list:
    found = [r for r in rows if arm_name(r) == name and r["seed"] in {m["seed"] for m in like}]
    return found if len(found) == len(like) else []
