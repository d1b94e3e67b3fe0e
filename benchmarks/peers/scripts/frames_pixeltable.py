"""A frame a second, embedded and searched: svqa's parts, or a table and a view of Pixeltable."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable

from benchmarks.peers.scripts.frames import NEAREST, QUERY, ours
from benchmarks.peers.talk import serve


def theirs(film: str) -> Callable[[], list[int]]:
    """-> a function that does it with a new table and a new view each time."""
    os.environ["PIXELTABLE_HOME"] = tempfile.mkdtemp()
    import pixeltable as pxt
    from pixeltable.functions.video import frame_iterator

    from benchmarks.peers.scripts.pixeltable_functions import ENCODER, embed, embed_text

    names = iter(range(10**6))

    def run() -> list[int]:
        ENCODER._tagger._known.clear()
        n = next(names)
        films = pxt.create_table(f"films{n}", {"video": pxt.Video})
        frames = pxt.create_view(f"frames{n}", films, iterator=frame_iterator(films.video, fps=1))
        frames.add_embedding_index("frame", image_embed=embed, string_embed=embed_text, metric="ip")
        films.insert([{"video": film}])
        score = frames.frame.similarity(string=QUERY)
        rows = frames.order_by(score, asc=False).limit(NEAREST).select(frames.pos).collect()
        return sorted(int(p) for p in rows["pos"])

    return run


if __name__ == "__main__":
    way, film = sys.argv[1:]
    serve(ours(film) if way == "ours" else theirs(film))
