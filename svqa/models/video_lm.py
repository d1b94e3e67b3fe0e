"""Frames with their seconds, a question -> an answer.

A language model that sees the frames in order (SmolVLM2).

Loaded through `AutoModelForImageTextToText`, so that other models of that family fit. Frames are
given as arrays with the seconds they were taken at; nothing is decoded or sampled by the library.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.video_utils import VideoMetadata

from svqa.models.base import Answerer
from svqa.models.frame_strategies import Reply, frame_evidence, retrieval_weights, spread
from svqa.models.pretrained import load_pretrained
from svqa.records import Answer, Evidence, FrameBatch, Question

# the library wants frame numbers at a rate; milliseconds keep any time exact enough
_TICKS_HZ = 1000


class VideoLanguageAnswerer(Answerer):
    """Up to `most_frames` frames, those the retrieval trusts most, in time order in one prompt."""

    needs_frames = True

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        model_id: str,
        most_frames: int = 8,
        max_tokens: int = 48,
    ):
        self.model, self.processor, self.model_id = model.eval(), processor, model_id
        self.most_frames, self.max_tokens = most_frames, max_tokens

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: torch.dtype | str | None = None,
        **options: Any,
    ) -> VideoLanguageAnswerer:
        """A folder or a hub name of a video language model -> the answerer.

        Nothing is downloaded, no remote code is run.

        Raises WeightsMissing, WeightsCorrupt, UsageError (float16 on a CPU). `options` go to the
        constructor.
        """
        found = load_pretrained(
            AutoModelForImageTextToText,
            AutoProcessor,
            path_or_id,
            revision=revision,
            device=device,
            dtype=dtype,
        )
        return cls(found.model, found.processor, model_id=found.model_id, **options)

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """In the model's own words, or the likeliest option where there are options.

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
        rows = spread(retrieval_weights(frames.t_s, passages), self.most_frames)
        inputs = self._prompt(question.text, frames[rows])
        reply = (
            self._choose(inputs, question.options) if question.options else self._generate(inputs)
        )
        evidence = frame_evidence(question, passages, frames.t_s, rows, reply)
        return Answer(
            reply.text,
            reply.score,
            self.model_id,
            option=reply.option,
            evidence=evidence,
            latency_ms=1000 * (time.perf_counter() - started),
        )

    def _prompt(self, text: str, frames: FrameBatch) -> Any:
        """-> the model's inputs: each frame after the second it shows, then the question."""
        turn = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": text}]}]
        words = self.processor.apply_chat_template(turn, add_generation_prompt=True)
        ticks = np.round(frames.t_s * _TICKS_HZ).astype(int).tolist()
        seconds = VideoMetadata(
            total_num_frames=ticks[-1] + 1,
            fps=_TICKS_HZ,
            duration=float(frames.t_s[-1]),
            frames_indices=ticks,
        )
        inputs = self.processor(
            text=words,
            videos=[np.ascontiguousarray(frames.pixels.transpose(0, 3, 1, 2))],
            video_metadata=[seconds],
            do_sample_frames=False,
            return_tensors="pt",
            videos_kwargs={"input_data_format": "channels_first"},
        )
        return inputs.to(self.model.device, dtype=self.model.dtype)

    @torch.inference_mode()
    def _generate(self, inputs: Any) -> Reply:
        """Greedy words; the score is the geometric mean of their probabilities."""
        made = self.model.generate(
            **inputs,
            max_new_tokens=self.max_tokens,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        )
        logp = self.model.compute_transition_scores(
            made.sequences, made.scores, normalize_logits=True
        )
        said = made.sequences[0, inputs["input_ids"].shape[1] :]
        text = self.processor.tokenizer.decode(said, skip_special_tokens=True)
        return Reply(text.strip().rstrip("."), float(logp[0].float().mean().exp()))

    @torch.inference_mode()
    def _choose(self, inputs: Any, options: Sequence[str]) -> Reply:
        """The prompt is read once; then each option gets the mean log probability of its tokens."""
        read = self.model(**inputs, use_cache=True, logits_to_keep=1)
        means = []
        for option in options:
            ids = self.processor.tokenizer(
                f" {option}", add_special_tokens=False, return_tensors="pt"
            ).input_ids
            ids = ids.to(self.model.device)
            past = copy.deepcopy(read.past_key_values)  # the forward pass writes into it
            logits = self.model(input_ids=ids, past_key_values=past, use_cache=True).logits
            before = torch.cat([read.logits[:, -1:], logits[:, :-1]], dim=1).float().log_softmax(-1)
            means.append(float(before.gather(-1, ids[..., None]).mean()))
        best = int(np.argmax(means))
        return Reply(options[best], float(np.exp(means[best])), best)
