"""Frames -> captions; frames and questions -> answers: BLIP, with every frame encoded once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor

from svqa.errors import UsageError
from svqa.models.base import Answerer, Captioner
from svqa.models.blip_parts import (
    by_length,
    by_length_and_frame,
    chunks,
    decode,
    encode_questions,
    frame_memory,
    look_keys,
    remember,
)
from svqa.models.frame_cache import FrameCache
from svqa.models.frame_sequence import blip_class, frames_of
from svqa.models.frame_strategies import (
    BestFrame,
    FrameSequence,
    FrameStrategy,
    Look,
    Reply,
    frame_evidence,
    retrieval_weights,
)
from svqa.models.pretrained import load_pretrained
from svqa.records import Answer, Caption, Evidence, FrameBatch, Question, Segment


class BlipCaptioner(Captioner):
    """One sentence a segment, about the frame nearest to its middle."""

    def __init__(
        self,
        model: BlipForConditionalGeneration,
        processor: BlipProcessor,
        *,
        model_id: str,
        cache: FrameCache | None = None,
        batch_size: int = 16,
        max_tokens: int = 32,
    ):
        self.model, self.processor, self.model_id = model.eval(), processor, model_id
        self.cache = FrameCache() if cache is None else cache
        self.batch_size, self.max_tokens = batch_size, max_tokens

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | str | None = None,
        **options: Any,
    ) -> BlipCaptioner:
        """A folder or a hub name of a `BlipForConditionalGeneration` -> the captioner.

        Nothing is downloaded.

        Raises WeightsMissing, WeightsCorrupt, UsageError (float16 on a CPU). `options` go to the
        constructor.
        """
        found = load_pretrained(
            BlipForConditionalGeneration,
            BlipProcessor,
            path_or_id,
            revision=revision,
            device=device,
            dtype=dtype,
        )
        return cls(found.model, found.processor, model_id=found.model_id, **options)

    def caption(self, frames: FrameBatch, segments: Sequence[Segment]) -> list[Caption]:
        """One caption a segment that holds a frame.

        Its score is the geometric mean of its token probabilities.
        """
        return self.captions([(frames, segments)])[0]

    def captions(
        self, asked: Sequence[tuple[FrameBatch, Sequence[Segment]]]
    ) -> list[list[Caption]]:
        """The pictures of several videos are described together."""
        chosen = [
            [
                (segment, frames.pixels[row])
                for segment in segments
                if (row := _middle_row(frames.t_s, segment)) is not None
            ]
            for frames, segments in asked
        ]
        said = iter(self.describe([picture for of in chosen for _, picture in of]))
        return [  # each takes its own from what was said, and leaves the rest to the next
            [
                Caption(reply.text, segment.start_s, segment.end_s, reply.score, self.model_id)
                for (segment, _), reply in zip(of, said, strict=False)
            ]
            for of in chosen
        ]

    @torch.inference_mode()
    def describe(self, pixels: Sequence[np.ndarray]) -> list[Reply]:
        """Pictures (H, W, 3) uint8 -> what each shows."""
        replies: list[Reply] = []
        for part in chunks(range(len(pixels)), self.batch_size):
            seen = remember(self, [pixels[i] for i in part], lambda features: features)
            replies += decode(
                self.model.text_decoder, self.processor, torch.stack(seen), self.max_tokens
            )
        return replies


class BlipAnswerer(Answerer):
    """Answers about frames; how one answer is made from several frames is a `FrameStrategy`.

    Without one, the model's own: a sequence where it was trained to see one, else the best frame.
    """

    needs_frames = True

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        *,
        model_id: str,
        way: FrameStrategy | None = None,
        cache: FrameCache | None = None,
        batch_size: int = 16,
        max_tokens: int = 10,
    ):
        self.model, self.processor, self.model_id = model.eval(), processor, model_id
        self.way = way or (FrameSequence(most) if (most := frames_of(model)) else BestFrame())
        self.cache = FrameCache() if cache is None else cache
        self.batch_size, self.max_tokens = batch_size, max_tokens

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | str | None = None,
        **options: Any,
    ) -> BlipAnswerer:
        """A folder or a hub name of a `BlipForQuestionAnswering` -> the answerer.

        Nothing is downloaded.

        Raises WeightsMissing, WeightsCorrupt, UsageError (float16 on a CPU). `options` go to the
        constructor.
        """
        found = load_pretrained(
            blip_class,
            BlipProcessor,
            path_or_id,
            revision=revision,
            device=device,
            dtype=dtype,
        )
        return cls(found.model, found.processor, model_id=found.model_id, **options)

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """The answer of `self.way`, frames weighted by the passages that hold them.

        Abstains without frames.
        """
        started = time.perf_counter()
        if frames is None or not len(frames):
            return Answer(
                "",
                0.0,
                self.model_id,
                abstained=True,
                reason=f"{self.model_id} answers from frames and got none.",
            )
        verdict = self.way.decide(self, question, frames, retrieval_weights(frames.t_s, passages))
        evidence = frame_evidence(question, passages, frames.t_s, verdict.rows, verdict.reply)
        return Answer(
            verdict.reply.text,
            verdict.reply.score,
            self.model_id,
            option=verdict.reply.option,
            evidence=evidence,
            latency_ms=1000 * (time.perf_counter() - started),
        )

    @torch.inference_mode()
    def reply(self, pixels: Sequence[Look], questions: Sequence[Question]) -> list[Reply]:
        """Pairs of a picture (H, W, 3) uint8, or of frames, and a question -> replies.

        In words, or the likeliest of the question's options if it has any.
        """
        if len(pixels) != len(questions):
            raise UsageError(
                f"Expected one picture a question, got {len(pixels)} pictures and "
                f"{len(questions)} questions."
            )
        pixels = list(pixels)
        ids = [self._question_ids(q.text) for q in questions]
        replies: dict[int, Reply] = {}
        for part in by_length_and_frame(ids, look_keys(pixels), self.batch_size):
            memories = remember(
                self, [pixels[i] for i in part], lambda features: frame_memory(self.model, features)
            )
            asked = encode_questions(
                self.model, torch.tensor([ids[i] for i in part], device=self.model.device), memories
            )
            free = [row for row, i in enumerate(part) if not questions[i].options]
            if free:
                said = decode(self.model.text_decoder, self.processor, asked[free], self.max_tokens)
                for row, reply in zip(free, said, strict=True):
                    replies[part[row]] = reply
            for row, i in enumerate(part):
                if questions[i].options:
                    replies[i] = self._choose(asked[row], questions[i].options)
        return [replies[i] for i in range(len(questions))]

    def _question_ids(self, text: str) -> list[int]:
        """[ENC] words [SEP], as BLIP was trained; published vocabularies name neither."""
        config, tokenizer = self.model.config.text_config, self.processor.tokenizer
        ids = tokenizer(text, truncation=True, max_length=config.max_position_embeddings).input_ids
        known = tokenizer.convert_tokens_to_ids("[ENC]")
        return [
            config.bos_token_id + 1 if known in (None, tokenizer.unk_token_id) else known,
            *ids[1:],
        ]

    def _choose(self, asked: torch.Tensor, options: Sequence[str]) -> Reply:
        """(L, D) -> the option whose tokens have the highest mean log probability.

        Length earns nothing.
        """
        decoder, start = self.model.text_decoder, self.model.config.text_config.bos_token_id
        ids = [[start, *self.processor.tokenizer(option).input_ids[1:]] for option in options]
        means = torch.empty(len(options))
        for part in by_length(ids, self.batch_size):
            said = torch.tensor([ids[i] for i in part], device=asked.device)
            logits = decoder(
                input_ids=said, encoder_hidden_states=asked.expand(len(part), -1, -1)
            ).logits[:, :-1]
            logp = logits.float().log_softmax(-1).gather(-1, said[:, 1:, None])[..., 0]
            means[part] = logp.mean(-1).cpu()
        best = int(means.argmax())
        return Reply(options[best], float(means[best].exp()), best)


def _middle_row(t_s: np.ndarray, segment: Segment) -> int | None:
    inside = np.flatnonzero((t_s >= segment.start_s) & (t_s < segment.end_s))
    if not len(inside):
        return None
    return int(inside[np.abs(t_s[inside] - (segment.start_s + segment.end_s) / 2).argmin()])
