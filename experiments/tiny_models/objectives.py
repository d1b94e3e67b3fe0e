"""Lessons -> losses: what a small BLIP is asked, step by step, and the loop that asks it.

`PatchObjective` asks every patch what covers it and the whole how much there is, `CaptionObjective` for
the words about a picture, `AnswerObjective` for the answer to a question. The last two can teach on
`frozen` vision: features that are computed once while the words are learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from experiments.tiny_models.training_samples import PATCHES, TrainingSample
from svqa.models.blip_parts import encode_question, frame_memory
from svqa.records import Progress
from svqa.shapes.scene import COLOURS, MAX_OBJECTS, SHAPES

HELD_OUT = 20  # every so-manieth lesson is kept from training, for the curve
ASKED = 4  # questions about one picture in a batch
GRIDS = 0.35  # share of batches that are about grids
EVERY = 50  # steps between rows of the curve
EXAM = 200  # lessons, at most
UNKNOWN = -100


class Trainer:
    """Fits one teacher after another and keeps one curve: `step`, `loss`, `right` (share, on what
    is held out).
    """

    def __init__(
        self,
        steps: int,
        rng: np.random.Generator,
        progress: Progress | None = None,
    ):
        self.steps, self.rng, self.progress = steps, rng, progress
        self.done, self.curve = 0, []

    def fit(self, teacher, steps: int, *, peak: float, warmup: int = 60) -> None:
        """AdamW with a linear warm-up and a cosine to nothing; gradients are clipped at norm 1."""
        optimizer = torch.optim.AdamW(
            teacher.parameters(), lr=peak, weight_decay=0.05, betas=(0.9, 0.98)
        )
        losses = []
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = (
                    peak * min(1.0, (step + 1) / warmup) * 0.5 * (1 + np.cos(np.pi * step / steps))
                )
            loss, _ = teacher.teach(teacher.draw(self.rng))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            self.done += 1
            if (step + 1) % EVERY == 0 or step + 1 == steps:
                self.curve.append(
                    {
                        "step": self.done,
                        "loss": float(np.mean(losses[-EVERY:])),
                        "right": _examine(teacher),
                    }
                )
            if self.progress:
                self.progress("steps", self.done, self.steps)


class ProbeHeads(torch.nn.Module):
    """Linear layers that read from vision what it must not lose; they learn with it and are thrown
    away.

    From a patch: which shape and colour covers it, which shape has its centre there, and which
    patch it is. From the first token: how many there are of each shape, and in all.
    """

    parts = (1 + len(SHAPES), 1 + len(COLOURS), 1 + len(SHAPES), PATCHES**2)

    def __init__(self, width: int, lessons: Sequence[TrainingSample]):
        super().__init__()
        self.patch = torch.nn.Linear(width, sum(self.parts))
        self.whole = torch.nn.Linear(width, (len(SHAPES) + 1) * (MAX_OBJECTS + 1))
        places = np.broadcast_to(np.arange(PATCHES**2), (len(lessons), 1, PATCHES**2))
        patches = np.stack([t.patches for t in lessons]).reshape(len(lessons), 3, -1)
        self.patches = torch.from_numpy(np.concatenate([patches, places], axis=1))
        unknown = (UNKNOWN,) * (len(SHAPES) + 1)
        self.counts = torch.tensor([t.counts or unknown for t in lessons])

    def loss(self, features: torch.Tensor, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """`features (B, 1 + patches, D)` of the lessons `rows` -> loss, share of covered patches
        read right.
        """
        labels, counts = self.patches[rows], self.counts[rows]
        read = self.patch(features[:, 1:]).transpose(1, 2).split(self.parts, dim=1)
        wrong = [
            F.cross_entropy(part, labels[:, i], reduction="none") for i, part in enumerate(read)
        ]
        covered = labels[:, 0] > 0
        of_patches = (
            (wrong[0] + wrong[1] + wrong[2]) * torch.where(covered, 1.0, 0.3)
        ).mean() + 0.1 * wrong[3].mean()
        right = (read[0].argmax(1) == labels[:, 0]) & (read[1].argmax(1) == labels[:, 1])
        how_many = self.whole(features[:, 0]).view(len(rows), MAX_OBJECTS + 1, -1)
        known = max(1, int((counts != UNKNOWN).sum()))
        of_whole = F.cross_entropy(how_many, counts, ignore_index=UNKNOWN, reduction="sum") / known
        return of_patches + of_whole, float(right[covered].float().mean())


class PatchObjective:
    """Asks what the `ProbeHeads` read."""

    batch = 24  # enough: every picture holds many shapes

    def __init__(self, vision, lessons: Sequence[TrainingSample]):
        self.vision = vision
        self.readers = ProbeHeads(vision.config.hidden_size, lessons)
        self.pixels = np.stack([t.pixels for t in lessons])

    def __len__(self) -> int:
        return len(self.pixels)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return _draw_rows(rng, 0, len(self), self.batch)

    def parameters(self) -> list:
        return [*self.vision.parameters(), *self.readers.parameters()]

    def teach(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss, share of covered patches whose shape and colour are both right."""
        return self.readers.loss(
            self.vision(pixel_values=normalised(self.pixels[rows])).last_hidden_state, rows
        )


class CaptionObjective:
    """Asks for the caption of each frame, word after word."""

    batch = 24

    def __init__(
        self,
        model: BlipForConditionalGeneration,
        processor: BlipProcessor,
        lessons: Sequence[TrainingSample],
    ):
        self.model = model
        self.pixels = np.stack([t.pixels for t in lessons])
        self.ids = _ids(processor, [t.caption for t in lessons], first="[DEC]")
        self.see: Callable[[np.ndarray], torch.Tensor] = self._look

    def __len__(self) -> int:
        return len(self.pixels)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        return _draw_rows(rng, 0, len(self), self.batch)

    def frozen(self) -> CaptionObjective:
        """The same lessons, on vision features that are computed once and do not change."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.batch = 2 * self.batch
        twin.see = partial(_recall, _features(self.model.vision_model, self.pixels))
        twin.parameters = lambda: [
            p for name, p in self.model.named_parameters() if not name.startswith("vision")
        ]
        return twin

    def parameters(self) -> list:
        return list(self.model.parameters())

    def teach(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss, share of captions whose every next word is right."""
        return _next_words(self.model.text_decoder, self.see(rows), _trim(self.ids[rows]))

    def _look(self, rows: np.ndarray) -> torch.Tensor:
        return self.model.vision_model(pixel_values=normalised(self.pixels[rows])).last_hidden_state


class AnswerObjective(CaptionObjective):
    """Asks `ASKED` questions about each picture; a batch is all frames or all grids, whose
    questions are longer.
    """

    batch = 16

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        lessons: Sequence[TrainingSample],
    ):
        lessons = [t for t in lessons if t.asked]
        self.model, self.pixels, self.see = model, np.stack([t.pixels for t in lessons]), self._look
        flat = [pair for t in lessons for pair in t.asked]
        self.ids = _ids(processor, [text for text, _ in flat], first="[ENC]")
        self.answers = _ids(processor, [answer for _, answer in flat], first="[DEC]")
        self.ends = np.cumsum([len(t.asked) for t in lessons])
        self.counts = np.array([len(t.asked) for t in lessons])
        self.frames = sum(bool(t.caption) for t in lessons) // HELD_OUT * HELD_OUT
        self.rng = np.random.default_rng(0)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        if len(self) - self.frames > HELD_OUT and rng.random() < GRIDS:
            return _draw_rows(rng, self.frames, len(self), self.batch)
        return _draw_rows(rng, 0, self.frames, self.batch)

    def teach(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss, share of answers that are right."""
        picked = self.rng.integers(0, self.counts[rows][:, None], (len(rows), ASKED))
        which = (self.ends[rows] - self.counts[rows])[:, None] + picked
        asked, answers = _trim(self.ids[which.ravel()]), _trim(self.answers[which.ravel()])
        memory = frame_memory(self.model, self.see(rows)).repeat_interleave(ASKED, 0)
        mask = (asked != 0).long()
        return _next_words(
            self.model.text_decoder, encode_question(self.model, asked, memory, mask), answers, mask
        )


class FrameAwareAnswerObjective(AnswerObjective):
    """Asks the `ProbeHeads` too, so that vision forgets nothing while it serves questions."""

    def __init__(
        self,
        model: BlipForQuestionAnswering,
        processor: BlipProcessor,
        lessons: Sequence[TrainingSample],
    ):
        super().__init__(model, processor, lessons)
        self.readers = ProbeHeads(
            model.config.vision_config.hidden_size, [t for t in lessons if t.asked]
        )
        self.see = self._look_and_keep

    def parameters(self) -> list:
        return [*self.model.parameters(), *self.readers.parameters()]

    def teach(self, rows: np.ndarray) -> tuple[torch.Tensor, float]:
        """-> loss of answers and readers, share of answers that are right."""
        loss, right = super().teach(rows)
        return loss + 0.3 * self.readers.loss(self.seen, rows)[0], right

    def _look_and_keep(self, rows: np.ndarray) -> torch.Tensor:
        self.seen = self._look(rows)
        return self.seen


def normalised(pixels: np.ndarray) -> torch.Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) float32, as the processor does."""
    scaled = (pixels / np.float32(255) - np.array(OPENAI_CLIP_MEAN, np.float32)) / np.array(
        OPENAI_CLIP_STD, np.float32
    )
    return torch.from_numpy(scaled).permute(0, 3, 1, 2).contiguous()


@torch.no_grad()
def _examine(teacher) -> float:
    """-> share right on the held-out lessons, without learning from them."""
    held_out = np.arange(0, len(teacher), HELD_OUT)
    rows = held_out[:: -(-len(held_out) // EXAM)]
    parts = np.array_split(rows, -(-len(rows) // 100))
    return float(np.mean([teacher.teach(part)[1] for part in parts]))


def _draw_rows(rng: np.random.Generator, first: int, end: int, count: int) -> np.ndarray:
    rows = rng.integers(first, end - 1, count)
    return rows + (rows % HELD_OUT == 0)  # the next one, where it is held out


def _next_words(
    decoder, hidden: torch.Tensor, said: torch.Tensor, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, float]:
    """Cross-entropy of each next word; pads are seen by no one and count for nothing."""
    logits = decoder(
        input_ids=said,
        attention_mask=(said != 0).long(),
        encoder_hidden_states=hidden,
        encoder_attention_mask=mask,
    ).logits[:, :-1]
    target = said[:, 1:]
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
def _features(vision, pixels: np.ndarray) -> torch.Tensor:
    """(N, ...) -> (N, patches + 1, D) float16, which is half the memory."""
    parts = [
        vision(pixel_values=normalised(pixels[i : i + 64])).last_hidden_state.half()
        for i in range(0, len(pixels), 64)
    ]
    return torch.cat(parts)


def _recall(features: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
    return features[rows].float()
