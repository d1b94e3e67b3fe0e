"""Scene -> frames, sound, mp4.

A frame depends on its scene, time and size only, never on the batch it is drawn in. Outlines are
drawn with OpenCV's anti-aliased polygons at 1/16 pixel. Sound is one tone an event, in the voice of
who does it, from where it happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from svqa.records import FrameBatch, Waveform
from svqa.shapes.scene import COLOURS, DURATION_S, TONE_S, VOICES_HZ, Look, Scene, Sighting

_SUBPIXEL_BITS = 4
# a frame's noise is a window into one larger sheet: drawing it anew costs more than all shapes
_GRAIN_ROOM = 48
_FADE_S = 0.03  # a tone that starts at full strength clicks


def _regular(corners: int, radii: Sequence[float], turn: float) -> np.ndarray:
    angle = turn + np.arange(corners) * 2 * np.pi / corners
    radius = np.resize(radii, corners)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


OUTLINES = {  # corners around the centre, radius 1
    "circle": _regular(48, [0.9], 0.0),
    "square": _regular(4, [1.1], np.pi / 4),
    "triangle": np.array([(0.0, -1.0), (0.95, 0.75), (-0.95, 0.75)]),
    "star": _regular(10, [1.05, 0.45], -np.pi / 2),
}


def outline_px(seen: Sighting, *, width_px: int, height_px: int) -> np.ndarray:
    """-> (corners, 2) float64 pixels; (0, 0) is the outer corner of the first pixel."""
    centre = np.array([seen.x * width_px, seen.y * height_px])
    return OUTLINES[seen.shape] * (seen.radius * min(width_px, height_px)) + centre


def render_pixels(scene: Scene, t_s: float, *, width_px: int, height_px: int) -> np.ndarray:
    """-> (H, W, 3) uint8 RGB: what is seen at `t_s`."""
    frame = _background(scene.look, width_px, height_px).copy()
    for seen in scene.at(t_s):
        # OpenCV counts from pixel centres
        corners = outline_px(seen, width_px=width_px, height_px=height_px) - 0.5
        fixed = np.round(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(
            frame, [fixed], COLOURS[seen.colour], lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS
        )
    if scene.look.noise:
        grain = _grain(scene.look, width_px, height_px)
        down, right = (
            np.random.SFC64([scene.look.seed, round(t_s * 1000)]).random_raw(2) % _GRAIN_ROOM
        )
        frame = cv2.add(
            frame, grain[down : down + height_px, right : right + width_px], dtype=cv2.CV_8U
        )
    return frame


def render(
    scene: Scene, t_s: Sequence[float], *, width_px: int = 128, height_px: int | None = None
) -> FrameBatch:
    """Frames at the given, strictly increasing seconds; square unless a height is given.

    >>> from svqa.shapes.sampling import scene_of
    >>> render(scene_of(0, 0), [0.0, 1.0], width_px=64)
    FrameBatch(2 frames of 64 x 64, 0.00 s .. 1.00 s)
    """
    height_px = height_px or width_px
    pixels = [render_pixels(scene, float(t), width_px=width_px, height_px=height_px) for t in t_s]
    shape = (len(pixels), height_px, width_px, 3)
    return FrameBatch(
        np.array(pixels, dtype=np.uint8).reshape(shape), np.asarray(t_s, dtype=np.float64)
    )


def frame_times(rate_hz: float) -> np.ndarray:
    """The seconds of all frames of a video at `rate_hz`."""
    return np.arange(round(DURATION_S * rate_hz)) / rate_hz


def stereo(scene: Scene, *, rate_hz: int = 16000) -> np.ndarray:
    """-> (N, 2) float32 in [-1, 1], left and right.

    Each event's tone for `TONE_S`, panned to where it happens.
    """
    sound = np.zeros((round(DURATION_S * rate_hz), 2), np.float32)
    t_s = np.arange(round(TONE_S * rate_hz)) / rate_hz
    envelope = np.minimum(1.0, np.minimum(t_s, t_s[::-1]) / _FADE_S)
    for event in scene.events:
        first = round(event.t_s * rate_hz)
        who = [event.actor] if event.other is None else [event.actor, event.other]
        for actor in (scene.actors[i] for i in who):
            tone = 0.3 * envelope * np.sin(2 * np.pi * VOICES_HZ[actor.voice] * t_s)
            pan = float(actor.position(event.t_s)[0])
            both = tone[:, None] * np.sqrt([1 - pan, pan])
            room = sound[first : first + len(both)]
            room += both[: len(room)].astype(np.float32)
    return sound


def mono(scene: Scene, *, rate_hz: int = 16000) -> Waveform:
    """The same sound for one ear."""
    return Waveform(stereo(scene, rate_hz=rate_hz).mean(axis=1, dtype=np.float32), rate_hz)


def write_mp4(
    scene: Scene,
    path: str | Path,
    *,
    width_px: int = 128,
    height_px: int | None = None,
    rate_hz: int = 10,
    sound_hz: int = 16000,
) -> None:
    """Write H.264 pictures and AAC stereo sound to `path`, replacing it."""
    height_px = height_px or width_px
    with av.open(str(path), "w", format="mp4") as file:
        picture = file.add_stream(
            "libx264", rate=rate_hz, options={"crf": "18", "preset": "ultrafast", "threads": "1"}
        )
        picture.width, picture.height, picture.pix_fmt = width_px, height_px, "yuv420p"
        track = file.add_stream("aac", rate=sound_hz, layout="stereo")
        for t_s in frame_times(rate_hz):
            pixels = render_pixels(scene, float(t_s), width_px=width_px, height_px=height_px)
            file.mux(picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(picture.encode())
        for first, samples in _blocks(
            stereo(scene, rate_hz=sound_hz), track.codec_context.frame_size or 1024
        ):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples.T), format="fltp", layout="stereo"
            )
            block.sample_rate, block.pts, block.time_base = sound_hz, first, Fraction(1, sound_hz)
            file.mux(track.encode(block))
        file.mux(track.encode())


def _blocks(samples: np.ndarray, length: int) -> Iterator[tuple[int, np.ndarray]]:
    for first in range(0, len(samples), length):
        yield first, samples[first : first + length]


@lru_cache(maxsize=64)
def _grain(look: Look, width_px: int, height_px: int) -> np.ndarray:
    shape = (height_px + _GRAIN_ROOM, width_px + _GRAIN_ROOM, 3)
    sheet = (
        np.random.default_rng(look.seed + 1).standard_normal(shape, dtype=np.float32) * look.noise
    )
    return np.round(sheet).astype(np.int16)


@lru_cache(maxsize=256)
def _background(look: Look, width_px: int, height_px: int) -> np.ndarray:
    rng = np.random.default_rng(look.seed)
    y, x = np.mgrid[0 : 1 : height_px * 1j, 0 : 1 : width_px * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    if look.kind == "fade":
        blend = 0.5 + (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5))
    elif look.kind == "cloud":
        blend = cv2.resize(
            rng.random((6, 6), dtype=np.float32),
            (width_px, height_px),
            interpolation=cv2.INTER_CUBIC,
        )
    elif look.kind == "checks":
        tiles = rng.integers(3, 7)
        blend = 0.5 + 0.5 * np.tanh(
            8 * np.sin(np.pi * tiles * x + angle) * np.sin(np.pi * tiles * y + angle)
        )
    else:
        blend = np.zeros_like(x)
    blend = np.clip(blend, 0, 1)[..., None]
    near, far = np.array(look.near, np.float32), np.array(look.far, np.float32)
    picture = np.round(near + (far - near) * blend).astype(np.uint8)
    picture.setflags(write=False)  # shared by every frame of the scene
    return picture
