"""What the libraries of frames share: a frame a second, embedded, and the 3 nearest to a query."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np

from svqa.models.conse import ConseEncoder

QUERY, NEAREST, SIZE_PX = "a rabbit", 3, (640, 360)


def ours(film: str) -> Callable[[], list[int]]:
    """-> a function that does it with svqa's parts, and gives the seconds that are nearest."""
    from svqa.database import open_store
    from svqa.media import Sampling, identify, probe, read_frames
    from svqa.records import Chunk, VectorSet
    from svqa.retrieval import top_k

    encoder = ConseEncoder.from_pretrained()
    query = encoder.encode_text([QUERY])[0]

    def run() -> list[int]:
        encoder._tagger._known.clear()
        with (
            tempfile.TemporaryDirectory() as folder,
            open_store(f"sqlite:///{folder}/frames.db") as store,
        ):
            info = probe(film, sha256=identify(film))
            claim = store.claim_video(info, {})
            frames = read_frames(film, Sampling.every(1.0), size_px=SIZE_PX)
            spans = np.stack([frames.t_s, frames.t_s + 1], 1)
            vectors = VectorSet(
                "frame", "visual", encoder.model_id, spans, encoder.encode_frames(frames.pixels)
            )
            times = tuple(frames.t_s.tolist())
            store.commit_chunk(
                claim.video_id, Chunk(0.0, 30.0, frame_times_s=times, vectors=(vectors,))
            )
            store.finish_video(claim.video_id, status="ready", note="", shots=(), metrics={})
            table = store.vectors("frame", "visual", encoder.model_id)
            best, _ = top_k(table.values, query, NEAREST)
            return sorted(round(float(t)) for t in table.spans[best, 0])

    return run
