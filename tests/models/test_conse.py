"""Sentences and frames in one space.

What is shown ranks first, and no batch, size or order changes a vector.
"""

from __future__ import annotations

import numpy as np
import pytest

from svqa.media.geometry import fit_frame
from svqa.models import ImageNetTagger, imagenet_labels
from svqa.models.conse import describe, label_vectors, sharpen
from tests.helpers.offline_models import QUERIES, frames_of, offline


def test_sentences_of_like_meaning_are_near():
    bear, grizzly, violin = offline().sentences.encode_text(["a bear", "a grizzly", "a violin"])
    assert bear @ grizzly > bear @ violin + 0.2


def test_no_sentence_gives_no_row_and_any_text_a_unit_row():
    encode = offline().sentences.encode_text
    assert encode([]).shape == (0, 384)
    rows = encode(["", "\ud800 lone surrogate", "x " * 4000, "\0", "naïve café 熊"])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_padding_never_changes_a_sentence():
    texts = [
        "a bear",
        "a bear that walks slowly through a very long sentence about rivers, salmon and winter "
        * 3,
    ]
    together = offline().sentences._encode(texts)
    alone = np.concatenate([offline().sentences._encode([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


@pytest.mark.slow
def test_minilm_is_what_transformers_makes_of_it():
    transformers = pytest.importorskip("transformers")
    import torch

    from svqa.models.weights import verified

    folder = verified("minilm-l6-v2")["model.safetensors"].parent
    model = transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    texts = ["a brown bear", "Where does the woman flip the pancake, and why?"]
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**tokens).last_hidden_state * tokens["attention_mask"][:, :, None]
    mean = hidden.sum(1) / tokens["attention_mask"].sum(1, keepdim=True)
    reference = torch.nn.functional.normalize(mean, dim=-1).numpy()
    assert np.abs(offline().sentences.encode_text(texts) - reference).max() < 1e-5


def test_shipped_label_vectors_are_those_of_the_recipe():
    some = [0, 294, 468, 999]
    labels = imagenet_labels()
    fresh = offline().sentences.encode_text([describe(labels[i]) for i in some])
    assert (fresh * label_vectors()[some]).sum(1).min() > 0.9999


def test_labels_are_a_thousand_in_wordnet_order():
    labels = imagenet_labels()
    assert len(labels) == 1000 and [label.id for label in labels] == sorted(
        label.id for label in labels
    )
    assert labels[294].name == "brown bear" and labels[294].kinds == ("bear", "animal")


def test_sharpen_keeps_the_best_and_flattens_them():
    weights = sharpen(np.array([[0.64, 0.16, 0.2 - 1e-9, 1e-9]]), top_k=2, temperature=2.0)
    assert weights[0, 3] == 0 and weights[0, 1] == 0
    assert weights[0, 0] / weights[0, 2] == pytest.approx((0.64 / 0.2) ** 0.5, rel=1e-6)
    assert weights.sum() == pytest.approx(1)


def test_frames_are_unit_vectors_and_no_frame_gives_no_row():
    encoder = offline().encoder
    vectors = encoder.encode_frames(frames_of("bikes.mp4").pixels)
    assert vectors.shape == (20, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode_frames(np.zeros((0, 224, 224, 3), np.uint8)).shape == (0, 384)


@pytest.mark.fault("F42")
def test_a_batch_never_changes_a_row():
    pixels = frames_of("carphone_pristine.mp4").pixels
    eight, one = _fresh(offline().encoder), _fresh(offline().encoder)
    together = eight.encode_frames(pixels[:8])
    alone = np.concatenate([one.encode_frames(pixels[i : i + 1]) for i in range(8)])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (37, 501), (1080, 1920)])
def test_any_frame_size_is_taken(size):
    noise = np.random.default_rng(0).integers(0, 256, (1, *size, 3), dtype=np.uint8)
    assert np.isfinite(offline().encoder.encode_frames(noise)).all()
    assert fit_frame(noise[0], 224).shape == (224, 224, 3)


def test_encoder_captioner_and_detector_share_one_pass(monkeypatch):
    from svqa.models import CamDetector, TagCaptioner
    from svqa.records import Segment

    encoder = _fresh(offline().encoder)
    tagger, seen = encoder._tagger, []
    forward = tagger._forward
    monkeypatch.setattr(
        tagger, "_forward", lambda frames: seen.append(len(frames)) or forward(frames)
    )
    frames = frames_of("carphone_pristine.mp4")
    encoder.encode_frames(frames.pixels)
    TagCaptioner(tagger).caption(frames[2:6], [Segment(0, 5)])
    CamDetector(tagger).detect(frames[:3])
    assert sum(seen) == len(frames)


def test_a_bear_is_found_among_other_clips():
    clips = ["bears.mp4", "bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4"]
    assert _ranked("a bear", clips)[0] == "bears.mp4"


@pytest.mark.slow
def test_six_of_seven_descriptions_find_their_clip():
    """The fixed set: written from the pictures before any score was seen.

    Its scores were printed beside the tuning set's.
    """
    queries = QUERIES["test"]
    hits = [_ranked(text, list(queries))[0] == name for name, text in queries.items()]
    assert sum(hits) >= 6, dict(zip(queries, hits, strict=True))


def _ranked(text: str, names: list[str]) -> list[str]:
    """Clips by the mean of their best third of frames."""
    encoder = offline().encoder
    query = encoder.encode_text([text])[0]
    scores = {}
    for name in names:
        found = np.sort(encoder.encode_frames(frames_of(name).pixels) @ query)
        scores[name] = found[-max(1, len(found) // 3) :].mean()
    return sorted(scores, key=scores.get, reverse=True)


def _fresh(encoder):
    """The same weights with nothing remembered."""
    old = encoder._tagger
    return type(encoder)(
        ImageNetTagger(old._net, side_px=old.side_px, model_id=old.model_id), encoder._sentences
    )
