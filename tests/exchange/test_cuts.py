"""The cited seconds as a film, as edit lists, and as temporal detections."""

from __future__ import annotations

import json
import sys

import pytest

from svqa.database import open_store
from svqa.errors import UsageError
from svqa.exchange import evidence_edl
from svqa.media import probe
from tests.helpers.films import NAME, QUESTION, SCRIPT, SPANS

SECONDS = sum(end_s - start_s for start_s, end_s in SPANS)


def test_the_cited_seconds_as_a_film(run, tmp_path, folder):
    out = tmp_path / "evidence.mp4"
    said = json.loads(run("export", "clip", "-o", str(out), "--json"))
    assert [tuple(span) for span in said["spans_s"]] == [
        pytest.approx(span, abs=0.05) for span in SPANS
    ]
    assert probe(out).duration_s == pytest.approx(SECONDS, abs=0.1)
    assert "is there already" in run("export", "clip", "-o", str(out), code=1)
    assert "coded anew" in run("export", "clip", NAME, "-o", str(out), "--overwrite")


def test_given_seconds_as_a_film_without_loss(run, tmp_path):
    out = tmp_path / "part.mkv"
    told = run("export", "clip", NAME, "-o", str(out), "--from", "0", "--to", "2.5", "--copy")
    assert "copied without loss" in told and "0:00.0-0:02." in told
    assert 2.5 <= probe(out).duration_s < 2.8
    assert "want a FILM" in run("export", "clip", "-o", str(out), "--from", "1", code=1)
    assert (
        "no such"
        in run("export", "clip", "-o", str(tmp_path / "a.mp4"), "--number", "99", code=1).lower()
    )


def test_an_edit_list_of_cmx_3600(run, tmp_path):
    otio = pytest.importorskip("opentimelineio", reason="pip install -e '.[exchange]'")
    out = tmp_path / "evidence.edl"
    run("export", "edl", "-o", str(out))
    rate = 25.0
    read = otio.adapters.read_from_file(str(out), adapter_name="cmx_3600", rate=rate)
    clips = list(read.find_clips())
    spans = [
        (c.source_range.start_time.to_seconds(), c.source_range.end_time_exclusive().to_seconds())
        for c in clips
    ]
    assert spans == [pytest.approx(span, abs=0.05) for span in SPANS]
    assert {clip.name for clip in clips} == {NAME}
    assert clips[0].media_reference.target_url.startswith("file://")
    assert f"said at 1.0 {SCRIPT}"[:120] in clips[0].metadata["cmx_3600"]["comments"]
    assert read.name == QUESTION[:120].strip()


def test_words_of_a_film_add_no_entry_to_an_edit_list(folder):
    pytest.importorskip("otio_cmx3600_adapter", reason="pip install -e '.[exchange]'")
    from dataclasses import replace

    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        (asked,) = store.queries(1)
        plain = evidence_edl(store, asked)
        entry = "\n099  X V C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\r\u2028* FROM: x"
        evil = [replace(e, text=entry, path=e.path) for e in asked.evidence]
        got = evidence_edl(store, replace(asked, question=f"who?{entry}", evidence=tuple(evil)))
        assert len(got.splitlines()) == len(plain.splitlines())
        with pytest.raises(UsageError, match="cites no seconds"):
            evidence_edl(store, replace(asked, evidence=()))


def test_temporal_detections_of_fiftyone(run, tmp_path, folder):
    """As `FiftyOneTemporalDetectionDataset` is documented; the package itself needs a MongoDB."""
    out = tmp_path / "set"
    run("export", "fiftyone", "-o", str(out))
    labels = json.loads((out / "labels.json").read_text(encoding="utf-8"))
    films = json.loads((out / "data.json").read_text(encoding="utf-8"))
    assert labels["classes"] == ["caption", "evidence", "speech", "text"]
    ((film, found),) = labels["labels"].items()
    # a film is named in `data.json` by its label without an ending
    assert {name.rpartition(".")[0]: path for name, path in films.items()} == {
        film: str(folder / NAME)
    }
    info = probe(folder / NAME)
    for detection in found:
        assert set(detection) == {"label", "support", "confidence", "attributes"}
        first, last = detection["support"]
        assert isinstance(first, int) and 1 <= first <= last <= info.frames
        assert 0 <= detection["confidence"] <= 1
    cited = [d for d in found if d["label"] == "evidence"]
    assert [tuple(d["support"]) for d in cited] == [(26, 62), (101, 125), (163, 200), (213, 238)]
    assert cited[0]["attributes"]["question"] == QUESTION
    assert "is there already" in run("export", "fiftyone", "-o", str(out), code=1)
    run("export", "fiftyone", "-o", str(out), "--overwrite", "--video", NAME)


def test_without_the_extra_one_line_says_what_to_install(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    for kind in ("edl", "otio"):
        told = run("export", kind, "-o", str(tmp_path / f"a.{kind}"), code=1)
        assert "pip install 'svqa[exchange]'" in told
