"""The sound of a video -> utterances and sound vectors.

Heard in blocks of about a minute, cut where nobody speaks, while the pictures are looked at.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from svqa.media import read_audio
from svqa.models.base import SoundEncoder, Transcriber
from svqa.models.log_mel_encoder import LogMelEncoder
from svqa.models.voice_activity import quiet_second
from svqa.records import Segment, Utterance, VectorSet, VideoInfo, Waveform
from svqa.temporal.log_mel import stretches

BLOCK_S = 60.0
# a block of speech ends within so much of its border: people breathe more often
MARGIN_S = 10.0


@dataclass(frozen=True, eq=False)
class AudioBlock:
    """What one block holds: utterances that begin in it, and what stretches of it sound like.

    `values (N, D)` are those of the stretches from `starts_s`. `left_out` says what was spoken and
    not written down, and why.
    """

    utterances: tuple[Utterance, ...]
    starts_s: np.ndarray
    values: np.ndarray
    left_out: str = ""


class AudioAnalysis:
    """What is heard in one video, by time.

    Sound vectors come in blocks of `BLOCK_S`; speech in blocks that are cut in the longest pause
    within `MARGIN_S` of that border, so that every sentence is heard once and whole. A cut depends
    on the sound around it only, so a resumed run hears the same. One thread listens one block
    ahead. Without a transcriber there are no utterances, without sound nothing.
    """

    def __init__(
        self,
        path: str,
        info: VideoInfo,
        transcriber: Transcriber | None,
        from_s: float = 0.0,
        *,
        every_s: float = 0.5,
        encoder: SoundEncoder | None = None,
    ):
        self.path, self.duration_s, self.every_s = path, info.duration_s, every_s
        self.transcriber, self.silent = transcriber, not info.has_audio
        self.encoder = encoder or LogMelEncoder()
        self.blocks: dict[int, Future] = {}
        self.left_out: dict[int, str] = {}
        self._cuts: dict[int, float] = {0: 0.0}
        self._cutting = threading.Lock()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="svqa-hearing")
        self._start(int(from_s // BLOCK_S))

    def __enter__(self) -> AudioAnalysis:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def utterances(self, start_s: float, end_s: float | None) -> list[Utterance]:
        """What is said by someone who begins in `[start_s, end_s)`.

        With None, in all that follows.
        """
        until_s = max(self.duration_s, start_s) if end_s is None else end_s
        first, last = (max(0, int(t // BLOCK_S)) for t in (start_s - MARGIN_S, until_s + MARGIN_S))
        here = [
            n
            for n in range(first, last + 1)
            if self._exists(n)
            and (self._cut(n) < until_s or n == first or end_s is None)
            and (self._cut(n + 1) > start_s)
        ]
        said = [u for block in self._heard(here, start_s) for u in block.utterances]
        return [u for u in said if start_s <= u.start_s and (end_s is None or u.start_s < end_s)]

    def sounds(self, start_s: float, end_s: float) -> VectorSet | None:
        """What it sounds like every `every_s` seconds that begin in `[start_s, end_s)`.

        None where all of it is silent.
        """
        numbers = range(int(start_s // BLOCK_S), int(max(start_s, end_s - 1e-6) // BLOCK_S) + 1)
        blocks = self._heard([n for n in numbers if self._exists(n)], start_s)
        starts_s = np.concatenate([np.empty(0), *(block.starts_s for block in blocks)])
        here = (starts_s >= start_s - 1e-6) & (starts_s < end_s - 1e-6)
        if not here.any():
            return None
        values = np.concatenate([block.values for block in blocks])[here]
        spans = np.stack([starts_s[here], np.minimum(starts_s[here] + self.every_s, end_s)], axis=1)
        return VectorSet("frame", "audio", self.encoder.model_id, spans, values)

    def _heard(self, numbers: list[int], start_s: float) -> list[AudioBlock]:
        """The blocks with these numbers, and the next one begun; what lies behind is forgotten."""
        for number in [n for n in self.blocks if (n + 1) * BLOCK_S + MARGIN_S <= start_s]:
            del self.blocks[number]
        for number in numbers:
            self._start(number)
        if numbers:
            self._start(numbers[-1] + 1)
        heard = [self.blocks[number].result() for number in numbers]
        self.left_out.update({n: b.left_out for n, b in zip(numbers, heard, strict=True)})
        return heard

    def _exists(self, number: int) -> bool:
        return not self.silent and number * BLOCK_S < max(self.duration_s, 1e-3)

    def _start(self, number: int) -> None:
        if number not in self.blocks and self._exists(number):
            self.blocks[number] = self.pool.submit(self._hear, number)

    def _cut(self, number: int) -> float:
        """The second at which the speech of a block begins; never within the last one's words."""
        border_s = number * BLOCK_S
        if self.transcriber is None or not self._exists(number):
            return border_s + (0.0 if self._exists(number) else MARGIN_S)
        with self._cutting:
            if number not in self._cuts:
                around = read_audio(
                    self.path, start_s=border_s - MARGIN_S, end_s=border_s + MARGIN_S
                )
                heard = around if around is not None and len(around.samples) else None
                self._cuts[number] = quiet_second(heard) if heard else border_s
            return self._cuts[number]

    def _hear(self, number: int) -> AudioBlock:
        start_s, end_s = number * BLOCK_S, (number + 1) * BLOCK_S
        from_s, to_s = self._cut(number), self._cut(number + 1)
        sound = read_audio(self.path, start_s=min(start_s, from_s), end_s=max(end_s, to_s))
        if sound is None or not len(sound.samples):
            return AudioBlock((), np.empty(0), np.empty((0, self.encoder.dim), np.float32))
        starts_s = (
            np.arange(
                int(np.ceil(start_s / self.every_s - 1e-6)), np.ceil(end_s / self.every_s - 1e-6)
            )
            * self.every_s
        )
        values = self.encoder.encode_sound(
            stretches(sound, [Segment(t, t + self.every_s) for t in starts_s.tolist()])
        )
        loud = values.any(axis=1)  # silence has no direction and is not stored
        said, left_out = self._said(sound, from_s, to_s)
        return AudioBlock(said, starts_s[loud], values[loud], left_out)

    def _said(
        self, sound: Waveform, from_s: float, to_s: float
    ) -> tuple[tuple[Utterance, ...], str]:
        """-> what is said, and what was spoken and not written down."""
        speech = between(sound, from_s, to_s)
        if self.transcriber is None or not len(speech.samples):
            return (), ""
        heard = self.transcriber.hear(speech)
        # what begins a little before its block still belongs to it
        starts_s = [min(max(u.start_s, from_s), to_s - 1e-3) for u in heard.utterances]
        said = tuple(
            replace(u, start_s=start_s, end_s=max(u.end_s, start_s))
            for u, start_s in zip(heard.utterances, starts_s, strict=True)
        )
        spoken = heard.note and heard.language
        until_s = min(to_s, self.duration_s)
        return said, f"{from_s:.0f} to {until_s:.0f} s: {heard.note}" if spoken else ""


def between(sound: Waveform, start_s: float, end_s: float) -> Waveform:
    """-> the part of a waveform within `[start_s, end_s)`."""
    first, last = (
        min(max(0, round((t - sound.start_s) * sound.rate_hz)), len(sound.samples))
        for t in (start_s, end_s)
    )
    begin_s = sound.start_s + first / sound.rate_hz
    return Waveform(sound.samples[first:last], sound.rate_hz, begin_s)
