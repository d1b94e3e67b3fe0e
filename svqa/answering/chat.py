"""Question, lines, frames -> a chat model's answer with what it rests on, or why there is none."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from svqa.answering.chat_brief import BRIEF_LIMITS, brief_turns, is_brief
from svqa.answering.chat_evidence import Exhibit, Limits, plain_words, show
from svqa.answering.chat_prompt import NOT_IN_VIDEO, chat_turns, reply_schema
from svqa.answering.chat_reply import BadReply, CheckedReply, begin_reply, read_reply
from svqa.answering.citations import NOTHING
from svqa.answering.evidence import NOT_FOUND
from svqa.models.base import Answerer
from svqa.models.chat_model import ChatModel, ChatReply, ChatTurn
from svqa.records import Answer, Evidence, FrameBatch, Question

TRIES = 2  # a reply that cannot be used is asked for again once


@dataclass
class _Talk:
    """One question on its way to an answer."""

    question: Question
    exhibit: Exhibit
    turns: list[ChatTurn] = field(default_factory=list)
    schema: dict[str, Any] = field(default_factory=dict)
    share: float | None = None
    replies: list[ChatReply] = field(default_factory=list)


class ChatAnswerer(Answerer):
    """Any chat model, held to what it was shown.

    It answers from numbered lines and frames and cites them. A reply that is not in the form, or
    cites what was not shown, is asked for again once, and then is an abstention that says so. Among
    options the likeliest is chosen, where the model tells how likely; its `score` is then that
    option's share, and else how sure the model says it is: neither is a probability.

    >>> answerer = ChatAnswerer(model)  # doctest: +SKIP
    >>> answerer.answer(Question("what is he playing"), passages, frames).text  # doctest: +SKIP
    'a guitar'
    """

    reads_all = True

    def __init__(self, model: ChatModel, *, limits: Limits | None = None):
        self.model, self.limits = model, limits
        self.model_id, self.needs_frames = model.model_id, model.sees
        self.together = model.together

    @classmethod
    def from_pretrained(
        cls, path_or_id: str | Path, *, revision: str | None = None, device: str = "cpu"
    ) -> ChatAnswerer:
        """`smollm2`, an address (`http(s)://host:port/v1#model`), a folder, a pulled hub name.

        Raises UsageError, WeightsMissing, WeightsCorrupt, ModelError.
        """
        name = str(path_or_id)
        model: ChatModel
        if "://" in name:
            from svqa.models.chat_endpoint import EndpointChatModel

            model = EndpointChatModel.from_pretrained(name)
        elif name == "smollm2":
            from svqa.models.smollm2 import SmolLM2

            model = SmolLM2.from_pretrained(device=device)
        else:
            from svqa.models.chat_local import LocalChatModel

            model = LocalChatModel.from_pretrained(name, revision=revision, device=device)
        return cls(model)

    @classmethod
    def from_given(cls, target: str, *, device: str = "cpu") -> ChatAnswerer:
        """Around a chat model of another package, by its `module:Class`."""
        module, _, name = target.partition(":")
        kind = getattr(importlib.import_module(module), name)
        return cls(kind.from_pretrained(device=device))

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """From all of it that fits (`Limits`). `usage` has what the model read and wrote.

        Raises ModelError where the model cannot be run or reached.
        """
        return self.answers([(question, passages, frames)])[0]

    def answers(
        self, asked: Sequence[tuple[Question, Sequence[Evidence], FrameBatch | None]]
    ) -> list[Answer]:
        """The same for several questions, whose replies are written together.

        Questions about the same evidence stand best side by side: it is read once. What each took
        is its part of all.
        """
        begin = time.perf_counter()
        talks = [_Talk(q, self._shown(q, lines, frames)) for q, lines, frames in asked]
        found: dict[int, Answer] = {}
        for i, talk in enumerate(talks):
            if not talk.exhibit.lines and not talk.exhibit.shots:
                found[i] = self._abstain(NOTHING)
        for last in range(TRIES):
            left = [talk for i, talk in enumerate(talks) if i not in found]
            replies = iter(self.model.replies(map(self._begun, left)) if left else ())
            for i, talk in enumerate(talks):
                if i not in found and (answer := self._heard(talk, next(replies), last + 1)):
                    found[i] = answer
        spent_ms = 1000 * (time.perf_counter() - begin) / max(1, len(talks))
        return [
            replace(
                found[i],
                reason=" ".join(filter(None, (found[i].reason, *talk.exhibit.notes))),
                latency_ms=spent_ms,
            )
            for i, talk in enumerate(talks)
        ]

    def _shown(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None
    ) -> Exhibit:
        limits = self.limits or (BRIEF_LIMITS if is_brief(self.model, question) else None)
        return show(passages, frames if self.model.sees else None, limits)

    def _begun(self, talk: _Talk) -> tuple[Sequence[ChatTurn], dict[str, Any]]:
        """What the model is told; of options the likeliest is chosen first."""
        question = talk.question
        if not talk.turns:
            say = brief_turns if is_brief(self.model, question) else chat_turns
            talk.turns, talk.schema = (
                say(question, talk.exhibit),
                reply_schema(question, talk.exhibit),
            )
            if question.options and self.model.weighs:
                shares = self._shares(talk.turns, question.options)
                best, talk.share = int(np.argmax(shares)), float(shares.max())
                talk.schema["properties"]["answer"] = {"const": plain_words(question.options[best])}
        return talk.turns, talk.schema

    def _heard(self, talk: _Talk, reply: ChatReply, tries: int) -> Answer | None:
        """The answer that a reply gives, or None where it is asked again."""
        talk.replies.append(reply)
        try:
            found = read_reply(reply.text, talk.question, talk.exhibit)
        except BadReply as why:
            if tries < TRIES:
                talk.turns = [*talk.turns, *_again(reply.text, why)]
                talk.schema["properties"]["lines"]["minItems"] = min(1, len(talk.exhibit.lines))
                return None
            answer = self._abstain(
                f"{self.model_id} gave no answer that can be used, asked twice: {why}."
            )
        else:
            answer = self._told(found, talk.share)
        return replace(answer, usage=_usage(talk.replies, talk.exhibit))

    def _shares(self, turns: Sequence[ChatTurn], options: Sequence[str]) -> np.ndarray:
        logp = self.model.weigh(turns, [begin_reply(option) for option in options])
        shares = np.exp(logp - logp.max())
        return shares / shares.sum()

    def _told(self, found: CheckedReply, share: float | None) -> Answer:
        sure = found.sure if share is None else share
        if not found.text:
            return self._abstain(f'{self.model_id} says that it is "{NOT_IN_VIDEO}".', sure)
        return Answer(found.text, sure, self.model_id, option=found.option, evidence=found.evidence)

    def _abstain(self, reason: str, score: float = 0.0) -> Answer:
        return Answer(NOT_FOUND, score, self.model_id, abstained=True, reason=reason)


def _again(text: str, why: BadReply) -> tuple[ChatTurn, ChatTurn]:
    """The reply as it came, and what is wrong with it."""
    ask = f"This cannot be used: {why}. Reply again, with the JSON object alone."
    return ChatTurn("assistant", (plain_words(text, 500) or "-",)), ChatTurn("user", (ask,))


def _usage(replies: Sequence[ChatReply], exhibit: Exhibit) -> dict[str, int]:
    return {
        "tries": len(replies),
        "prompt_tokens": sum(r.prompt_tokens for r in replies),
        "new_tokens": sum(r.new_tokens for r in replies),
        "reused_tokens": sum(r.reused for r in replies),
        "lines": len(exhibit.lines),
        "frames": len(exhibit.shots),
    }
