"""Question file -> examples for a chat model: each row with its options and the lines it is shown.

The lines stand in the row (`evidence`), or are what the library's own search gives for the
question where the video was ingested: what `svqa ask` would show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from svqa.answering.chat_evidence import Exhibit, Limits, show
from svqa.errors import NotIngested, SvqaError
from svqa.json_lines import Mistake, refuse
from svqa.questions import QuestionRow, check_split, contradictions, open_question_file
from svqa.records import Evidence, Question
from svqa.training.dataset import NOTHING, Example

if TYPE_CHECKING:
    from svqa.pipeline.library import Library

Find = Callable[[Question], Sequence[Evidence]]  # a question about a video -> lines, each scored


@dataclass(frozen=True)
class ChatExample(Example):
    """A question with what it is chosen from and the lines that tell it.

    `path` is the video, which need not be there; `sha256` of its bytes, or of its name without it.
    """

    options: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def content(self) -> list:
        """And what is shown."""
        lines = [[e.start_s, e.end_s, e.kind, e.text, e.score] for e in self.evidence]
        return [*super().content, self.options, lines]

    @property
    def asked(self) -> Question:
        """As the prompt takes it."""
        return Question(self.question, self.options)

    def exhibit(self, limits: Limits) -> Exhibit:
        """What fits."""
        return show(self.evidence, limits=limits)


def read_chat_examples(
    path: str | Path, *, split: str = "train", types: Sequence[str] = (), find: Find | None = None
) -> list[ChatExample]:
    """-> the examples of a question file that are for `split`; those without one are for all.

    `find` gives the lines of a row that has none. Raises UsageError with every mistake and the
    line it stands on; nothing is returned unless all rows are right.
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
    made = [e for row in chosen if (e := _example(row, contents, find, mistakes))]
    refuse(file.path, mistakes, nothing=NOTHING)
    return made


class LibraryLines:
    """A question about a video -> the lines that a search in the library finds.

    The database is opened when the first is asked for, and none is made.
    """

    def __init__(self, database: str):
        self.database = database
        self._library: Library | None = None

    def __enter__(self) -> LibraryLines:
        return self

    def __exit__(self, *_: object) -> None:
        if self._library is not None:
            self._library.close()

    def __call__(self, question: Question) -> list[Evidence]:
        """Raises NotIngested for a video that is not in it."""
        from svqa.pipeline.ask import lines_about
        from svqa.pipeline.library import open_library

        file = Path(self.database.removeprefix("sqlite:///"))
        if self.database.startswith("sqlite:///") and not file.exists():
            raise NotIngested(f"there is no database {file}. Run: svqa ingest {question.video}")
        if self._library is None:
            self._library = open_library(self.database)
        found = self._library
        video = found.find(question.video).id
        return lines_about(found.store, found.models, question, [video], cache=found.cache)


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


def _example(
    row: QuestionRow, contents: _Contents, find: Find | None, mistakes: list[Mistake]
) -> ChatExample | None:
    path, sha256 = contents.of(row.source)
    lines: Sequence[Evidence] = row.evidence
    if not lines:
        video = str(path) if path.exists() else row.source
        try:
            lines = find(Question(row.question, row.options, video)) if find else ()
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
    return ChatExample(
        row.question,
        row.answers,
        path,
        sha256,
        row.group,
        row.line,
        time_s=row.time_s,
        span=row.span,
        type=row.type,
        options=row.options,
        evidence=tuple(lines),
    )
