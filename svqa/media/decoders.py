"""Open file -> upright RGB pictures at model size with their times, by PyAV.

Only the worker imports this.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av

from svqa.media.container import PacketTable, Source
from svqa.media.decode_plan import Plan, plan_groups
from svqa.media.geometry import Geometry, Size, arrange, output_size, plan_geometry
from svqa.media.pyav_reader import PyavReader
from svqa.media.sampling import Sampling

if TYPE_CHECKING:
    from av import VideoFrame


class PyavVideo:
    """A video read with PyAV: `frames(...)` yields `(t_s, picture, is_damaged)`.

    Afterwards `state`, `decoded` and `damaged_spans_s` tell how it went.
    """

    def __init__(self, source: Source):
        self.reader = PyavReader(source)
        self.state = self.reader.state
        self._reformatter = av.video.reformatter.VideoReformatter()
        self._geometries: dict[tuple[int, int], Geometry] = {}

    @property
    def decoded(self) -> int:
        """How many frames were decoded."""
        return self.reader.decoded

    @property
    def declared_s(self) -> float | None:
        """How long the video is by its own header."""
        return self.reader.declared_s

    @property
    def unheard(self) -> str:
        """How the sound is coded, where none of it can be decoded."""
        return self.reader.unheard

    @property
    def damaged_spans_s(self) -> list[tuple[float, float]]:
        """Seconds in which what is shown may be wrong, or is missing."""
        return self.reader.damaged_spans_s

    def frames(
        self, sampling: Sampling, start_s: float, end_s: float, out_wh: tuple[int, int], fit: str
    ) -> Iterator[tuple[float, memoryview, bool]]:
        """Yield `(t_s, picture, is_damaged)` of the chosen frames with `start_s <= t_s < end_s`.

        In presentation order.
        """
        last_s = min(end_s, sampling.last_s)
        plan = self._plan(sampling, start_s, end_s, last_s) if sampling.is_sparse else None
        from_s, done_s = start_s, -1.0
        if plan is not None:
            wanted = sorted(plan.wanted)
            for t_s, frame in self.reader.timed(start_s, plan):
                pts = -1 if frame.pts is None else frame.pts
                if wanted and pts == wanted[0]:
                    yield t_s, self._picture(frame, out_wh, fit), self._is_damaged(frame)
                    done_s = t_s
                    del wanted[0]
                if not wanted or pts > wanted[0]:
                    break
            if not wanted:
                return
            # a packet gave no frame of its own: only decoding all of them tells what stands then
            from_s = self.reader.time_s(wanted[0])
        keys_only = sampling.mode == "keyframes"
        held, held_s, spoilt, duration_s = None, -1.0, False, self.reader.seconds_long(0)
        for t_s, frame in self.reader.timed(from_s, None, keys_only=keys_only):
            fresh = held is not None and held_s > done_s and held_s >= start_s
            if held is not None and fresh and sampling.wants(held_s, t_s):
                yield held_s, self._picture(held, out_wh, fit), spoilt
            if t_s >= end_s or held_s > last_s:
                return
            held, held_s, spoilt = frame, t_s, self._is_damaged(frame)
            duration_s = self.reader.seconds_long(frame.duration, frame.pts)
        fresh = held is not None and held_s > done_s and held_s >= start_s
        if held is not None and fresh and sampling.wants_last(held_s, held_s + duration_s):
            yield held_s, self._picture(held, out_wh, fit), spoilt

    def _plan(self, sampling: Sampling, start_s: float, end_s: float, last_s: float) -> Plan | None:
        """None where every packet has to be fed.

        Dense sampling, or packets that cannot be told by their time.
        """
        table = self.reader.scan(start_s, last_s)
        if self.reader.counts_frames or not table.usable or not table.is_key or not table.is_key[0]:
            return None
        if start_s == 0 and last_s == math.inf and self.reader.is_short(table):
            return None
        wanted = self._wanted_pts(table, sampling, start_s, end_s)
        return plan_groups(table, wanted) if len(wanted) <= 0.6 * len(table.pts) else None

    def _wanted_pts(
        self, table: PacketTable, sampling: Sampling, start_s: float, end_s: float
    ) -> set[int]:
        shown = table.shown_pts(self.reader.first_pts)
        times = [self.reader.time_s(pts) for pts in shown]
        wanted = {
            pts
            for pts, t_s, next_s in zip(shown, times, times[1:], strict=False)
            if start_s <= t_s < end_s and sampling.wants(t_s, next_s)
        }
        if (
            shown
            and start_s <= times[-1] < end_s
            and sampling.wants_last(
                times[-1], times[-1] + self.reader.seconds_long(table.last_duration, shown[-1])
            )
        ):
            wanted.add(shown[-1])
        return wanted

    def _is_damaged(self, frame: VideoFrame) -> bool:
        return frame.pts is not None and self.reader.watch.damage.holds(frame.pts)

    def _picture(self, frame: VideoFrame, out_wh: tuple[int, int], fit: str) -> memoryview:
        """-> RGB bytes of (H, W, 3): scaled while still YUV, then turned upright."""
        coded = (frame.width, frame.height)
        geometry = self._geometries.get(coded)
        if geometry is None:
            turn, aspect = self.reader.rotation_deg, self.reader.pixel_aspect
            geometry = plan_geometry(
                coded, aspect, turn, out_wh, fit, mirrored=self.reader.mirrored
            )
            self._geometries[coded] = geometry
        width, height = geometry.scale_wh
        rgb = self._reformatter.reformat(frame, width, height, "rgb24", threads=1)
        if geometry.is_scale_only and rgb.planes[0].line_size == 3 * width:
            return memoryview(rgb.planes[0])[: 3 * width * height]
        return arrange(rgb.to_ndarray(), geometry).data.cast("B")

    def output_size(self, size_px: Size, fit: str) -> tuple[int, int]:
        return output_size(self.reader.shown_wh, size_px, fit)
