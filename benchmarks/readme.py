"""The declared benchmarks and the committed ratios -> the table of benchmarks/README.md.

python -m benchmarks.readme            # rewrite it
python -m benchmarks.readme --check    # only say whether it is up to date
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import BENCHMARKS

README = Path(__file__).with_name("README.md")


def table(result: Path = README.with_name("result.json")) -> str:
    """-> Markdown, a row an id: what, against what, the aim, and the ratio of the committed run."""
    rows = {row["id"]: row for row in json.loads(result.read_text(encoding="utf-8"))["rows"]}
    lines = ["| id | what | against | aim | measured | in core seconds | met |", "|---" * 7 + "|"]
    for benchmark in BENCHMARKS:
        row = rows.get(benchmark.id)
        measured, met = ("", "") if row is None else (_text(row["ratio"]), _met(row["met"]))
        work = _text({"n": 2, **row["work_ratio"]}) if row and "work_ratio" in row else ""
        lines.append(
            f"| {benchmark.id} | {benchmark.what} | {benchmark.against} | {benchmark.aim_text} "
            f"| {measured} | {work} | {met} |"
        )
    return "\n".join(lines)


def profile(result: Path = README.with_name("result.json")) -> str:
    """-> Markdown: where the core seconds of P5's ingest go, and what P8's backends reach."""
    rows = {row["id"]: row for row in json.loads(result.read_text(encoding="utf-8"))["rows"]}
    ingest, backends = rows["P5"], rows["P8"]
    lines = [f"{ingest['what']}, on {ingest['cores']} cores:", ""]
    lines += ["| part | s | s of cores |", "|---" * 3 + "|"]
    for part, spent in ingest.get("profile", {}).items():
        lines.append(f"| {part} | {spent['s']:.2f} | {spent['core_s']:.2f} |")
    reached = ", ".join(
        f"{name} {found['ratio']:.3g} (cosine {found['cosine']:.3f})"
        for name, found in backends["backends"].items()
    )
    return "\n".join(
        [
            *lines,
            "",
            f"P8, times as fast as torch: {reached}. With every multiplication at the fastest that "
            f"this core multiplies matrices it would be {backends['limit']:.3g}.",
        ]
    )


def build(readme: Path = README) -> str:
    """-> what README.md should hold."""
    text = readme.read_text(encoding="utf-8")
    for name, made in (("benchmarks", table), ("profile", profile)):
        head, _, after = text.partition(f"<!-- {name} -->\n")
        rest = after.partition(f"<!-- /{name} -->")[2]
        text = f"{head}<!-- {name} -->\n{made()}\n<!-- /{name} -->{rest}"
    return text


def _text(ratio: dict[str, float]) -> str:
    interval = f" [{ratio['low']:.3g}, {ratio['high']:.3g}]" if ratio["n"] > 1 else ""
    return f"{ratio['value']:.3g}{interval}"


def _met(met: bool) -> str:
    return "yes" if met else "**no**"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table, or check it; -> the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.readme",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")
    check, text = parser.parse_args(argv).check, build()
    stale = README.read_text(encoding="utf-8") != text
    if stale and not check:
        README.write_text(text, encoding="utf-8")
    return int(check and stale)


if __name__ == "__main__":
    sys.exit(main())
