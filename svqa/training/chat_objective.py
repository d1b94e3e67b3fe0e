"""Examples -> token ids -> how likely a chat model is to give each reply, and the loss of it.

The prompt is the one that `svqa ask` uses, and its words count for nothing: only those of the
answer do. A question's options stand one after another behind its prompt, each seeing the prompt
and itself alone, so that the prompt is read once; what all prompts of a batch begin with is read
once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from svqa.answering.chat_brief import BRIEF_LIMITS, brief_turns, is_brief
from svqa.answering.chat_evidence import Limits
from svqa.answering.chat_prompt import chat_turns
from svqa.answering.chat_reply import begin_reply
from svqa.errors import UsageError
from svqa.models.chat_local import LocalChatModel
from svqa.records import FrameBatch
from svqa.training.batches import pad, plain
from svqa.training.chat_samples import ChatExample


@dataclass(frozen=True)
class ChatRow:
    """One example as tokens.

    `prompt` up to where the replies differ, `replies` from there on, one an option or an answer;
    `weights` what each counts; `choose` whether the replies are all there is to choose from. `see`
    makes the model's inputs of the prompt with its pictures, of a model that sees any.
    """

    prompt: tuple[int, ...]
    replies: tuple[tuple[int, ...], ...]
    weights: tuple[float, ...]
    choose: bool
    see: Callable[[], dict[str, torch.Tensor]] | None = None

    def __len__(self) -> int:
        return len(self.prompt) + sum(map(len, self.replies))


def chat_rows(
    chat: LocalChatModel,
    examples: Sequence[ChatExample],
    *,
    blind: bool = False,
    frames: Callable[[ChatExample], FrameBatch | None] = lambda example: None,
) -> list[ChatRow]:
    """-> the examples as `ChatAnswerer` would ask them; `blind` without any line or frame.

    `frames` gives those that an example is shown.

    Raises UsageError, with the lines, for examples that are longer than what the model reads.
    """
    most = plain(chat.model).config.get_text_config().max_position_embeddings
    rows = [_row(chat, e, frames, blind) for e in examples]
    long = [e.line for e, row in zip(examples, rows, strict=True) if len(row) > most]
    if long:
        raise UsageError(
            f"The questions of lines {', '.join(map(str, long[:20]))} are longer than the {most} "
            "tokens that the model reads. Nothing was trained."
        )
    return rows


def _row(
    chat: LocalChatModel,
    example: ChatExample,
    frames: Callable[[ChatExample], FrameBatch | None],
    blind: bool,
) -> ChatRow:
    brief = is_brief(chat, example.asked)

    def inputs() -> dict[str, torch.Tensor]:
        seen = frames(example) if chat.sees and not blind else None
        exhibit = example.exhibit(BRIEF_LIMITS if brief else Limits(), seen)
        if blind:
            exhibit = type(exhibit)()
        return chat.inputs((brief_turns if brief else chat_turns)(example.asked, exhibit))

    prompt = inputs()["input_ids"][0].tolist()

    def split(reply: str) -> list[int]:
        return chat.tokenizer(reply, add_special_tokens=False)["input_ids"]

    replies = [split(begin_reply(answer)) for answer in example.replies]
    # two more, so that of a single reply only the words of the answer remain
    alike = (
        replies
        if len(replies) > 1
        else [*replies, split(begin_reply("a")), split(begin_reply("I"))]
    )
    shared = _common(alike)
    return ChatRow(
        (*prompt, *replies[0][:shared]),
        tuple(tuple(r[shared:]) for r in replies),
        tuple(example.replies.values()),
        bool(example.options),
        inputs if chat.sees else None,
    )


def _common(lists: Sequence[Sequence[int]]) -> int:
    """How many first tokens all have in common, leaving each at least one."""
    shared = 0
    while all(len(ids) > shared + 1 for ids in lists) and len({ids[shared] for ids in lists}) == 1:
        shared += 1
    return shared


class ChatCollate:
    """Row numbers -> the tensors of one batch.

    `ids (B, L)`, `part (B, L)` 0 for the prompt, k for the k-th reply, -1 for pads; `at (T,)` where
    in the flattened batch a token is foretold, `token (T,)` which, `reply (T,)` of which reply;
    `owner (R,)` whose reply it is, `weight (R,)`; `choose (B,)`.
    """

    def __init__(self, rows: Sequence[ChatRow], pad_id: int):
        self.rows, self.pad_id = rows, pad_id

    def __call__(self, numbers: Sequence[int]) -> dict[str, Any]:
        rows = [self.rows[i] for i in numbers]
        longest = max(map(len, rows))
        ids = [[*r.prompt, *(t for reply in r.replies for t in reply)] for r in rows]
        part = [
            [0] * len(r.prompt)
            + [k for k, reply in enumerate(r.replies, 1) for _ in reply]
            + [-1] * (longest - len(r))
            for r in rows
        ]
        at: list[int] = []
        lengths = [len(reply) for row in rows for reply in row.replies]
        for b, row in enumerate(rows):
            first = b * longest + len(row.prompt)
            for reply in row.replies:
                at += [b * longest + len(row.prompt) - 1, *range(first, first + len(reply) - 1)]
                first += len(reply)
        return {
            "ids": pad(ids, self.pad_id),
            "part": torch.tensor(part),
            "at": torch.tensor(at),
            "token": torch.tensor([t for row in rows for reply in row.replies for t in reply]),
            "reply": torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths)),
            **self.replies_of(rows),
        }

    def replies_of(self, rows: Sequence[ChatRow]) -> dict[str, torch.Tensor]:
        """What is said of the replies: `owner`, `weight`, `choose`."""
        owner = [b for b, row in enumerate(rows) for _ in row.replies]
        weight = [counts for row in rows for counts in row.weights]
        return {
            "owner": torch.tensor(owner),
            "weight": torch.tensor(weight),
            "choose": torch.tensor([r.choose for r in rows]),
        }


class ChatLoss(torch.nn.Module):
    """A batch -> the mean loss of its questions.

    Of a question: the negative log probability a token of the right answer (several: by the share
    of people who gave them), and where there are options, of it among them, too.
    """

    def __init__(self, model: Any, *, checkpointing: bool = False):
        super().__init__()
        self.model, self.checkpointing = model, checkpointing

    def forward(self, batch: Mapping[str, Any]) -> torch.Tensor:
        """-> scalar."""
        told = self.weigh(batch)
        asked, owner = len(batch["choose"]), batch["owner"]
        lost = -(told * batch["weight"]).sum() / asked
        for b in batch["choose"].nonzero()[:, 0].tolist():
            mine = owner == b
            right = told[mine][batch["weight"][mine] > 0]
            lost = lost + (told[mine].logsumexp(0) - right.logsumexp(0)) / asked
        return lost

    def weigh(self, batch: Mapping[str, Any]) -> torch.Tensor:
        """-> (R,) mean log probability a token of each reply."""
        causal = plain(self.model)
        hidden = self._read(causal, batch["ids"], batch["part"])
        logits = causal.get_output_embeddings()(hidden.flatten(0, 1)[batch["at"]])
        told = torch.log_softmax(logits.float(), -1).gather(-1, batch["token"][:, None])[:, 0]
        none = torch.zeros(len(batch["owner"]), device=told.device)
        sums = none.index_add(0, batch["reply"], told)
        return sums / none.index_add(0, batch["reply"], torch.ones_like(told))

    def _read(self, causal: Any, ids: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
        """-> (B, L, D) what the model makes of every token."""
        decoder, shared = causal.get_decoder(), 0
        sees, position = seen_by(part)
        past, first = None, None
        if not self.checkpointing and len(ids) > 1:  # layers computed again keep no keys
            same = ((ids == ids[:1]) & (part == 0)).all(0)
            shared = int(same.long().cumprod(0).sum()) - 1
        if shared > 0:
            begun = decoder(input_ids=ids[:1, :shared], use_cache=True)
            past, first = begun.past_key_values, begun.last_hidden_state
            past.batch_repeat_interleave(len(ids))
        type_ = next(causal.parameters()).dtype
        if torch.is_autocast_enabled(ids.device.type):
            type_ = torch.get_autocast_dtype(ids.device.type)
        least = torch.finfo(type_).min
        found = decoder(
            input_ids=ids[:, shared:],
            attention_mask=torch.where(sees[:, None, shared:], 0.0, least).to(type_),
            position_ids=position[:, shared:],
            past_key_values=past,
            use_cache=past is not None,
        ).last_hidden_state
        if first is None:
            return found
        return torch.cat([first.expand(len(ids), -1, -1), found], dim=1)


def seen_by(part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`part (B, L)` -> (B, L, L) whether a token sees another, (B, L) its place in what it reads.

    A reply's token sees the prompt and its own reply; a pad sees itself, and nothing sees it.
    """
    length = part.shape[1]
    before = torch.ones(length, length, dtype=torch.bool, device=part.device).tril()
    own = part[:, :, None] == part[:, None, :]
    sees = before & (part[:, None, :] >= 0) & (own | (part[:, None, :] == 0))
    sees = sees | torch.eye(length, dtype=torch.bool, device=part.device)
    return sees, (sees.sum(-1) - 1)
