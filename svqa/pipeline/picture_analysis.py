"""Pictures of a scene -> everything the models say of them: captions, boxes, text, vectors.

What a scene holds depends on its own pictures only, and on the one that stands when it begins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from svqa.models.base import Detector, TextReader
from svqa.models.zoo import ModelSet
from svqa.pipeline.concurrent_work import beside
from svqa.pipeline.near_duplicates import repeated_frames, thumbnails, with_repeats
from svqa.pipeline.shot_boundaries import apart
from svqa.pipeline.standing_frames import Scene, fill, needs_standing
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


class PictureAnalysis:
    """What is seen in one video, a scene at a time; `frames_skipped` counts repeated pictures."""

    def __init__(
        self, path: str, info: VideoInfo, models: ModelSet, settings: Settings, timings: Timings
    ):
        self.path, self.info, self.models, self.settings = path, info, models, settings
        self.timings = timings
        self.frames_skipped = 0

    def describe(
        self,
        scene: Scene,
        standing: FrameBatch | None,
        cuts_s: Sequence[float],
        *,
        damaged_s: Collection[float],
    ) -> Chunk:
        """What is seen in a scene; `standing`: the frame before it, shown until its first one.

        Frames of the times `damaged_s` are not described. Pixels that repeat others are made equal
        to them in place.
        """
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
        slow = self._segments(start_s, end_s, apart(cuts_s, self.settings.segment_s / 2))
        # loaded before any of them works
        detector = models.detector if self.settings.boxes else None
        reader = models.reader if self.settings.text else None
        with (
            beside(lambda: self._boxes(detector, shown.t_s, shows, looked_at, is_frame)) as boxes,
            beside(lambda: self._text(reader, shown, small, shows, slow)) as text,
        ):
            with self.timings.track("vectors"):
                values = models.encoder.encode_frames(looked_at.pixels)[seen_in]  # -> (T, D)
            vectors = self._visual(frames.t_s, scene.next_s, values[is_frame])
            pooled = self._visual(shown.t_s, end_s, values)
            with self.timings.track("captions"):
                # what a damaged picture seems to show is not said
                times = np.append(frames.t_s, standing.t_s if standing is not None else [])[rows]
                whole = ~np.isin(times, sorted(damaged_s))
                if not whole.all():
                    captions = self._captions(shown[whole], repeated_frames(small[whole]), segments)
                else:
                    captions = self._captions(shown, shows, segments)
                written = text_vectors(self.models, "caption", captions, start_s, end_s)
            lines, texts = text.result()
            read = text_vectors(self.models, "text", texts, start_s, end_s)
        return Chunk(
            start_s,
            end_s,
            frame_times_s=tuple(frames.t_s.tolist()),
            segments=(*segments, Segment(start_s, end_s, "scene")),
            captions=tuple(captions),
            detections=tuple(self._displayed(box, shown) for box in boxes.result()),
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
        self,
        detector: Detector | None,
        t_s: np.ndarray,
        shows: np.ndarray,
        looked_at: FrameBatch,
        is_frame: np.ndarray,
    ) -> list[Detection]:
        """Boxes of every frame, in its pixels; a repeated frame has those of what it repeats."""
        if detector is None:
            return []
        by_time: dict[float, list[Detection]] = {}
        # in another thread, from which nobody's progress is told
        with Timings.track(self.timings, "boxes"):
            found = detector.detect(looked_at)
        for box in found:
            by_time.setdefault(box.t_s, []).append(box)
        return [
            replace(box, t_s=float(t))
            for t, row in zip(t_s[is_frame], shows[is_frame], strict=True)
            for box in by_time.get(float(t_s[row]), [])
        ]

    def _text(
        self,
        reader: TextReader | None,
        shown: FrameBatch,
        small: np.ndarray,
        shows: np.ndarray,
        segments: Sequence[Segment],
    ) -> tuple[list[TextBox], list[SegmentText]]:
        """What can be read in the pictures; nothing without a reader."""
        if reader is None:
            return [], []
        decoder = self.settings.decoder
        with Timings.track(self.timings, "text"):
            return read_text(
                self.path,
                reader,
                shown.t_s,
                small,
                shows,
                segments,
                pixels=shown.pixels,
                decoder=decoder,
            )

    def _displayed(self, box: Detection, frames: FrameBatch) -> Detection:
        """A box of the analysed frame -> the same box in pixels of the displayed frame."""
        _, height, width, _ = frames.pixels.shape
        x, y = self.info.width_px / width, self.info.height_px / height
        x0, y0, x1, y1 = box.xyxy_px
        return replace(box, xyxy_px=(x0 * x, y0 * y, x1 * x, y1 * y))


def text_vectors(
    models: ModelSet,
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
    encoder, spans = models.sentences, np.array([(c.start_s, c.end_s) for c in said])
    values = encoder.encode_text([c.text for c in said])
    sentences = VectorSet("segment", modality, encoder.model_id, spans, values)
    return sentences, unit(pool_mean(sentences, [Segment(start_s, end_s, "scene")]).vectors)
