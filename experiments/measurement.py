"""A measurement on videos of the shapes world -> its command line: how many videos, which seed,
where the JSON goes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from svqa.metrics.results import EvalResult


def write_measured(
    run: Callable[..., EvalResult], *, about: str, seed: int, videos: int = 200
) -> None:
    """Call `run(videos=, seed=)` with what the command line gives, else with these, and write the
    result to `--out`.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--videos", type=int, default=videos)
    parser.add_argument("--seed", type=int, default=seed)
    given = parser.parse_args()
    result = run(videos=given.videos, seed=given.seed)
    given.out.write_text(json.dumps(result.to_json(), indent=1) + "\n", encoding="utf-8")
