"""The same frames by decord 0.6, the second backend. Only the worker imports this.

Its limits: FFmpeg 4.1, so no AV1; edit lists are ignored, so frames an editor cut away are shown;
damaged frames come without a word; all frame times are read when it opens. The file was let in by
PyAV in another process before it gets here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from svqa.errors import NoFrames, NotAVideo, UsageError
from svqa.media.container import ReadState, Source
from svqa.media.geometry import Size, arrange, output_size, plan_geometry
from svqa.media.sampling import Sampling


class DecordVideo:
    """As `PyavVideo`: `frames(...)` yields `(t_s, picture, False)`.

    `facts`: what PyAV found out about the same file.
    """

    def __init__(self, source: Source, facts: dict):
        self.source, self.state = source, ReadState()
        self.decoded = 0
        self.damaged_spans_s: list[tuple[float, float]] = []
        self.declared_s: float | None = None
        self.unheard = ""
        self.shown_wh = (facts["width_px"], facts["height_px"])
        self.rotation_deg, self.pixel_aspect = facts["rotation_deg"], facts["pixel_aspect"]
        self.mirrored = facts["mirrored"]
        self.coded_wh: tuple[int, int] = tuple(facts["coded_wh"])

    def output_size(self, size_px: Size, fit: str) -> tuple[int, int]:
        return output_size(self.shown_wh, size_px, fit)

    def frames(
        self, sampling: Sampling, start_s: float, end_s: float, out_wh: tuple[int, int], fit: str
    ) -> Iterator[tuple[float, memoryview, bool]]:
        """Yield `(t_s, picture, False)` of the chosen frames with `start_s <= t_s < end_s`.

        In presentation order.
        """
        turn, aspect = self.rotation_deg, self.pixel_aspect
        geometry = plan_geometry(self.coded_wh, aspect, turn, out_wh, fit, mirrored=self.mirrored)
        reader, times = self._open(geometry.scale_wh)
        for index in self._chosen(reader, times, sampling, start_s, end_s):
            self.source.tick()
            picture = reader[index].asnumpy()
            self.decoded += 1
            yield times[index][0], arrange(picture, geometry).data.cast("B"), False

    def _open(self, scale_wh: tuple[int, int]) -> tuple[Any, list[tuple[float, float]]]:
        try:
            import decord
        except ImportError:
            raise UsageError(
                "decoder='decord' needs decord, which is not installed: its FFmpeg 4.1 has known "
                "holes. Use the default decoder 'pyav', or for films that you trust run: pip "
                "install 'svqa[decord]'."
            ) from None
        try:
            reader = decord.VideoReader(
                self.source.film.path, decord.cpu(0), *scale_wh, num_threads=self.source.threads
            )
        except (decord.DECORDError, RuntimeError) as error:
            raise NotAVideo(
                f"decord cannot open '{self.source.name}' ({str(error).splitlines()[0][-120:]}). "
                "Use the default decoder 'pyav'."
            ) from None
        if not len(reader):
            raise NoFrames(
                f"decord finds no frame in '{self.source.name}'. Use the default decoder 'pyav'."
            )
        spans = reader.get_frame_timestamp(range(len(reader)))
        return reader, [(float(a - spans[0][0]), float(b - spans[0][0])) for a, b in spans]

    def _chosen(
        self,
        reader: Any,
        times: Sequence[tuple[float, float]],
        sampling: Sampling,
        start_s: float,
        end_s: float,
    ) -> Iterator[int]:
        keys = set(reader.get_key_indices()) if sampling.mode == "keyframes" else None
        for index, (t_s, until_s) in enumerate(times):
            if not start_s <= t_s < end_s or (keys is not None and index not in keys):
                continue
            last = index + 1 == len(times)
            wants = (
                sampling.wants_last(t_s, until_s)
                if last
                else sampling.wants(t_s, times[index + 1][0])
            )
            if wants:
                yield index
