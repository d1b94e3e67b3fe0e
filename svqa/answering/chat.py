"""Question, lines, frames -> a chat model's answer with what it rests on, or why there is none."""

from __future__ import annotations

import importlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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
        begin = time.perf_counter()
        limits = self.limits or (BRIEF_LIMITS if is_brief(self.model, question) else None)
        exhibit = show(passages, frames if self.model.sees else None, limits)
        if exhibit.lines or exhibit.shots:
            answer = self._ask(question, exhibit)
        else:
            answer = self._abstain(NOTHING)
        return replace(
            answer,
            reason=" ".join(filter(None, (answer.reason, *exhibit.notes))),
            latency_ms=1000 * (time.perf_counter() - begin),
        )

    def _ask(self, question: Question, exhibit: Exhibit) -> Answer:
        say = brief_turns if is_brief(self.model, question) else chat_turns
        turns, schema = say(question, exhibit), reply_schema(question, exhibit)
        share = None
        if question.options and self.model.weighs:
            shares = self._shares(turns, question.options)
            best, share = int(np.argmax(shares)), float(shares.max())
            schema["properties"]["answer"] = {"const": plain_words(question.options[best])}
        replies: list[ChatReply] = []
        while True:
            replies.append(self.model.reply(turns, schema))
            try:
                found = read_reply(replies[-1].text, question, exhibit)
            except BadReply as why:
                if len(replies) == TRIES:
                    answer = self._abstain(
                        f"{self.model_id} gave no answer that can be used, asked twice: {why}."
                    )
                    break
                turns = [*turns, *_again(replies[-1].text, why)]
                schema["properties"]["lines"]["minItems"] = min(1, len(exhibit.lines))
            else:
                answer = self._told(found, share)
                break
        return replace(answer, usage=_usage(replies, exhibit))

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
