"""Waveform -> utterances, by Whisper in int8 through faster-whisper.

Whisper: Radford et al. 2022, arXiv:2212.04356. `base` is multilingual and comes in two packages;
`tiny.en` hears English only. Starts and ends are those of the first and the last word, because a
segment that follows a silence begins where the one before it ended.

A voice-activity filter (Silero, shipped inside faster-whisper) goes first, because Whisper puts
words into silence. Importing faster-whisper imports PyAV; nothing is decoded with it here, only
arrays go in.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import numpy as np

from svqa.errors import WeightsMissing
from svqa.models.base import Transcriber
from svqa.models.checkpoint import resolve
from svqa.models.joined_weights import whisper_base_folder
from svqa.models.weights import verified
from svqa.records import Utterance, Waveform

RATE_HZ = 16000
BEAM = 5
RECIPE = 2
# a language that is heard less surely is not written down: of a synthetic German voice base was
# sure of Thai by .52
MIN_LANGUAGE = 0.7
PAUSE_S = 1.0
# Whisper's own limits: together they mean "probably nothing was said"; repeated text compresses too
# well.
MAX_NO_SPEECH, MIN_LOG_PROBABILITY, MAX_COMPRESSION = 0.6, -1.0, 2.4


class WhisperTranscriber(Transcriber):
    """Speech, in utterances of a few seconds, in the language it is spoken in.

    A multilingual model says which language it hears, and how surely; where it is not sure (under
    `MIN_LANGUAGE`) nothing is written rather than words invented.

    >>> WhisperTranscriber.from_pretrained().transcribe(Waveform(np.zeros(16000, np.float32)))
    []
    """

    def __init__(self, model, *, model_id: str):
        self._model, self.model_id = model, model_id

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> WhisperTranscriber:
        """`whisper-base` (default) or `whisper-tiny.en` of the installed packages, or a folder.

        A folder is any model in CTranslate2's format, checked where it has a `checksums.json`.
        `dtype` is CTranslate2's: `int8` unless told. Raises WeightsMissing, WeightsCorrupt.
        """
        name = str(path_or_id or "whisper-base")
        if name == "whisper-base":
            folder = whisper_base_folder()
        elif name == "whisper-tiny.en":
            folder = verified(name)["model.bin"].parent
        else:
            folder, name = resolve(name), Path(name).name
            if not (folder / "model.bin").is_file():
                raise WeightsMissing(f"'{folder}' holds no model.bin in CTranslate2's format.")
        from faster_whisper import WhisperModel

        threads = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        model = WhisperModel(
            str(folder),
            device=device,
            compute_type=dtype or "int8",
            cpu_threads=threads,
            local_files_only=True,
        )
        return cls(model, model_id=f"{name}-{dtype or 'int8'}@{RECIPE}")

    def transcribe(self, sound: Waveform) -> list[Utterance]:
        """What is said, in time order, in seconds of the video.

        Silence and noise give an empty list.

        `score` is the geometric mean of the token probabilities. Raises ValueError unless the sound
        is at 16 kHz.
        """
        if sound.rate_hz != RATE_HZ:
            raise ValueError(f"Whisper hears sound at {RATE_HZ} Hz, got {sound.rate_hz} Hz")
        if not len(sound.samples):
            return []
        pieces, heard = self._model.transcribe(
            np.ascontiguousarray(sound.samples),
            language=None if self._model.model.is_multilingual else "en",
            beam_size=BEAM,
            vad_filter=True,
            condition_on_previous_text=False,
            no_speech_threshold=MAX_NO_SPEECH,
            log_prob_threshold=MIN_LOG_PROBABILITY,
            compression_ratio_threshold=MAX_COMPRESSION,
            temperature=0.0,  # no sampling: the same sound, the same words
            word_timestamps=True,
        )
        if self._model.model.is_multilingual and heard.language_probability < MIN_LANGUAGE:
            return []
        return [
            self._utterance(words, piece, sound)
            for piece in pieces
            if _was_said(piece)
            for words in _without_pauses(piece.words)
        ]

    def _utterance(self, words: list, piece, sound: Waveform) -> Utterance:
        start_s = min(max(words[0].start, 0.0), sound.duration_s)
        end_s = min(max(words[-1].end, start_s), sound.duration_s)
        score = min(1.0, math.exp(piece.avg_logprob))
        text = "".join(word.word for word in words).strip()
        return Utterance(text, sound.start_s + start_s, sound.start_s + end_s, score, self.model_id)


def _without_pauses(words: list) -> list[list]:
    """Words of one piece, parted where nobody speaks for longer than `PAUSE_S`."""
    parts: list[list] = []
    for word in words:
        if parts and word.start - parts[-1][-1].end <= PAUSE_S:
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


def _was_said(piece) -> bool:
    """Not silence in words, not one phrase over and over, not a bare "..."."""
    doubtful = piece.no_speech_prob > MAX_NO_SPEECH and piece.avg_logprob < MIN_LOG_PROBABILITY
    words = re.findall(r"\w+", piece.text.lower())
    stuck = (
        len(words) >= 6 and len(set(words)) <= len(words) / 3
    )  # too short for the compression ratio to tell
    return bool(words) and not (doubtful or stuck or piece.compression_ratio > MAX_COMPRESSION)
