"""Examples -> token ids -> batches in which each picture comes once.

However many questions are asked about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from svqa.errors import UsageError
from svqa.models.frame_sequence import concatenate_frames
from svqa.training.dataset import Example
from svqa.training.feature_cache import FeatureCache


@dataclass(frozen=True, eq=False)
class Tokens:
    """Token ids of every example.

    `asked` one question each, `said` its different answers or its options, `weights` what each
    counts; `options` their texts where they are options.
    """

    asked: list[list[int]]
    said: list[list[list[int]]]
    weights: list[list[float]]
    options: list[tuple[str, ...]]
    pad_id: int


def tokenise(processor: Any, text_config: Any, examples: Sequence[Example]) -> Tokens:
    """Questions as [ENC] words [SEP], answers as [DEC] words [SEP], as BLIP was trained.

    Raises UsageError, with the lines, for a question that is too long and for answers the
    vocabulary cannot spell.
    """
    tokenizer, most = processor.tokenizer, text_config.max_position_embeddings
    asked = [
        [enc_id(tokenizer, text_config), *tokenizer(e.question).input_ids[1:]] for e in examples
    ]
    said = [
        [[text_config.bos_token_id, *tokenizer(a).input_ids[1:]] for a in e.replies]
        for e in examples
    ]
    wrong = []
    for e, question, answers in zip(examples, asked, said, strict=True):
        if max(map(len, (question, *answers))) > most:
            wrong.append(f"line {e.line}: is longer than the {most} tokens that the model reads")
        for reply, ids in zip(e.replies, answers, strict=True):
            if tokenizer.unk_token_id in ids:
                wrong.append(
                    f"line {e.line}: the {'option' if e.options else 'answer'} {reply!r} has words "
                    "that the model cannot spell"
                )
    if wrong:
        raise UsageError("\n".join(["The question file does not fit the model.", *wrong[:20]]))
    weights = [list(e.replies.values()) for e in examples]
    options = [tuple(e.replies) if e.options else () for e in examples]
    return Tokens(asked, said, weights, options, tokenizer.pad_token_id)


def enc_id(tokenizer: Any, text_config: Any) -> int:
    """The id of [ENC]; published vocabularies do not name it, there it follows [DEC]."""
    known = tokenizer.convert_tokens_to_ids("[ENC]")
    return text_config.bos_token_id + 1 if known in (None, tokenizer.unk_token_id) else known


class PictureBatches:
    """Batches of example numbers, in which questions about one picture stand together.

    Up to `together` of them share a batch. Where `frames_of` says of how many frames each picture
    is, those of a batch have equally many: they can be stacked.

    The order depends on `seed` and `epoch` alone, so that a run that was ended can go on in the
    middle.

    >>> [sorted(batch) for batch in PictureBatches([0, 0, 1, 1], size=2, together=2, seed=0)]
    [[0, 1], [2, 3]]
    """

    def __init__(
        self,
        picture_of: Sequence[int] | np.ndarray,
        *,
        size: int,
        together: int,
        seed: int,
        frames_of: Callable[[int], int] = lambda picture: 0,
    ):
        self.size, self.together, self.seed, self.epoch = size, min(together, size), seed, 0
        order = np.argsort(picture_of, kind="stable")
        starts = np.flatnonzero(np.diff(np.asarray(picture_of)[order])) + 1
        self._about = np.split(order, starts)
        self._frames = [
            frames_of(int(picture_of[about[0]])) if len(about) else 0 for about in self._about
        ]
        self._counts = {
            count: sum(
                len(a) for a, of in zip(self._about, self._frames, strict=True) if of == count
            )
            for count in dict.fromkeys(self._frames)
        }

    drop_last = False

    @property
    def batch_size(self) -> int:
        """Questions a batch: accelerate asks for it by this name."""
        return self.size

    def __len__(self) -> int:
        return sum(-(-count // self.size) for count in self._counts.values())

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        groups: list[np.ndarray] = []
        frames: list[int] = []
        for about, of in zip(self._about, self._frames, strict=True):
            mixed = rng.permutation(about)
            parts = [mixed[i : i + self.together] for i in range(0, len(mixed), self.together)]
            groups, frames = groups + parts, frames + [of] * len(parts)
        order = rng.permutation(len(groups))
        batches: list[list[int]] = []
        for count in self._counts:
            flat = np.concatenate([groups[i] for i in order if frames[i] == count])
            batches += [flat[i : i + self.size].tolist() for i in range(0, len(flat), self.size)]
        mixed_up = rng.permutation(len(batches)) if len(self._counts) > 1 else range(len(batches))
        yield from (batches[i] for i in mixed_up)


class Collate:
    """Example numbers -> the tensors of one batch.

    `asked (Q, L)` and `asked_mask`, `picture (Q,)` which picture of the batch, `said (A, M)` and
    `said_mask`, `owner (A,)` whose answer it is, `weight (A,)`, `choose (Q,)` whether its answers
    are options, and `features (U, P, D)` or `pixel_values (U, 3, H, W)`. Of sequences
    `seconds (U, T)`, and `features (U, T, P, D)` or `pixel_values (U * T, 3, H, W)`.
    """

    def __init__(self, tokens: Tokens, seen: FeatureCache, *, cached: bool):
        self.tokens, self.seen, self.cached = tokens, seen, cached

    def __call__(self, rows: Sequence[int]) -> dict[str, torch.Tensor]:
        t, all_rows = self.tokens, self.seen.pictures.row_of[np.asarray(rows)]
        unique, picture = np.unique(all_rows, return_inverse=True)
        asked = pad([t.asked[i] for i in rows], t.pad_id)
        said = pad([ids for i in rows for ids in t.said[i]], t.pad_id)
        owner = [q for q, i in enumerate(rows) for _ in t.said[i]]
        batch = {
            "asked": asked,
            "asked_mask": lengths_mask([len(t.asked[i]) for i in rows]),
            "said": said,
            "said_mask": lengths_mask([len(ids) for i in rows for ids in t.said[i]]),
            "owner": torch.tensor(owner),
            "weight": torch.tensor([w for i in rows for w in t.weights[i]]),
            "choose": torch.tensor([bool(t.options[i]) for i in rows]),
            "picture": torch.from_numpy(picture),
        }
        if self.seen.pictures.frame_count(int(unique[0])):
            batch["seconds"] = self.seen.pictures.seconds(unique.tolist())
        look = self.seen.features if self.cached else self.seen.pixels
        return {**batch, "features" if self.cached else "pixel_values": look(unique.tolist())}


class AnswerLoss(torch.nn.Module):
    """A batch -> the loss of BLIP's answers.

    Over a question's words the sum, over questions the mean; where there are options, the
    right one's share among them, by which `BlipAnswerer` chooses, is lost too. As in the original
    code (Salesforce/BLIP, `blip_vqa.py`), an answer counts by the share of people who gave it.
    Pads are seen by nothing, so the loss of a batch is the mean of its questions' own losses.
    """

    def __init__(self, model: Any, *, vision_is_frozen: bool, checkpointing: bool = False):
        super().__init__()
        self.model, self.vision_is_frozen = model, vision_is_frozen
        self.checkpointing = checkpointing
        heed_pads(plain(model))

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """-> scalar."""
        by_token = self.replies(batch)
        lost = (by_token.sum(1) * batch["weight"]).sum()
        if batch["choose"].any():
            lost = lost + _among_options(batch, _told(by_token, batch))
        return lost / len(batch["asked"])

    def weigh(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """-> (A,) the mean log probability a token of each answer."""
        return _told(self.replies(batch), batch)

    def replies(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """-> (A, M) what is lost on each token of each answer; 0 on pads."""
        blip = plain(self.model)
        asked = self.read(blip, batch, self.see(blip, batch))
        logits = blip.text_decoder(
            input_ids=batch["said"],
            attention_mask=batch["said_mask"],
            encoder_hidden_states=asked[batch["owner"]],
            encoder_attention_mask=batch["asked_mask"][batch["owner"]],
            use_cache=False,
        ).logits[:, :-1]
        target = batch["said"][:, 1:].masked_fill(batch["said_mask"][:, 1:] == 0, -100)
        return torch.nn.functional.cross_entropy(
            logits.float().transpose(1, 2), target, reduction="none"
        )

    def see(self, blip: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """-> (U, P, D) vision features, of sequences side by side.

        Without a graph where vision is frozen.
        """
        if "features" in batch:
            features = batch["features"].to(blip.dtype)
        else:
            with torch.set_grad_enabled(torch.is_grad_enabled() and not self.vision_is_frozen):
                features = blip.vision_model(pixel_values=batch["pixel_values"]).last_hidden_state
            if "seconds" in batch:
                features = features.unflatten(0, batch["seconds"].shape)
        if "seconds" not in batch:
            return features
        return concatenate_frames(blip, features, batch["seconds"])

    def read(
        self, blip: Any, batch: dict[str, torch.Tensor], features: torch.Tensor
    ) -> torch.Tensor:
        """-> (Q, L, D) questions as seen in their pictures.

        Keys and values of a picture are made once.
        """
        from svqa.models.blip_parts import encode_questions, keys_values

        if self.checkpointing:  # layers that are computed again keep no keys and values
            return blip.text_encoder(
                input_ids=batch["asked"],
                attention_mask=batch["asked_mask"],
                encoder_hidden_states=features[batch["picture"]],
                use_cache=False,
            ).last_hidden_state
        seen = keys_values(blip, features)
        memories = [seen[row] for row in batch["picture"].tolist()]
        return encode_questions(blip, batch["asked"], memories, batch["asked_mask"])


def _told(lost: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """What is lost on tokens (A, M) -> (A,) the mean log probability of those that are no pads."""
    return -lost.sum(1) / batch["said_mask"][:, 1:].sum(1)


def _among_options(batch: dict[str, torch.Tensor], told: torch.Tensor) -> torch.Tensor:
    """The sum, over questions that have options, of the negative log share of the right ones."""
    lost = told.new_zeros(())
    for number in batch["choose"].nonzero()[:, 0].tolist():
        mine = batch["owner"] == number
        right = told[mine & (batch["weight"] > 0)]
        lost = lost + told[mine].logsumexp(0) - right.logsumexp(0)
    return lost


def heed_pads(blip: Any) -> None:
    """Let the answer decoder's look at the question leave out its pads.

    transformers 5.23 computes the mask for it and then drops it on the way (`BlipTextLayer` passes
    it as `attention_mask`, `BlipTextSelfAttention` reads `encoder_attention_mask`), so that padded
    questions change every loss.
    """
    for layer in blip.text_decoder.bert.encoder.layer:
        layer.crossattention.self.register_forward_pre_hook(_pass_the_mask, with_kwargs=True)


def _pass_the_mask(_: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    if kwargs.get("encoder_attention_mask") is None:
        kwargs = {**kwargs, "encoder_attention_mask": kwargs.get("attention_mask")}
    return args, kwargs


def plain(model: Any) -> Any:
    """The BLIP inside a `PeftModel`, whose layers carry the update; a BLIP as it is."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def pad(ids: Sequence[Sequence[int]], pad_id: int) -> torch.Tensor:
    """Lists of different lengths -> (N, longest) int64, filled on the right."""
    longest = max(map(len, ids))
    return torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in ids])


def lengths_mask(lengths: Sequence[int]) -> torch.Tensor:
    """Lengths -> (N, longest) int64, 1 where a token stands."""
    return (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
