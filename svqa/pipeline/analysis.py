"""Frames and sound of one video -> chunks.

Everything the models say about 30 seconds, ready for one transaction.

A chunk depends on its own 30 seconds only, with exceptions that bring their own context: a picture
stands until the next one, a shot detector looks a few frames past a border, speech is heard in
blocks of a minute, and what was found so far is handed on from chunk to chunk. So a resumed ingest
makes the same rows as an uninterrupted one, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from svqa.media import FrameStream, Sampling, stream_frames
from svqa.models.zoo import ModelSet
from svqa.pipeline.audio_analysis import AudioAnalysis
from svqa.pipeline.findings import Findings
from svqa.pipeline.picture_analysis import PictureAnalysis, text_vectors
from svqa.pipeline.shot_boundaries import ShotBoundaryFinder
from svqa.pipeline.standing_frames import SAME_S, Scene, join, scenes_of
from svqa.profiling.timing import Timings
from svqa.records import Chunk, FrameBatch, VectorSet, VideoInfo
from svqa.settings import Settings
from svqa.temporal.hierarchy import levels_of

BATCH = 32


class Analysis:
    """One video, read once.

    Iterate `chunks(from_s)`; `findings` is what there is to say beside them, so far. `known`: that
    of a run that was cut off after the chunk before. `end_s` says how far the pictures went.
    """

    def __init__(
        self,
        path: str,
        info: VideoInfo,
        models: ModelSet,
        settings: Settings,
        known: Findings = Findings(),
        timings: Timings | None = None,
    ):
        self.path, self.info, self.models, self.settings = path, info, models, settings
        self.timings = timings or Timings()
        self.end_s = 0.0
        self.findings = known
        self._known = known
        self._pictures = PictureAnalysis(path, info, models, settings, self.timings)
        self._damaged_s: set[float] = set()

    def chunks(self, from_s: float = 0.0) -> Iterator[Chunk]:
        """Chunks in time order from `from_s`, where the last chunk that is kept ended.

        The last one ends where the pictures end; nothing comes after it.
        """
        if self._known.ended:
            return
        cuts = ShotBoundaryFinder(self.settings.shots, self.settings.every_s)
        before = self._before(from_s, cuts.context_frames) if from_s > 0 else None
        standing = before[[-1]] if before else None
        if before:
            cuts.remember(before)
        with self._hearing(from_s) as hearing:
            for scene in self._scenes(from_s, standing):
                start_s, end_s, frames = scene.start_s, scene.end_s, scene.frames
                self.end_s = end_s
                with self.timings.track("shots"):
                    marks = cuts.find(frames, last=scene.last)
                # taken before the pictures are looked at, which may change those that repeat others
                latest = frames[[-1]] if len(frames) else standing
                chunk = self._pictures.describe(
                    scene, standing, cuts.likely_s, damaged_s=self._damaged_s
                )
                with self.timings.track("speech"):
                    until_s = None if scene.last else end_s
                    said = hearing.utterances(start_s, until_s) if hearing else []
                    heard = text_vectors(
                        self.models, "speech", said, start_s, end_s
                    ) + self._sounds(hearing, start_s, end_s)
                standing = latest
                self._find(hearing, ended=scene.last)
                yield replace(
                    chunk,
                    segments=(*chunk.segments, *marks),
                    utterances=tuple(said),
                    vectors=(*chunk.vectors, *heard),
                    findings=self.findings.write(),
                )
            self._find(hearing, ended=True)

    def _find(self, hearing: AudioAnalysis | None, *, ended: bool) -> None:
        """Bring `findings` up to date."""
        stream = self._stream
        found = self._known.add(
            damaged_spans_s=stream.damaged_spans_s,
            left_out=hearing.left_out if hearing else {},
            frames_skipped=self._pictures.frames_skipped,
        )
        if ended:
            found = replace(
                found,
                ended=True,
                truncated=stream.ended == "truncated",
                declared_s=max(stream.declared_s or 0.0, self.info.duration_s),
                unheard=stream.unheard,
            )
        self.findings = found

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

    def _frames(self, start_s: float, end_s: float | None = None) -> FrameStream:
        """The worker decodes ahead while the models work."""
        return stream_frames(
            self.path,
            Sampling.every(self.settings.every_s),
            start_s=max(0.0, start_s),
            end_s=end_s,
            size_px=self.settings.analysis_px,
            fit="shrink",
            batch=BATCH,
            decoder=self.settings.decoder,
        )

    def _scenes(self, from_s: float, standing: FrameBatch | None) -> Iterator[Scene]:
        """Scenes from `from_s` on; `standing`: the last frame before it."""
        length_s = self.settings.scene_s
        with self._frames(from_s - SAME_S) as stream:
            self._stream = stream
            yield from scenes_of(
                iter(lambda: self._next(stream), None),
                length_s,
                self._end_of,
                first=round(from_s / length_s),
                last_s=float(standing.t_s[-1]) if standing else None,
            )

    def _before(self, from_s: float, count: int) -> FrameBatch | None:
        """The last `count` sampled frames before `from_s`, or a few more; all where there are less.

        They lie far back where a picture stands for long.
        """
        end_s = max(0.0, from_s - SAME_S)
        back_s = count * self.settings.every_s
        while True:
            with self._frames(end_s - back_s, end_s) as stream:
                batches = list(iter(lambda: self._next(stream), None))
            if sum(map(len, batches)) >= count or back_s >= end_s:
                return join(batches) if batches else None
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
