"""A study -> its command: documented arguments, progress on stderr, `result.json`, its finding.

Every study's `run.py` has `arguments()`, `main(argv)` and `finding(result)`: the sentence that its
README and the table of all studies print from the committed `result.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from svqa.metrics.results import EvalResult, Figure
from svqa.records import Progress

Item = TypeVar("Item")
# whose words the studies on NExT-QA and NExT-GQA read
CAPTIONED = "from ready-made captions of a far larger model (VideoAgent's file)"


def study_arguments(file: str, about: str | None) -> argparse.ArgumentParser:
    """-> a parser with `--out`; `file` is the study's `__file__`, `about` its docstring."""
    folder = Path(file).parent
    parser = argparse.ArgumentParser(
        prog=f"python -m experiments.{folder.name}.run",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=folder / "result.json",
        help="file that the JSON is written to (default: result.json beside the study)",
    )
    return parser


def add_videos_and_seed(parser: argparse.ArgumentParser, *, videos: int, seed: int) -> None:
    """Add what a study on freshly drawn shapes videos takes."""
    parser.add_argument(
        "--videos", type=int, default=videos, help="videos to draw (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=seed, help="seed of the videos (default: %(default)s)"
    )


def add_page(parser: argparse.ArgumentParser, page: Path) -> None:
    """Add the page of the documentation that a study fills with its tables."""
    parser.add_argument(
        "--page",
        type=Path,
        default=page,
        help="page whose tables are filled (default: %(default)s)",
    )


def add_nextqa_files(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add the required files of NExT-QA or NExT-GQA by name, each with what it holds."""
    about = {
        "annotations": "the benchmark's questions (csv)",
        "spans": "the seconds that people marked (json)",
        "captions": "one caption a second by video (json or json.gz)",
        "predictions": "a trained model's stored answers to the same questions (json)",
    }
    for name in names:
        parser.add_argument(f"--{name}", type=Path, required=True, help=about[name])


def write_result(
    result: EvalResult | Mapping[str, Any],
    out: Path,
    finding: Callable[[Mapping[str, Any]], str],
) -> None:
    """Write the JSON to `out` and print what it says."""
    data = result.to_json() if isinstance(result, EvalResult) else dict(result)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print(f"{finding(data)}\n{out}")


def counted(items: Sequence[Item], what: str, progress: Progress | None) -> Iterator[Item]:
    """The items one by one; `progress` is called after each with how many are done."""
    for done, item in enumerate(items, 1):
        yield item
        if progress is not None:
            progress(what, done, len(items))


def percent(figure: Mapping[str, Any]) -> str:
    """`{"value", "low", "high", "n"}` of a share -> `84.0 [80.1, 87.9] %`.

    >>> percent({"value": 0.84, "low": 0.8, "high": 0.88, "n": 344})
    '84.0 [80.0, 88.0] %'
    """
    return str(Figure(**figure)).partition(" (n")[0]


def points(figure: Mapping[str, Any]) -> str:
    """A difference of two shares -> `+56.1 [+50.4, +61.5] points`.

    >>> points({"value": 0.05, "low": -0.01, "high": 0.11, "n": 344})
    '+5.0 [-1.0, +11.0] points'
    """
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}] points"
