"""P17: a LoRA step beside a step of full fine-tuning, of a BLIP-VQA base of random weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from benchmarks.cases.answers import TEXTS, full_size
from benchmarks.harness import Benchmark, Case, Measured

_FULL = "full fine-tuning step, same batch"
STEP = Benchmark("P17", "LoRA step, q/v of the text", _FULL, 0.6)
CACHED_STEP = Benchmark("P17b", "LoRA step, q/v of the text, vision features cached", _FULL, 0.25)
BENCHMARKS = (STEP, CACHED_STEP)
PICTURES = 2  # in a step; one question about each, so that nothing is gained by sharing


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case | Measured]]:
    """Yields P17 (LoRA against full fine-tuning) and P17b (with cached vision features)."""

    def cases() -> Iterator[Case | Measured]:
        full, _ = _stepper(lora=False, cached=False)
        peak_full = _peak(lora=False, cached=False)
        for benchmark, cached in ((STEP, False), (CACHED_STEP, True)):
            if benchmark.id in wanted:
                ours, trainable = _stepper(lora=True, cached=cached)
                notes = {
                    "pictures": PICTURES,
                    "trainable": trainable,
                    "peak_bytes": _peak(lora=True, cached=cached),
                    "peak_bytes_full": peak_full,
                }
                yield Case(benchmark, ours, full, _same_loss, notes=notes)

    yield cases()


def _peak(**kind: bool) -> int:
    """The most memory of a process of its own that takes two steps of this kind, model and all."""
    with get_context("spawn").Pool(1) as one:
        return one.apply(_peak_here, kwds=kind)


def _peak_here(*, lora: bool, cached: bool) -> int:
    from svqa.profiling.machine import resident_peak

    step, _ = _stepper(lora=lora, cached=cached)
    step(), step()
    return resident_peak()


def _stepper(*, lora: bool, cached: bool) -> tuple[Callable[[], float], int]:
    """-> a step (forward, backward, AdamW) that gives the loss, and how many weights it trains."""
    import torch

    from svqa.training.batches import AnswerLoss
    from svqa.training.presets import add_lora, trainable_share

    answerer = full_size()
    model, processor = answerer.model.train(), answerer.processor
    batch = _batch(processor, model.config.text_config)
    if lora:
        model = add_lora(model, "blip-text-qv")
    loss = AnswerLoss(model, vision_is_frozen=lora)
    if cached:
        with torch.no_grad():
            seen = answerer.model.vision_model(
                pixel_values=batch.pop("pixel_values")
            ).last_hidden_state
        batch["features"] = seen
    trained = [p for p in model.parameters() if p.requires_grad]
    # all the work of a step, and every step the same
    optimizer = torch.optim.AdamW(trained, lr=0.0)

    def step() -> float:
        lost = loss(batch)
        lost.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return float(lost.detach())

    return step, trainable_share(model)[0]


def _batch(processor, text_config) -> dict:
    import torch

    from svqa.training.batches import enc_id, lengths_mask, pad

    pixels = np.random.default_rng(0).integers(0, 256, (PICTURES, 384, 384, 3), dtype=np.uint8)
    ids = [
        [enc_id(processor.tokenizer, text_config), *processor.tokenizer(t).input_ids[1:]]
        for t in TEXTS[:PICTURES]
    ]
    said = [[text_config.bos_token_id, 1001 + i, text_config.sep_token_id] for i in range(PICTURES)]
    made = processor.image_processor(
        list(pixels), return_tensors="pt", input_data_format="channels_last"
    )
    return {
        "asked": pad(ids, 0),
        "asked_mask": lengths_mask([len(i) for i in ids]),
        "said": pad(said, 0),
        "said_mask": lengths_mask([len(s) for s in said]),
        "owner": torch.arange(PICTURES),
        "weight": torch.ones(PICTURES),
        "picture": torch.arange(PICTURES),
        "pixel_values": made.pixel_values,
    }


def _same_loss(a: float, b: float) -> bool:
    return abs(a - b) < 1e-3 * abs(b)
