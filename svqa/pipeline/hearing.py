"""The sound of a video -> utterances, heard in blocks of a minute while the pictures are looked at."""
from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from svqa.media import read_audio
from svqa.models.base import Transcriber
from svqa.records import Utterance, VideoInfo

BLOCK_S = 60.0
MARGIN_S = 5.0


class Hearing:
    """Utterances of one video by time. Blocks begin at multiples of `BLOCK_S`, so a resumed run hears the same words.

    A block is heard with `MARGIN_S` on either side, so that a sentence across a border is heard whole and counts where it
    begins. One thread listens one block ahead. Without a transcriber or sound there are no utterances.
    """

    def __init__(self, path: str, info: VideoInfo, transcriber: Transcriber | None, from_s: float = 0.0):
        self.path, self.duration_s = path, info.duration_s
        self.transcriber = transcriber if info.has_audio else None
        self.blocks: dict[int, Future] = {}
        self.first = int(from_s // BLOCK_S)
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="svqa-hearing")
        self._start(self.first)

    def __enter__(self) -> Hearing:
        return self

    def __exit__(self, *_) -> None:
        self.pool.shutdown(cancel_futures=True)

    def utterances(self, start_s: float, end_s: float | None) -> list[Utterance]:
        """What is said by someone who begins in `[start_s, end_s)`; with None, in all that follows."""
        until = self.duration_s if end_s is None else end_s
        said = []
        for number in range(int(start_s // BLOCK_S), int(max(start_s, until - 1e-6) // BLOCK_S) + 1):
            self._start(number)
            self._start(number + 1)
            said += self.blocks[number].result() if number in self.blocks else []
        for number in [n for n in self.blocks if (n + 1) * BLOCK_S <= start_s]:
            del self.blocks[number]
        return [u for u in said if start_s <= u.start_s and (end_s is None or u.start_s < end_s)]

    def _start(self, number: int) -> None:
        if self.transcriber and number not in self.blocks and number * BLOCK_S < max(self.duration_s, 1e-3):
            self.blocks[number] = self.pool.submit(self._hear, number * BLOCK_S)

    def _hear(self, start_s: float) -> list[Utterance]:
        end_s = start_s + BLOCK_S
        sound = read_audio(self.path, start_s=max(0.0, start_s - MARGIN_S), end_s=end_s + MARGIN_S)
        said = self.transcriber.transcribe(sound) if sound is not None and len(sound.samples) else []
        return [u for u in said if start_s <= u.start_s < end_s]
