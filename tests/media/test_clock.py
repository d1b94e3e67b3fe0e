"""Two recordings joined are one film, the picture that stands is shown for as long as it stands."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from svqa.media import Sampling, probe, read_audio, stream_frames
from svqa.media.clock import Clock, Part, aligned, jumps
from tests.helpers.clips import ffmpeg, folder, numbered, pattern, read_number, variant

RATE, _MS = 25, Fraction(1, 1000)
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "12", "-bf", "2")
JOINED = {  # what they are: suffix, sound, how the second part is written
    "transport stream": (".ts", "aac", ()),
    "program stream": (".mpg", "mp2", MPEG2),
    "DVD": (".vob", "ac3", MPEG2),
    "without sound": (".ts", "", ()),
    "a day ahead": (".ts", "aac", ("-output_ts_offset", "90000")),
    "behind its beginning": (".ts", "mp2", ("-output_ts_offset", "-1")),
}


def part(suffix: str, first: int, tone_hz: int, sound: str, options: tuple) -> bytes:
    """4 s that show the numbers from `first` and sound at `tone_hz`."""
    raw = b"".join(pattern(first + i).tobytes() for i in range(4 * RATE))
    path = folder() / f"part-{first}-{tone_hz}{suffix}"
    source = ("-f", "lavfi", "-i", f"sine=frequency={tone_hz}:duration=4") if sound else ()
    coded = ("-c:v", "libx264", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p")
    picture = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x96", "-r", RATE, "-i", "pipe:")
    heard = ("-c:a", sound) if sound else ()
    ffmpeg(*picture, *source, *coded, *heard, *options, path, stdin=raw)
    return path.read_bytes()


def shown(path, sampling: Sampling) -> list[tuple[float, int]]:
    with stream_frames(path, sampling, size_px=64) as stream:
        rows = [
            (round(float(t), 3), read_number(p))
            for b in stream
            for t, p in zip(b.t_s, b.pixels, strict=True)
        ]
    assert stream.ended == "complete"
    return rows


def hertz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * 16000 / len(samples))


@pytest.mark.parametrize("kind", JOINED)
def test_two_recordings_joined_are_shown_and_heard_one_after_the_other(kind):
    suffix, sound, options = JOINED[kind]
    first = part(suffix, 0, 500, sound, options[:8] if options == MPEG2 else ())
    second = part(suffix, 100, 1500, sound, options)
    third = part(suffix, 200, 2500, sound, options[:8] if options == MPEG2 else ())
    path = variant(folder() / kind, f"joined{suffix}", first + second + third)
    assert probe(path).duration_s == pytest.approx(12.0, abs=0.1)
    rows = shown(path, Sampling.every(0.5))
    assert [n for _, n in rows] == [round(t * RATE) for t, _ in rows] and len(rows) == 24
    assert shown(path, Sampling.at([9.0])) == [(9.0, 225)]
    if sound:
        heard = read_audio(path).samples
        assert len(heard) / 16000 == pytest.approx(12.0, abs=0.2)
        for second_s, tone_hz in ((1, 500), (5, 1500), (9, 2500)):
            piece = heard[second_s * 16000 : (second_s + 1) * 16000]
            assert hertz(piece) == pytest.approx(tone_hz, abs=5)
        late = read_audio(path, start_s=8.5, end_s=9.5)
        assert hertz(late.samples) == pytest.approx(2500, abs=5)


def test_a_picture_that_stands_while_the_sound_goes_on_is_no_jump():
    raw = b"".join(pattern(i).tobytes() for i in range(60))
    path = folder() / "stands.ts"
    sound = ("-f", "lavfi", "-i", "sine=frequency=500:duration=60")
    held = ("-vf", "select='lt(t,5)+gte(t,50)'", "-fps_mode", "vfr", "-g", "1", "-bf", "0")
    picture = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x96", "-r", 1, "-i", "pipe:")
    ffmpeg(*picture, *sound, *held, "-c:v", "libx264", "-c:a", "aac", path, stdin=raw)
    assert shown(path, Sampling.at([49.0, 55.0])) == [(4.0, 4), (55.0, 55)]
    assert probe(path).duration_s == pytest.approx(60.0, abs=0.2)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mp4"])
def test_the_last_picture_stands_as_long_as_its_file_says(suffix):
    path = folder() / f"slides{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx" if suffix == ".webm" else "libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _MS
        if suffix != ".webm":
            stream.options = {"bf": "0", "tune": "zerolatency"}
        packets = []
        for i, at_ms in enumerate((0, 3000, 7000)):
            frame = av.VideoFrame.from_ndarray(pattern(i), format="rgb24")
            frame.pts, frame.time_base = at_ms, _MS
            packets += stream.encode(frame)
        for packet, end_ms in zip(packets + stream.encode(None), (3000, 7000, 47000), strict=True):
            packet.duration = end_ms - packet.pts
            container.mux(packet)
    assert probe(path).duration_s == pytest.approx(47.0, abs=0.05)
    assert shown(path, Sampling.every(20.0)) == [(0.0, 0), (7.0, 2)]


@pytest.mark.parametrize("suffix, sound", [(".mp4", "aac"), (".mkv", "flac"), (".ts", "mp2")])
def test_a_video_lasts_as_long_as_its_sound(suffix, sound):
    path = folder() / f"longer{suffix}"
    picture = numbered(suffix, frames=50)
    tone = ("-f", "lavfi", "-i", "sine=frequency=500:duration=9")
    ffmpeg("-i", picture, *tone, "-c:v", "copy", "-c:a", sound, path)
    assert probe(path).duration_s == pytest.approx(9.0, abs=0.1)
    assert probe(numbered(suffix, frames=50, sound=True)).duration_s == pytest.approx(2.0, abs=1e-3)
    assert len(shown(path, Sampling.every(0.5))) == 4, "no frame comes twice"


def test_streams_are_moved_together_and_a_single_wrong_time_moves_one():
    def run(begin_s: float, end_s: float, position: int) -> Part:
        return Part(position, begin_s, end_s, end_s, 100, end_s - begin_s)

    joint = aligned(
        {
            "video": [run(1.4, 11.4, 0), run(0.4, 9.4, 500)],
            "audio": [run(1.38, 11.45, 10), run(0.38, 9.3, 510)],
        }
    )
    assert joint == {"video": [(500, pytest.approx(11.0))], "audio": [(510, pytest.approx(11.0))]}
    alone = aligned(
        {
            "video": [run(0, 5, 0), run(70000, 70000.04, 50), run(5.04, 9, 60)],
            "audio": [run(0, 9, 5)],
        }
    )
    assert alone["audio"] == [] and alone["video"][-1][1] == pytest.approx(0.0, abs=1e-6)
    clock = Clock(shifts=joint)
    assert clock.shift_s("video", 499) == 0.0 and clock.shift_s("video", 501) == pytest.approx(11)
    assert not jumps("video", 95.0, {"video": [run(0, 4, 0)], "audio": [run(0, 95, 5)]})
    assert jumps("video", 95.0, {"video": [run(0, 4, 0)], "audio": [run(0, 4, 5)]})
