"""What is spoken comes back with its seconds; silence and noise stay silent."""

from __future__ import annotations

import shutil
import subprocess
import wave

import numpy as np
import pytest

from svqa.errors import WeightsMissing
from svqa.models import WhisperTranscriber, whisper_base_folder
from svqa.records import Waveform
from tests.helpers.offline_models import offline

RATE_HZ = 16000


def spoken(text: str, tmp_path) -> np.ndarray:
    """Text as espeak-ng says it -> (N,) float32 at 16 kHz."""
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed: apt-get install espeak-ng")
    path = tmp_path / "said.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    at = np.arange(0, len(samples) / rate_hz, 1 / RATE_HZ)
    return np.interp(at, np.arange(len(samples)) / rate_hz, samples).astype(np.float32)


@pytest.mark.slow
def test_spoken_words_come_back_with_their_seconds(tmp_path):
    voice = spoken("The brown bear catches a salmon in the river.", tmp_path)
    sound = Waveform(np.concatenate([np.zeros(2 * RATE_HZ, np.float32), voice]), start_s=10.0)
    said = offline().transcriber.transcribe(sound)
    text = " ".join(u.text for u in said).lower()
    assert "bear" in text and "salmon" in text and "river" in text
    assert 11.5 <= said[0].start_s <= 12.7
    assert said[-1].end_s <= 10 + sound.duration_s
    assert all(0 < u.score <= 1 and u.model_id == "whisper-base-int8@2" for u in said)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(8 * RATE_HZ, np.float32),
        (0.1 * np.random.default_rng(0).normal(size=8 * RATE_HZ)).astype(np.float32),
        (0.3 * np.sin(np.arange(8 * RATE_HZ) * 0.2)).astype(np.float32),
        np.zeros(0, np.float32),
        np.zeros(10, np.float32),
    ],
    ids=["silence", "noise", "tone", "nothing", "ten samples"],
)
def test_what_is_not_speech_is_not_transcribed(samples):
    assert offline().transcriber.transcribe(Waveform(samples)) == []


def test_another_rate_is_refused():
    with pytest.raises(ValueError, match="16000 Hz, got 8000 Hz"):
        offline().transcriber.transcribe(Waveform(np.zeros(8000, np.float32), rate_hz=8000))


def test_a_sentence_after_a_silence_begins_where_it_is_said(tmp_path):
    first = spoken("The brown bear catches a salmon.", tmp_path)
    second = spoken("The train arrives at noon.", tmp_path)
    silence = np.zeros(12 * RATE_HZ, np.float32)
    said = offline().transcriber.transcribe(Waveform(np.concatenate([first, silence, second])))
    begins_s = (len(first) + len(silence)) / RATE_HZ
    train = next(u for u in said if "train" in u.text.lower())
    assert abs(train.start_s - begins_s) <= 0.8
    assert all(u.end_s <= len(first) / RATE_HZ + 0.8 for u in said if u is not train)


def test_the_parts_make_the_model_once_and_a_wrong_one_is_made_anew(tmp_path):
    folder = whisper_base_folder(tmp_path)
    made = (folder / "model.bin").stat().st_mtime_ns
    assert whisper_base_folder(tmp_path) == folder
    assert (folder / "model.bin").stat().st_mtime_ns == made
    (folder / "model.bin").write_bytes(b"half a model")
    assert (whisper_base_folder(tmp_path) / "model.bin").stat().st_size > 100e6
    assert [p.name for p in tmp_path.iterdir()] == [folder.name], "no draft is left"


def test_a_folder_of_another_model_is_not_held_against_ours(tmp_path):
    with pytest.raises(WeightsMissing, match="no model.bin"):
        WhisperTranscriber.from_pretrained(tmp_path)
