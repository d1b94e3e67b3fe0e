"""Job -> messages: what the worker can be asked to do. Only the worker imports this."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from svqa.media.byte_ranges import film_bytes
from svqa.media.clock import Clock
from svqa.media.container import Source, seconds
from svqa.media.decoders import PyavVideo
from svqa.media.packet_times import find_clock, sound_end_s
from svqa.media.pyav_reader import PyavReader
from svqa.media.sampling import Sampling
from svqa.media.truncation import avi_declared_s, ends_early

if TYPE_CHECKING:
    from svqa.media.decord_backend import DecordVideo

PADDING_S = 0.1


class Send(Protocol):
    """Sends a message to the parent: a JSON head, and raw bytes."""

    def __call__(self, payload: bytes | memoryview = b"", **head: Any) -> None: ...


def _source(job: dict, send: Send) -> Source:
    threads = job["limits"]["threads"] or min(8, len(os.sched_getaffinity(0)))
    film = film_bytes(job["fd"], job["size_bytes"])
    if ends_early(film):
        threads = 1  # several at once would lose the whole frames beside the first broken one
    source = Source(
        film,
        job["name"],
        job["limits"]["max_pixels"],
        threads,
        alive=lambda: send(kind="alive"),
    )
    known = job.get("clock")
    source.clock = Clock(**known) if known else find_clock(source)
    if not known:
        send(kind="clock", clock=asdict(source.clock))
    return source


def probe(job: dict, send: Send) -> None:
    """One "info" message: the fields of VideoInfo that are not the file's own.

    They are counted from packets.
    """
    video = PyavReader(_source(job, send))
    table = video.scan()
    shown = table.shown_pts(video.first_pts)
    steps = [after - pts for pts, after in pairwise(shown)]
    duration_s = (video.time_s(shown[-1]) if shown else 0.0) + video.seconds_long(
        table.last_duration, shown[-1] if shown else None
    )
    sound_s = sound_end_s(video.source)
    if sound_s is not None:
        sound_s -= seconds(video.first_pts, video.time_base)
        # a codec fills its last packet up: that is no sound after the pictures
        duration_s = sound_s if sound_s > duration_s + PADDING_S else duration_s
    send(
        kind="info",
        duration_s=duration_s,
        width_px=video.shown_wh[0],
        height_px=video.shown_wh[1],
        rate_hz=len(shown) / duration_s if shown else video.rate_hz,
        rotation_deg=video.rotation_deg,
        codec=video.codec,
        container=video.container_name,
        has_audio=video.has_audio,
        frames=len(shown) or None,
        variable_rate=bool(steps)
        and max(steps) - min(steps) > max(2, 0.1 * statistics.median_low(steps)),
    )


def _decord(source: Source, job: dict) -> DecordVideo:
    from svqa.media.decord_backend import DecordVideo

    return DecordVideo(source, job["facts"])


_DECODERS: dict[str, Callable[[Source, dict], PyavVideo | DecordVideo]] = {
    "pyav": lambda source, job: PyavVideo(source),
    "decord": _decord,
}


def facts(job: dict, send: Send) -> None:
    """Let the file in and say how it is coded.

    For a decoder that has no allow-lists and no rotation of its own.
    """
    video = PyavReader(_source(job, send))
    send(
        kind="facts",
        coded_wh=video.coded_wh,
        pixel_aspect=video.pixel_aspect,
        rotation_deg=video.rotation_deg,
        mirrored=video.mirrored,
        width_px=video.shown_wh[0],
        height_px=video.shown_wh[1],
    )


def frames(job: dict, send: Send) -> None:
    """First "open" with the output size, a "frame" for each chosen one, "end" with how it ended."""
    sampling = Sampling(job["mode"], job["every_s"], tuple(job["times_s"]))
    source = _source(job, send)
    video = _DECODERS[job["decoder"]](source, job)
    out_wh = video.output_size(job["size_px"], job["fit"])
    send(kind="open", width_px=out_wh[0], height_px=out_wh[1])
    count = 0
    end_s = float("inf") if job["end_s"] is None else job["end_s"]
    chosen = video.frames(sampling, job["start_s"], end_s, out_wh, job["fit"])
    told: list[tuple[float, float]] = []
    for t_s, picture, is_damaged in chosen:
        spans = video.damaged_spans_s
        news = {} if spans == told else {"damaged_spans_s": spans}
        send(picture, kind="frame", t_s=t_s, damaged=is_damaged, **news)
        count, told = count + 1, spans
    state = video.state
    ended = "truncated" if state.broken or ends_early(source.film) else "complete"
    send(
        kind="end",
        ended=ended,
        frames=count,
        decoded=video.decoded,
        errors=state.errors,
        reason=state.reason,
        damaged_spans_s=video.damaged_spans_s,
        unheard=video.unheard,
        declared_s=avi_declared_s(source.film) or video.declared_s,
    )


def sound(job: dict, send: Send) -> None:
    """First "open" with whether there is sound, a "sound" for every piece of it, "end"."""
    from svqa.media.sound import SoundReader

    source = _source(job, send)
    reader = SoundReader(source, job["rate_hz"])
    send(kind="open", has_sound=reader.has_sound)
    if reader.has_sound:
        for index, samples in reader.pieces(
            job["start_s"], float("inf") if job["end_s"] is None else job["end_s"]
        ):
            send(samples, kind="sound", index=index)
    send(
        kind="end",
        errors=reader.state.errors,
        ended="truncated" if reader.state.broken or ends_early(source.film) else "complete",
    )


def clip(job: dict, send: Send) -> None:
    """Write a clip to the descriptor that came with the job; one "clip" message says what it is."""
    from svqa.media.cutting import Cutter

    cutter = Cutter(_source(job, send), job["spans_s"], job["how"], job["format"])
    cutter.write(job["out_fd"])
    send(
        kind="clip",
        copied=cutter.copied,
        spans_s=[(part.start_s, part.end_s) for part in cutter.parts],
    )


JOBS = {"probe": probe, "facts": facts, "frames": frames, "sound": sound, "clip": clip}
