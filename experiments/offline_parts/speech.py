"""Sentences whose words and seconds are known -> what Whisper writes down, when, in which language.

Spoken films: sentences by espeak-ng with pauses of known length. Real clips: their words were
written down by ear and from captions, the seconds of sentences after a pause from the loudness of
the sound alone.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import wave
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command import counted
from experiments.offline_parts.clips import find_clip
from svqa.errors import UsageError
from svqa.media import read_audio
from svqa.models.whisper import RATE_HZ, SURE_LANGUAGE, WhisperTranscriber
from svqa.records import Progress, Transcript, Utterance, Waveform

MODELS = ("whisper-tiny.en", "whisper-base")
TRUTH = json.loads((Path(__file__).parent / "speech.json").read_text(encoding="utf-8"))
PAUSES_S = (1.0, 3.0, 2.0, 5.0, 1.5, 4.0)


def measure_speech(
    data: Path, *, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """-> words and starts by model and material, languages heard, seconds a minute of sound.

    Counts alone: three voices of one synthesiser, and three clips, allow no interval. Nothing in it
    is drawn, so `seed` changes nothing.
    """
    models = {name: WhisperTranscriber.from_pretrained(name) for name in MODELS}
    rows, cost = [], {}
    for name in counted(MODELS, "models", progress):
        spent = sounded = 0.0
        for clip in TRUTH["clips"]:
            sound = read_audio(find_clip(data, clip["clip"]))
            begin = time.process_time()
            said = models[name].hear(sound).utterances
            spent, sounded = spent + time.process_time() - begin, sounded + sound.duration_s
            rows.append(compare(name, clip["clip"], clip["words"], clip["starts_s"], said))
        cost[name] = 60 * spent / sounded
        for language, film in TRUTH["spoken"].items():
            sound, starts_s = spoken_film(film["sentences"], film["voice"])
            words = " ".join(film["sentences"])
            known = None if name == "whisper-tiny.en" else language
            said = models[name].hear(sound, language=known).utterances
            rows.append(compare(name, f"spoken {language}", words, starts_s, said))
    heard = [
        {"language": language, **heard_as(models["whisper-base"], sentence, voice)}
        for language, film in TRUTH["spoken"].items()
        for voice in film["voices"]
        for sentence in film["sentences"]
    ]
    kinds = ("right", "wrong", "left out")
    outcomes = {
        language: {
            kind: sum(row["outcome"] == kind for row in heard if row["language"] == language)
            for kind in kinds
        }
        for language in TRUTH["spoken"]
    }
    return {
        "rows": rows,
        "languages": outcomes,
        "wrong_when_the_likeliest_is_taken": sum(row["likeliest_wrong"] for row in heard),
        "surest_wrong": max([r["score"] for r in heard if r["likeliest_wrong"]], default=0.0),
        "sure": SURE_LANGUAGE,
        "cpu_s_per_minute": cost,
    }


def compare(
    model: str, what: str, words: str, starts_s: Sequence[float], said: Sequence[Utterance]
) -> dict[str, Any]:
    """-> the share of the words in order, and how far from each start the nearest utterance is."""
    wanted, got = tokens(words), tokens(" ".join(u.text for u in said))
    blocks = SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
    begins = np.array([u.start_s for u in said])
    errors = [float(np.abs(begins - s).min()) for s in starts_s] if len(begins) else []
    return {
        "model": model,
        "material": what,
        "words": len(wanted),
        "words_right": sum(block.size for block in blocks),
        "words_written": len(got),
        "starts": len(starts_s),
        "median_start_error_s": float(np.median(errors)) if errors else None,
        "largest_start_error_s": max(errors, default=None),
    }


def tokens(text: str) -> list[str]:
    """Words in lower case without punctuation."""
    kept = "".join(c if c.isalnum() or c.isspace() else " " for c in text.lower().replace("'", ""))
    return kept.split()


def heard_as(model: WhisperTranscriber, sentence: str, voice: str) -> dict[str, Any]:
    """-> whether the language of a sentence is written down as what it is, as another, or not."""
    heard: Transcript = model.hear(Waveform(spoken(sentence, voice)))
    wrong = heard.language != voice[:2]
    sure = heard.language_score >= SURE_LANGUAGE
    return {
        "score": heard.language_score,
        "likeliest_wrong": wrong,
        "outcome": ("wrong" if wrong else "right") if sure else "left out",
    }


def spoken_film(sentences: Sequence[str], voice: str) -> tuple[Waveform, list[float]]:
    """-> the sentences with pauses before each, and the second at which each begins."""
    parts, starts_s, at_s = [], [], 0.0
    for number, sentence in enumerate(sentences):
        pause_s = PAUSES_S[number % len(PAUSES_S)]
        voiced = spoken(sentence, voice)
        starts_s.append(at_s + pause_s)
        parts += [np.zeros(round(pause_s * RATE_HZ), np.float32), voiced]
        at_s += pause_s + len(voiced) / RATE_HZ
    return Waveform(np.concatenate([*parts, np.zeros(RATE_HZ, np.float32)])), starts_s


@cache
def spoken(text: str, voice: str) -> np.ndarray:
    """-> (N,) float32 at 16 kHz, without silence around it. Raises UsageError without espeak-ng."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise UsageError(
            "espeak-ng, which speaks, is not installed. Run: apt-get install espeak-ng"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run([program, "-v", voice, "-s", "140", "-w", path, text], check=True)
        with wave.open(str(path)) as file:
            rate_hz = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    at = np.arange(0, len(samples) / rate_hz, 1 / RATE_HZ)
    sound = np.interp(at, np.arange(len(samples)) / rate_hz, samples).astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[loud[0] : loud[-1] + 1]
