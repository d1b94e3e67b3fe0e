"""A folder of notebooks -> every one executed, and the index that tells their story."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from svqa.errors import UsageError
from svqa.reporting.notebooks import NotebookFailed, report_parameters, run_notebook
from svqa.reporting.page import build_index


def run_all(
    notebooks: str | Path,
    out_dir: str | Path,
    *,
    say: Callable[[str], None] = print,
    timeout_s: int = 900,
) -> Path:
    """Run every numbered notebook of a folder in order, with its report's parameters.

    -> the report's `index.html`.

    One that fails does not stop the others: the index has those that ran, then NotebookFailed names
    the rest.
    """
    paths = sorted(Path(notebooks).glob("[0-9]*.ipynb"))
    if not paths:
        raise UsageError(f"No numbered notebooks (00_name.ipynb) in '{notebooks}'.")
    runs, failures = [], []
    for path in paths:
        say(f"Running {path.name}")
        try:
            runs.append(run_notebook(path, out_dir, report_parameters(path), timeout_s=timeout_s))
        except NotebookFailed as failure:
            failures.append(str(failure))
            say(str(failure))
    index = build_index(runs, out_dir)
    if failures:
        raise NotebookFailed(
            f"{len(failures)} of {len(paths)} notebooks failed; the others are in {index}.\n"
            + "\n".join(failures)
        )
    return index
