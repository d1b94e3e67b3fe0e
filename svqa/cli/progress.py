"""Long work -> bars on stderr, on a terminal only; elsewhere nothing is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from svqa.cli.output import shown
from svqa.records import Progress


@contextmanager
def progress_bars() -> Iterator[Progress | None]:
    """A `Progress` callback that draws a bar for every kind of work; None away from a terminal.

    What is done may carry a detail behind a comma ("epoch 2, loss 0.31"): it is shown, and does not
    open another bar. A path is shown by its name.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, rich.TaskID] = {}

        def show(what: str, done: float, of: float) -> None:
            kind, text = what.split(",")[0], shown(Path(what).name)
            if kind not in tasks:
                tasks[kind] = bars.add_task(text, total=round(of))
            bars.update(
                tasks[kind], description=text, completed=round(min(done, of)), total=round(of)
            )

        yield show


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A line that moves while the work goes on, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
