"""A picture stands until the next one, also through scenes in which nothing new is shown."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from svqa.media import probe
from svqa.models.log_mel_encoder import LogMelEncoder
from svqa.pipeline.analysis import Analysis
from svqa.pipeline.standing_frames import fill, scenes_of
from svqa.records import Caption, Chunk, FrameBatch, Segment, Transcript, Utterance
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, folder, pattern, read_number

LENGTH_S = 130


class Encoder:
    """A picture -> a vector that says which number it shows."""

    model_id, dim = "numbers", 2

    def encode_frames(self, pixels):
        return np.array([[1, read_number(p)] for p in pixels], np.float32)

    def encode_text(self, texts):
        return np.array([[1, len(text)] for text in texts], np.float32)


class Captioner:
    """A segment -> the numbers of its frames."""

    model_id = "numbers"

    def caption(self, frames, segments):
        rows = []
        for s in segments:
            inside = (frames.t_s >= s.start_s) & (frames.t_s < s.end_s)
            seen = " ".join(str(read_number(p)) for p in frames.pixels[inside])
            rows += [Caption(seen, s.start_s, s.end_s, 1.0, "numbers")] if seen else []
        return rows


class Talk:
    """Hears a sentence every ten seconds."""

    model_id = "talk"

    def hear(self, sound):
        from_s, to_s = sound.start_s, sound.start_s + sound.duration_s - 0.5
        times = np.arange(np.ceil(from_s / 10) * 10, to_s, 10)
        said = (Utterance(f"it is {t:.0f}", t, t + 1, 1.0, "talk") for t in times.tolist())
        return Transcript(tuple(said))


MODELS = SimpleNamespace(
    reader=None,
    encoder=Encoder(),
    captioner=Captioner(),
    sentences=Encoder(),
    detector=None,
    transcriber=Talk(),
    sounds=LogMelEncoder(),
)
# which seconds show a new picture
TALKS = {
    "a slide held from 4 to 95 s": lambda t: t < 5 or t >= 95,
    "no change after 20 s": lambda t: t < 20,
    "one picture": lambda t: t < 1,
    "a change every 40 s": lambda t: t % 40 == 0,
}


@pytest.fixture(params=TALKS, scope="module")
def talk(request):
    """-> the path of a film of 130 s with sound, and the seconds at which its picture changes."""
    new = [t for t in range(LENGTH_S) if TALKS[request.param](t)]
    path = folder() / f"{request.param}.mkv"
    raw = b"".join(pattern(t).tobytes() for t in range(LENGTH_S))
    keep = "+".join(f"eq(n,{t})" for t in new)
    picture = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x96", "-r", 1, "-i", "pipe:")
    tone = ("-f", "lavfi", "-i", f"sine=frequency=500:duration={LENGTH_S}")
    coded = ("-vf", f"select='{keep}'", "-fps_mode", "vfr", "-c:v", "libx264", "-bf", "0")
    ffmpeg(*picture, *tone, *coded, "-pix_fmt", "yuv420p", "-c:a", "flac", path, stdin=raw)
    return path, new


@cache
def chunks_of(path, from_s: float = 0.0) -> list[Chunk]:
    settings = Settings(every_s=1.0, boxes=False)
    return list(Analysis(str(path), probe(path), MODELS, settings).chunks(from_s))


def segments_in(chunks: list[Chunk], level: str = "segment") -> list[Segment]:
    return [s for c in chunks for s in c.segments if s.level == level]


def standing_at(new: list[int], t_s: float) -> int:
    return max(t for t in new if t <= t_s)


def test_all_that_is_said_and_shown_is_there(talk):
    path, new = talk
    chunks = chunks_of(path)
    assert [(c.start_s, c.end_s) for c in chunks] == [
        (0, 30),
        (30, 60),
        (60, 90),
        (90, 120),
        (120, LENGTH_S),
    ]
    assert [t for c in chunks for t in c.frame_times_s] == new
    segments = segments_in(chunks)
    assert all(a.end_s == b.start_s for a, b in pairwise(segments))
    cuts = {s.start_s for c in chunks for s in c.segments if s.level == "shot"}
    assert {s.start_s for s in segments} - cuts <= set(range(0, LENGTH_S, 5))
    assert max(s.end_s - s.start_s for s in segments) < 10
    captions = [c for chunk in chunks for c in chunk.captions]
    assert [(c.start_s, c.end_s) for c in captions] == [(s.start_s, s.end_s) for s in segments]
    for c in captions:
        fresh = [t for t in new if c.start_s <= t < c.end_s]
        assert c.text.split() == [str(t) for t in fresh or [standing_at(new, c.start_s)]]
    said = [u.start_s for c in chunks for u in c.utterances]
    assert said == list(range(0, LENGTH_S, 10))


def test_a_frame_stands_until_the_next_one(talk):
    path, new = talk
    vectors = [v for c in chunks_of(path) for v in c.vectors if v.modality == "visual"]
    spans = [tuple(row) for v in vectors if v.level == "frame" for row in v.spans.tolist()]
    ends = [*new[1:], pytest.approx(LENGTH_S, abs=0.05)]
    assert spans == list(zip(new, ends, strict=True))
    for level in ("segment", "scene"):
        starts = [s for v in vectors if v.level == level for s in v.spans[:, 0].tolist()]
        assert starts == [s.start_s for s in segments_in(chunks_of(path), level)]


@pytest.mark.parametrize("from_s", [60.0, 120.0])
def test_a_resumed_run_gives_the_same_chunks(talk, from_s):
    path, _ = talk
    whole, resumed = chunks_of(path), chunks_of(path, from_s)
    assert len(resumed) == 5 - from_s / 30
    for one, other in zip(whole[-len(resumed) :], resumed, strict=True):
        for name in ("start_s", "end_s", "frame_times_s", "segments", "captions", "utterances"):
            assert getattr(one, name) == getattr(other, name)
        assert len(one.vectors) == len(other.vectors)
        for a, b in zip(one.vectors, other.vectors, strict=True):
            assert a.spans.tolist() == b.spans.tolist() and a.values.tobytes() == b.values.tobytes()


def frames(*times: float) -> FrameBatch:
    pixels = np.zeros((len(times), 1, 1, 3), np.uint8)
    pixels[:, 0, 0, 0] = np.array(times) % 256
    return FrameBatch(pixels, np.array(times))


def test_scenes_have_no_gap_and_a_broken_clock_is_not_filled():
    found = list(scenes_of(iter([frames(0, 3), frames(65)]), 30, lambda last_s: 100.0))
    assert [(s.start_s, s.end_s, len(s.frames), s.next_s, s.last) for s in found] == [
        (0, 30, 2, 65, False),
        (30, 60, 0, 65, False),
        (60, 90, 1, 100, False),
        (90, 100, 0, 100, True),
    ]
    assert [s.start_s for s in scenes_of(iter([]), 30, lambda _: 100.0, first=3)] == [90]
    assert list(scenes_of(iter([]), 30, lambda _: 90.0, first=3)) == []
    day = list(scenes_of(iter([frames(0), frames(86400.0)]), 30, lambda last_s: last_s + 1))
    assert [s.start_s for s in day] == [0, 86400]


def test_fill_leaves_full_segments_alone():
    segments = [Segment(30, 35), Segment(35, 40), Segment(40, 45)]
    full = frames(30, 36, 44)
    assert fill(full, None, segments)[0] is full
    shown, rows = fill(frames(36), frames(4), segments)
    assert shown.t_s.tolist() == [30, 36, 40] and rows.tolist() == [-1, 0, 0]
    assert shown.pixels[:, 0, 0, 0].tolist() == [4, 36, 36]
