"""Frames and sound of one video -> chunks.

Everything the models say about 30 seconds, ready for one transaction.

A chunk depends on its own 30 seconds only, with exceptions that bring their own context: a picture
stands until the next one, a shot detector looks a few frames past a border, and speech is heard in
blocks of a minute. So a resumed ingest makes the same rows as an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np

from svqa.media import FrameStream, Sampling, read_frames, stream_frames
from svqa.models.zoo import ModelSet
from svqa.pipeline.audio_analysis import AudioAnalysis
from svqa.pipeline.near_duplicates import repeated_frames, thumbnails, with_repeats
from svqa.pipeline.shot_boundaries import ShotBoundaryFinder, apart
from svqa.pipeline.standing_frames import SAME_S, Scene, fill, needs_standing, scenes_of
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

BATCH = 32


class Analysis:
    """One video, read once.

    Iterate `chunks(from_s)`; afterwards `end_s` says how far the pictures went, `truncated` why,
    `declared_s` how far they should have gone, `damaged_spans_s` where they may be wrong, and
    `unheard` in what the sound is coded where nobody can decode it, `left_out` what was spoken and
    not written down.
    """

    def __init__(self, path: str, info: VideoInfo, models: ModelSet, settings: Settings):
        self.path, self.info, self.models, self.settings = path, info, models, settings
        self.timings = Timings()
        self.end_s, self.truncated, self.declared_s = 0.0, False, info.duration_s
        self.frames_skipped = 0
        self.damaged_spans_s: tuple[tuple[float, float], ...] = ()
        self.unheard, self.left_out = "", ""
        self._damaged_s: set[float] = set()

    def chunks(self, from_s: float = 0.0) -> Iterator[Chunk]:
        """Chunks in time order from `from_s`, a multiple of the scene length.

        The last one ends where the pictures end.
        """
        cuts = ShotBoundaryFinder(self.settings.shots)
        before = self._before(from_s, cuts.context_frames) if from_s > 0 else None
        standing = before[[-1]] if before else None
        if before:
            cuts.remember(before)
        with self._hearing(from_s) as hearing:
            for scene in self._scenes(from_s):
                start_s, end_s, frames = scene.start_s, scene.end_s, scene.frames
                self.end_s = end_s
                with self.timings.track("shots"):
                    marks = cuts.find(frames, last=scene.last)
                chunk = self._describe(scene, standing, cuts.likely_s)
                with self.timings.track("speech"):
                    until_s = None if scene.last else end_s
                    said = hearing.utterances(start_s, until_s) if hearing else []
                    heard = self._text_vectors("speech", said, start_s, end_s) + self._sounds(
                        hearing, start_s, end_s
                    )
                standing = frames[[-1]] if len(frames) else standing
                yield replace(
                    chunk,
                    segments=(*chunk.segments, *marks),
                    utterances=tuple(said),
                    vectors=(*chunk.vectors, *heard),
                )
            notes = hearing.left_out.values() if hearing else ()
            self.left_out = "; ".join(filter(None, notes))

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

    def _scenes(self, from_s: float) -> Iterator[Scene]:
        """Scenes from `from_s` on. The worker decodes ahead while the models work."""
        length_s = self.settings.scene_s
        with stream_frames(
            self.path,
            Sampling.every(self.settings.every_s),
            start_s=max(0.0, from_s - SAME_S),
            size_px=self.settings.analysis_px,
            fit="shrink",
            batch=BATCH,
            decoder=self.settings.decoder,
        ) as stream:
            batches = iter(lambda: self._next(stream), None)
            yield from scenes_of(batches, length_s, self._end_of, first=round(from_s / length_s))
            self.truncated = stream.ended == "truncated"
            self.declared_s = max(stream.declared_s or 0.0, self.info.duration_s)
            self.damaged_spans_s, self.unheard = stream.damaged_spans_s, stream.unheard

    def _before(self, from_s: float, count: int) -> FrameBatch:
        """The last `count` sampled frames before `from_s`, or a few more; all where there are less.

        They lie far back where a picture stands for long.
        """
        every_s, end_s = self.settings.every_s, max(0.0, from_s - SAME_S)
        back_s = count * every_s
        while True:
            frames = read_frames(
                self.path,
                Sampling.every(every_s),
                start_s=max(0.0, end_s - back_s),
                end_s=end_s,
                size_px=self.settings.analysis_px,
                fit="shrink",
                decoder=self.settings.decoder,
            )
            if len(frames) >= count or back_s >= end_s:
                return frames
            back_s *= 4

    def _next(self, stream: FrameStream) -> FrameBatch | None:
        with self.timings.track("decode"):
            batch = next(stream, None)
        self._damaged_s.update(stream.damaged_s)
        return batch

    def _end_of(self, last_s: float) -> float:
        """Where the last frame's time ends.

        The video's end, or one sampling step on where that lies before it.
        """
        return (
            max(self.info.duration_s, 0.0)
            if self.info.duration_s > last_s
            else (last_s + self.settings.every_s)
        )

    def _describe(
        self, scene: Scene, standing: FrameBatch | None, cuts_s: Sequence[float]
    ) -> Chunk:
        """What is seen in a scene; `standing`: the frame before it, shown until its first one."""
        models, frames, start_s, end_s = self.models, scene.frames, scene.start_s, scene.end_s
        segments = self._segments(start_s, end_s, cuts_s)
        standing = standing if needs_standing(scene, segments) else None
        shown, rows = fill(frames, standing, segments)
        is_frame = np.isin(shown.t_s, frames.t_s)
        with self.timings.track("repeats"):
            small = thumbnails(shown.pixels)
            shows = repeated_frames(small)
        new, seen_in = np.unique(shows, return_inverse=True)
        self.frames_skipped += len(frames) - len(np.unique(shows[is_frame]))
        looked_at = shown if len(new) == len(shown) else shown[new]
        with self.timings.track("vectors"):
            values = models.encoder.encode_frames(looked_at.pixels)[seen_in]  # -> (T, D)
        vectors = self._visual(frames.t_s, scene.next_s, values[is_frame])
        pooled = self._visual(shown.t_s, end_s, values)
        with self.timings.track("captions"):
            # what a damaged picture seems to show is not said
            times = np.append(frames.t_s, standing.t_s if standing is not None else [])[rows]
            whole = ~np.isin(times, sorted(self._damaged_s))
            if not whole.all():
                captions = self._captions(shown[whole], repeated_frames(small[whole]), segments)
            else:
                captions = self._captions(shown, shows, segments)
            written = self._text_vectors("caption", captions, start_s, end_s)
        with self.timings.track("boxes"):
            boxes = self._boxes(shown.t_s, shows, looked_at, is_frame)
        with self.timings.track("text"):
            slow = self._segments(start_s, end_s, apart(cuts_s, self.settings.segment_s / 2))
            lines, texts = self._text(shown.t_s, small, shows, slow)
            read = self._text_vectors("text", texts, start_s, end_s)
        return Chunk(
            start_s,
            end_s,
            frame_times_s=tuple(frames.t_s.tolist()),
            segments=(*segments, Segment(start_s, end_s, "scene")),
            captions=tuple(captions),
            detections=tuple(self._displayed(box, shown) for box in boxes),
            text_boxes=tuple(lines),
            vectors=(
                *([vectors] if len(frames) else []),
                *levels_of(pooled, end_s, since_s=start_s, segments=segments),
                *written,
                *read,
            ),
        )

    def _segments(self, start_s: float, end_s: float, cuts_s: Sequence[float]) -> list[Segment]:
        length_s = self.settings.segment_s
        return segments_of(end_s, length_s=length_s, cuts_s=cuts_s, since_s=start_s)

    def _visual(self, t_s: np.ndarray, end_s: float, values: np.ndarray) -> VectorSet:
        spans = np.stack([t_s, np.append(t_s[1:], end_s)[: len(t_s)]], 1)
        return VectorSet("frame", "visual", self.models.encoder.model_id, spans, values)

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
        if not len(frames):
            return []
        captions = self.models.captioner.caption(with_repeats(frames, shows), asked)
        told = {(c.start_s, c.end_s): c for c in captions}
        found = [
            (segment, told.get((same_as[segment].start_s, same_as[segment].end_s)))
            for segment in segments
        ]
        return [replace(c, start_s=s.start_s, end_s=s.end_s) for s, c in found if c is not None]

    def _boxes(
        self, t_s: np.ndarray, shows: np.ndarray, looked_at: FrameBatch, is_frame: np.ndarray
    ) -> list[Detection]:
        """Boxes of every frame, in its pixels; a repeated frame has those of what it repeats."""
        if not (self.settings.boxes and self.models.detector):
            return []
        by_time: dict[float, list[Detection]] = {}
        for box in self.models.detector.detect(looked_at):
            by_time.setdefault(box.t_s, []).append(box)
        return [
            replace(box, t_s=float(t))
            for t, row in zip(t_s[is_frame], shows[is_frame], strict=True)
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
