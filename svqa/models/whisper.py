"""Waveform -> utterances, by Whisper in int8 through faster-whisper.

Whisper: Radford et al. 2022, arXiv:2212.04356. `whisper-base` knows a hundred languages,
`whisper-tiny.en` English alone, in half the time.

A voice-activity filter (Silero, shipped inside faster-whisper) goes first, because Whisper puts
words into silence. It also writes down what it does not understand, in some language: speech whose
language is not sure is left out, with a note. Importing faster-whisper imports PyAV; nothing is
decoded with it here, only arrays go in.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import UsageError, WeightsCorrupt, WeightsMissing, unknown_name
from svqa.models.base import Transcriber
from svqa.models.checkpoint import resolve
from svqa.models.weights import JOINED, joined, sha256_of, verified
from svqa.records import Transcript, Utterance, Waveform

RATE_HZ = 16000
BEAM = 5
# of silence kept around a voice: with the 400 that faster-whisper takes, words start too early
VOICE_PADDING = {"speech_pad_ms": 200}
NAMES = ("whisper-tiny.en", "whisper-base")
# Sentences of a few seconds in the wrong language had up to 0.68, real speech 0.89 and more:
# docs/offline-models.md, "Speech".
SURE_LANGUAGE = 0.7
# Whisper's own limits: together they mean "probably nothing was said"; repeated text compresses too
# well.
MAX_NO_SPEECH, MIN_LOG_PROBABILITY, MAX_COMPRESSION = 0.6, -1.0, 2.4
MIN_SCORE = 0.25  # of an utterance: a word or two that were guessed
PAUSE_S = 1.0  # between two words: what follows is an utterance of its own
SENTENCE_END = re.compile(r"[.?!…。？！][\"'”)\]]*$")


class WhisperTranscriber(Transcriber):
    """Speech in utterances of a sentence each, from their first word to their last.

    >>> WhisperTranscriber.from_pretrained().transcribe(Waveform(np.zeros(16000, np.float32)))
    []
    """

    devices = ("cpu", "cuda")

    def __init__(self, model: Any, model_id: str):
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
        """`whisper-base` (default) or `whisper-tiny.en` from their packages, or a folder.

        A folder is one that faster-whisper reads, of any size and language; what its
        `checksums.json` says is checked, where it has one. `dtype` is CTranslate2's: `int8` unless
        told. Raises WeightsMissing, WeightsCorrupt, ModelError, UsageError where there is
        no such device.
        """
        dtype = dtype or "int8"
        folder, name = _locate(path_or_id or "whisper-base")
        from faster_whisper import WhisperModel

        kind, index = _ctranslate2_device(device)

        threads = int(os.environ.get("OMP_NUM_THREADS") or min(4, os.cpu_count() or 1))
        try:
            model = WhisperModel(
                str(folder),
                device=kind,
                device_index=index,
                compute_type=dtype,
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise WeightsCorrupt(
                f"{folder} does not hold a Whisper that faster-whisper reads: "
                f"{str(error).splitlines()[0]}"
            ) from error
        return cls(model, name.replace("@", f"-{dtype}@", 1))

    def transcribe(self, sound: Waveform, *, language: str | None = None) -> list[Utterance]:
        """What is said, in time order, in seconds of the video.

        Silence and noise give an empty list, and so does speech whose language is not sure (`hear`
        says so). `language` (a code such as "de") takes it for known. Raises ValueError unless the
        sound is at 16 kHz, UsageError for a language that the model does not know.
        """
        return list(self.hear(sound, language=language).utterances)

    def hear(self, sound: Waveform, *, language: str | None = None) -> Transcript:
        """`transcribe` with the language, how sure it is, and why nothing was written down.

        `score` of an utterance is the geometric mean of its words' probabilities.
        """
        if sound.rate_hz != RATE_HZ:
            raise ValueError(f"Whisper hears sound at {RATE_HZ} Hz, got {sound.rate_hz} Hz")
        known = self._model.supported_languages
        if language is not None and language not in known:
            raise UsageError(unknown_name("language", language, known))
        if not _has_voice(sound.samples):
            return Transcript(note="no voice is heard")
        pieces, found = self._model.transcribe(
            np.ascontiguousarray(sound.samples),
            language=language,
            beam_size=BEAM,
            vad_filter=True,
            vad_parameters=VOICE_PADDING,
            word_timestamps=True,
            condition_on_previous_text=False,
            no_speech_threshold=MAX_NO_SPEECH,
            log_prob_threshold=MIN_LOG_PROBABILITY,
            compression_ratio_threshold=MAX_COMPRESSION,
            temperature=0.0,  # no sampling: the same sound, the same words
        )
        sure = float(found.language_probability)
        if sure < SURE_LANGUAGE:
            return Transcript(
                (),
                found.language,
                sure,
                "somebody speaks, but the language is not sure "
                f"({found.language} with {sure:.2f}), so it was not written down",
            )
        said = [u for piece in pieces if _was_said(piece) for u in self._utterances(piece, sound)]
        note = "" if said else "a voice is heard, but no words that are sure"
        return Transcript(tuple(said), found.language, sure, note)

    def _utterances(self, piece: Any, sound: Waveform) -> Iterator[Utterance]:
        for words in _sentences(piece.words):
            start_s = min(max(float(words[0].start), 0.0), sound.duration_s)
            end_s = min(max(float(words[-1].end), start_s), sound.duration_s)
            text = "".join(word.word for word in words).strip()
            score = math.exp(np.mean([math.log(max(word.probability, 1e-6)) for word in words]))
            if score >= MIN_SCORE and re.search(r"\w", text):
                yield Utterance(
                    text, sound.start_s + start_s, sound.start_s + end_s, score, self.model_id
                )


def _ctranslate2_device(device: str) -> tuple[str, int]:
    """`cuda:1` -> what CTranslate2 takes: the kind of device and its number."""
    import torch

    kind, _, index = str(device).partition(":")
    if kind not in WhisperTranscriber.devices:
        raise UsageError(f"Whisper runs on cpu or cuda here, not on {device!r}.")
    if kind == "cuda" and torch.cuda.device_count() <= int(index or 0):
        raise UsageError(
            f"There is no device {device!r} for Whisper to run on. "
            "Say --no-speech, or SVQA_DEVICE=cpu."
        )
    return kind, int(index or 0)


def _locate(path_or_id: str | Path) -> tuple[Path, str]:
    """-> the verified folder and the name to write beside what the model makes."""
    name = str(path_or_id)
    if name in JOINED:
        return joined(name), f"{name}@1"
    if name in NAMES:
        return verified(name)["model.bin"].parent, f"{name}@2"
    if not Path(path_or_id).is_dir():
        raise WeightsMissing(f"{name} is neither a folder nor one of {', '.join(NAMES)}.")
    folder = resolve(path_or_id)
    missing = [f for f in ("model.bin", "config.json") if not (folder / f).is_file()]
    if missing:
        raise WeightsMissing(
            f"{folder} has no {missing[0]}. A folder for faster-whisper holds model.bin, "
            "config.json, tokenizer.json and a vocabulary."
        )
    return folder, f"{folder.resolve().name}@{sha256_of(folder / 'model.bin')[:8]}"


def _has_voice(samples: np.ndarray) -> bool:
    if not len(samples):
        return False
    from faster_whisper.vad import get_speech_timestamps

    return bool(get_speech_timestamps(np.ascontiguousarray(samples)))


def _sentences(words: list[Any]) -> Iterator[list[Any]]:
    """Words of one piece -> its sentences, also parted by pauses: each gets its own seconds."""
    sentence: list[Any] = []
    for word in words:
        if sentence and word.start - sentence[-1].end >= PAUSE_S:
            yield sentence
            sentence = []
        sentence.append(word)
        if SENTENCE_END.search(word.word):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _was_said(piece: Any) -> bool:
    """Not silence in words, not what was hardly understood, not one phrase over and over."""
    words = re.findall(r"\w+", piece.text.lower())
    stuck = (
        len(words) >= 6 and len(set(words)) <= len(words) / 3
    )  # too short for the compression ratio to tell
    doubtful = piece.avg_logprob < MIN_LOG_PROBABILITY
    return bool(words) and not (doubtful or stuck or piece.compression_ratio > MAX_COMPRESSION)
