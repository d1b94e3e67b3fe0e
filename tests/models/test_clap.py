"""CLAP's architecture, shrunk and randomly initialised.

Through the very class that loads the big one.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapProcessor,
    RobertaTokenizerFast,
)

from svqa.errors import UsageError, WeightsMissing
from svqa.models import ClapEncoder, LogMelEncoder, TextEncoder
from svqa.pipeline import open_library
from svqa.records import Waveform
from svqa.shapes import scene_of, write_mp4
from svqa.shapes.scene import VOICES_HZ
from svqa.temporal import log_mel_statistics

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def write_tiny_clap(folder):
    """-> `folder`, a checkpoint that hears two seconds in 16 mel bands."""
    words = ByteLevelBPETokenizer()
    words.train_from_iterator(
        ["a low tone", "a high tone", "a dog barks"],
        vocab_size=300,
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    tokenizer = RobertaTokenizerFast(tokenizer_object=words._tokenizer, model_max_length=64)
    hears = ClapFeatureExtractor(
        feature_size=16, max_length_s=2, truncation="rand_trunc", padding="repeatpad"
    )
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 80,
        "pad_token_id": 1,
    }
    audio = {
        "num_mel_bins": 16,
        "spec_size": 64,
        "window_size": 4,
        "patch_size": 2,
        "patch_stride": [2, 2],
        "patch_embeds_hidden_size": 16,
        "depths": [2, 2],
        "num_attention_heads": [2, 2],
        "hidden_size": 32,
    }
    torch.manual_seed(0)
    model = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=24))
    model.save_pretrained(folder)
    ClapProcessor(hears, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> ClapEncoder:
    return ClapEncoder.from_pretrained(write_tiny_clap(tmp_path_factory.mktemp("clap")))


def tone(
    pitch_hz: float, *, seconds: float = 0.5, loud: float = 0.3, rate_hz: int = 16000
) -> Waveform:
    t_s = np.arange(round(rate_hz * seconds)) / rate_hz
    return Waveform((loud * np.sin(2 * np.pi * pitch_hz * t_s)).astype(np.float32), rate_hz)


def test_what_sounds_alike_is_nearer_than_what_does_not(encoder):
    low, same, other_rate, high = encoder.encode_sound(
        [tone(300), tone(300, seconds=0.7), tone(300, rate_hz=48000), tone(3000)]
    )
    assert low @ same > low @ high and low @ other_rate > low @ high
    np.testing.assert_allclose(np.linalg.norm([low, same, high], axis=1), 1, atol=1e-5)


def test_a_batch_never_changes_a_row_and_silence_has_no_direction(encoder):
    sounds = [tone(220), tone(0), tone(880, seconds=0.01), tone(1760), tone(440, seconds=5.0)]
    together = encoder.encode_sound(sounds)
    assert together.shape == (5, encoder.dim) and together.dtype == np.float32
    assert together.any(axis=1).tolist() == [True, False, False, True, True]
    encoder.batch_size = 1
    np.testing.assert_allclose(encoder.encode_sound(sounds), together, atol=1e-5)
    assert encoder.encode_sound([]).shape == (0, encoder.dim)


def test_sentences_lie_in_the_same_space_and_padding_does_not_count(encoder):
    texts = ["a low tone", "a dog barks and barks and barks"]
    rows = encoder.encode_text(texts)
    assert rows.shape == (2, encoder.dim) and encoder.encode_text([]).shape == (0, encoder.dim)
    np.testing.assert_allclose(encoder.encode_text(texts[:1])[0], rows[0], atol=1e-5)


def test_a_set_without_weights_for_sound_hears_log_mel_statistics():
    encoder, heard = LogMelEncoder(), tone(440)
    np.testing.assert_array_equal(
        encoder.encode_sound([heard])[0], log_mel_statistics(heard.samples, 16000)
    )
    assert encoder.encode_sound([]).shape == (0, encoder.dim) and not isinstance(
        encoder, TextEncoder
    )


def test_what_was_not_pulled_is_named_with_its_cure(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(WeightsMissing, match="svqa models pull hub"):
        ClapEncoder.from_pretrained("laion/clap-htsat-unfused")


@pytest.mark.slow
def test_a_library_hears_with_the_sets_model_and_finds_by_its_words(encoder, tmp_path):
    """Only the set's own vectors are compared; words for a sound need a model that reads them."""
    write_mp4(scene_of(90_661, 0), tmp_path / "0.mp4")
    pitch_hz = VOICES_HZ[scene_of(90_661, 0).actors[0].voice]
    with open_library(f"sqlite:///{tmp_path / 'plain.db'}", models="shapes", boxes=False) as plain:
        plain.ingest(tmp_path)
        with pytest.raises(UsageError, match="log-mel-40 cannot read"):
            plain.search("a shape", sound="a low tone")
        assert plain.search("a shape", sound=tone(pitch_hz))[0].parts.keys() >= {"audio"}
    with open_library(f"sqlite:///{tmp_path / 'clap.db'}", models="shapes", boxes=False) as library:
        library.models.sounds = encoder
        library.ingest(tmp_path)
        assert {s.model_id for s in library.store.spaces() if s.modality == "audio"} == {
            encoder.model_id
        }
        for sound in (tone(pitch_hz), "a low tone"):
            hits = library.search("a shape", sound=sound)
            assert any("audio" in hit.parts for hit in hits)
