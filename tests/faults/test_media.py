"""Broken, hostile and odd files (F6-F15, F34, F36).

The parent lives, no child is left, the error is typed and teaches.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

import svqa.media.process as process
from svqa.errors import (
    DecodeCrashed,
    DecodeTimeout,
    FileChanged,
    MediaError,
    NetworkRefused,
    NoFrames,
    NotAVideo,
    NoVideoStream,
    SvqaError,
    TooLarge,
    VideoNotFound,
)
from svqa.media import (
    Limits,
    Sampling,
    check_unchanged,
    file_stamp,
    probe,
    read_audio,
    read_frames,
    shots,
    stream_frames,
)
from svqa.media.worker_start import template_pids
from tests.helpers.clips import ffmpeg, folder, numbered, read_number, variant

RATE = 25


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)} - template_pids()


@pytest.fixture(autouse=True)
def no_child_left():
    before = _children()
    yield
    for _ in range(50):
        if not _children() - before:
            return
        time.sleep(0.1)
    assert not _children() - before, "a worker outlived its call by more than 5 s"


@contextmanager
def refused(*kinds: type[SvqaError], naming: str | Path):
    """Expect one of these errors; its text names the file and says more than that."""
    with pytest.raises(kinds) as caught:
        yield
    text = str(caught.value)
    assert Path(naming).name in text and len(text) > len(str(naming)) + 30
    assert len(text) < 2000


def _clip(suffix: str = ".mp4", **options) -> Path:
    return numbered(suffix, frames=75, **options)


def _faststart() -> Path:
    return _clip(extra=("-movflags", "+faststart"))


# -- F6 streams ---


@pytest.mark.fault("F6")
def test_a_video_without_sound_is_fine():
    assert not probe(_clip()).has_audio
    assert read_audio(_clip()) is None


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a", ".ogg"])
@pytest.mark.fault("F6")
def test_sound_alone_is_no_video(suffix):
    path = folder() / f"sound{suffix}"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path)
    for call in (probe, read_frames):
        with refused(NoVideoStream, naming=path):
            call(path)
    assert read_audio(path).duration_s == pytest.approx(1.0, abs=0.1)


@pytest.mark.fault("F6")
def test_cover_art_is_no_video():
    picture, path = folder() / "cover.png", folder() / "cover.mp3"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, picture)
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "sine=duration=1",
        "-i",
        picture,
        "-map",
        0,
        "-map",
        1,
        "-c:v",
        "copy",
        "-disposition:v",
        "attached_pic",
        path,
    )
    with refused(NoVideoStream, naming=path):
        probe(path)


# -- F7 nothing in it ---


@pytest.mark.fault("F7")
def test_zero_bytes():
    path = variant(_clip(), "empty.mp4", b"")
    for call in (probe, read_frames, read_audio):
        with refused(NotAVideo, naming=path):
            call(path)


@pytest.mark.fault("F7")
def test_a_header_without_frames():
    data = _faststart().read_bytes()
    path = variant(_clip(), "header.mp4", data[: data.index(b"mdat") + 4])
    for call in (probe, read_frames):
        with refused(NoFrames, naming=path):
            call(path)


@pytest.mark.fault("F7")
def test_one_frame():
    path = numbered(frames=1)
    info = probe(path)
    assert info.frames == 1 and info.duration_s == pytest.approx(1 / RATE)
    batch = read_frames(path)
    assert batch.t_s.tolist() == [0.0]
    assert [(s.start_s, s.end_s) for s in shots(batch, duration_s=info.duration_s)] == [
        (0.0, info.duration_s)
    ]


# -- F8 clocks ---


def _live_mkv() -> Path:
    return variant(
        _clip(), "live.mkv", ffmpeg("-i", _clip(), "-c", "copy", "-f", "matroska", "pipe:")
    )


def _absurd_mkv() -> Path:
    data = bytearray(_clip(".mkv").read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # EBML "Duration", an 8-byte float
    data[at : at + 8] = np.array([9e15], ">f8").tobytes()
    return variant(_clip(".mkv"), "absurd.mkv", bytes(data))


def _late(suffix: str, *options) -> Path:
    path = folder() / f"late{suffix}"
    ffmpeg("-i", _clip(), "-c", "copy", *options, path)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda: _late(".ts", "-output_ts_offset", 30),
        lambda: _late(".mkv", "-output_ts_offset", 7.5),
        lambda: _late(".mov", "-output_ts_offset", 3),
        lambda: _live_mkv(),
        lambda: _absurd_mkv(),
        lambda: _late(".avi", "-bsf:v", "h264_mp4toannexb"),
    ],
    ids=["late ts", "late mkv", "late mov", "no duration", "absurd", "avi"],
)
@pytest.mark.fault("F8")
def test_times_begin_at_zero_and_the_duration_is_counted(make):
    path = make()
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.1)
    batch = read_frames(path, Sampling.native(), size_px=64)
    assert batch.t_s[0] == 0.0
    assert [read_number(p) for p in batch.pixels] == list(range(75))


@pytest.mark.fault("F8")
def test_negative_first_time_is_cut_by_the_edit_list():
    path = folder() / "cut.mp4"
    ffmpeg("-ss", 0.52, "-i", _clip(gop=25), "-c", "copy", path)
    batch = read_frames(path, Sampling.every(0.5), size_px=64)
    first = read_number(batch.pixels[0])
    assert batch.t_s[0] == 0.0 and first == 13
    assert [read_number(p) - first for p in batch.pixels] == [round(t * RATE) for t in batch.t_s]


# -- F9, F10 less than promised ---


@pytest.mark.fault("F9")
def test_a_header_that_promises_more_than_there_is():
    data = _faststart().read_bytes()
    path = variant(
        _faststart(),
        "half.mp4",
        data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2],
    )
    info = probe(path)
    assert 10 < info.frames < 70 and info.duration_s == pytest.approx(info.frames / RATE, abs=0.2)
    with stream_frames(path, Sampling.native(), size_px=64) as stream:
        numbers = [read_number(p) for batch in stream for p in batch.pixels]
    assert stream.ended == "truncated" and abs(len(numbers) - info.frames) <= 2
    assert stream.frames == len(numbers)


def _broken(suffix: str, share: float) -> Path:
    clip = (
        _faststart()
        if suffix == "faststart.mp4"
        else _clip(suffix, **({"codec": "mpeg4"} if suffix == ".avi" else {}))
    )
    data = clip.read_bytes()
    return variant(clip, f"cut{int(share * 100)}{suffix}", data[: int(len(data) * share)])


@pytest.mark.parametrize("suffix", [".mp4", "faststart.mp4", ".mkv", ".ts", ".avi"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.fault("F10")
def test_truncated(suffix, share):
    path = _broken(suffix, share)
    try:
        with stream_frames(path, Sampling.every(0.2), size_px=64) as stream:
            frames = [
                (t, read_number(p))
                for batch in stream
                for t, p in zip(batch.t_s, batch.pixels, strict=True)
            ]
    except MediaError as error:
        assert path.name in str(error)
        return
    assert stream.ended == "truncated" or suffix == ".ts"  # which does not say how long it was
    told = {round(t, 3) for t in stream.damaged_s}
    wrong = [(t, n) for t, n in frames if n != round(t * RATE) and round(t, 3) not in told]
    assert not wrong, "a damaged frame came without a word"


@pytest.mark.fault("F10")
def test_box_sizes_that_lie():
    data = bytearray(_faststart().read_bytes())
    for name in (b"moov", b"trak", b"stbl", b"mdat"):
        for size in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x03"):
            bad = bytearray(data)
            bad[data.index(name) - 4 : data.index(name)] = size
            path = variant(_faststart(), f"box-{name.decode()}.mp4", bytes(bad))
            try:
                batch = read_frames(path, Sampling.every(1.0), size_px=64)
                assert [read_number(p) for p in batch.pixels] == [
                    round(t * RATE) for t in batch.t_s
                ]
            except MediaError as error:
                assert path.name in str(error)


@pytest.mark.slow
@pytest.mark.fault("F11")
def test_flipped_bytes_never_crash_the_parent():
    rng = np.random.default_rng(11)
    for suffix in (".mp4", ".mkv", ".ts"):
        clip = _clip(suffix)
        for copy in range(8):
            data = np.frombuffer(clip.read_bytes(), np.uint8).copy()
            data[rng.integers(0, len(data), 12)] ^= rng.integers(1, 256, 12).astype(np.uint8)
            path = variant(clip, f"flip{copy}{suffix}", data.tobytes())
            try:
                read_frames(path, Sampling.every(0.5), size_px=64, limits=Limits(deadline_s=10))
            except MediaError as error:
                assert path.name in str(error)


@pytest.mark.fault("F12")
def test_a_damaged_middle_is_flagged_not_replaced():
    clip = numbered(".mkv", frames=150, size=(320, 192))
    data = bytearray(clip.read_bytes())
    begin, length = int(len(data) * 0.45), len(data) // 50
    data[begin : begin + length] = (
        np.random.default_rng(1).integers(0, 256, length, dtype=np.uint8).tobytes()
    )
    path = variant(clip, "damaged.mkv", bytes(data))
    with stream_frames(path, Sampling.native(), size_px=64) as stream:
        frames = [
            (t, read_number(p))
            for batch in stream
            for t, p in zip(batch.t_s, batch.pixels, strict=True)
        ]
    wrong = {round(t, 3) for t, n in frames if n != round(t * RATE)}
    assert wrong and wrong <= {round(t, 3) for t in stream.damaged_s}


# -- F13 something else ---


def _not_videos() -> dict[str, bytes]:
    target = _clip()
    picture, archive = folder() / "picture.png", folder() / "archive.zip"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, picture)
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(target)
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{target}\n#EXT-X-ENDLIST\n"
    return {
        "picture.mp4": picture.read_bytes(),
        "archive.mp4": archive.read_bytes(),
        "playlist.mp4": hls.encode(),
        "concat.mp4": f"ffconcat version 1.0\nfile '{target}'\n".encode(),
        "page.mp4": b"<!doctype html><video src=x>",
        "script.mp4": b"#!/bin/sh\ntouch /tmp/owned\n",
        "text.mp4": b"just words\n" * 500,
        "zeros.mp4": bytes(100_000),
        "noise.mp4": np.random.default_rng(0).bytes(100_000),
    }


@pytest.mark.parametrize(
    "name",
    [
        "picture.mp4",
        "archive.mp4",
        "playlist.mp4",
        "concat.mp4",
        "page.mp4",
        "script.mp4",
        "text.mp4",
        "zeros.mp4",
        "noise.mp4",
    ],
)
@pytest.mark.fault("F13")
def test_content_decides_not_the_name(name):
    path = variant(_clip(), name, _not_videos()[name])
    with refused(NotAVideo, NoVideoStream, naming=path):
        probe(path)


@pytest.mark.fault("F13")
def test_a_video_is_a_video_under_any_name():
    path = variant(_clip(), "holiday.png", _clip().read_bytes())
    assert probe(path).frames == 75


# -- F14 too large ---


@pytest.mark.fault("F14")
def test_a_huge_header_is_refused_before_memory_is_taken():
    data = numbered(".mkv", frames=2, size=(320, 272), codec="ffv1").read_bytes()
    size = b"\xb0\x82" + (320).to_bytes(2, "big") + b"\xba\x82" + (272).to_bytes(2, "big")
    assert size in data
    path = variant(_clip(), "huge.mkv", data.replace(size, b"\xb0\x82\x80\x00\xba\x82\x80\x00"))
    begin = time.monotonic()
    for call in (probe, read_frames):
        with refused(TooLarge, naming=path):
            call(path, limits=Limits(memory_bytes=800 << 20))  # one such frame would need 1 GB
    assert time.monotonic() - begin < 10
    with refused(TooLarge, naming=_clip()):
        read_frames(_clip(), limits=Limits(max_pixels=1000))


# -- F15 a worker that misbehaves ---


def _misbehave(monkeypatch, body: str) -> None:
    """Replace what the worker does, and keep its fences.

    The parent starts this program in place of the real one.
    """
    code = (
        "import os, sys, time, signal\nimport svqa.media.worker as worker\n"
        f"def run(job, send):\n    {body}\nworker._run = run\nsys.exit(worker.main())"
    )
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", code))


PATIENT = Limits(deadline_s=60.0, no_progress_s=60.0, memory_bytes=500 << 20)
QUICK = Limits(deadline_s=6.0, no_progress_s=3.0, memory_bytes=500 << 20)


@pytest.mark.fault("F15")
def test_a_stopped_worker_is_killed():
    stream = stream_frames(
        numbered(frames=1500, size=(96, 64), gop=50),
        Sampling.native(),
        size_px=64,
        batch=4,
        limits=QUICK,
    )
    next(stream)
    os.kill(stream._worker._process.pid, signal.SIGSTOP)
    begin = time.monotonic()
    with refused(DecodeTimeout, naming=numbered(frames=1500, size=(96, 64), gop=50)):
        for _ in stream:
            pass
    assert time.monotonic() - begin < QUICK.deadline_s + 2
    assert stream._worker._process.poll() == -signal.SIGKILL


@pytest.mark.parametrize(
    "body, kind",
    [
        ("while True: pass", DecodeTimeout),
        ("signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64)); time.sleep(60)", DecodeTimeout),
        ("\n    while True: send(kind='alive'); time.sleep(0.1)", DecodeTimeout),
        (
            "subprocess = __import__('subprocess'); subprocess.Popen(['sleep', '60']).wait()",
            DecodeTimeout,
        ),
        ("os.kill(os.getpid(), signal.SIGSEGV)", DecodeCrashed),
        ("os._exit(0)", DecodeCrashed),
        ("x = bytearray(8 << 30)", DecodeCrashed),
        ("x = [bytearray(1 << 20) for _ in range(1 << 14)]", DecodeCrashed),
        ("raise RuntimeError('a bug')", DecodeCrashed),
        ("send._out.write(bytes(range(200, 256)) * 100)", DecodeCrashed),
    ],
    ids=[
        "loops",
        "deaf to signals",
        "alive for ever",
        "child that stays",
        "segfault",
        "exits in silence",
        "one large allocation",
        "many allocations",
        "python error",
        "garbage",
    ],
)
@pytest.mark.fault("F15")
def test_a_worker_that_misbehaves_is_ended(monkeypatch, body, kind):
    _misbehave(monkeypatch, body)
    limits = QUICK if kind is DecodeTimeout else PATIENT  # a busy machine may be slow to crash
    begin = time.monotonic()
    with refused(kind, naming=_clip()):
        probe(_clip(), limits=limits)
    assert time.monotonic() - begin < limits.deadline_s + 2


@pytest.mark.fault("F15")
def test_a_worker_that_prints_a_gigabyte_fills_no_disk(monkeypatch):
    _misbehave(
        monkeypatch,
        "\n    for _ in range(1 << 14):\n        try: os.write(2, b'x' * (1 << 16))\n    "
        "    except OSError: pass"
        "\n    raise RuntimeError('done')",
    )
    kept = []
    died = process.Worker._died
    monkeypatch.setattr(
        process.Worker,
        "_died",
        lambda self: (kept.append(os.fstat(self._log.fileno()).st_size), died(self))[1],
    )
    with refused(DecodeCrashed, naming=_clip()):
        probe(_clip(), limits=Limits(log_bytes=5000))
    assert kept == [5000]


def test_what_a_library_prints_is_not_taken_for_a_message(monkeypatch):
    _misbehave(
        monkeypatch,
        "print('hello from a library', flush=True); os.write(1, b'and again'); "
        "send(kind='open', has_sound=False)",
    )
    assert read_audio(_clip()) is None


@pytest.mark.fault("F15")
def test_real_decoding_out_of_memory():
    path = numbered(frames=2, size=(1280, 720), codec="mpeg4", suffix=".mkv")
    assert len(read_frames(path, size_px=64, limits=Limits(memory_bytes=600 << 20)))
    with refused(DecodeCrashed, naming=path):
        read_frames(path, size_px=6000, limits=Limits(memory_bytes=300 << 20))


@pytest.mark.fault("F15")
def test_a_worker_ends_with_its_parent():
    code = (
        "import os, sys; sys.path.insert(0, 'tests')\nfrom svqa.media import "
        "stream_frames, Sampling\n"
        f"s = stream_frames({str(numbered(frames=1500, size=(96, 64), gop=50))!r}, "
        "Sampling.native(), batch=4)\n"
        "next(s)\n"
        "print(s._worker._process.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    pid = int(run.stdout)
    for _ in range(50):
        if (
            not Path(f"/proc/{pid}").exists()
            or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
        ):
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived its killed parent by 5 s")


@pytest.mark.fault("F15")
def test_after_every_fault_a_healthy_file_reads_as_if_nothing_had_happened(monkeypatch):
    with monkeypatch.context() as patch:
        _misbehave(patch, "os.kill(os.getpid(), signal.SIGSEGV)")
        with pytest.raises(DecodeCrashed):
            read_frames(_clip())
    assert len(read_frames(_clip(), Sampling.native(), size_px=32)) == 75


# -- F19, F34, F36 names and files ---


@pytest.mark.fault("F19")
def test_a_replaced_file_is_noticed(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(_clip().read_bytes())
    before = file_stamp(path)
    check_unchanged(path, before)
    (tmp_path / "new").write_bytes(_clip().read_bytes())
    (tmp_path / "new").rename(path)
    with refused(FileChanged, naming=path):
        check_unchanged(path, before)
    path.unlink()
    with refused(FileChanged, naming=path):
        check_unchanged(path, before)


@pytest.mark.parametrize(
    "name",
    [
        "-dash.mp4",
        "new\nline.mp4",
        "a" * 251 + ".mp4",
        "con:colon|pipe.mp4",
        "img%03d.mp4",
        os.fsdecode(b"caf\xe9.mp4"),
        "spaces and 'quotes\".mp4",
    ],
)
@pytest.mark.fault("F34")
def test_odd_names_are_read_exactly(tmp_path, name, monkeypatch):
    (tmp_path / name).write_bytes(_clip().read_bytes())
    monkeypatch.chdir(tmp_path)
    info = probe(name)
    assert info.path == name and info.frames == 75


@pytest.mark.fault("F34")
def test_a_symlink_is_read_and_a_missing_target_is_told(tmp_path):
    (tmp_path / "link.mp4").symlink_to(_clip())
    assert probe(tmp_path / "link.mp4").frames == 75
    (tmp_path / "dead.mp4").symlink_to(tmp_path / "nowhere.mp4")
    with refused(VideoNotFound, naming="dead.mp4"):
        probe(tmp_path / "dead.mp4")


@pytest.mark.fault("F34")
def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo.mp4")
    begin = time.monotonic()
    for path in (
        tmp_path / "fifo.mp4",
        "/dev/zero",
        tmp_path,
        tmp_path / "nothing.mp4",
        "nul\0byte.mp4",
        "a" * 300 + ".mp4",
    ):
        for call in (probe, read_frames, read_audio, lambda p: next(iter(stream_frames(p)))):
            with refused(VideoNotFound, naming=path):
                call(path)
    assert time.monotonic() - begin < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x.mp4",
        "https://example.org/x.mp4",
        "rtsp://10.0.0.1/live",
        "file:///etc/passwd",
    ],
)
@pytest.mark.fault("F36")
def test_a_url_is_refused_and_nothing_is_contacted(url):
    for call in (probe, read_frames, read_audio):
        with refused(NetworkRefused, naming=url):
            call(url)
