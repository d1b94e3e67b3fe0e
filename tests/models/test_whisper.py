"""What is spoken comes back with its seconds, in its language; what is not sure stays out."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from svqa.errors import UsageError, WeightsCorrupt, WeightsMissing
from svqa.media import read_audio
from svqa.models import WhisperTranscriber, write_checksums
from svqa.models.weights import joined, verified
from svqa.models.whisper import RATE_HZ, _sentences
from svqa.records import Waveform
from tests.helpers.offline_models import offline
from tests.helpers.voices import silence, spoken

BEAR = "The brown bear catches a salmon in the river."
NOT_SPEECH = {
    "silence": np.zeros(8 * RATE_HZ, np.float32),
    "noise": (0.1 * np.random.default_rng(0).normal(size=8 * RATE_HZ)).astype(np.float32),
    "tone": (0.3 * np.sin(np.arange(8 * RATE_HZ) * 0.2)).astype(np.float32),
    "nothing": np.zeros(0, np.float32),
    "ten samples": np.zeros(10, np.float32),
}


@pytest.fixture(scope="module")
def base() -> WhisperTranscriber:
    return WhisperTranscriber.from_pretrained("whisper-base")


@pytest.mark.slow
def test_spoken_words_come_back_with_their_seconds():
    sound = Waveform(np.concatenate([silence(2), spoken(BEAR)]), start_s=10.0)
    said = offline().transcriber.transcribe(sound)
    text = " ".join(u.text for u in said).lower()
    assert "bear" in text and "salmon" in text and "river" in text
    assert 11.5 <= said[0].start_s <= 12.7
    assert said[-1].end_s <= 10 + sound.duration_s
    assert all(0 < u.score <= 1 and u.model_id == offline().transcriber.model_id for u in said)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["whisper-tiny.en", "whisper-base"])
def test_what_follows_a_silence_starts_at_its_first_word(name):
    first, second = spoken(BEAR), spoken("My grandmother bakes bread every Sunday morning.")
    sound = Waveform(np.concatenate([silence(1), first, silence(4), second, silence(1)]))
    said = WhisperTranscriber.from_pretrained(name).transcribe(sound)
    (second_said,) = [u for u in said if "sunday" in u.text.lower()]
    assert second_said.start_s == pytest.approx(1 + len(first) / RATE_HZ + 4, abs=0.6)
    assert second_said.end_s == pytest.approx(sound.duration_s - 1, abs=0.6)
    (bear,) = [u for u in said if "bear" in u.text.lower()]
    assert bear.start_s == pytest.approx(1.0, abs=0.6)
    assert bear.end_s == pytest.approx(1 + len(first) / RATE_HZ, abs=0.6)


@pytest.mark.slow
def test_a_language_is_heard_and_written_in_its_own_words(base):
    heard = base.hear(Waveform(spoken("Por favor apague su teléfono antes del concierto.", "es")))
    assert heard.language == "es" and heard.language_score >= 0.75 and heard.note == ""
    text = " ".join(u.text for u in heard.utterances).lower()
    assert "teléfono" in text and "concierto" in text
    english = base.hear(Waveform(spoken(BEAR)))
    assert english.language == "en" and english.language_score > 0.9
    assert {u.model_id for u in english.utterances} == {"whisper-base-int8@1"}


@pytest.mark.slow
def test_a_language_that_is_not_sure_is_left_out_and_told(base):
    train = spoken("Der Zug nach Hamburg fährt um halb acht von Gleis neun ab.", "de")
    heard = base.hear(Waveform(train))
    assert heard.utterances == () and heard.language_score < 0.75
    assert "the language is not sure" in heard.note and heard.language in heard.note
    assert base.transcribe(Waveform(train)) == []
    named = base.hear(Waveform(train), language="de")
    assert (named.language, named.language_score) == ("de", 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "clip, words, start_s",
    [
        ("talk.mp4", "let me know in the comments", 43.1),
        ("cocoa.mp4", "cocoa", 0.0),
        ("makeup.avi", "outer corner", 0.0),
    ],
)
def test_real_speech_is_read_with_its_seconds(base, shared_data, clip, words, start_s):
    heard = base.hear(read_audio(shared_data / "real_qa" / "clips" / clip))
    assert heard.language == "en" and heard.language_score > 0.95
    (said,) = [u for u in heard.utterances if words in u.text.lower()]
    assert said.start_s == pytest.approx(start_s, abs=0.5) and said.score > 0.7


@pytest.mark.parametrize("samples", NOT_SPEECH.values(), ids=NOT_SPEECH)
def test_what_is_not_speech_is_not_transcribed(base, samples):
    assert offline().transcriber.transcribe(Waveform(samples)) == []
    heard = base.hear(Waveform(samples))
    assert (heard.utterances, heard.note) == ((), "no voice is heard")


def test_music_without_words_is_not_transcribed(base, real_clips):
    heard = base.hear(read_audio(real_clips["bigbuckbunny"]))
    assert heard.utterances == () and heard.note


def test_another_rate_is_refused(base):
    with pytest.raises(ValueError, match="16000 Hz, got 8000 Hz"):
        base.transcribe(Waveform(np.zeros(8000, np.float32), rate_hz=8000))


def test_a_language_that_the_model_does_not_know_is_refused(base):
    sound = Waveform(np.zeros(RATE_HZ, np.float32))
    with pytest.raises(UsageError, match="Unknown language 'german'"):
        base.transcribe(sound, language="german")
    with pytest.raises(UsageError, match="Known: en"):
        WhisperTranscriber.from_pretrained("whisper-tiny.en").transcribe(sound, language="de")


def test_any_folder_for_faster_whisper_is_read(tmp_path):
    folder = tmp_path / "my-whisper"
    shutil.copytree(joined("whisper-base"), folder, ignore=shutil.ignore_patterns("*.lock"))
    model = WhisperTranscriber.from_pretrained(folder)
    assert model.model_id == "my-whisper-int8@905e5bf8"
    assert model.transcribe(Waveform(np.zeros(RATE_HZ, np.float32))) == []
    write_checksums(folder)
    (folder / "vocabulary.json").write_text("[]")
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        WhisperTranscriber.from_pretrained(folder)


def test_what_is_no_such_folder_is_refused(tmp_path):
    with pytest.raises(WeightsMissing, match=r"has no model\.bin"):
        WhisperTranscriber.from_pretrained(tmp_path)
    with pytest.raises(WeightsMissing, match="whisper-base"):
        WhisperTranscriber.from_pretrained("whisper-huge")
    for short, path in verified("whisper-tiny.en").items():
        shutil.copy(path, tmp_path / short)
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(WeightsCorrupt, match="does not hold a Whisper"):
        WhisperTranscriber.from_pretrained(tmp_path)


def test_words_are_parted_where_a_sentence_ends_or_somebody_is_silent():
    def word(text: str, start_s: float) -> SimpleNamespace:
        return SimpleNamespace(word=text, start=start_s, end=start_s + 0.4)

    words = [word(" Hello.", 0), word(" We", 0.5), word(" leave", 1.0), word(" now", 3.0)]
    words += [word(' "Wait!"', 3.5), word(" Why", 4.0)]
    parted = [[w.word.strip() for w in sentence] for sentence in _sentences(words)]
    assert parted == [["Hello."], ["We", "leave"], ["now", '"Wait!"'], ["Why"]]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has such a device")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_device_that_is_not_there_is_named_and_no_fault_of_the_weights(device):
    with pytest.raises(UsageError, match=f"no device '{device}'.*--no-speech"):
        WhisperTranscriber.from_pretrained(device=device)


def test_a_device_that_whisper_cannot_use_is_refused():
    with pytest.raises(UsageError, match="cpu or cuda"):
        WhisperTranscriber.from_pretrained(device="mps")
