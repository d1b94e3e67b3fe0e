"""Question file -> checked rows: the one reader that training, evaluation and comparison share.

The file is JSON Lines or one JSON list, in UTF-8. A row is an object:

    {"video": "kitchen.mp4", "question": "what is on the table?", "answer": "a cup", "time_s": 3.5}

| field | what it holds |
|---|---|
| `video`, `image` | one of them: the file that is asked about, relative to the question file |
| `question` | a sentence |
| `answer`, `answers` | one of them: the reference, or a list of references that count alike |
| `options` | what to choose from; the reference is one of them |
| `time_s`, `span` | at most one: the second, or `[start, end)` in seconds, that is asked about |
| `spans` | `[[start, end], ...]`: the seconds that hold the evidence; without it those of `span` |
| `split` | `train`, `val` or `test`; a row without one is for each of them |
| `type` | its family: figures are given for each |
| `group` | what a split and an interval keep together; without it the file that is asked about |
| `id` | its own name; without it `line 7` |
| `evidence` | lines (`start_s`, `end_s`, `kind`, `text`), best first: what a chat model reads |

Training shows the model the frame at `time_s`, else frames spread over `span` or the whole video;
evaluation asks about the whole video and measures whether the seconds of `spans` are found.
"""

from __future__ import annotations

import difflib
import hashlib
import sys
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.errors import UsageError, unknown_name
from svqa.evidence_lines import evidence_lines, is_text, wrong_evidence
from svqa.json_lines import Mistake, decode, refuse, values
from svqa.records import Evidence, Question

SPLITS = ("train", "val", "test")
FIELDS = (
    *("video", "image", "question", "answer", "answers", "options"),
    *("time_s", "span", "spans", "type", "split", "group", "id", "evidence"),
)


@dataclass(frozen=True)
class QuestionRow:
    """A row whose every field is right; `source` names the picture (`still`) or video it is about.

    `span` is what is asked about, `spans` is where the evidence lies: `span` unless given. Between
    words stands one space.
    """

    line: int
    source: str
    question: str
    answers: tuple[str, ...]
    still: bool = False
    options: tuple[str, ...] = ()
    time_s: float | None = None
    span: tuple[float, float] | None = None
    spans: tuple[tuple[float, float], ...] = ()
    type: str = ""
    split: str | None = None
    group: str = ""
    id: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class QuestionFile:
    """The right rows of a file, what is wrong with the others, and the hash of its bytes."""

    path: Path
    sha256: str
    rows: tuple[QuestionRow, ...]
    mistakes: tuple[Mistake, ...]

    def chosen(
        self, split: str | None = None, types: Sequence[str] = (), *, nothing: str = "asked"
    ) -> list[QuestionRow]:
        """-> the rows of a split and of these types; those without a split are for each of them.

        Raises UsageError where there is none, for an unknown split and for an id given twice.
        """
        check_split(split)
        rows = [
            row
            for row in self.rows
            if (split is None or row.split in (None, split)) and (not types or row.type in types)
        ]
        if not rows:
            of = f" of type {', '.join(types)}" if types else ""
            for_split = f" for {split}" if split else ""
            raise UsageError(
                f"{self.path} holds 0 questions{of}{for_split}, of {len(self.rows)} in all. It "
                "needs at least one."
            )
        refuse(self.path, _same_ids(rows), nothing=nothing)
        return rows

    def record(self, row: QuestionRow) -> Question:
        """-> the row as a record; `video` is a path that opens, or else the name in the library."""
        path = self.path.parent / row.source
        video = str(path) if path.exists() else row.source
        return Question(row.question, row.options, video, row.answers, row.spans, row.type, row.id)


def check_split(split: str | None) -> None:
    """Raises UsageError for the name of a split that rows cannot have."""
    if split not in (None, *SPLITS):
        raise UsageError(unknown_name("split", str(split), SPLITS))


def open_question_file(path: str | Path) -> QuestionFile:
    """-> every row of the file, the mistakes kept beside them: for a caller with checks of its own.

    Raises UsageError where there is no such file or where it is not written in UTF-8.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"No such question file: {path}")
    data = path.read_bytes()
    rows: list[QuestionRow] = []
    mistakes: list[Mistake] = []
    for line, value in values(decode(data, path)):
        if isinstance(value, Mistake):
            mistakes.append(value)
        elif wrong := [Mistake(line, what) for what in _wrong(value)]:
            mistakes += wrong
        else:
            rows.append(_row(line, value))
    if not rows and not mistakes:
        mistakes.append(Mistake(1, "the file is empty; expected a row a question"))
    return QuestionFile(path, hashlib.sha256(data).hexdigest(), tuple(rows), tuple(mistakes))


def read_questions(path: str | Path, *, split: str | None = None) -> list[Question]:
    """-> the questions of a file about videos, of one split or of all, as records.

    Raises UsageError with every mistake and the line it stands on; nothing is returned unless all
    lines are right.

    >>> read_questions("questions.jsonl", split="val")[0].text   # doctest: +SKIP
    'what is on the table?'
    """
    file = open_question_file(path)
    stills = [
        Mistake(row.line, "asks about a picture, and only videos are asked about: name a `video`")
        for row in file.rows
        if row.still
    ]
    # other options or other seconds make another question of the same words
    keys = [(row.source, row.question, row.options, row.time_s, row.spans) for row in file.rows]
    refuse(file.path, [*file.mistakes, *stills, *contradictions(file.rows, keys)])
    return [file.record(row) for row in file.chosen(split)]


def contradictions(rows: Sequence[QuestionRow], keys: Sequence[Hashable]) -> Iterator[Mistake]:
    """Rows with equal keys ask the same: a mistake for each that answers unlike the first."""
    first: dict[Hashable, QuestionRow] = {}
    for row, key in zip(rows, keys, strict=True):
        known = first.setdefault(key, row)
        if set(known.answers) != set(row.answers):
            yield Mistake(
                row.line,
                f"asks what line {known.line} asks and answers {row.answers[0]!r} instead of "
                f"{known.answers[0]!r}. Put both into `answers` of one row",
            )


def _same_ids(rows: Sequence[QuestionRow]) -> Iterator[Mistake]:
    first: dict[str, QuestionRow] = {}
    for row in rows:
        if (known := first.setdefault(row.id, row)) is not row:
            yield Mistake(row.line, f"has the `id` {row.id!r} that line {known.line} has already")


def _row(line: int, row: dict[str, Any]) -> QuestionRow:
    still = "image" in row
    source = row["image" if still else "video"]
    span = None if row.get("span") is None else _span(row["span"])
    return QuestionRow(
        line,
        source,
        _words(row["question"]),
        tuple(map(_words, row["answers"] if "answers" in row else [row["answer"]])),
        still,
        tuple(map(_words, row.get("options") or ())),
        None if row.get("time_s") is None else float(row["time_s"]),
        span,
        tuple(map(_span, row.get("spans") or ())) or ((span,) if span else ()),
        row.get("type") or "",
        row.get("split"),
        source if row.get("group") in (None, "") else str(row["group"]),
        f"line {line}" if row.get("id") in (None, "") else str(row["id"]),
        evidence_lines(row.get("evidence"), source),
    )


def _wrong(row: Any) -> list[str]:
    """What is wrong with one row, taken alone."""
    if not isinstance(row, dict):
        return [f'expected an object like {{"video": ..., "question": ...}}, got {row!r}']
    found = [*_names(row), *_source(row), *_texts(row), *_options(row), *_seconds(row)]
    found += wrong_evidence(row.get("evidence"))
    if row.get("split") not in (None, *SPLITS):
        found.append(f"`split` must be one of {', '.join(SPLITS)}, got {row['split']!r}")
    if not isinstance(row.get("type") or "", str):
        found.append(f"`type` must be text, got {row['type']!r}")
    for name in ("group", "id"):
        if not isinstance(row.get(name) or "", str | int):
            found.append(f"`{name}` must be text or a whole number, got {row[name]!r}")
    return found


def _names(row: dict[str, Any]) -> Iterator[str]:
    for name in row:
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            yield f"has a field `{name}` that nothing reads.{hint} Known: {', '.join(FIELDS)}"


def _source(row: dict[str, Any]) -> Iterator[str]:
    given = [name for name in ("video", "image") if name in row]
    if len(given) != 1:
        yield f"needs either `video` or `image`, got {'both' if given else 'neither'}"
    elif not is_text(row[given[0]]):
        yield f"`{given[0]}` must name a file, got {row[given[0]]!r}"
    elif given == ["image"] and any(
        row.get(name) not in (None, []) for name in ("time_s", "span", "spans")
    ):
        yield "a picture has no seconds: leave `time_s` and `span` out, or name a `video`"


def _texts(row: dict[str, Any]) -> Iterator[str]:
    if not is_text(row.get("question")):
        yield f"`question` must be a sentence, got {row.get('question')!r}"
    given = [name for name in ("answer", "answers") if name in row]
    if len(given) != 1:
        yield f"needs either `answer` or `answers`, got {'both' if given else 'neither'}"
    elif given == ["answer"] and not is_text(row["answer"]):
        yield f"`answer` must be words, got {row['answer']!r}"
    elif given == ["answers"] and not _are_texts(row["answers"]):
        yield f"`answers` must be a list of words, got {row['answers']!r}"


def _options(row: dict[str, Any]) -> Iterator[str]:
    options = row.get("options")
    if options is None or options == []:
        return
    if not _are_texts(options):
        yield f"`options` must be a list of words, got {options!r}"
        return
    answers = row["answers"] if "answers" in row else [row.get("answer")]
    if _are_texts(answers) and not set(map(_words, answers)) & set(map(_words, options)):
        yield f"the answer {answers[0]!r} is none of `options`, {options!r}: write it as they do"


def _seconds(row: dict[str, Any]) -> Iterator[str]:
    time_s, span, spans = row.get("time_s"), row.get("span"), row.get("spans")
    if time_s is not None and span is not None:
        yield "asks about one second (`time_s`) and about a `span`: only one of them can be"
    if time_s is not None and not _is_second(time_s):
        yield f"`time_s` must be seconds from the start of the video, 0 or more, got {time_s!r}"
    if span is not None and not _is_span(span):
        yield f"`span` must be [start, end] in seconds with start < end, got {span!r}"
    if spans is not None and not (isinstance(spans, list) and all(map(_is_span, spans))):
        yield f"`spans` must be a list of [start, end] in seconds with start < end, got {spans!r}"


def _words(text: str) -> str:
    return " ".join(text.split())


def _span(span: Sequence[float]) -> tuple[float, float]:
    return float(span[0]), float(span[1])


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def _is_second(value: Any) -> bool:
    """Zero or more, and no more than a float holds; NaN is neither."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= sys.float_info.max


def _is_span(value: Any) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2 and all(map(_is_second, value))
    return is_pair and value[0] < value[1]
