"""A chat model's reply -> an answer that cites what was shown, or why it is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from svqa.answering.chat_evidence import Exhibit, plain_words
from svqa.answering.chat_prompt import LETTERS, NOT_IN_VIDEO
from svqa.errors import ModelError
from svqa.records import Evidence, Question


class BadReply(ModelError):
    """A reply that is not in the form, or cites what was not shown; the text says which."""


@dataclass(frozen=True)
class CheckedReply:
    """An answer in words, the option it is, how sure, and what it rests on, all of it shown.

    No `text` says that the video does not tell.
    """

    text: str
    sure: float
    option: int | None = None
    evidence: tuple[Evidence, ...] = ()


def write_reply(
    answer: str, lines: Sequence[int] = (), frames: Sequence[int] = (), sure: float = 1.0
) -> str:
    """-> a reply in the form that `read_reply` takes: what training aims at.

    >>> write_reply("a dog", [2])
    '{"answer": "a dog", "lines": [2], "frames": [], "sure": 1.0}'
    """
    reply = {"answer": plain_words(answer), "lines": list(lines), "frames": list(frames)}
    return json.dumps({**reply, "sure": round(sure, 2)}, ensure_ascii=False)


def begin_reply(answer: str) -> str:
    """-> how the reply with this answer begins: what an option is weighed by."""
    return write_reply(answer).partition(', "lines"')[0]


def read_reply(text: str, question: Question, exhibit: Exhibit) -> CheckedReply:
    """-> the reply, if it has the form and cites only what was shown.

    Raises BadReply, whose text is fit to be told to the model.
    """
    found = _object(text)
    answer, sure = found.get("answer"), found.get("sure")
    if not isinstance(answer, str) or not answer.strip():
        raise BadReply('"answer" must be words')
    if isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 <= sure <= 1:
        raise BadReply(f'"sure" must be a number from 0 to 1, got {str(sure)[:40]}')
    cited = (
        *_cited(found, "lines", exhibit.lines),
        *_cited(found, "frames", exhibit.shots),
    )
    said = " ".join(answer.split())
    if said.strip(" .").casefold() == NOT_IN_VIDEO:
        return CheckedReply("", float(sure))
    option = _option(said, question.options)
    if question.options and option is None:
        raise BadReply(f'"answer" must be one of the options, got {said[:60]!r}')
    if not cited:
        raise BadReply("the answer cites neither a line nor a frame")
    words = question.options[option] if option is not None else said
    return CheckedReply(words, float(sure), option, cited)


def _object(text: str) -> dict[str, Any]:
    """The JSON object of a reply; what some models put around it (a fence, thoughts) is passed."""
    after = text.rpartition("</think>")[2]
    begin = after.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(after[begin:]) if begin >= 0 else (None, 0)
    except (ValueError, RecursionError) as error:
        raise BadReply(f"it is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise BadReply("it holds no JSON object")
    return found


def _cited(found: dict[str, Any], name: str, shown: Sequence[Evidence]) -> tuple[Evidence, ...]:
    numbers = found.get(name)
    if not isinstance(numbers, list) or not all(type(n) is int for n in numbers):
        raise BadReply(f'"{name}" must be a list of whole numbers')
    for n in numbers:
        if not 1 <= n <= len(shown):
            raise BadReply(f'"{name}" cites {n}, and {len(shown)} were shown')
    return tuple(shown[n - 1] for n in dict.fromkeys(numbers))


def _option(said: str, options: Sequence[str]) -> int | None:
    """Which option a reply names: by its words, its letter, or both."""

    def plain(text: str) -> str:
        return plain_words(text).strip(" .").casefold()

    for i, option in enumerate(options):
        if plain(said) == plain(option):
            return i
    lettered = re.fullmatch(r"\(?([A-Za-z])\)?(?:[.:)]\s*(.*))?", said)
    if lettered is None or (i := LETTERS.find(lettered[1].upper())) >= len(options):
        return None
    return i if not lettered[2] or plain(lettered[2]) == plain(options[i]) else None
