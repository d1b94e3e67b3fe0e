"""BLIP's three parts, called one by one: vision, question encoder, word decoder.

BLIP (Li et al. 2022, arXiv:2201.12086): a vision transformer, and two text transformers that attend
to what came before them. `generate()` of the library runs all three for every question; here what
depends on the frame alone (for answers: the keys and values that the question encoder looks up) is
kept in a `FrameCache`. Sequences of one length share a batch, so that no padding can change an
answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from svqa.models.frame_cache import FrameCache, frame_keys
from svqa.models.frame_sequence import concatenate_frames
from svqa.models.frame_strategies import Look, Reply
from svqa.records import FrameBatch

# of each layer the keys and values of one frame, as one tensor (layers, 2, heads, P, d) or apart
Memory = torch.Tensor | Sequence[tuple[torch.Tensor, torch.Tensor]]
QUESTIONS_A_FRAME = 4  # words are small beside the keys and values of a frame


class Cached(Protocol):
    """A BLIP with what it has seen before."""

    model: BlipForConditionalGeneration | BlipForQuestionAnswering
    processor: BlipProcessor
    model_id: str
    cache: FrameCache


def frame_memory(model: BlipForQuestionAnswering, features: torch.Tensor) -> torch.Tensor:
    """(B, P, D) -> (B, layers, 2, heads, P, D / heads).

    Keys and values that every question looks up.
    """
    of_each = keys_values(model, features)
    return torch.stack([torch.stack([torch.stack(pair) for pair in of]) for of in of_each])


def keys_values(model: BlipForQuestionAnswering, features: torch.Tensor) -> list[Memory]:
    """(B, P, D) -> for each picture, of each layer, its keys and values (heads, P, D / heads).

    Apart, for training: the gradient of a part of `frame_memory` is as large as all of it.
    """
    layers: Any = model.text_encoder.encoder.layer
    by_layer = []
    for layer in layers:
        look = layer.crossattention.self
        shape = (*features.shape[:2], look.num_attention_heads, look.attention_head_size)
        both = (part(features).view(shape).transpose(1, 2) for part in (look.key, look.value))
        by_layer.append([*zip(*(part.unbind() for part in both), strict=True)])
    return [list(of) for of in zip(*by_layer, strict=True)]


def encode_question(
    model: BlipForQuestionAnswering,
    ids: torch.Tensor,
    memory: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Questions (B, L) and what they look up of their frames -> (B, L, D).

    `memory`: (B, layers, 2, heads, P, d). The result is the questions, as seen there.
    """
    looked_up = DynamicCache()
    past = EncoderDecoderCache(DynamicCache(), looked_up)
    for layer in range(memory.shape[1]):
        looked_up.update(memory[:, layer, 0], memory[:, layer, 1], layer)
        past.is_updated[layer] = True
    return model.text_encoder(
        input_ids=ids, attention_mask=mask, encoder_hidden_states=memory, past_key_values=past
    ).last_hidden_state


def encode_questions(
    model: BlipForQuestionAnswering,
    ids: torch.Tensor,
    memories: Sequence[Memory],
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """As `encode_question`, where questions share frames: what they look up is never copied.

    `memories`: for each question its frame's (layers, 2, heads, P, d), one object for one frame.
    That is larger than anything else that is read: all the words of neighbouring questions about a
    frame look it up together, as if they were one sentence.
    """
    runs = [(run[0], len(run)) for _, group in groupby(memories, id) if (run := list(group))]
    hidden = model.text_encoder.embeddings(input_ids=ids)
    if mask is not None:  # added to the scores of pads, as (B, 1, 1, L)
        least = torch.finfo(hidden.dtype).min
        mask = (1 - mask[:, None, None].to(hidden.dtype)) * least
    layers: Any = model.text_encoder.encoder.layer
    for number, layer in enumerate(layers):
        hidden, _ = layer.attention(hidden, attention_mask=mask)
        look, seen = layer.crossattention.self, []
        queries = look.query(hidden).split([count for _, count in runs])
        for query, (memory, _) in zip(queries, runs, strict=True):
            words = query.reshape(-1, look.num_attention_heads, look.attention_head_size)
            keys, values = memory[number]
            dropped = look.dropout.p if model.training else 0.0
            found = scaled_dot_product_attention(
                words.transpose(0, 1), keys, values, dropout_p=dropped
            )
            seen.append(found.transpose(0, 1).reshape(query.shape))
        hidden = layer.crossattention.output(torch.cat(seen), hidden)
        hidden = layer.feed_forward_chunk(hidden)
    return hidden


def remember(
    owner: Cached, pixels: Sequence[Look], keep: Callable[[torch.Tensor], torch.Tensor]
) -> list[torch.Tensor]:
    """Pictures, or sequences of frames -> `keep(vision features)` of each.

    Computed once for each different one, and the same tensor where they are the same.
    """
    keys = [(owner.model_id, key) for key in look_keys(pixels)]
    kept = {key: owner.cache.get(key) for key in dict.fromkeys(keys)}
    values = {key: value for key, value in kept.items() if value is not None}
    if new := [key for key in kept if key not in values]:
        pictures = [pixels[keys.index(key)] for key in new]
        seen = _see(owner.model, owner.processor, pictures)
        for key, features in zip(new, seen, strict=True):
            # a view would keep the whole batch in memory
            values[key] = keep(features[None])[0].clone()
            owner.cache.put(key, values[key])
    return [values[key] for key in keys]


def look_keys(looks: Sequence[Look]) -> list[str]:
    """-> a name for what each shows; a sequence is another one at other seconds."""
    keys = frame_keys([of.pixels if isinstance(of, FrameBatch) else of for of in looks])
    return [
        f"{key} {[round(t - of.t_s[0], 6) for t in of.t_s.tolist()]}"
        if isinstance(of, FrameBatch)
        else key
        for key, of in zip(keys, looks, strict=True)
    ]


def _see(model: Any, processor: BlipProcessor, looks: Sequence[Look]) -> list[torch.Tensor]:
    """Pictures of any sizes -> (P, D) vision features of each; of a sequence (T * P, D)."""
    frames = [list(of.pixels) if isinstance(of, FrameBatch) else [of] for of in looks]
    inputs = processor.image_processor(
        [picture for of in frames for picture in of],
        return_tensors="pt",
        input_data_format="channels_last",
    )
    features = model.vision_model(
        pixel_values=inputs.pixel_values.to(model.device, model.dtype)
    ).last_hidden_state
    seen = []
    for of, part in zip(looks, features.split([len(of) for of in frames]), strict=True):
        if isinstance(of, FrameBatch):
            seconds = torch.tensor([of.t_s.tolist()], device=model.device)
            part = concatenate_frames(model, part[None], seconds)
        seen.append(part[0])
    return seen


def decode(
    decoder: Any, processor: BlipProcessor, hidden: torch.Tensor, max_tokens: int
) -> list[Reply]:
    """(B, L, D) -> the likeliest words after [DEC], token by token, until [SEP]."""
    config = decoder.config
    start = torch.full((len(hidden), 1), config.bos_token_id, device=hidden.device)
    made = decoder.generate(
        input_ids=start,
        encoder_hidden_states=hidden,
        max_new_tokens=max_tokens,
        do_sample=False,
        num_beams=1,
        eos_token_id=config.sep_token_id,
        pad_token_id=config.pad_token_id,
        output_scores=True,
        return_dict_in_generate=True,
    )
    logp = decoder.compute_transition_scores(
        made.sequences, made.scores, normalize_logits=True
    ).float()
    ended = (made.sequences[:, 1:] == config.sep_token_id).cumsum(-1)
    said = (ended == 0) | ((ended == 1) & (made.sequences[:, 1:] == config.sep_token_id))
    score = (logp.masked_fill(~said, 0).sum(-1) / said.sum(-1)).exp()
    texts = spoken(processor, made.sequences)
    return [Reply(text, float(value)) for text, value in zip(texts, score, strict=True)]


def spoken(processor: BlipProcessor, ids: torch.Tensor) -> list[str]:
    """Token ids -> texts, their numbers whole again: `2.5 s`, where the tokens are `2. 5 s`."""
    texts = processor.tokenizer.batch_decode(ids, skip_special_tokens=True)
    return [re.sub(r"(?<=\d) ?([.:]) ?(?=\d)", r"\1", text.strip()) for text in texts]


def by_length(ids: Sequence[Sequence[int]], batch_size: int) -> Iterator[list[int]]:
    """Indices in batches whose sequences have one length."""
    for bucket in _buckets(ids):
        yield from chunks(bucket, batch_size)


def by_length_and_frame(
    ids: Sequence[Sequence[int]], frames: Sequence[str], batch_size: int
) -> Iterator[list[int]]:
    """As `by_length`, with the questions about a frame beside each other.

    A batch holds at most `batch_size` frames, and `QUESTIONS_A_FRAME` times as many questions.
    """
    first = {frame: number for number, frame in reversed([*enumerate(frames)])}
    for bucket in _buckets(ids):
        part: list[int] = []
        seen: set[str] = set()
        for i in sorted(bucket, key=lambda i: first[frames[i]]):
            is_new = frames[i] not in seen
            if len(part) == QUESTIONS_A_FRAME * batch_size or (is_new and len(seen) == batch_size):
                yield part
                part, seen = [], set()
            part.append(i)
            seen.add(frames[i])
        yield part


def _buckets(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    buckets = defaultdict(list)
    for i, sequence in enumerate(ids):
        buckets[len(sequence)].append(i)
    return list(buckets.values())


def chunks(items: Sequence[int], size: int) -> Iterator[list[int]]:
    """The items in lists of at most `size`."""
    for first in range(0, len(items), size):
        yield list(items[first : first + size])
