"""Commands that left the package -> an error that says where they are now, for one release."""

from __future__ import annotations

import typer

from svqa.errors import UsageError

_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(shapes_app: typer.Typer) -> None:
    """Add the names that were, hidden from `--help`."""
    shapes_app.command("train", hidden=True, context_settings=_ANYTHING)(train)


def train() -> None:
    """Raises UsageError: the tiny models are trained from a checkout."""
    raise UsageError(
        "`svqa shapes train` moved. From a checkout run: python -m experiments.tiny_models NAME"
    )
