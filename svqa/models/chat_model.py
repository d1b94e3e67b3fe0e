"""Words and pictures in turns -> the next turn: what a chat model is, wherever it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

ChatPart = str | np.ndarray  # words, or one picture, (H, W, 3) uint8 RGB


@dataclass(frozen=True, eq=False)
class ChatTurn:
    """What one side says. `role`: `system`, `user` or `assistant`."""

    role: str
    parts: tuple[ChatPart, ...]

    @property
    def text(self) -> str:
        """The words alone, a picture as `<picture>`."""
        return "".join(p if isinstance(p, str) else "<picture>" for p in self.parts)


@dataclass(frozen=True)
class ChatReply:
    """What came back, and what it cost.

    `reused`: of the prompt's tokens, those that were not read again. `usage` may be all zeros where
    a server does not count.
    """

    text: str
    prompt_tokens: int = 0
    new_tokens: int = 0
    reused: int = 0


class ChatModel(ABC):
    """A conversation -> what is said next, in words.

    `sees`: whether pictures may be part of a turn. `weighs`: whether it can tell how likely it
    would give each of several replies. `brief`: it is small, and best told things in few words.
    `together`: how many conversations it is best given at once.
    """

    model_id: str
    sees: bool
    weighs: bool = False
    brief: bool = False
    together: int = 1

    @abstractmethod
    def reply(self, turns: Sequence[ChatTurn], schema: Mapping[str, Any]) -> ChatReply:
        """-> the next turn, in the form of the JSON `schema` as far as the model can be held to it.

        Raises ModelError where none came: no connection, a refusal, out of time.
        """

    def replies(
        self, asked: Iterable[tuple[Sequence[ChatTurn], Mapping[str, Any]]]
    ) -> list[ChatReply]:
        """-> the reply of each conversation; the next is looked at once the one before was read."""
        return [self.reply(turns, schema) for turns, schema in asked]

    def weigh(self, turns: Sequence[ChatTurn], replies: Sequence[str]) -> np.ndarray:
        """-> (N,) mean log probability a token of each of the replies, or of how they begin."""
        raise NotImplementedError(f"{self.model_id} does not tell how likely a reply is.")


class FunctionChatModel(ChatModel):
    """A function of the turns and the JSON schema that returns the reply's text, as a chat model.

    >>> FunctionChatModel("echo@1", lambda turns, schema: turns[-1].text).model_id
    'echo@1'
    """

    def __init__(
        self,
        model_id: str,
        function: Callable[[Sequence[ChatTurn], Mapping[str, Any]], str],
        *,
        sees: bool = False,
    ):
        self.model_id, self.sees, self._function = model_id, sees, function

    def reply(self, turns: Sequence[ChatTurn], schema: Mapping[str, Any]) -> ChatReply:
        return ChatReply(self._function(turns, schema))


def as_picture(pixels: np.ndarray, most_px: int) -> Image.Image:
    """(H, W, 3) uint8 -> a picture whose long side has at most so many pixels."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((most_px, most_px), Image.Resampling.LANCZOS)
    return picture
