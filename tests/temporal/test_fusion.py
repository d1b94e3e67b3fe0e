"""Fusion: what is missing, what must not be added, and whose share it was.

Sound as log-mel statistics.
"""

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.models import LogMelEncoder
from svqa.records import Segment, VectorSet, Waveform
from svqa.temporal import (
    create_multimodal_embedding,
    late_fusion,
    log_mel_statistics,
    match,
    reliability,
    stretches,
)
from svqa.temporal.fusion import SENSES, STRATEGIES
from svqa.temporal.log_mel import log_mel


def rows(n=6, dim=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim))


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("present", [("visual",), ("text", "audio"), SENSES])
def test_any_sense_may_be_missing(strategy, present):
    given = {s: rows(seed=i) for i, s in enumerate(SENSES) if s in present}
    fused = create_multimodal_embedding(**given, fusion_strategy=strategy)
    assert set(fused.parts) == set(present)
    np.testing.assert_allclose(sum(fused.weights.values()), 1)
    if strategy != "late":
        np.testing.assert_allclose(np.linalg.norm(fused.values, axis=1), 1, rtol=1e-5)


def test_weighted_sum_by_hand():
    fused = create_multimodal_embedding([2.0, 0.0], [0.0, 1.0], weights={"visual": 3.0})
    np.testing.assert_allclose(
        fused.values, [[0.75, 0.25] / np.linalg.norm([0.75, 0.25])], rtol=1e-6
    )


def test_the_product_of_two_concats_is_the_weighted_mean_of_the_cosines():
    visual, audio = rows(dim=8), rows(dim=3, seed=1)
    weights = {"visual": 2.0, "audio": 1.0}
    values = create_multimodal_embedding(
        visual, audio=audio, fusion_strategy="concat", weights=weights
    ).values
    wanted = (2 * unit(visual) @ unit(visual).T + unit(audio) @ unit(audio).T) / 3
    np.testing.assert_allclose(values @ values.T, wanted, atol=1e-6)


def test_concat_keeps_a_missing_sense_its_room():
    values = create_multimodal_embedding(
        rows(), fusion_strategy="concat", dims={"text": 4, "audio": 2}
    ).values
    assert values.shape == (6, 14) and not values[:, 8:].any()


def test_gated_trusts_the_sense_that_stands_out():
    hum = np.tile(rows(1, seed=3), (6, 1)) + 0.01 * rows(seed=4)
    fused = create_multimodal_embedding(rows(), audio=hum, fusion_strategy="gated")
    assert fused.weights["visual"].min() > 0.9
    silent = np.vstack([rows(5, seed=5), np.zeros(8)])
    assert create_multimodal_embedding(rows(), audio=silent).weights["audio"].tolist() == [
        0.5
    ] * 5 + [0.0]


def test_reliability_is_low_for_what_never_changes():
    assert reliability(np.tile([[1.0, 0.0]], (4, 1))).max() < 1e-9
    assert reliability(np.eye(4)).min() == 1 and reliability(np.eye(1)).tolist() == [1.0]
    assert reliability(np.zeros((3, 2))).tolist() == [0, 0, 0]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_which_sense_carried_a_result_can_be_read_off(strategy):
    """The picture cannot tell item 2 from item 3; the sound can."""
    visual, audio = np.eye(6)[[0, 1, 2, 2, 4, 5]], np.eye(6)
    fused = create_multimodal_embedding(visual, audio=audio, fusion_strategy=strategy)
    scores = match(fused, visual=np.eye(6)[2], audio=np.eye(6)[3])
    assert scores.total.argmax() == 3
    assert match(fused, visual=np.eye(6)[2]).total[2] == match(fused, visual=np.eye(6)[2]).total[3]
    np.testing.assert_allclose(sum(scores.by_sense.values()), scores.total)
    assert (
        match(fused, visual=0.1 * np.eye(6)[0] + np.eye(6)[5], audio=np.eye(6)[3]).carried_by(3)
        == "audio"
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_query_with_a_sound_does_not_favour_the_silent(strategy):
    """Three moments look alike.

    The first is silent, the second sounds otherwise, the third as asked.
    """
    visual, audio = np.tile(np.eye(4)[0], (3, 1)), np.array([[0.0] * 4, np.eye(4)[1], np.eye(4)[2]])
    fused = create_multimodal_embedding(
        visual + 0.01 * np.eye(4)[:3], audio=audio, fusion_strategy=strategy
    )
    scores = match(fused, visual=np.eye(4)[0], audio=np.eye(4)[2])
    assert scores.total.argmax() == 2 and scores.by_sense["audio"][0] == 0
    alone = match(fused, visual=np.eye(4)[0]).total
    assert alone.argmax() == 0, "asked by its picture alone, silence costs nothing"


def test_late_fusion_by_hand():
    scores = late_fusion(
        {"visual": np.array([0.9, 0.5, 0.1]), "text": np.array([np.nan, 7.0, 7.0])}, k=1
    )
    np.testing.assert_allclose(scores.by_sense["visual"], [1 / 2, 1 / 3, 1 / 4])
    np.testing.assert_allclose(scores.by_sense["text"], [0, 1 / 2.5, 1 / 2.5])
    np.testing.assert_allclose(scores.total, [0.5, 1 / 3 + 0.4, 0.25 + 0.4])


def test_vectors_of_two_models_are_never_added():
    spans = [[0, 5]] * 6
    visual = VectorSet("segment", "visual", "clip", spans, rows().astype(np.float32))
    speech = VectorSet("segment", "speech", "minilm", spans, rows(seed=1).astype(np.float32))
    for strategy in ("weighted_sum", "gated"):
        with pytest.raises(UsageError, match="one model's space.*clip.*minilm"):
            create_multimodal_embedding(visual, speech, fusion_strategy=strategy)
    for strategy in ("concat", "late"):
        assert create_multimodal_embedding(visual, speech, fusion_strategy=strategy)


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: create_multimodal_embedding(), "nothing to fuse"),
        (
            lambda: create_multimodal_embedding(rows(), fusion_strategy="wheighted_sum"),
            "Did you mean 'weighted_sum'",
        ),
        (lambda: create_multimodal_embedding(rows(), rows(dim=3)), "one dimension"),
        (lambda: create_multimodal_embedding(rows(), rows(5)), "one row a moment"),
        (
            lambda: create_multimodal_embedding(rows(), weights={"smell": 1}),
            "Unknown sense 'smell'",
        ),
        (
            lambda: create_multimodal_embedding(rows(), weights={"visual": -1}),
            "weights must be >= 0",
        ),
        (lambda: create_multimodal_embedding(rows() * np.nan), "finite"),
        (
            lambda: match(create_multimodal_embedding(rows()), audio=np.ones(8)),
            "at least one of these",
        ),
        (lambda: match(create_multimodal_embedding(rows()), visual=np.ones(3)), "same model"),
    ],
)
def test_wrong_requests_teach(call, text):
    with pytest.raises(UsageError, match=text):
        call()


def tone(hz, seconds=1.0, rate_hz=16000, loud=0.3):
    return (loud * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(
        np.float32
    )


def test_a_tone_is_found_by_its_pitch_and_not_its_loudness():
    pitches = [220, 440, 880, 1760, 3520]
    rng = np.random.default_rng(0)
    library = np.stack(
        [log_mel_statistics(tone(f) + 0.005 * rng.normal(size=16000), 16000) for f in pitches]
    )
    for i, f in enumerate(pitches):
        query = log_mel_statistics(tone(f, loud=0.1) + 0.002 * rng.normal(size=16000), 16000)
        assert (library @ query).argmax() == i


def test_the_loudest_band_is_where_the_tone_is():
    peaks = [int(log_mel(tone(f), 16000).mean(axis=0).argmax()) for f in (300, 1000, 3000, 7000)]
    assert peaks == sorted(peaks) and len(set(peaks)) == 4
    # mel(1000 Hz) is 1000 by construction of the scale; 40 bands up to 8 kHz (2840 mel) are 69.3
    # mel apart
    assert abs(peaks[1] - (1000 / (2840 / 41) - 1)) <= 1


def test_silence_and_scraps_have_no_direction():
    assert not log_mel_statistics(np.zeros(16000, np.float32), 16000).any()
    assert not log_mel_statistics(tone(440, seconds=0.01), 16000).any()
    with pytest.raises(ValueError, match="mono"):
        log_mel_statistics(np.zeros((100, 2)), 16000)


def test_stretches_of_sound_are_heard_in_their_own_seconds():
    sound = Waveform(np.concatenate([tone(300), tone(3000)]), start_s=10.0)
    parts = stretches(sound, [Segment(10, 11), Segment(11, 12), Segment(20, 25), Segment(0, 5)])
    vectors = LogMelEncoder().encode_sound(parts)
    np.testing.assert_allclose(vectors[1], log_mel_statistics(tone(3000), 16000), atol=1e-5)
    assert not vectors[2:].any() and vectors[0] @ vectors[1] < 0.7
