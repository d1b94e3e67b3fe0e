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
from svqa.models.zoo import ModelSet
from svqa.pipeline.audio_analysis import AudioAnalysis
from svqa.pipeline.near_duplicates import repeated_frames, thumbnails
from svqa.pipeline.shot_boundaries import ShotBoundaryFinder
from svqa.pipeline.text_analysis import SegmentText, read_text
from svqa.profiling.timing import Timings
from svqa.records import (
    Caption,
    Chunk,
    Detection,
    FrameBatch,
    Segment,
    TextBox,
    Utterance,
    VectorSet,
    VideoInfo,
)
from svqa.settings import Settings
from svqa.temporal.hierarchy import levels_of, pool_mean, segments_of, unit

BATCH = 16  # frames that come out of the decoder together


class Analysis:
    """One video, read once.

    Iterate `chunks(from_s)`; afterwards `end_s` says how far the pictures went and `truncated` why.
    Frames come in their own shape, with the long side at `settings.analysis_px`; models scale them
    for themselves. A frame that shows what one before it in the chunk showed is not looked at
    again: it gets that one's vector, boxes and caption, and is counted in `frames_skipped`.
    """

    def __init__(self, path: str, info: VideoInfo, models: ModelSet, settings: Settings):
        self.path, self.info, self.models, self.settings = path, info, models, settings
        self.timings = Timings()
        self.end_s, self.truncated, self.frames_skipped = 0.0, False, 0

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
                with self.timings.track("shots"):
                    marks = cuts.find(frames, last=last)
                chunk = self._describe(start_s, end_s, frames)
                del frames  # room for the next ones, which are decoded while this chunk is stored
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
            size_px=self.settings.analysis_px,
            fit="shrink",
            batch=BATCH,
            decoder=self.settings.decoder,
        ) as stream:
            while (batch := self._next(stream)) is not None:
                numbers = (batch.t_s + 1e-6) // length_s
                for number in np.unique(numbers):
                    if held and number != index:
                        yield index * length_s, _join(held), False
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
        with self.timings.track("repeats"):
            small = thumbnails(frames.pixels)
            shows = repeated_frames(small)
        new, seen_in = np.unique(shows, return_inverse=True)
        self.frames_skipped += len(frames) - len(new)
        looked_at = frames if len(new) == len(frames) else frames[new]
        with self.timings.track("vectors"):
            values = models.encoder.encode_frames(looked_at.pixels)[seen_in]  # -> (T, D)
        ends = np.append(frames.t_s[1:], end_s)
        visual = VectorSet(
            "frame", "visual", models.encoder.model_id, np.stack([frames.t_s, ends], 1), values
        )
        segments = segments_of(end_s, length_s=self.settings.segment_s, since_s=start_s)
        with self.timings.track("captions"):
            captions = self._captions(frames, shows, segments)
            written = self._text_vectors("caption", captions, start_s, end_s)
        with self.timings.track("boxes"):
            boxes = self._boxes(frames.t_s, shows, looked_at)
        with self.timings.track("text"):
            lines, texts = self._text(frames.t_s, small, shows, segments)
            read = self._text_vectors("text", texts, start_s, end_s)
        return Chunk(
            start_s,
            end_s,
            frame_times_s=tuple(frames.t_s.tolist()),
            segments=(*segments, Segment(start_s, end_s, "scene")),
            captions=tuple(captions),
            detections=tuple(self._displayed(box, frames) for box in boxes),
            text_boxes=tuple(lines),
            vectors=(visual, *levels_of(visual, end_s, since_s=start_s), *written, *read),
        )

    def _captions(
        self, frames: FrameBatch, shows: np.ndarray, segments: Sequence[Segment]
    ) -> list[Caption]:
        """One caption a segment; where one picture is held, its next segments say the same."""
        first: dict[int, Segment] = {}  # a picture -> the first segment in which it alone is shown
        same_as = {}
        for segment in segments:
            inside = shows[(frames.t_s >= segment.start_s) & (frames.t_s < segment.end_s)]
            alone = len(inside) and (inside == inside[0]).all()
            same_as[segment] = first.setdefault(int(inside[0]), segment) if alone else segment
        asked = [segment for segment in segments if same_as[segment] is segment]
        captions = self.models.captioner.caption(_repeated(frames, shows), asked)
        told = {(c.start_s, c.end_s): c for c in captions}
        found = [
            (segment, told.get((same_as[segment].start_s, same_as[segment].end_s)))
            for segment in segments
        ]
        return [replace(c, start_s=s.start_s, end_s=s.end_s) for s, c in found if c is not None]

    def _boxes(self, t_s: np.ndarray, shows: np.ndarray, looked_at: FrameBatch) -> list[Detection]:
        """Boxes of every frame, in its pixels; a repeated frame has those of what it repeats."""
        if not (self.settings.boxes and self.models.detector):
            return []
        by_time: dict[float, list[Detection]] = {}
        for box in self.models.detector.detect(looked_at):
            by_time.setdefault(box.t_s, []).append(box)
        return [
            replace(box, t_s=float(t))
            for t, row in zip(t_s, shows, strict=True)
            for box in by_time.get(float(t_s[row]), [])
        ]

    def _text(
        self,
        t_s: np.ndarray,
        small: np.ndarray,
        shows: np.ndarray,
        segments: Sequence[Segment],
    ) -> tuple[list[TextBox], list[SegmentText]]:
        """What can be read in the pictures; nothing without a reader."""
        reader = self.models.reader if self.settings.text else None
        if reader is None:
            return [], []
        decoder = self.settings.decoder
        return read_text(self.path, reader, t_s, small, shows, segments, decoder=decoder)

    def _text_vectors(
        self,
        modality: str,
        said: Sequence[Caption | Utterance | SegmentText],
        start_s: float,
        end_s: float,
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
        """A box of the analysed frame -> the same box in pixels of the displayed frame."""
        _, height, width, _ = frames.pixels.shape
        x, y = self.info.width_px / width, self.info.height_px / height
        x0, y0, x1, y1 = box.xyxy_px
        return replace(box, xyxy_px=(x0 * x, y0 * y, x1 * x, y1 * y))


def _join(batches: list[FrameBatch]) -> FrameBatch:
    """-> one batch; the list is emptied on the way, so that no picture is held twice for long."""
    t_s = np.concatenate([b.t_s for b in batches])
    pixels, done = np.empty((len(t_s), *batches[0].pixels.shape[1:]), np.uint8), 0
    while batches:
        part = batches.pop(0).pixels
        pixels[done : done + len(part)] = part
        done += len(part)
    return FrameBatch(pixels, t_s)


def _repeated(frames: FrameBatch, shows: np.ndarray) -> FrameBatch:
    """The frames with what they repeat in their place, to the pixel.

    So models that remember pictures know them again.
    """
    for row in np.flatnonzero(shows != np.arange(len(shows))):
        frames.pixels[row] = frames.pixels[shows[row]]
    return frames
