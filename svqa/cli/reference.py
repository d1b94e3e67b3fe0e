"""The command line -> Markdown: every command with its arguments, options and defaults.

    python -m svqa.cli.reference

`docs/commands.md` is what this prints.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import typer

from svqa.cli import app


def reference() -> str:
    """-> a section a command, in the order of `svqa --help`; hidden ones are left out."""
    return "\n\n".join(f"## `{' '.join(path)}`\n\n{_section(c)}" for path, c in commands())


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """-> (words of the command, its click command), groups themselves left out."""
    yield from _leaves(("svqa",), typer.main.get_command(app))


def _leaves(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if command.hidden:
        return
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, part in command.commands.items():
        yield from _leaves((*path, name), part)


def _section(command: Any) -> str:
    about = textwrap.fill(" ".join((command.help or "").split()), 100)
    rows = [_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", 0)]
    if not rows:
        return about
    head = ["| argument or option | default | meaning |", "|---|---|---|"]
    return about + "\n\n" + "\n".join([*head, *rows])


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.name.upper()]
    default = "required" if parameter.required else _default(parameter.default)
    about = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    return f"| {', '.join(f'`{name}`' for name in names)} | {default} | {about} |"


def _default(value: Any) -> str:
    return "" if value in (None, False) or callable(value) else f"`{value}`"


if __name__ == "__main__":
    print(reference())
