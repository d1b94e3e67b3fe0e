"""Question file -> examples: each row with its picture's file, every line checked before training.

The file is the project's own (`svqa.questions`): `video` with `time_s` asks about one frame; with
`span` ([start, end) in seconds) or with neither, about a grid of frames over the span or over the
whole video. `image` asks about a picture. One file can serve for training and for validation, where
its rows have a `split`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from svqa.errors import SvqaError, UsageError
from svqa.json_lines import Mistake, refuse
from svqa.questions import QuestionRow, check_split, contradictions, open_question_file

NOTHING = "trained"  # what does not happen where a line is wrong


@dataclass(frozen=True)
class Example:
    """A question whose picture can be made: `still` a picture file, else of a video.

    The frame at `time_s`, or frames over `span`.

    `group` is what a split and an interval keep together; `sha256` the content of the file; `line`
    where it stands, `duration_s` how long the video is; `options` what is chosen from.
    """

    question: str
    answers: tuple[str, ...]
    path: Path
    sha256: str
    group: str
    line: int
    still: bool = False
    time_s: float | None = None
    span: tuple[float, float] | None = None
    type: str = ""
    duration_s: float | None = None
    options: tuple[str, ...] = ()

    @property
    def spread(self) -> bool:
        """Whether it asks about more than one second, of which frames are shown."""
        return not self.still and self.time_s is None

    @property
    def shown_span(self) -> tuple[float, float]:
        """The seconds that are asked about: `span`, or the whole video."""
        return self.span or (0.0, self.duration_s or 0.0)

    @property
    def content(self) -> list:
        """What the example asks, about which bytes, with which answers: plain values."""
        asked = [self.question, self.answers, self.sha256, self.time_s, self.span, self.type]
        return [*asked, self.options] if self.options else asked

    @property
    def weights(self) -> dict[str, float]:
        """Each different answer -> the share of references that gave it.

        As BLIP weighs the answers of VQA.
        """
        return {a: self.answers.count(a) / len(self.answers) for a in dict.fromkeys(self.answers)}

    @property
    def replies(self) -> dict[str, float]:
        """What a model is held against: each option -> whether it is right, or `weights`.

        Right options share a whole.
        """
        if not self.options:
            return self.weights
        right = {option: float(option in self.answers) for option in self.options}
        return {option: value / sum(right.values()) for option, value in right.items()}


def read_examples(
    path: str | Path, *, split: str = "train", types: Sequence[str] = ()
) -> list[Example]:
    """-> the examples of a question file that are for `split`.

    Those without a split are for every one.

    `types`: only questions of these types. Each video is opened once, for its length. Raises
    UsageError with every mistake and the line it stands on; nothing is returned unless all lines
    are right.

    >>> read_examples("questions.jsonl", split="val")[0].question   # doctest: +SKIP
    'what is on the table?'
    """
    check_split(split)
    file = open_question_file(path)
    files = Files(file.path.parent)
    mistakes = list(file.mistakes)
    made = {row: e for row in file.rows if (e := _example(row, files, mistakes))}
    # the same picture under another name is the same; options are not shown, but weighed
    keys = [(e.question, e.sha256, e.time_s, e.span, e.options) for e in made.values()]
    mistakes += contradictions(list(made), keys)
    refuse(file.path, mistakes, nothing=NOTHING)
    return [made[row] for row in file.chosen(split, types, nothing=NOTHING)]


def data_sha256(*parts: Sequence[Example]) -> str:
    """-> a hash of what was asked, about which bytes, with which answers.

    Equal hashes, equal data, wherever the files lie.
    """
    rows = [[e.content for e in part] for part in parts]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


class Files:
    """Name in a row -> path, content hash and length in seconds (None for a picture).

    Each file is opened once.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._seen: dict[tuple[Path, bool], tuple[str, float | None]] = {}

    def look(self, name: str, *, still: bool) -> tuple[Path, str, float | None]:
        """Raises SvqaError or OSError with what is wrong with the file."""
        from svqa.media import refuse_url

        refuse_url(name)  # as it was written: a path would lose one of its slashes
        path = self.folder / name
        if (path, still) not in self._seen:
            self._seen[path, still] = _picture(path) if still else _video(path)
        return path, *self._seen[path, still]


def _picture(path: Path) -> tuple[str, None]:
    from svqa.media.pictures import picture_sha256, read_picture

    read_picture(path)  # all of it: one that is cut short opens, and fails when it is needed
    return picture_sha256(path), None


def _video(path: Path) -> tuple[str, float]:
    from svqa.media.probing import probe

    if not path.is_file():
        raise UsageError(f"no such video: {path}")
    info = probe(path)
    return info.sha256, info.duration_s


def _example(row: QuestionRow, files: Files, mistakes: list[Mistake]) -> Example | None:
    """None where the file cannot be read or ends too early, which is added to `mistakes`."""
    try:
        path, sha256, duration_s = files.look(row.source, still=row.still)
    except (SvqaError, OSError) as error:
        mistakes.append(Mistake(row.line, str(error)))
        return None
    span, first_s = row.span, row.span[0] if row.span else row.time_s
    if duration_s is not None:
        if first_s is not None and first_s >= duration_s:
            end = f"{row.source} ends at {duration_s:g} s"
            mistakes.append(Mistake(row.line, f"asks about second {first_s:g}, but {end}"))
            return None
        span = span and (span[0], min(span[1], duration_s))
    return Example(
        row.question,
        row.answers,
        path,
        sha256,
        row.group,
        row.line,
        row.still,
        row.time_s,
        span,
        row.type,
        duration_s,
        row.options,
    )
