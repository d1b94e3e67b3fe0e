"""A frame a second, embedded and searched: svqa's parts, or a table and a view of Pixeltable."""

from __future__ import annotations

import os
import sys
import tempfile

from benchmarks.peers.talk import serve

QUERY = "a rabbit"


def main(way: str, film: str) -> None:
    """Embed and search a film whenever asked: with svqa where `way` is "ours", else Pixeltable."""
    import numpy as np

    from svqa.models.conse import ConseEncoder

    encoder = ConseEncoder.from_pretrained()
    query = encoder.encode_text([QUERY])[0]
    if way == "ours":
        from svqa.database import open_store
        from svqa.media import Sampling, identify, probe, read_frames
        from svqa.records import Chunk, VectorSet
        from svqa.retrieval import top_k

        def run() -> list[float]:
            encoder._tagger._known.clear()
            with (
                tempfile.TemporaryDirectory() as folder,
                open_store(f"sqlite:///{folder}/frames.db") as store,
            ):
                info = probe(film, sha256=identify(film))
                claim = store.claim_video(info, {})
                frames = read_frames(film, Sampling.every(1.0), size_px=(640, 360))
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
                best, _ = top_k(table.values, query, 3)
                return sorted(round(float(t)) for t in table.spans[best, 0])
    else:
        os.environ["PIXELTABLE_HOME"] = tempfile.mkdtemp()
        import pixeltable as pxt
        from pixeltable.functions.video import frame_iterator

        from benchmarks.peers.scripts.pixeltable_functions import ENCODER, embed, embed_text

        names = iter(range(10**6))

        def run() -> list[float]:
            ENCODER._tagger._known.clear()
            n = next(names)
            films = pxt.create_table(f"films{n}", {"video": pxt.Video})
            frames = pxt.create_view(
                f"frames{n}", films, iterator=frame_iterator(films.video, fps=1)
            )
            frames.add_embedding_index(
                "frame", image_embed=embed, string_embed=embed_text, metric="ip"
            )
            films.insert([{"video": film}])
            score = frames.frame.similarity(string=QUERY)
            rows = frames.order_by(score, asc=False).limit(3).select(frames.pos).collect()
            return sorted(int(p) for p in rows["pos"])

    serve(run)


if __name__ == "__main__":
    main(*sys.argv[1:])
