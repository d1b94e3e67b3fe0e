"""The sound of a video -> utterances and sound vectors.

Heard in blocks of a minute while the pictures are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from svqa.media import read_audio
from svqa.models.base import SoundEncoder, Transcriber
from svqa.models.log_mel_encoder import LogMelEncoder
from svqa.records import Segment, Utterance, VectorSet, VideoInfo
from svqa.temporal.log_mel import stretches

BLOCK_S = 60.0
MARGIN_S = 5.0


@dataclass(frozen=True, eq=False)
class AudioBlock:
    """What one block holds: utterances that begin in it, and what stretches of it sound like.

    `values (N, D)` are those of the stretches from `starts_s`.
    """

    utterances: tuple[Utterance, ...]
    starts_s: np.ndarray
    values: np.ndarray


class AudioAnalysis:
    """What is heard in one video, by time.

    Blocks begin at multiples of `BLOCK_S`, so a resumed run hears the same.

    A block is heard with `MARGIN_S` on either side, so that a sentence across a border is heard
    whole and counts where it begins. One thread listens one block ahead. Without a transcriber
    there are no utterances, without sound nothing.
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
        self.first = int(from_s // BLOCK_S)
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="svqa-hearing")
        self._start(self.first)

    def __enter__(self) -> AudioAnalysis:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def utterances(self, start_s: float, end_s: float | None) -> list[Utterance]:
        """What is said by someone who begins in `[start_s, end_s)`.

        With None, in all that follows.
        """
        said = [
            u
            for block in self._blocks(start_s, self.duration_s if end_s is None else end_s)
            for u in block.utterances
        ]
        return [u for u in said if start_s <= u.start_s and (end_s is None or u.start_s < end_s)]

    def sounds(self, start_s: float, end_s: float) -> VectorSet | None:
        """What it sounds like every `every_s` seconds that begin in `[start_s, end_s)`.

        None where all of it is silent.
        """
        blocks = list(self._blocks(start_s, end_s))
        starts_s = np.concatenate([np.empty(0), *(block.starts_s for block in blocks)])
        here = (starts_s >= start_s - 1e-6) & (starts_s < end_s - 1e-6)
        if not here.any():
            return None
        values = np.concatenate([block.values for block in blocks])[here]
        spans = np.stack([starts_s[here], np.minimum(starts_s[here] + self.every_s, end_s)], axis=1)
        return VectorSet("frame", "audio", self.encoder.model_id, spans, values)

    def _blocks(self, start_s: float, end_s: float) -> Iterator[AudioBlock]:
        for number in [n for n in self.blocks if (n + 1) * BLOCK_S <= start_s]:
            del self.blocks[number]
        for number in range(
            int(start_s // BLOCK_S), int(max(start_s, end_s - 1e-6) // BLOCK_S) + 1
        ):
            self._start(number)
            self._start(number + 1)
            if number in self.blocks:
                yield self.blocks[number].result()

    def _start(self, number: int) -> None:
        if (
            not self.silent
            and number not in self.blocks
            and number * BLOCK_S < max(self.duration_s, 1e-3)
        ):
            self.blocks[number] = self.pool.submit(self._hear, number * BLOCK_S)

    def _hear(self, start_s: float) -> AudioBlock:
        end_s = start_s + BLOCK_S
        sound = read_audio(self.path, start_s=max(0.0, start_s - MARGIN_S), end_s=end_s + MARGIN_S)
        if sound is None or not len(sound.samples):
            return AudioBlock((), np.empty(0), np.empty((0, self.encoder.dim), np.float32))
        said = self.transcriber.transcribe(sound) if self.transcriber else []
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
        return AudioBlock(
            tuple(u for u in said if start_s <= u.start_s < end_s), starts_s[loud], values[loud]
        )
