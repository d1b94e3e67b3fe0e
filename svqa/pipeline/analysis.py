"""Frames and sound of one video -> chunks.

Everything the models say about 30 seconds, ready for one transaction.

A chunk depends on its own 30 seconds only, with two exceptions that bring their own context: a shot
detector looks a few frames past a border, and speech is heard in blocks of a minute. So a resumed
ingest makes the same rows as an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np

from svqa.media import Sampling, stream_frames
from svqa.models.base import MODEL_SIZE_PX
from svqa.models.zoo import ModelSet
from svqa.pipeline.audio_analysis import AudioAnalysis
from svqa.pipeline.shot_boundaries import ShotBoundaryFinder
from svqa.profiling.timing import Timings
from svqa.records import (
    Caption,
    Chunk,
    Detection,
    FrameBatch,
    Segment,
    Utterance,
    VectorSet,
    VideoInfo,
)
from svqa.settings import Settings
from svqa.temporal.hierarchy import levels_of, pool_mean, segments_of, unit

BATCH = 32


class Analysis:
    """One video, read once.

    Iterate `chunks(from_s)`; afterwards `end_s` says how far the pictures went and `truncated` why.
    """

    def __init__(self, path: str, info: VideoInfo, models: ModelSet, settings: Settings):
        self.path, self.info, self.models, self.settings = path, info, models, settings
        self.timings = Timings()
        self.end_s, self.truncated = 0.0, False

    def chunks(self, from_s: float = 0.0) -> Iterator[Chunk]:
        """Chunks in time order from `from_s`, a multiple of the scene length.

        The last one ends where the pictures end.
        """
        cuts = ShotBoundaryFinder(self.settings.shots)
        every_s = self.settings.every_s
        context_s = max(0.0, from_s - cuts.context_frames * every_s)
        with self._hearing(from_s) as hearing:
            for start_s, frames, last in self._scenes(context_s):
                if start_s < from_s:
                    cuts.remember(frames)
                    continue
                end_s = self._end_of(frames) if last else start_s + self.settings.scene_s
                self.end_s = end_s
                chunk = self._describe(start_s, end_s, frames)
                with self.timings.track("shots"):
                    marks = cuts.find(frames, last=last)
                with self.timings.track("speech"):
                    said = hearing.utterances(start_s, None if last else end_s) if hearing else []
                    heard = self._text_vectors("speech", said, start_s, end_s) + self._sounds(
                        hearing, start_s, end_s
                    )
                yield replace(
                    chunk,
                    segments=(*chunk.segments, *marks),
                    utterances=tuple(said),
                    vectors=(*chunk.vectors, *heard),
                )

    def _hearing(self, from_s: float) -> AbstractContextManager[AudioAnalysis | None]:
        if not self.settings.speech:
            return nullcontext()
        models, every_s = self.models, self.settings.every_s
        return AudioAnalysis(
            self.path, self.info, models.transcriber, from_s, every_s=every_s, encoder=models.sounds
        )

    def _sounds(
        self, hearing: AudioAnalysis | None, start_s: float, end_s: float
    ) -> tuple[VectorSet, ...]:
        """What it sounds like, at every level; nothing where it is silent."""
        frames = hearing.sounds(start_s, end_s) if hearing else None
        return () if frames is None else (frames, *levels_of(frames, end_s, since_s=start_s))

    def _scenes(self, from_s: float) -> Iterator[tuple[float, FrameBatch, bool]]:
        """(start_s, its frames, whether it is the last one).

        The worker decodes ahead while the models work.
        """
        length_s, index = self.settings.scene_s, 0
        held: list[FrameBatch] = []
        with stream_frames(
            self.path,
            Sampling.every(self.settings.every_s),
            start_s=from_s,
            size_px=MODEL_SIZE_PX,
            batch=BATCH,
            decoder=self.settings.decoder,
        ) as stream:
            while (batch := self._next(stream)) is not None:
                numbers = (batch.t_s + 1e-6) // length_s
                for number in np.unique(numbers):
                    if held and number != index:
                        yield index * length_s, _join(held), False
                        held = []
                    index = number
                    held.append(batch[numbers == number])
            self.truncated = stream.ended == "truncated"
        if held:
            yield index * length_s, _join(held), True

    def _next(self, batches: Iterator[FrameBatch]) -> FrameBatch | None:
        with self.timings.track("decode"):
            return next(batches, None)

    def _end_of(self, frames: FrameBatch) -> float:
        """Where the last frame's time ends.

        The video's end, or one sampling step on where the header is wrong.
        """
        last_s = float(frames.t_s[-1])
        step_s = last_s + self.settings.every_s
        return min(self.info.duration_s, step_s) if self.info.duration_s > last_s else step_s

    def _describe(self, start_s: float, end_s: float, frames: FrameBatch) -> Chunk:
        models = self.models
        with self.timings.track("vectors"):
            values = models.encoder.encode_frames(frames.pixels)  # (T, H, W, 3) -> (T, D)
        ends = np.append(frames.t_s[1:], end_s)
        visual = VectorSet(
            "frame", "visual", models.encoder.model_id, np.stack([frames.t_s, ends], 1), values
        )
        segments = segments_of(end_s, length_s=self.settings.segment_s, since_s=start_s)
        with self.timings.track("captions"):
            captions = models.captioner.caption(frames, segments)
            written = self._text_vectors("caption", captions, start_s, end_s)
        with self.timings.track("boxes"):
            boxes = (
                models.detector.detect(frames) if self.settings.boxes and models.detector else []
            )
        return Chunk(
            start_s,
            end_s,
            frame_times_s=tuple(frames.t_s.tolist()),
            segments=(*segments, Segment(start_s, end_s, "scene")),
            captions=tuple(captions),
            detections=tuple(self._displayed(box, frames) for box in boxes),
            vectors=(visual, *levels_of(visual, end_s, since_s=start_s), *written),
        )

    def _text_vectors(
        self, modality: str, said: Sequence[Caption | Utterance], start_s: float, end_s: float
    ) -> tuple[VectorSet, ...]:
        """Sentences with their seconds -> their vectors, and that of the scene.

        None where there are no sentences.
        """
        if not said:
            return ()
        encoder, spans = self.models.sentences, np.array([(c.start_s, c.end_s) for c in said])
        values = encoder.encode_text([c.text for c in said])
        sentences = VectorSet("segment", modality, encoder.model_id, spans, values)
        return sentences, unit(pool_mean(sentences, [Segment(start_s, end_s, "scene")]).vectors)

    def _displayed(self, box: Detection, frames: FrameBatch) -> Detection:
        """A box of the model-size frame -> the same box in pixels of the displayed frame."""
        _, height, width, _ = frames.pixels.shape
        x, y = self.info.width_px / width, self.info.height_px / height
        x0, y0, x1, y1 = box.xyxy_px
        return replace(box, xyxy_px=(x0 * x, y0 * y, x1 * x, y1 * y))


def _join(batches: list[FrameBatch]) -> FrameBatch:
    return FrameBatch(
        np.concatenate([b.pixels for b in batches]), np.concatenate([b.t_s for b in batches])
    )
