"""Training samples -> losses of a small BLIP: patches and counts, captions, answers.

`PatchObjective` trains the vision encoder alone, `CaptionObjective` predicts the caption of a
picture, `AnswerObjective` the answer to a question. The last two can train on `frozen` vision:
features that are computed once while the text layers are trained.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from experiments.tiny_models.probes import ProbeHeads
from experiments.tiny_models.trainer import HELD_OUT, draw_rows
from experiments.tiny_models.training_samples import TrainingSample
from svqa.models.blip_parts import encode_question, frame_memory

ASKED = 4  # questions about one picture in a batch
GRIDS = 0.35  # share of batches that are about grids


class PatchObjective:
    """Patches and counts, through the `ProbeHeads`."""

    batch = 24  # enough: every picture holds many shapes

    def __init__(self, vision, samples: Sequence[TrainingSample]):
        self.vision = vision
        self.probes = ProbeHeads(vision.config.hidden_size, samples)
        self.pixels = np.stack([t.pixels for t in samples])

    def __len__(self) -> int:
        return len(self.pixels)

    def draw_batch(self, rng: np.random.Generator) -> np.ndarray:
        return draw_rows(rng, 0, len(self), self.batch)

    def parameters(self) -> list:
        return [*self.vision.parameters(), *self.probes.parameters()]

    def loss(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss, share of covered patches whose shape and colour are both right."""
        return self.probes.loss(
            self.vision(pixel_values=normalised(self.pixels[rows])).last_hidden_state, rows
        )


class CaptionObjective:
    """The caption of each frame, token by token."""

    batch = 24

    def __init__(
        self,
        model: BlipForConditionalGeneration,
        processor: BlipProcessor,
        samples: Sequence[TrainingSample],
    ):
        self.model = model
        self.pixels = np.stack([t.pixels for t in samples])
        self.ids = _ids(processor, [t.caption for t in samples], first="[DEC]")
        self.vision_features: Callable[[np.ndarray], torch.Tensor] = self._encode

    def __len__(self) -> int:
        return len(self.pixels)

    def draw_batch(self, rng: np.random.Generator) -> np.ndarray:
        return draw_rows(rng, 0, len(self), self.batch)

    def frozen(self) -> CaptionObjective:
        """The same objective on vision features that are computed once and do not change."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.batch = 2 * self.batch
        twin.vision_features = partial(_cached, _encode_all(self.model.vision_model, self.pixels))
        twin.parameters = lambda: [
            p for name, p in self.model.named_parameters() if not name.startswith("vision")
        ]
        return twin

    def parameters(self) -> list:
        return list(self.model.parameters())

    def loss(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss, share of captions whose every next token is right."""
        return _next_tokens(
            self.model.text_decoder, self.vision_features(rows), _trim(self.ids[rows])
        )

    def _encode(self, rows: np.ndarray) -> torch.Tensor:
        return self.model.vision_model(pixel_values=normalised(self.pixels[rows])).last_hidden_state


class AnswerObjective(CaptionObjective):
    """Answers to `ASKED` questions a picture; a batch is all frames or all grids.

    Questions about grids are longer, and would be padding for the others.
    """

    batch = 16

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        samples: Sequence[TrainingSample],
    ):
        samples = [t for t in samples if t.asked]
        self.model, self.pixels = model, np.stack([t.pixels for t in samples])
        self.vision_features = self._encode
        flat = [pair for t in samples for pair in t.asked]
        self.ids = _ids(processor, [text for text, _ in flat], first="[ENC]")
        self.answers = _ids(processor, [answer for _, answer in flat], first="[DEC]")
        self.ends = np.cumsum([len(t.asked) for t in samples])
        self.counts = np.array([len(t.asked) for t in samples])
        self.frames = sum(bool(t.caption) for t in samples) // HELD_OUT * HELD_OUT
        self.rng = np.random.default_rng(0)

    def draw_batch(self, rng: np.random.Generator) -> np.ndarray:
        if len(self) - self.frames > HELD_OUT and rng.random() < GRIDS:
            return draw_rows(rng, self.frames, len(self), self.batch)
        return draw_rows(rng, 0, self.frames, self.batch)

    def loss(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss, share of answers that are right."""
        picked = self.rng.integers(0, self.counts[rows][:, None], (len(rows), ASKED))
        which = (self.ends[rows] - self.counts[rows])[:, None] + picked
        asked, answers = _trim(self.ids[which.ravel()]), _trim(self.answers[which.ravel()])
        memory = frame_memory(self.model, self.vision_features(rows)).repeat_interleave(ASKED, 0)
        mask = (asked != 0).long()
        return _next_tokens(
            self.model.text_decoder, encode_question(self.model, asked, memory, mask), answers, mask
        )


class FrameAwareAnswerObjective(AnswerObjective):
    """Answers, and the `ProbeHeads` too, so that the vision encoder keeps what a frame shows."""

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        samples: Sequence[TrainingSample],
    ):
        super().__init__(model, processor, samples)
        self.probes = ProbeHeads(
            model.config.vision_config.hidden_size, [t for t in samples if t.asked]
        )
        self.vision_features = self._encode_and_keep

    def parameters(self) -> list:
        return [*self.model.parameters(), *self.probes.parameters()]

    def loss(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss of answers and probes, share of answers that are right."""
        loss, right = super().loss(rows)
        return loss + 0.3 * self.probes.loss(self.kept, rows)[0], right

    def _encode_and_keep(self, rows: np.ndarray) -> torch.Tensor:
        self.kept = self._encode(rows)
        return self.kept


def normalised(pixels: np.ndarray) -> torch.Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) float32, as the processor does."""
    scaled = (pixels / np.float32(255) - np.array(OPENAI_CLIP_MEAN, np.float32)) / np.array(
        OPENAI_CLIP_STD, np.float32
    )
    return torch.from_numpy(scaled).permute(0, 3, 1, 2).contiguous()


def _next_tokens(
    decoder, hidden: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, float]:
    """Cross-entropy and accuracy of each next token; padding is masked and not counted."""
    logits = decoder(
        input_ids=ids,
        attention_mask=(ids != 0).long(),
        encoder_hidden_states=hidden,
        encoder_attention_mask=mask,
    ).logits[:, :-1]
    target = ids[:, 1:]
    right = ((logits.argmax(-1) == target) | (target == 0)).all(1)
    return F.cross_entropy(logits.transpose(1, 2), target, ignore_index=0), float(
        right.float().mean()
    )


def _ids(processor: BlipProcessor, texts: Sequence[str], *, first: str) -> torch.Tensor:
    ids = processor.tokenizer(list(texts), padding=True, return_tensors="pt").input_ids
    ids[:, 0] = processor.tokenizer.convert_tokens_to_ids(first)
    return ids


def _trim(ids: torch.Tensor) -> torch.Tensor:
    return ids[:, : int((ids != 0).sum(1).max())]


@torch.no_grad()
def _encode_all(vision, pixels: np.ndarray) -> torch.Tensor:
    """(N, ...) -> (N, patches + 1, D) float16, which is half the memory."""
    parts = [
        vision(pixel_values=normalised(pixels[i : i + 64])).last_hidden_state.half()
        for i in range(0, len(pixels), 64)
    ]
    return torch.cat(parts)


def _cached(features: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
    return features[rows].float()
