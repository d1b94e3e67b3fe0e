"""20 questions about each frame: `BlipAnswerer`, or a loop of transformers' own `generate`."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from benchmarks.peers.talk import serve

TEXTS = [
    f"{what} the {shape}{end}?"
    for what, end in (("what colour is", ""), ("where is", ""), ("is", " moving"), ("is", " red"))
    for shape in ("circle", "square", "triangle", "star", "cross")
]
FRAMES = 12


def main(way: str, film: str) -> None:
    """Ask about a film whenever asked to: by svqa where `way` is "ours", else by the loop."""
    import torch
    from transformers import BlipForQuestionAnswering, BlipProcessor

    from svqa.media import Sampling, read_frames
    from svqa.models.blip import BlipAnswerer
    from svqa.models.frame_cache import FrameCache
    from svqa.records import Question

    folder = str(files("svqa") / "checkpoints" / "blip-vqa")
    frames = list(read_frames(film, Sampling.every(0.5), size_px=(640, 360)).pixels[:FRAMES])
    if way == "ours":
        answerer = BlipAnswerer.from_pretrained(folder, max_tokens=6)

        def run() -> list[str]:
            answerer.cache = FrameCache()
            asked = [(frame, Question(text)) for frame in frames for text in TEXTS]
            return [r.text for r in answerer.reply(*map(list, zip(*asked, strict=True)))]
    else:
        model = BlipForQuestionAnswering.from_pretrained(folder).eval()
        processor = BlipProcessor.from_pretrained(folder)
        encodes = processor.tokenizer.convert_tokens_to_ids("[ENC]")

        @torch.inference_mode()
        def run() -> list[str]:
            said = []
            for frame in frames:
                for text in TEXTS:
                    inputs = processor(frame, text, return_tensors="pt")
                    inputs["input_ids"][:, 0] = encodes  # as BLIP was trained
                    made = model.generate(**inputs, max_new_tokens=6, do_sample=False)
                    said.append(processor.decode(made[0], skip_special_tokens=True).strip())
            return said

    serve(run)


if __name__ == "__main__":
    main(sys.argv[1], str(Path(sys.argv[2])))
