"""A damaged film says where, its damaged frames are not described, what rests on them is marked."""

from __future__ import annotations

import numpy as np
import pytest

from svqa.media import Sampling, probe, stream_frames
from svqa.pipeline import open_library
from svqa.pipeline.analysis import Analysis
from svqa.pipeline.damage_note import damage_note, damaged_spans, mark
from svqa.records import Evidence
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, folder, numbered, variant
from tests.pipeline.test_standing_frames import MODELS


def damaged(suffix: str, share: float = 0.2):
    """A film of 40 s with noise from its middle on."""
    codec = {".mpg": "mpeg2video", ".avi": "mpeg4"}.get(suffix, "libx264")
    clip = numbered(suffix, codec=codec, frames=1000, gop=25)
    data = bytearray(clip.read_bytes())
    begin, length = len(data) // 2, int(len(data) * share)
    noise = np.random.default_rng(4).integers(0, 256, length, dtype=np.uint8)
    data[begin : begin + length] = noise.tobytes()
    return variant(clip, f"damaged{suffix}", bytes(data))


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".avi", ".ts"])
def test_damaged_frames_are_not_described(suffix):
    path = header_first() if suffix == ".mp4" else damaged(suffix)
    settings = Settings(every_s=0.5, boxes=False, speech=False)
    analysis = Analysis(str(path), probe(path), MODELS, settings)
    chunks = list(analysis.chunks())
    spans = analysis.findings.damaged_spans_s
    assert spans and spans[0][0] > 10
    with stream_frames(path, Sampling.every(0.5), size_px=32) as stream:
        times = [float(t) for batch in stream for t in batch.t_s]
    described = [c for chunk in chunks for c in chunk.captions]
    for caption in described:
        inside = [t for t in times if caption.start_s <= t < caption.end_s]
        assert len(caption.text.split()) <= max(1, len(set(inside) - set(stream.damaged_s)))
    assert len(described) >= 2
    assert not any(c.text == "-1" for c in described), "a picture nobody can read"
    assert damaged_spans(damage_note(spans))


def header_first():
    """MP4 with its header first, so that noise in the middle meets pictures only."""
    clip = numbered(".mp4", frames=1000, gop=25, extra=("-movflags", "faststart"))
    data = bytearray(clip.read_bytes())
    begin = data.find(b"mdat") + 4
    middle, length = (begin + len(data)) // 2, len(data) // 10
    noise = np.random.default_rng(4).integers(0, 256, length, dtype=np.uint8)
    data[middle : middle + length] = noise.tobytes()
    return variant(clip, "damaged.mp4", bytes(data))


@pytest.mark.fault("F12")
def test_an_ingest_says_where_and_evidence_is_marked(tmp_path):
    with open_library(f"sqlite:///{tmp_path / 'svqa.db'}", every_s=1.0, boxes=False) as library:
        (report,) = library.ingest(damaged(".mkv"))
        assert report.status == "partial" and "damaged pictures at" in report.note
        ((begin_s, end_s), *_) = damaged_spans(report.note)
        hits = library.search("black and white blocks", k=20)
        for hit in hits:
            touched = hit.start_s < end_s and hit.end_s > begin_s
            assert not touched or 0 < hit.parts["damaged"] <= 1
        assert any("damaged" not in hit.parts for hit in hits)
        (healthy,) = library.ingest(numbered(".mkv", frames=100))
        assert (healthy.status, healthy.note) == ("ready", "")


def test_sound_that_cannot_be_decoded_is_said(tmp_path):
    path = folder() / "unheard.mkv"
    tone = ("-f", "lavfi", "-i", "sine=frequency=500:duration=3")
    ffmpeg("-i", numbered(), *tone, "-c:v", "copy", "-c:a", "dca", "-strict", "-2", path)
    with open_library(f"sqlite:///{tmp_path / 'svqa.db'}", every_s=1.0, boxes=False) as library:
        (report,) = library.ingest(path)
    assert report.status == "ready" and "does not decode" in report.note


def test_a_note_and_its_seconds_are_one():
    note = damage_note([(3.21, 5.0), (9.0, 9.04)])
    assert damaged_spans(note) == [(3.2, 5.0), (9.0, 9.1)]
    assert damaged_spans(f"{note}; the file ends early: 9.1 s of 27.6 s could be read") == [
        (3.2, 5.0),
        (9.0, 9.1),
    ]
    assert damage_note([]) == "" and damaged_spans("the file ends early: 2.6-9.0 s") == []
    many = [(float(i), i + 0.5) for i in range(0, 90, 2)]
    assert "and 25 more" in damage_note(many) and len(damaged_spans(damage_note(many))) == 20
    evidence = Evidence("v", "p", 4.0, 6.0, 1.0, "visual", parts={"visual": 0.5})
    assert mark(evidence, note).parts == {"visual": 0.5, "damaged": pytest.approx(0.5)}
    assert mark(evidence, "") is evidence
