"""Committed results -> the finding in each study's README.md, and the table of all studies.

python -m experiments.readme            # rewrite them
python -m experiments.readme --check    # only say whether they are up to date
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
LINES = ("Question", "Command", "Finding")


def studies(root: Path = ROOT) -> list[str]:
    """-> the names of the studies' folders."""
    return sorted(path.parent.name for path in root.glob("*/run.py"))


def result_of(name: str, root: Path = ROOT) -> Mapping[str, Any]:
    """-> the committed result; of `tiny_models`, what the shipped checkpoints' trainings wrote."""
    if name == "tiny_models":
        return import_module("experiments.tiny_models.run").read_metrics()
    return json.loads((root / name / "result.json").read_text(encoding="utf-8"))


def lines_of(name: str, root: Path = ROOT) -> dict[str, str]:
    """-> the README's three lines by their names, each without its name."""
    text = (root / name / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^- \*\*(\w+).\*\* (.*)$", text, re.MULTILINE))


def commands_of(name: str, root: Path = ROOT) -> list[str]:
    """-> the commands that make the study's results, as its README gives them."""
    return re.findall(r"`(python -m [^`]*)`", lines_of(name, root)["Command"])


def build(root: Path = ROOT) -> dict[Path, str]:
    """-> what every README of the folder should hold."""
    made, rows = {}, ["| study | question | finding |", "|---|---|---|"]
    for name in studies(root):
        path = root / name / "README.md"
        finding = import_module(f"experiments.{name}.run").finding(result_of(name, root))
        text = path.read_text(encoding="utf-8")
        made[path] = re.sub(
            r"^- \*\*Finding\.\*\* .*$",
            lambda _, finding=finding: f"- **Finding.** {finding}",
            text,
            flags=re.MULTILINE,
        )
        rows.append(
            f"| [{name}]({name}/README.md) | {lines_of(name, root)['Question']} | {finding} |"
        )
    path = root / "README.md"
    head, _, after = path.read_text(encoding="utf-8").partition("<!-- studies -->\n")
    tail = after.partition("<!-- /studies -->")[2]
    table = "\n".join(rows)
    made[path] = f"{head}<!-- studies -->\n{table}\n<!-- /studies -->{tail}"
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Write the READMEs, or check them; -> the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.readme",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")
    check = parser.parse_args(argv).check
    stale = {p: text for p, text in build().items() if p.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT.parent)}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
