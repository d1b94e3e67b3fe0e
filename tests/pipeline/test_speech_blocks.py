"""Speech is heard in blocks that are cut where nobody speaks: nothing is lost, cut or doubled."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from functools import cache

import numpy as np
import pytest

from svqa.media import probe
from svqa.models.voice_activity import quiet_second, speech_probabilities
from svqa.pipeline import AudioAnalysis
from svqa.pipeline.audio_analysis import BLOCK_S, MARGIN_S, between
from svqa.records import Transcript, Utterance, Waveform
from tests.helpers.clips import ffmpeg, folder

RATE = 22050
SENTENCES = (
    "The red car is parked in front of the house.",
    "The library opens at nine in the morning.",
    "My brother plays the piano every evening.",
)
# seconds at which a sentence of about three seconds begins
LAYOUTS = {
    "just before a border": [20, 58.8],
    "across a border": [56, 59.0, 64.2],
    "just after a border": [40, 60.4, 70],
    "one after the other": list(np.arange(1, 126, 3.6)),
    "across both borders": [58.5, 118.7],
    "nothing said near a border": [5, 90],
}


@cache
def spoken(text: str) -> np.ndarray:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng, which speaks the sentences, is not installed")
    words = ["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", text]
    with wave.open(io.BytesIO(subprocess.run(words, capture_output=True, check=True).stdout)) as w:
        return np.frombuffer(w.readframes(w.getnframes()), "<i2")


@cache
def talk(name: str):
    """-> a film of 130 s, and the spans of what is said in it."""
    sound, spans = np.zeros(130 * RATE, "<i2"), []
    for i, at_s in enumerate(LAYOUTS[name]):
        said = spoken(SENTENCES[i % 3])
        loud = np.flatnonzero(np.abs(said) > 300)
        begin = round(at_s * RATE)
        sound[begin : begin + len(said)] += said
        spans.append((at_s + loud[0] / RATE, at_s + loud[-1] / RATE))
    path = folder() / f"{name}.mkv"
    raw = ("-f", "s16le", "-ar", RATE, "-ac", 1, "-i", "pipe:")
    grey = ("-f", "lavfi", "-i", "color=gray:s=64x64:r=1:d=130")
    ffmpeg(*grey, *raw, "-c:v", "libx264", "-c:a", "flac", path, stdin=sound.tobytes())
    return path, spans


class Listener:
    """Remembers what it was given to hear, and says so once a block."""

    model_id = "listener"

    def __init__(self):
        self.blocks: list[tuple[float, float]] = []

    def hear(self, sound: Waveform) -> Transcript:
        end_s = sound.start_s + sound.duration_s
        self.blocks.append((round(sound.start_s, 3), round(end_s, 3)))
        # a transcriber may place words a little before its sound
        said = Utterance("words", max(0, sound.start_s - 0.2), end_s, 1.0, "listener")
        return Transcript((said,))


def heard(path, from_s: float = 0.0) -> tuple[list[tuple[float, float]], list[Utterance]]:
    listener = Listener()
    said: list[Utterance] = []
    with AudioAnalysis(str(path), probe(path), listener, from_s) as hearing:
        for start_s in np.arange(from_s, 130, 30).tolist():
            said += hearing.utterances(start_s, None if start_s == 120 else start_s + 30)
    return sorted(listener.blocks), said


@pytest.mark.parametrize("name", LAYOUTS)
def test_blocks_meet_where_nobody_speaks(name):
    path, spans = talk(name)
    blocks, said = heard(path)
    assert [b for b, _ in blocks] == [0.0, *(e for _, e in blocks[:-1])], "no gap, no overlap"
    assert len(blocks) == 3 and blocks[-1][1] == pytest.approx(130, abs=0.1)
    for (border_s, _), number in zip(blocks[1:], (1, 2), strict=True):
        assert abs(border_s - number * BLOCK_S) <= MARGIN_S
        assert not any(begin < border_s < end for begin, end in spans), (border_s, spans)
    assert [u.start_s for u in said] == [pytest.approx(b) for b, _ in blocks], "each comes once"


@pytest.mark.parametrize("from_s", [30.0, 60.0, 90.0])
def test_a_resumed_run_hears_the_same_blocks(from_s):
    path, _ = talk("across both borders")
    whole, said = heard(path)
    late, rest = heard(path, from_s)
    assert set(late) <= set(whole)
    assert rest == [u for u in said if u.start_s >= from_s]


def test_where_nobody_pauses_the_faintest_moment_is_taken():
    said = np.concatenate([spoken(s)[2000:-6000] for s in SENTENCES]).astype(np.float32) / 32768
    sound = Waveform(np.ascontiguousarray(said[:: RATE // 16000 or 1]), 16000, 50.0)
    assert 50.0 <= quiet_second(sound) <= 50.0 + sound.duration_s
    assert quiet_second(Waveform(np.zeros(320000, np.float32), 16000, 50.0)) == pytest.approx(60.0)
    assert speech_probabilities(sound).max() > 0.5
    with pytest.raises(ValueError, match="16000"):
        speech_probabilities(Waveform(np.zeros(10, np.float32), 8000))


def test_a_part_of_a_waveform_keeps_its_time():
    sound = Waveform(np.arange(160, dtype=np.float32) / 160, 16, 2.0)
    part = between(sound, 4.0, 6.0)
    assert part.start_s == 4.0 and part.samples.tolist() == sound.samples[32:64].tolist()
    assert len(between(sound, 20.0, 30.0).samples) == 0
    assert between(sound, 0.0, 99.0).samples.tolist() == sound.samples.tolist()
