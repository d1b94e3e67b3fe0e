"""A frame a second, embedded and searched: svqa's parts, or FiftyOne's view of sampled frames."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable

from benchmarks.peers.scripts.frames import NEAREST, QUERY, SIZE_PX, ours
from benchmarks.peers.talk import serve


def theirs(film: str) -> Callable[[], list[int]]:
    """-> a function that does it with a new dataset each time; its own database is started once."""
    home = tempfile.mkdtemp()
    os.environ |= {
        "FIFTYONE_DATABASE_DIR": f"{home}/database",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }
    import fiftyone as fo
    import fiftyone.brain as fob
    import numpy as np

    from svqa.models.conse import ConseEncoder

    encoder = ConseEncoder.from_pretrained()
    query = encoder.encode_text([QUERY])[0]

    class Encoder(fo.Model, fo.EmbeddingsMixin):
        """The encoder, as FiftyOne takes a model of one's own."""

        media_type, has_embeddings, ragged_batches, transforms = "image", True, False, None
        preprocess = False

        def predict(self, arg: np.ndarray) -> None:
            self._vector = encoder.encode_frames(arg[None])

        def get_embeddings(self) -> np.ndarray:
            return self._vector

        def embed(self, arg: np.ndarray) -> np.ndarray:
            return encoder.encode_frames(arg[None])[0]

    def run() -> list[int]:
        encoder._tagger._known.clear()
        with tempfile.TemporaryDirectory() as folder:
            dataset = fo.Dataset()
            dataset.add_sample(fo.Sample(filepath=film))
            # JPEG, which it writes unless told, changes which frames are nearest
            frames = dataset.to_frames(
                sample_frames=True, fps=1, size=SIZE_PX, frames_patt="%06d.png", output_dir=folder
            )
            index = fob.compute_similarity(
                frames, model=Encoder(), brain_key="by_encoder", backend="sklearn", metric="cosine"
            )
            found = index.sort_by_similarity(query, k=NEAREST).values("frame_number")
            rate_hz = dataset.first().metadata.frame_rate
            dataset.delete()
        return sorted(round((number - 1) / rate_hz) for number in found)

    return run


if __name__ == "__main__":
    way, film = sys.argv[1:]
    serve(ours(film) if way == "ours" else theirs(film))
