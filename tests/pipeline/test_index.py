"""A search of a library whose moments have an HNSW index.

The same moments, without reading every vector.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import svqa.database.nearest as nearest
import svqa.pipeline.kept_words as kept_words
import svqa.pipeline.search as searching
from svqa.database import open_store
from svqa.records import Caption, Chunk, VectorSet
from tests.helpers.database import fresh_url, video_info

VIDEOS, MOMENTS, DIM = 12, 40, 16


class Encoder:
    """Reads the one number that a text is: the direction of what it describes."""

    def __init__(self, model_id: str):
        self.model_id = model_id

    def encode_text(self, texts):
        return np.stack([direction(int(text.split()[-1])) for text in texts])


MODELS = SimpleNamespace(encoder=Encoder("eye@1"), sentences=Encoder("words@1"))


def direction(seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=DIM)
    return (values / np.linalg.norm(values)).astype(np.float32)


def around(seed: int, noise_seed: int) -> np.ndarray:
    """(MOMENTS, DIM): each nearer to one direction or farther from it, none as near as another."""
    rng = np.random.default_rng(noise_seed)
    values = (
        direction(seed)
        + np.linspace(0.2, 1.5, MOMENTS)[:, None] * rng.normal(size=(MOMENTS, DIM)) / 4
    )
    return values.astype(np.float32)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Twelve videos, each around a direction of its own, its captions around the next video's.

    Frames are indexed.
    """
    with open_store(fresh_url("postgresql", tmp_path_factory.mktemp("index"))) as opened:
        spans = np.stack([np.arange(MOMENTS), np.arange(MOMENTS) + 1], axis=1) * 5.0
        for n in range(VIDEOS):
            claim = opened.claim_video(
                video_info(f"{n}.mp4", digit=f"{n:x}", duration_s=5 * MOMENTS), {}
            )
            vectors = [
                VectorSet(level, "visual", "eye@1", spans, around(n, 100 + n))
                for level in ("frame", "segment")
            ]
            vectors.append(
                VectorSet("segment", "caption", "words@1", spans, around((n + 1) % VIDEOS, 200 + n))
            )
            # each video has one scene; the third has all that is near in segments, too
            whole_video = np.array([[0.0, 5.0 * MOMENTS]])
            vectors.append(
                VectorSet("scene", "visual", "eye@1", whole_video, direction(3)[None] + n / 20)
            )
            captions = tuple(
                Caption(f"scene of {n}", *span, 0.5, "captioner@1") for span in spans.tolist()
            )
            opened.commit_chunk(
                claim.video_id, Chunk(0.0, 5.0 * MOMENTS, captions=captions, vectors=tuple(vectors))
            )
            opened.finish_video(claim.video_id)
        opened.build_index("frame", "visual", "eye@1")
        opened.build_index("segment", "visual", "eye@1")
        yield opened


def read_by(store, monkeypatch, level: str, text: str, k: int = 5) -> tuple[list, set[int]]:
    """-> what a search of the whole library finds, and of how many videos it read vectors."""
    read, vectors = set(), store.vectors
    monkeypatch.setattr(
        store,
        "vectors",
        lambda *space, videos: read.add(len(videos)) or vectors(*space, videos=videos),
    )
    ids = [v.id for v in store.videos()]
    found = searching.search(store, MODELS, text, videos=ids, level=level, k=k)
    monkeypatch.setattr(store, "vectors", vectors)
    return found, read


@pytest.mark.parametrize("level", ["frame", "segment"])
def test_the_same_moments_are_found_without_reading_every_vector(store, monkeypatch, level):
    monkeypatch.setattr(searching, "DEPTH", 8)
    for text in ("3", "scene of 7"):
        whole, read_whole = read_by(store, monkeypatch, level, text)
        assert read_whole == {VIDEOS} and len(whole) == 5
        with monkeypatch.context() as large:
            large.setattr(nearest, "EXACT_BELOW", VIDEOS * MOMENTS)
            found, read = read_by(store, monkeypatch, level, text)
        assert max(read) <= VIDEOS // 2
        assert [(e.video, e.start_s, e.kind, e.text) for e in found] == [
            (e.video, e.start_s, e.kind, e.text) for e in whole
        ]
        assert [e.parts["visual"] for e in found if "visual" in e.parts] == [
            e.parts["visual"] for e in whole if "visual" in e.parts
        ]


@pytest.fixture
def kept_here(monkeypatch, tmp_path):
    monkeypatch.setattr(kept_words.platformdirs, "user_cache_path", lambda _: tmp_path)


def large_search(store, monkeypatch, text: str, level: str = "segment") -> tuple[list, set[int]]:
    with monkeypatch.context() as large:
        large.setattr(nearest, "EXACT_BELOW", VIDEOS * MOMENTS)
        return read_by(store, monkeypatch, level, text, k=30)


def add_film(store, number: int, words: str) -> str:
    """A film that looks like nothing that is asked for; its captions say `words`."""
    spans = np.stack([np.arange(MOMENTS), np.arange(MOMENTS) + 1], axis=1) * 5.0
    info = video_info(f"{number}.mp4", digit=f"{number:x}", duration_s=5 * MOMENTS)
    claim = store.claim_video(info, {})
    vectors = tuple(
        VectorSet("segment", modality, model, spans, around(900 + number, 901))
        for modality, model in (("visual", "eye@1"), ("caption", "words@1"))
    )
    captions = tuple(Caption(words, *span, 0.5, "captioner@1") for span in spans.tolist())
    store.commit_chunk(
        claim.video_id, Chunk(0.0, 5.0 * MOMENTS, captions=captions, vectors=vectors)
    )
    store.finish_video(claim.video_id)
    return claim.video_id


def test_words_that_no_vector_is_near_are_found_by_their_kept_index(store, monkeypatch, kept_here):
    """Also in films that came after it was built, and as rare as they are in the library."""
    monkeypatch.setattr(searching, "DEPTH", 8)
    rare = add_film(store, 12, "a zeppelin over fields")
    text = "zeppelin 333"  # a direction in which nothing lies
    whole, _ = read_by(store, monkeypatch, "segment", text, k=30)
    told = [e for e in whole if e.video == rare]
    assert told and all(set(e.parts) >= {"bm25"} for e in told)
    without, read = large_search(store, monkeypatch, text)
    assert max(read) <= VIDEOS // 2 and rare not in {e.video for e in without}
    assert kept_words.build_words(store) == (VIDEOS + 1) * MOMENTS
    found, read = large_search(store, monkeypatch, text)
    assert max(read) <= VIDEOS // 2 + 1
    assert [(e.video, e.start_s) for e in found] == [(e.video, e.start_s) for e in whole]
    here = [e for e in found if e.video == rare]
    assert [e.parts["bm25"] for e in here] == pytest.approx([e.parts["bm25"] for e in told])
    late = add_film(store, 13, "an airship over fields")
    found, _ = large_search(store, monkeypatch, "airship 333")
    assert any(e.video == late and e.parts["bm25"] > 0 for e in found)
    for video in (rare, late):
        store.delete_video(video)
    found, _ = large_search(store, monkeypatch, text)  # what is gone is passed over
    assert found and {rare, late}.isdisjoint({e.video for e in found})


def test_scenes_are_chosen_by_the_index_of_segments(store, monkeypatch, kept_here):
    monkeypatch.setattr(searching, "DEPTH", 8)
    whole, _ = read_by(store, monkeypatch, "scene", "3", k=30)
    found, read = large_search(store, monkeypatch, "3", "scene")
    assert max(read) < VIDEOS
    # by segments alone one video would be named, which has all of the nearest
    nearest_scenes = [e.video for e in whole if "visual" in e.parts]
    assert len(nearest_scenes) == searching.DEPTH
    assert [e.video for e in found if "visual" in e.parts] == nearest_scenes


def test_few_videos_are_read_as_always(store, monkeypatch):
    monkeypatch.setattr(nearest, "EXACT_BELOW", 1)
    _, read = read_by(store, monkeypatch, "frame", "3")
    # no more videos than a ranking names moments, so there is nothing to choose among
    assert read == {VIDEOS}
