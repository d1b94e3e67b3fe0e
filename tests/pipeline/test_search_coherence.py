"""In one video moments are near each other by their middles, whatever their lengths."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import svqa.pipeline.search as searching
from svqa.database import open_store
from svqa.records import Caption, Chunk, VectorSet
from svqa.temporal import coherence
from tests.helpers.database import fresh_url, video_info

# lengths of 1 to 12 s: by their starts other moments would be neighbours than by their middles
SPANS = np.array([(0.0, 5.0), (5.0, 6.0), (6.0, 16.0), (16.0, 18.0), (18.0, 30.0)])
WANTED = np.array([1.0, 0.0], np.float32)
ANGLES = np.radians([50.0, 10.0, 20.0, 70.0, 40.0])


class Encoder:
    """Takes every text for the same direction."""

    def __init__(self, model_id: str):
        self.model_id = model_id

    def encode_text(self, texts):
        return np.stack([WANTED for _ in texts])


@pytest.fixture
def found(tmp_path):
    with open_store(fresh_url("sqlite", tmp_path)) as store:
        claim = store.claim_video(video_info("a.mp4", digit="a", duration_s=30.0), {})
        vectors = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)
        chunk = Chunk(
            0.0,
            30.0,
            captions=tuple(Caption("a scene", *span, 0.5, "c@1") for span in SPANS.tolist()),
            vectors=(VectorSet("segment", "visual", "eye@1", SPANS, vectors),),
        )
        store.commit_chunk(claim.video_id, chunk)
        store.finish_video(claim.video_id)
        models = SimpleNamespace(encoder=Encoder("eye@1"), sentences=Encoder("words@1"))
        yield searching.search(store, models, "anything", videos=[claim.video_id], k=len(SPANS))


def test_neighbours_lend_by_the_distance_of_middles(found):
    assert {(e.start_s, e.end_s) for e in found} == {tuple(span) for span in SPANS.tolist()}
    content = np.array([e.parts["content"] for e in found])
    middles = np.array([(e.start_s + e.end_s) / 2 for e in found])
    lent = np.array([e.parts["coherence"] for e in found])
    near_s = searching.NEAR_S["segment"]
    assert lent == pytest.approx(coherence(content, middles, near_s=near_s))
    starts = np.array([e.start_s for e in found])
    assert np.abs(lent - coherence(content, starts, near_s=near_s)).max() > 0.02
    share = searching.COHERENCE
    assert [e.score for e in found] == pytest.approx((1 - share) * content + share * lent)
