"""Waveform -> utterances, by Whisper tiny.en in int8 through faster-whisper.

Whisper: Radford et al. 2022, arXiv:2212.04356.

A voice-activity filter (Silero, shipped inside faster-whisper) goes first, because Whisper puts
words into silence. Importing faster-whisper imports PyAV; nothing is decoded with it here, only
arrays go in.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from svqa.models.base import Transcriber
from svqa.models.weights import verified
from svqa.records import Utterance, Waveform

RATE_HZ = 16000
BEAM = 5
# Whisper's own limits: together they mean "probably nothing was said"; repeated text compresses too
# well.
MAX_NO_SPEECH, MIN_LOG_PROBABILITY, MAX_COMPRESSION = 0.6, -1.0, 2.4


class WhisperTranscriber(Transcriber):
    """English speech, in utterances of a few seconds.

    >>> WhisperTranscriber.from_pretrained().transcribe(Waveform(np.zeros(16000, np.float32)))
    []
    """

    model_id = "whisper-tiny.en-int8@1"

    def __init__(self, model: Any):
        self._model = model

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path | None = None,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: str | None = None,
    ) -> WhisperTranscriber:
        """From the installed package, or a folder with the same files.

        `dtype` is CTranslate2's: `int8` unless told.
        """
        files = verified("whisper-tiny.en", path_or_id)
        from faster_whisper import WhisperModel

        threads = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        return cls(
            WhisperModel(
                str(files["model.bin"].parent),
                device=device,
                compute_type=dtype or "int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        )

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
        pieces, _ = self._model.transcribe(
            np.ascontiguousarray(sound.samples),
            language="en",
            beam_size=BEAM,
            vad_filter=True,
            condition_on_previous_text=False,
            no_speech_threshold=MAX_NO_SPEECH,
            log_prob_threshold=MIN_LOG_PROBABILITY,
            compression_ratio_threshold=MAX_COMPRESSION,
            temperature=0.0,  # no sampling: the same sound, the same words
        )
        return [self._utterance(piece, sound) for piece in pieces if _was_said(piece)]

    def _utterance(self, piece: Any, sound: Waveform) -> Utterance:
        start_s = min(max(piece.start, 0.0), sound.duration_s)
        end_s = min(max(piece.end, start_s), sound.duration_s)
        score = min(1.0, math.exp(piece.avg_logprob))
        return Utterance(
            piece.text.strip(), sound.start_s + start_s, sound.start_s + end_s, score, self.model_id
        )


def _was_said(piece: Any) -> bool:
    """Not silence in words, not one phrase over and over, not a bare "..."."""
    doubtful = piece.no_speech_prob > MAX_NO_SPEECH and piece.avg_logprob < MIN_LOG_PROBABILITY
    words = re.findall(r"\w+", piece.text.lower())
    # too short for the compression ratio to tell
    stuck = len(words) >= 6 and len(set(words)) <= len(words) / 3
    return bool(words) and not (doubtful or stuck or piece.compression_ratio > MAX_COMPRESSION)
