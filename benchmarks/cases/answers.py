"""P9: the cost of a second question about a frame, by a BLIP-VQA base of random weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from benchmarks.harness import Benchmark, Case
from svqa.models.frame_cache import FrameCache
from svqa.records import Question

TEXTS = [
    f"what {thing} is the {who} {where}?"
    for thing in ("colour", "animal", "sport", "food", "room")
    for who in ("man", "woman")
    for where in ("holding", "near")
]
SECOND = Benchmark(
    "P9",
    "2nd question about the same frame",
    "the 1st: same question, frame not seen before",
    0.15,
)
TWENTY = Benchmark("P9b", "20 questions about one frame, asked together", "one question", 2.5)
BENCHMARKS = (SECOND, TWENTY)
MAX_TOKENS = 4  # answers of VQA v2 are one or two words; random weights never end by themselves


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case]]:
    """Yields P9 (a second question against a first) and P9b (twenty questions against one)."""
    answerer = full_size()
    frame = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    first, second = Question(TEXTS[0]), Question(TEXTS[-1])

    def ask(*questions: Question, afresh: bool) -> list[str]:
        if afresh:
            answerer.cache = FrameCache()
        return [reply.text for reply in answerer.reply([frame] * len(questions), questions)]

    def cases() -> Iterator[Case]:
        if "P9" in wanted:
            ask(first, afresh=True)
            again, anew = (lambda: ask(second, afresh=False)), (lambda: ask(second, afresh=True))
            yield Case(SECOND, again, anew, list.__eq__, notes={"answer_tokens": MAX_TOKENS})
        if "P9b" in wanted:
            one, twenty = (
                (lambda n=n: ask(*map(Question, TEXTS[:n]), afresh=True)) for n in (1, 20)
            )
            yield Case(TWENTY, twenty, one, lambda many, first: many[:1] == first)

    yield cases()


def full_size():
    """-> a `BlipAnswerer` of BLIP-VQA base's size (361 M parameters, 384 px), of random weights."""
    import torch
    from transformers import (
        BertTokenizer,
        BlipConfig,
        BlipForQuestionAnswering,
        BlipImageProcessor,
        BlipProcessor,
    )

    from svqa.models.blip import BlipAnswerer

    torch.manual_seed(0)
    model = BlipForQuestionAnswering(BlipConfig(vision_config={"initializer_range": 0.02}))
    words = sorted({word for text in TEXTS for word in text.replace("?", " ?").split()})
    known = {
        102: "[SEP]",
        101: "[CLS]",
        100: "[UNK]",
        0: "[PAD]",
        103: "[MASK]",
        30522: "[DEC]",
        30523: "[ENC]",
    }
    names = [
        known.get(i) or (words[i - 1000] if 0 <= i - 1000 < len(words) else f"w{i}")
        for i in range(30524)
    ]
    tokenizer = BertTokenizer(vocab={name: i for i, name in enumerate(names)}, bos_token="[DEC]")
    processor = BlipProcessor(BlipImageProcessor(size={"height": 384, "width": 384}), tokenizer)
    return BlipAnswerer(model, processor, model_id="blip-vqa-base-random", max_tokens=MAX_TOKENS)
