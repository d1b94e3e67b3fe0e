"""`svqa ask`: one question, or as many as lines come, for one load of the models."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.output import (
    Answerer,
    Database,
    Json,
    Models,
    RoleModels,
    Video,
    by_role,
    clock,
    json_line,
    print_json,
    say,
    shown,
)
from svqa.cli.progress import progress_bars

if TYPE_CHECKING:
    from svqa.pipeline.library import Library
    from svqa.records import Answer

FIELDS = ("video", "path", "start_s", "end_s", "score", "kind", "text")


def register(app: typer.Typer) -> None:
    """Add `ask`."""
    app.command()(ask)


def ask(
    question: Annotated[
        str | None, typer.Argument(help="The question; - for a question a line of stdin.")
    ] = None,
    video: Video = None,
    options: Annotated[
        list[str] | None, typer.Option("--options", help="An answer to choose from; repeat it.")
    ] = None,
    answerer: Answerer = None,
    models: Models = None,
    model: RoleModels = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Answer a question and show the seconds the answer rests on.

    A path given with --video is ingested first if needed. Without a question a terminal asks for
    one after the other; with - each line of stdin is one, and --json prints a line for each.
    """
    from svqa.errors import UsageError
    from svqa.media.objects import is_object
    from svqa.pipeline.library import open_library

    if question is None and not sys.stdin.isatty():
        raise UsageError("Ask something: svqa ask 'What animal is this?', or - to read lines.")
    is_film = video is not None and (is_object(video) or Path(video).is_file())
    chosen = by_role(model, answerer=answerer)
    with open_library(database, models, make=is_film, **chosen) as library:
        if question not in (None, "-"):
            answer = _answer(library, str(question), video, options)
            print_json(_record(answer)) if json else _print(answer)
            return
        if question is not None:
            _ask_lines(library, video, options, json)
            return
        for line in _prompted():
            try:
                answer = _answer(library, line, video, options)
            except UsageError as error:  # of this line; the next may be right
                say(f"svqa: {error}")
                continue
            json_line({"question": line, **_record(answer)}) if json else _print(answer)


def _ask_lines(library: Library, video: str | None, options: list[str] | None, json: bool) -> None:
    """Each line of stdin; those that have come are asked together where that is quicker."""
    from svqa.errors import UsageError
    from svqa.records import Question

    for lines in _come(library.together):
        try:
            asked = [Question(line, tuple(options or ()), video or "") for line in lines]
            answers = library.ask_all(asked) if len(lines) > 1 else None
        except UsageError:  # of one of them: the others are answered all the same
            answers = None
        for i, line in enumerate(lines):
            answer = answers[i] if answers else _answer(library, line, video, options)
            json_line({"question": line, **_record(answer)}) if json else _print(answer)


def _come(most: int) -> Iterator[list[str]]:
    """The lines of stdin, as many at a time as have come, up to `most`; the first is waited for.

    Raises UsageError where stdin is not text.
    """
    if most == 1:
        yield from ([line] for line in _lines())
        return
    waiting: queue.Queue[str | Exception | None] = queue.Queue()

    def read() -> None:
        try:
            for line in _lines():
                waiting.put(line)
            waiting.put(None)
        except Exception as error:  # whatever it is: who waits must hear of it
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    more: str | Exception | None = waiting.get()
    while isinstance(more, str):
        lines, more = [more], ""
        while len(lines) < most and not waiting.empty():
            if not isinstance(more := waiting.get(), str):
                break
            lines.append(more)
        yield lines
        if isinstance(more, str):
            more = waiting.get()
    if more is not None:
        raise more


def _answer(library: Library, text: str, video: str | None, options: list[str] | None) -> Answer:
    with progress_bars() as show:
        return library.ask(text, video=video, options=options or (), progress=show)


def _lines() -> Iterator[str]:
    """The lines of stdin that hold something. Raises UsageError where they are not text."""
    from svqa.errors import UsageError

    try:
        yield from (line.strip() for line in sys.stdin if line.strip())
    except UnicodeDecodeError as error:
        raise UsageError(
            f"Questions are lines of {error.encoding} text, got the byte 0x"
            f"{error.object[error.start]:02x} on stdin. Convert them, as with iconv -t utf-8."
        ) from None


def _prompted() -> Iterator[str]:
    """What is typed, until an empty line or the end."""
    while True:
        print("? ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            return
        yield line.strip()


def _record(answer: Answer) -> dict[str, Any]:
    return {
        "answer": answer.text,
        "score": answer.score,
        "abstained": answer.abstained,
        "reason": answer.reason,
        "model": answer.model_id,
        "number": answer.number,
        "latency_ms": round(answer.latency_ms, 1),
        "usage": dict(answer.usage),
        "evidence": [{name: getattr(e, name) for name in FIELDS} for e in answer.evidence],
    }


def _print(answer: Answer) -> None:
    typer.echo(shown(answer.text))
    if answer.reason:
        why = "no answer" if answer.abstained else "because"
        typer.echo(shown(f"  ({why}: {answer.reason})"))
    for e in answer.evidence:
        typer.echo(shown(f"  {clock(e.start_s)}-{clock(e.end_s)}  {e.text}  [{e.path}]"))
