"""The embeddings of the specification, on real weights and a real video.

Every claim is about meaning, not only shape.
"""

import numpy as np
import pytest

from svqa.media import Sampling, read_frames
from svqa.models import ConseEncoder
from svqa.records import VectorSet
from svqa.temporal import (
    context_aware,
    create_multimodal_embedding,
    deltas,
    levels_of,
    log_mel_statistics,
    match,
    order_aware,
    rerank_with_temporal_coherence,
    slide_mean,
)


@pytest.fixture(scope="module")
def encoder():
    return ConseEncoder.from_pretrained()


@pytest.fixture(scope="module")
def bikes(encoder, real_clips):
    """(frames, vectors) of ten seconds in a street, two frames a second."""
    frames = read_frames(real_clips["bikes"], Sampling.every(0.5), size_px=224)
    spans = np.stack([frames.t_s, frames.t_s + 0.5], axis=1)
    return frames, VectorSet(
        "frame", "visual", encoder.model_id, spans, encoder.encode_frames(frames.pixels)
    )


def directions(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


class TestAdvancedEmbeddings:
    """Visual, text, fused, over time, at three scales, compared, re-ranked."""

    def test_visual_embedding(self, encoder, bikes):
        frames, vectors = bikes
        np.testing.assert_allclose(np.linalg.norm(vectors.values, axis=1), 1, rtol=1e-4)
        alone = encoder.encode_frames(frames.pixels[3:4])
        # a batch never changes a row
        np.testing.assert_allclose(alone[0], vectors.values[3], atol=1e-4)
        gray = encoder.encode_frames(np.full((1, 224, 224, 3), 128, np.uint8))
        cosine = vectors.values @ vectors.values.T
        assert np.mean(cosine) > np.mean(vectors.values @ gray[0])

    def test_text_embedding(self, encoder):
        bear, grizzly, violin = encoder.encode_text(["a bear", "a grizzly", "a violin"])
        assert bear @ grizzly > bear @ violin

    def test_multimodal_fusion(self, encoder, bikes):
        """Two moments look alike and one of them beeps: the sound decides, and says so."""
        _, vectors = bikes
        seconds = np.arange(8000) / 16000
        low, high = (
            log_mel_statistics(0.3 * np.sin(2 * np.pi * hz * seconds), 16000) for hz in (300, 3000)
        )
        picture = np.stack([vectors.values[0], vectors.values[0]])
        fused = create_multimodal_embedding(
            picture, audio=np.stack([low, high]), fusion_strategy="concat"
        )
        scores = match(fused, visual=encoder.encode_text(["a bicycle"])[0], audio=high)
        assert scores.total.argmax() == 1 and scores.carried_by(1) == "audio"
        seen = match(fused, visual=encoder.encode_text(["a bicycle"])[0]).total
        assert seen[0] == pytest.approx(seen[1])

    def test_temporal_embeddings(self, bikes):
        _, vectors = bikes
        t_s, values = vectors.spans[:, 0], vectors.values
        drift = order_aware(values, t_s)
        back = order_aware(values[::-1], (t_s[0] + t_s[-1] - t_s)[::-1])
        dim = values.shape[1]
        np.testing.assert_allclose(back[:dim], drift[:dim], atol=1e-5)
        np.testing.assert_allclose(back[dim:], -drift[dim:], atol=1e-5)
        smooth = slide_mean(values, t_s, window_s=2.0)
        assert deltas(smooth, t_s)[1].sum() < deltas(values, t_s)[1].sum()

    def test_hierarchical_embeddings(self, bikes):
        _, vectors = bikes
        segments, scenes = levels_of(vectors, 10.0)
        assert (len(segments), len(scenes)) == (2, 1)
        mean = vectors.values[vectors.spans[:, 0] < 10].mean(axis=0)
        np.testing.assert_allclose(scenes.values[0], mean / np.linalg.norm(mean), atol=1e-5)

    def test_similarity_computation(self, encoder, bikes):
        _, vectors = bikes
        street, kitchen = encoder.encode_text(
            ["people riding bicycles in a street", "a cake in an oven"]
        )
        assert (vectors.values @ street).mean() > (vectors.values @ kitchen).mean()
        t_s = vectors.spans[:, 0]
        steady = context_aware(vectors.values, t_s)
        # neighbours draw nearer to each other, and each stays what it was
        step = [np.linalg.norm(np.diff(v, axis=0), axis=1).mean() for v in (vectors.values, steady)]
        assert step[1] < 0.8 * step[0]
        assert (directions(steady) * vectors.values).sum(axis=1).min() > 0.8
        # but nothing crosses a cut to what looks quite otherwise
        other = encoder.encode_frames(np.full((1, 224, 224, 3), 128, np.uint8))
        cut = np.concatenate([vectors.values[:6], np.repeat(other, 6, axis=0)])
        kept = context_aware(cut, t_s[:12])
        assert directions(kept)[6] @ other[0] > 0.99
        assert np.linalg.norm(kept[6] - kept[5]) > 0.7 * np.linalg.norm(cut[6] - cut[5])

    def test_temporal_reranking(self, bikes):
        """A stray frame that scored best gives way to the stretch that keeps scoring well."""
        _, vectors = bikes
        t_s = vectors.spans[:, 0]
        scores = np.where((t_s >= 2) & (t_s < 6), 0.9, 0.1)
        scores[t_s.searchsorted(8.0)] = 1.0
        results = [
            {"score": float(s), "start_s": float(t)} for s, t in zip(scores, t_s, strict=True)
        ]
        assert max(results, key=lambda r: r["score"])["start_s"] == 8.0
        best = rerank_with_temporal_coherence(results, t_s.tolist(), coherence_weight=0.3)[0]
        assert 2 <= best["start_s"] < 6 and set(best["parts"]) == {"content", "coherence"}
