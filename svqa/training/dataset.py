"""Question file -> examples, every line checked before anything is trained.

A row of the file (JSON Lines, or one JSON list) is an object:

    {"video": "kitchen.mp4", "question": "what is on the table?", "answer": "a cup", "time_s": 3.5}

`video` with `time_s` asks about one frame; with `span` ([start, end) in seconds) or with neither,
about a grid of frames over the span or over the whole video. `image` asks about a picture.
`answers` holds several references. `split` keeps a row for training, validation or test, so that
one file can serve for both; `group` names what belongs together (the video, if not given). Fields
that `svqa shapes make` writes beside these are known and not needed. Paths are relative to the
file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from svqa.errors import SvqaError, UsageError, unknown_name
from svqa.training.question_file_checks import Mistake, field_mistakes, numbered_rows

SPLITS = ("train", "val", "test")
SHOWN = 20  # mistakes listed in one error


@dataclass(frozen=True)
class Example:
    """A question whose picture can be made: `still` a picture file, else a video at `time_s` or
    over `span`.

    `group` is what a split and an interval keep together; `sha256` the content of the file; `line`
    where it stands.
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

    @property
    def weights(self) -> dict[str, float]:
        """Each different answer -> the share of references that gave it, as BLIP weighs the answers
        of VQA.
        """
        return {a: self.answers.count(a) / len(self.answers) for a in dict.fromkeys(self.answers)}


def read_examples(
    path: str | Path, *, split: str = "train", types: Sequence[str] = ()
) -> list[Example]:
    """-> the examples of a question file that are for `split` (those without a split are for every
    one).

    `types`: only questions of these types. Each video is opened once, for its length. Raises
    UsageError with every mistake and the line it stands on; nothing is returned unless all lines
    are right.

    >>> read_examples("questions.jsonl", split="val")[0].question   # doctest: +SKIP
    'what is on the table?'
    """
    path = Path(path)
    if split not in SPLITS:
        raise UsageError(unknown_name("split", split, SPLITS))
    if not path.is_file():
        raise UsageError(f"No such question file: {path}")
    mistakes: list[Mistake] = []
    rows = list(numbered_rows(path.read_text(encoding="utf-8-sig", errors="replace"), mistakes))
    good = [(line, row) for line, row in rows if not _noted(mistakes, field_mistakes(line, row))]
    files = _Files(path.parent)
    examples = [made for line, row in good if (made := _example(line, row, files, mistakes))]
    mistakes += _contradictions(examples)
    if mistakes:
        raise UsageError(_listed(path, mistakes))
    wanted = {
        id(e)
        for e, (_, row) in zip(examples, good, strict=True)
        if row.get("split") in (None, split)
    }
    chosen = [e for e in examples if id(e) in wanted and (not types or e.type in types)]
    if not chosen:
        of = f" of type {', '.join(types)}" if types else ""
        raise UsageError(
            f"{path} holds {len(examples)} questions, none of them{of} for {split}. It "
            "needs at least one."
        )
    return chosen


def data_sha256(*parts: Sequence[Example]) -> str:
    """-> what was asked, about which bytes, with which answers: equal hashes, equal data, wherever
    the files lie.
    """
    rows = [
        [[e.question, e.answers, e.sha256, e.time_s, e.span, e.type] for e in part]
        for part in parts
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


class _Files:
    """Name in a row -> path, content hash and length in seconds (None for a picture), each file
    opened once.
    """

    def __init__(self, folder: Path):
        self.folder, self._seen = folder, {}

    def look(self, name: str, *, still: bool) -> tuple[Path, str, float | None]:
        """Raises SvqaError or OSError with what is wrong with the file."""
        path = self.folder / name
        if (path, still) not in self._seen:
            self._seen[path, still] = _picture(path) if still else _video(path)
        return path, *self._seen[path, still]


def _picture(path: Path) -> tuple[str, None]:
    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        raise UsageError(f"no such picture: {path}")
    try:
        with Image.open(path) as picture:
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"{path} is not a picture that can be read") from error
    return hashlib.sha256(path.read_bytes()).hexdigest(), None


def _video(path: Path) -> tuple[str, float]:
    from svqa.media.probing import probe

    if not path.is_file():
        raise UsageError(f"no such video: {path}")
    info = probe(path)
    return info.sha256, info.duration_s


def _example(
    line: int, row: dict[str, Any], files: _Files, mistakes: list[Mistake]
) -> Example | None:
    still, name = "image" in row, row.get("image") or row["video"]
    try:
        path, sha256, duration_s = files.look(name, still=still)
    except (SvqaError, OSError) as error:
        mistakes.append(Mistake(line, str(error)))
        return None
    time_s, span = row.get("time_s"), row.get("span")
    ends = [t for t in (time_s, span and span[0]) if t is not None]
    if not still and any(t >= duration_s for t in ends):
        mistakes.append(
            Mistake(line, f"asks about second {ends[0]:g}, but {name} ends at {duration_s:g} s")
        )
        return None
    answers = row.get("answers") or [row["answer"]]
    return Example(
        " ".join(row["question"].split()),
        tuple(" ".join(a.split()) for a in answers),
        path,
        sha256,
        str(row.get("group") or name),
        line,
        still,
        None if time_s is None else float(time_s),
        None if span is None else (float(span[0]), min(float(span[1]), duration_s)),
        row.get("type") or "",
    )


def _contradictions(examples: Sequence[Example]) -> Iterator[Mistake]:
    """The same question about the same picture with other answers teaches nothing but noise."""
    first: dict[tuple, Example] = {}
    for e in examples:
        known = first.setdefault((e.question, e.sha256, e.time_s, e.span), e)
        if set(known.answers) != set(e.answers):
            yield Mistake(
                e.line,
                f"asks what line {known.line} asks and answers {e.answers[0]!r} instead of "
                f"{known.answers[0]!r}. Put both into `answers` of one row",
            )


def _noted(mistakes: list[Mistake], found: list[Mistake]) -> bool:
    mistakes += found
    return bool(found)


def _listed(path: Path, mistakes: Sequence[Mistake]) -> str:
    """Every mistake on a line of its own, in the order of the file."""
    ordered = sorted(mistakes, key=lambda m: m.line)
    lines = [f"  line {m.line}: {m.text}." for m in ordered[:SHOWN]]
    more = [f"  ... and {len(ordered) - SHOWN} more."] if len(ordered) > SHOWN else []
    count = "1 mistake" if len(ordered) == 1 else f"{len(ordered)} mistakes"
    return "\n".join([f"{path} has {count}. Nothing was trained.", *lines, *more])
