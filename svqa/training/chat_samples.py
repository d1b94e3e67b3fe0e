"""Question file -> examples for a chat model: each row with its options and what it is shown.

Where the video was ingested, that is what `svqa ask` would show: the lines, and for a model that
sees the frames, that the library's own search gives for the question. Without a library a row
brings its lines itself (`evidence`), and says by `time_s` or `span` which frames are meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from svqa.answering.chat_evidence import Exhibit, Limits, show
from svqa.errors import NotIngested, SvqaError
from svqa.json_lines import Mistake, refuse
from svqa.models.frame_sequence import even_times
from svqa.questions import QuestionRow, check_split, contradictions, open_question_file
from svqa.records import Evidence, FrameBatch, Question
from svqa.settings import Settings
from svqa.training.dataset import NOTHING, Example, Files

if TYPE_CHECKING:
    from svqa.pipeline.library import Library


@dataclass(frozen=True)
class Found:
    """What a search shows of a question: lines, and frames of which file at which seconds."""

    lines: Sequence[Evidence]
    path: Path
    times_s: tuple[float, ...] = ()
    size_px: int = Settings.analysis_px


Find = Callable[[Question, bool], Found]  # a question about a video, whether frames are wanted


@dataclass(frozen=True)
class ChatExample(Example):
    """A question with what it is chosen from, the lines that tell it and the frames that show it.

    `path` is the video, which need not be there where no frame of it is shown; `sha256` of its
    bytes, or of its name without it. `looks_at` are the seconds of the frames, `size_px` their long
    side.
    """

    evidence: tuple[Evidence, ...] = ()
    looks_at: tuple[float, ...] = ()
    size_px: int = Settings.analysis_px

    @property
    def content(self) -> list:
        """And what is shown."""
        lines = [[e.start_s, e.end_s, e.kind, e.text, e.score] for e in self.evidence]
        seen = [[*self.looks_at, self.size_px]] if self.looks_at else []
        asked = [self.question, self.answers, self.sha256, self.time_s, self.span, self.type]
        return [*asked, self.options, lines, *seen]

    @property
    def asked(self) -> Question:
        """As the prompt takes it."""
        return Question(self.question, self.options)

    def exhibit(self, limits: Limits, frames: FrameBatch | None = None) -> Exhibit:
        """What fits."""
        return show(self.evidence, frames, limits)


def read_chat_examples(
    path: str | Path,
    *,
    split: str = "train",
    types: Sequence[str] = (),
    find: Find | None = None,
    sees: bool = False,
) -> list[ChatExample]:
    """-> the examples of a question file that are for `split`; those without one are for all.

    `find` gives what is shown of a row that has no lines; `sees`: with frames, for a model that
    takes them. Raises UsageError with every mistake and the line it stands on; nothing is returned
    unless all rows are right.
    """
    check_split(split)
    file = open_question_file(path)
    mistakes = [
        *file.mistakes,
        *(
            Mistake(row.line, "asks about a picture; a chat model is trained on a `video`")
            for row in file.rows
            if row.still
        ),
    ]
    keys = [(row.source, row.question, row.options, row.time_s, row.spans) for row in file.rows]
    mistakes += contradictions(file.rows, keys)
    refuse(file.path, mistakes, nothing=NOTHING)
    chosen, contents = file.chosen(split, types, nothing=NOTHING), _Contents(file.path.parent)
    make = partial(_seen, Files(file.path.parent)) if sees else partial(_read, contents)
    made = [e for row in chosen if (e := make(row, find, mistakes))]
    refuse(file.path, mistakes, nothing=NOTHING)
    return made


class LibraryEvidence:
    """A question about a video -> what `ask` would show of it, by a search in the library.

    The database is opened when the first is asked for, and none is made.
    """

    def __init__(self, database: str):
        self.database = database
        self._library: Library | None = None

    def __enter__(self) -> LibraryEvidence:
        return self

    def __exit__(self, *_: object) -> None:
        if self._library is not None:
            self._library.close()

    def __call__(self, question: Question, looks: bool) -> Found:
        """Raises NotIngested for a video that is not in it."""
        from svqa.pipeline.ask import shown_about
        from svqa.pipeline.frame_selection import shown_px
        from svqa.pipeline.library import open_library

        file = Path(self.database.removeprefix("sqlite:///"))
        if self.database.startswith("sqlite:///") and not file.exists():
            raise NotIngested(f"there is no database {file}. Run: svqa ingest {question.video}")
        if self._library is None:
            self._library = open_library(self.database)
        of = self._library
        video = of.find(question.video)
        shown = shown_about(of.store, of.models, question, [video.id], looks=looks, cache=of.cache)
        return Found(shown.lines, Path(video.path), shown.times_s, shown_px(video))


class _Contents:
    """A row's video -> its path and a hash of what it is; each file is read once."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._seen: dict[Path, str] = {}

    def of(self, name: str) -> tuple[Path, str]:
        path = self.folder / name
        if path not in self._seen:
            if path.is_file():
                with path.open("rb") as file:
                    self._seen[path] = hashlib.file_digest(file, "sha256").hexdigest()
            else:
                self._seen[path] = hashlib.sha256(f"name:{name}".encode()).hexdigest()
        return path, self._seen[path]


def _read(
    contents: _Contents, row: QuestionRow, find: Find | None, mistakes: list[Mistake]
) -> ChatExample | None:
    """A row for a model that reads: its own lines, or those that are found."""
    path, sha256 = contents.of(row.source)
    lines: Sequence[Evidence] = row.evidence
    if not lines:
        try:
            lines = find(_asked(row, path), False).lines if find else ()
        except SvqaError as error:
            mistakes.append(Mistake(row.line, f"has no `evidence`, and its video none: {error}"))
            return None
    if not lines:
        mistakes.append(
            Mistake(
                row.line,
                "has no lines to read: give `evidence`, or ingest the video into --database first",
            )
        )
        return None
    return _made(row, path, sha256, row.span, Found(lines, path))


def _seen(
    files: Files, row: QuestionRow, find: Find | None, mistakes: list[Mistake]
) -> ChatExample | None:
    """A row for a model that sees, too: what is found, or its own lines and the frames it names."""
    named = row.time_s is not None or row.span is not None
    try:
        try:
            wanted = None if row.evidence else find
            found = wanted and wanted(_asked(row, files.folder / row.source), True)
        except NotIngested:
            if not named:
                raise
            found = None
        path, sha256, duration_s = files.look(str(found.path) if found else row.source, still=False)
    except (SvqaError, OSError) as error:
        mistakes.append(Mistake(row.line, f"has nothing to be seen: {error}"))
        return None
    assert duration_s is not None  # of a video
    first_s = row.span[0] if row.span else row.time_s or 0.0
    if first_s >= duration_s:
        asks = f"asks about second {first_s:g}, but {row.source} ends at {duration_s:g} s"
        mistakes.append(Mistake(row.line, asks))
        return None
    span = row.span and (row.span[0], min(row.span[1], duration_s))
    if found is None:
        even = even_times(span or (0.0, duration_s), Limits.frames)
        times_s = tuple(even) if row.time_s is None else (row.time_s,)
        found = Found(row.evidence, path, times_s)
    return _made(row, path, sha256, span, found)


def _asked(row: QuestionRow, path: Path) -> Question:
    return Question(row.question, row.options, str(path) if path.exists() else row.source)


def _made(
    row: QuestionRow, path: Path, sha256: str, span: tuple[float, float] | None, found: Found
) -> ChatExample:
    return ChatExample(
        row.question,
        row.answers,
        path,
        sha256,
        row.group,
        row.line,
        time_s=row.time_s,
        span=span,
        type=row.type,
        options=row.options,
        evidence=tuple(found.lines),
        looks_at=found.times_s,
        size_px=found.size_px,
    )
