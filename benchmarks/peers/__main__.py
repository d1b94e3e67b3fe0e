"""`python -m benchmarks.peers [NAME ...]`: the same work by svqa and by others, in turn.

    python -m benchmarks.peers                       # all of them
    python -m benchmarks.peers pixeltable --pairs 7
    python -m benchmarks.peers faster-whisper --film talk.mp4

Without `--film` it is half a minute of a cartoon in which nobody speaks.

A peer's environment is made under the user's cache folder. What was measured goes into
`benchmarks/peers/result.json`, where the rows of other peers stay.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.harness import median_interval
from benchmarks.peers.declared import PEERS, Peer
from benchmarks.peers.environment import python_of
from benchmarks.peers.talk import Side
from svqa.errors import UsageError, unknown_name
from svqa.profiling.provenance import package_versions, this_machine
from svqa.reporting.sample_clips import loop, real_clip

RESULT = Path(__file__).with_name("result.json")
SECONDS = 30


def measure(peer: Peer, film: Path, *, pairs: int) -> dict[str, Any]:
    """One warm-up a side, whose results are compared, then pairs in turn -> a row."""
    python = python_of(peer.name, peer.packages)
    with (
        closing(Side(python, peer.job, "ours", film)) as ours,
        closing(Side(python, peer.job, "theirs", film)) as theirs,
    ):
        made, expected = ours.run()[1], theirs.run()[1]
        if not peer.same(made, expected):
            raise RuntimeError(
                "the results differ, so that times say nothing: "
                f"{made!s:.200} against {expected!s:.200}"
            )
        times: dict[Side, list[float]] = {ours: [], theirs: []}
        for number in range(pairs):
            for side in (ours, theirs) if number % 2 == 0 else (theirs, ours):
                times[side].append(side.run()[0])
    ratios = [a / b for a, b in zip(times[ours], times[theirs], strict=True)]
    value, low, high = median_interval(ratios)
    return {
        "name": peer.name,
        "what": peer.what,
        "ratio": {"value": value, "low": low, "high": high, "n": pairs},
        "aim": peer.aim,
        "ours_s": statistics.median(times[ours]),
        "theirs_s": statistics.median(times[theirs]),
        "load_average": os.getloadavg()[0],
    }


def run(names: Sequence[str], *, pairs: int, out: Path, film: Path | None = None) -> int:
    """Measure the named peers, all of them where none is named -> 1 where one could not be."""
    known = {peer.name: peer for peer in PEERS}
    for name in names:
        if name not in known:
            raise UsageError(unknown_name("peer", name, known))
    before = json.loads(out.read_text())["rows"] if out.exists() else []
    rows, failed = {row["name"]: row for row in before}, 0
    with tempfile.TemporaryDirectory() as folder:
        film = film or loop(real_clip(), Path(folder) / "film.mp4", seconds=SECONDS, group=250)
        for name in names or known:
            try:
                rows[name] = measure(known[name], film, pairs=pairs)
                print(f"{name}: {rows[name]['ratio']['value']:.3g}")
            except (RuntimeError, UsageError) as error:
                failed = 1
                needs = f" {known[name].needs}" if known[name].needs else ""
                print(f"{name}: not measured, {error}{needs}", file=sys.stderr)
    result = {
        "hardware": this_machine(),
        "versions": package_versions(("torch", "transformers", "scenedetect", "numpy", "av")),
        # a row that was measured before says what is declared now
        "rows": [rows[name] | {"what": known[name].what} for name in known if name in rows],
    }
    out.write_text(json.dumps(result, indent=2) + "\n")
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--film", type=Path, help="instead of the cartoon")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    sys.exit(run(given.names, pairs=given.pairs, out=given.out, film=given.film))
