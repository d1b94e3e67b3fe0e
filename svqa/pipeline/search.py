"""A sentence -> the moments it describes.

Pictures and words ranked apart, then joined by reciprocal rank.

A moment is a frame, a 5 s segment or a 30 s scene of one video. Rankings say which moments they
like: picture vectors, caption vectors, speech vectors, vectors of the text read in pictures where
any was, and BM25 over all these words; with an example of a sound, one more says which moments
sound like it. A moment's content is the weighted
sum of 1 / (60 + rank) over the rankings that name it (Cormack et al. 2009), scaled to [0, 1]. In
one video its score takes in how well its neighbours in time did (`rerank_with_temporal_coherence`);
across videos it does not, because a short video has no neighbours to speak for it: on 21
descriptions of seven clips the right one came first 18 times without and 17 with. `Evidence.parts`
shows what each ranking measured, the content and the coherence.

Where PostgreSQL has an HNSW index of more than a million moments, only the videos that its nearest
vectors and the best words lie in are read (`_narrowed`). Elsewhere every vector of the searched
videos is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from svqa.database import Store, VectorTable
from svqa.errors import UsageError, unknown_name
from svqa.models.base import TextEncoder
from svqa.models.zoo import ModelSet
from svqa.pipeline.damage_note import mark
from svqa.pipeline.kept_words import KeptWords
from svqa.pipeline.search_cache import PassageIndex, SearchCache
from svqa.records import Evidence, Waveform
from svqa.retrieval import top_k
from svqa.retrieval.rank_fusion import fuse_ranks, ordinal_ranks
from svqa.temporal.moments import standard
from svqa.temporal.rerank import rerank_with_temporal_coherence

# level -> a neighbour this far away lends 1 / e of its score
NEAR_S = {"frame": 2.0, "segment": 5.0, "scene": 30.0}
LEVELS = tuple(NEAR_S)
DEPTH = 100  # moments a ranking may name
COHERENCE = 0.2  # in one video; a lone frame that looks right then loses to a good stretch
_NONE = -np.inf
WORDS = ("caption", "speech", "text")  # the senses that tell in words
WEIGHTS = {"visual": 1.0, **dict.fromkeys(WORDS, 1.0), "bm25": 1.0, "audio": 1.0}
FLOOR = {
    "visual": _NONE,
    **dict.fromkeys(WORDS, 0.4),
    "audio": 0.4,
}  # cosines under it say "not about this" and name no moment
_LEAST = {**dict.fromkeys(WORDS, 0.4), "bm25": 0.0}  # what a moment that is not named counts as


def search(
    store: Store,
    models: ModelSet,
    text: str,
    *,
    videos: Sequence[str],
    level: str = "segment",
    k: int = 5,
    cache: SearchCache | None = None,
    sound: Waveform | str | None = None,
) -> list[Evidence]:
    """The `k` moments of `videos` (ids) that fit `text` best, best first.

    `kind` names the sense that carried each.

    `level`: `frame` (pictures only), `segment` or `scene`. `cache` keeps what the next search will
    need again. `sound` is an example of what is heard at that moment, or words for it where the
    set's sound encoder reads words. Raises UsageError on an empty text, an unknown level, a silent
    example, words that cannot be read.
    """
    if not text.strip():
        raise UsageError(
            "A search needs words, got an empty text. Try: svqa search 'a person by the sea'"
        )
    if level not in LEVELS:
        raise UsageError(unknown_name("level", level, LEVELS))
    if k < 1:
        raise UsageError(f"-k must be at least 1, got {k}.")
    cache = cache or SearchCache()
    example = None if sound is None else _example(models, sound)
    weight = COHERENCE if len(set(videos)) == 1 else 0.0
    if _is_indexed(store, models, videos, level):
        kept = cache.library_words(store) if level != "frame" else None
        videos = _narrowed(store, models, text, videos, level, example, kept)
        # the next search reads others
        cache = SearchCache(kept.lexicon.counts if kept else None)
    moments, measured = _measure(store, models, text, videos, level, cache)
    if not len(moments):
        return []
    if example is not None:
        measured["audio"] = _alike(store, models, example, moments, videos, cache)
    words = cache.words(store, moments, videos)
    found = _joined(moments, words, measured)
    middles = [(e.start_s + e.end_s) / 2 for e in found]
    best = rerank_with_temporal_coherence(found, middles, weight, near_s=NEAR_S[level])[:k]
    stored = {video: store.find_video(video) for video in {e.video for e in best}}
    return [mark(replace(e, path=stored[e.video].path), stored[e.video].note) for e in best]


def scores_over_time(
    store: Store, models: ModelSet, text: str, *, video: str, cache: SearchCache
) -> tuple[np.ndarray, np.ndarray]:
    """-> (start of each segment of a video (N,), how well it fits `text` (N,)).

    Standard scores of all senses.
    """
    moments, measured = _measure(store, models, text, [video], "segment", cache)
    known = [
        np.where(np.isfinite(m), m, m[np.isfinite(m)].min(initial=_LEAST.get(name, np.inf)))
        for name, m in measured.items()
        if np.isfinite(m).any()
    ]
    together = np.sum([standard(m) for m in known], axis=0)
    scores = standard(together) if known else np.zeros(len(moments))
    return moments.spans[:, 0], scores


def _measure(
    store: Store, models: ModelSet, text: str, videos: Sequence[str], level: str, cache: SearchCache
) -> tuple[VectorTable, dict[str, np.ndarray]]:
    """-> the moments of a level, and what each ranking measured in them.

    (M,), -inf where it names none.
    """
    moments = store.vectors(level, "visual", models.encoder.model_id, videos=videos)
    if not len(moments):
        return moments, {}
    measured = {"visual": _by_vector(cache, moments, cache.query(models.encoder, text))}
    if level == "frame":
        return moments, measured
    words = cache.words(store, moments, videos)
    sentence = cache.query(models.sentences, text)
    for modality in WORDS:
        for of in (
            ("segment",) if level == "segment" else ("segment", "scene")
        ):  # a scene: all of it, or its best sentence
            table = store.vectors(of, modality, models.sentences.model_id, videos=videos)
            scores = words.best_by_moment(
                f"{modality} {of}", table, _by_vector(cache, table, sentence, FLOOR[modality])
            )
            measured[modality] = np.maximum(scores, measured.get(modality, _NONE))
    return moments, {**measured, "bm25": words.lexical(text)}


def _is_indexed(store: Store, models: ModelSet, videos: Sequence[str], level: str) -> bool:
    """Whether there are more videos than a ranking names moments, and an index to choose by.

    Scenes are a sixth of the segments. Where only these have one, the database compares all scenes,
    and what lies in the others is not read.
    """
    of, levels = models.encoder.model_id, ("scene", "segment") if level == "scene" else (level,)
    return len(set(videos)) > DEPTH and any(store.large_index(at, "visual", of) for at in levels)


def _narrowed(
    store: Store,
    models: ModelSet,
    text: str,
    videos: Sequence[str],
    level: str,
    example: np.ndarray | None,
    words: KeptWords | None,
) -> list[str]:
    """-> those of the videos in which the `DEPTH` nearest vectors of each sense lie.

    And those with the `DEPTH` passages whose words fit best, by the kept index of the words. Their
    moments are then ranked as always, so each ranking names what it would have named, as far as
    the indexes found it. Without an index of the words these are looked for in the videos that the
    vectors name, and count as rare among them.
    """
    seen = models.encoder.encode_text([text])[0]
    asked = [(seen, level, "visual", models.encoder.model_id)]
    if level != "frame":
        sentence, of = models.sentences.encode_text([text])[0], models.sentences.model_id
        levels = ("segment",) if level == "segment" else ("segment", "scene")
        asked += [(sentence, at, modality, of) for modality in WORDS for at in levels]
    if example is not None:
        asked.append((example, "frame", "audio", models.sounds.model_id))
    named = set(words.films(store, text, videos, DEPTH)) if words else set()
    # no condition where none is needed: each of very many ids would be compared with every row
    only = None if len(set(videos)) == store.library_state()[0] else videos
    for query, *space in asked:
        indexed = store.large_index(*space) is not None
        named.update(
            video
            for video, *_ in store.nearest(query, *space, k=DEPTH, videos=only, approximate=indexed)
        )
    return [video for video in videos if video in named]


def _example(models: ModelSet, sound: Waveform | str) -> np.ndarray:
    """The example, or the words for a sound, as a vector of the stored kind.

    UsageError where nothing is heard.
    """
    hearing = models.sounds
    if isinstance(sound, str):
        if not isinstance(hearing, TextEncoder):
            raise UsageError(
                f"{hearing.model_id} cannot read what a sound is called: give an example "
                "of it (a file)."
            )
        return hearing.encode_text([sound])[0]
    example = hearing.encode_sound([sound])[0]
    if not example.any():
        raise UsageError(
            "The example sound is silent or shorter than 25 ms: give a stretch in which "
            "it can be heard."
        )
    return example


def _alike(
    store: Store,
    models: ModelSet,
    example: np.ndarray,
    moments: VectorTable,
    videos: Sequence[str],
    cache: SearchCache,
) -> np.ndarray:
    """(M,): how much the best stretch of each moment sounds like the example."""
    table = store.vectors("frame", "audio", models.sounds.model_id, videos=videos)
    # measured for log-mel statistics only
    floor = _NONE if isinstance(models.sounds, TextEncoder) else FLOOR["audio"]
    scores = _by_vector(cache, table, example, floor)
    return cache.words(store, moments, videos).best_by_moment("audio", table, scores)


def _by_vector(
    cache: SearchCache, table: VectorTable, query: np.ndarray, floor: float = _NONE
) -> np.ndarray:
    """(N, D), (D,) -> (N,) cosines, -inf beyond the best `DEPTH` and below `floor`."""
    scores = np.full(len(table.video_ids), _NONE)
    if len(scores):
        best, values = top_k(cache.floats(table), query, min(DEPTH, len(scores)))
        scores[best] = np.where(values >= floor, values, _NONE)
    return scores


def _joined(
    moments: VectorTable, words: PassageIndex, measured: dict[str, np.ndarray]
) -> list[Evidence]:
    """Rankings -> evidence for every moment that one of them names, best first.

    Its path is not looked up yet.
    """
    ranks = {name: ordinal_ranks(scores, depth=DEPTH) for name, scores in measured.items()}
    gains = fuse_ranks(ranks, weights=WEIGHTS)
    total = np.sum(list(gains.values()), axis=0)
    named = np.flatnonzero(total)
    named = named[np.argsort(-total[named], kind="stable")].tolist()
    found = []
    for i in named:
        kind = max(  # of equals the words: pictures are ranked even where none of them fits
            (*WORDS, "visual"),
            key=lambda name: gains[name][i] if name in gains else 0.0,
        )
        video, (start_s, end_s) = str(moments.video_ids[i]), moments.spans[i].tolist()
        parts = {
            name: float(scores[i]) for name, scores in measured.items() if np.isfinite(scores[i])
        }
        found.append(
            Evidence(video, "", start_s, end_s, float(total[i]), kind, words.at(i, kind), parts)
        )
    return found
