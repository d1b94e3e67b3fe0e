"""Faults that the database survives.

Kills, full disks, crowds, hostile text (F20, F22, F23, F24, F32).
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.errors import BadText, DatabaseError, NotIngested
from svqa.records import Caption, Chunk, Evidence, Utterance
from tests.helpers.database import MODEL, chunk, contents, fresh_url, ingest, video_info

ROOT = Path(__file__).parents[2]
WORKER = """
import sys, time
from tests.helpers.database import chunk, video_info
from svqa.database import open_store
url, total = sys.argv[1], 12
with open_store(url) as store:
    claim = store.claim_video(video_info(duration_s=total * 30.0), {})
    print(claim.status, claim.committed_s, flush=True)
    while claim.status == "busy":
        time.sleep(0.01)
        claim = store.claim_video(video_info(duration_s=total * 30.0), {})
    if claim.status in ("new", "resumed"):
        start = int(claim.committed_s // 30)
        for i in range(start, total):
            store.commit_chunk(claim.video_id, chunk(i * 30.0, i * 30.0 + 30.0))
        store.finish_video(claim.video_id)
"""


def start_worker(url: str, code: str = WORKER) -> subprocess.Popen:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), url],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def assert_healthy(url: str) -> None:
    with open_store(url) as store:
        assert store.check().problems == ()


@pytest.mark.slow
@pytest.mark.parametrize("backend, kills", [("sqlite", 5), ("postgresql", 2)])
@pytest.mark.fault("F20")
def test_f20_killed_ingest_resumes_to_the_same_rows(backend, kills, tmp_path):
    url, undisturbed = fresh_url(backend, tmp_path), fresh_url(backend, tmp_path)
    draw = random.Random(20)
    committed_s = 0.0
    for _ in range(kills):
        worker = start_worker(url)
        claimed = worker.stdout.readline().split()
        assert claimed[0] in ("new", "resumed", "ready"), worker.stderr.read()
        assert float(claimed[1]) >= committed_s
        time.sleep(draw.uniform(0.0, 0.08))  # somewhere between or inside the chunks' transactions
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=30)
        with open_store(url) as store:
            if backend == "sqlite":
                assert not [p for p in store.check().problems if "interrupted" not in p]
            (video,) = store.videos(ready_only=False)
            times_s = store.frame_times(video.id)
            committed_s = video.committed_s
            assert len(times_s) == video.frames == 2 * committed_s  # exactly the committed prefix
    for target in (url, undisturbed):
        worker = start_worker(target)
        _, errors = worker.communicate(timeout=60)
        assert worker.returncode == 0, errors
    with open_store(url) as store, open_store(undisturbed) as other:
        (resumed,), (whole,) = store.videos(), other.videos()
        assert contents(store, resumed.id) == contents(other, whole.id)
        assert [(c.part, c.start_s) for c in store.chunks(resumed.id)] == [
            ("frames", 30.0 * i) for i in range(12)
        ]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.fault("F23")
def test_f24_same_file_twice_at_once_is_one_video(backend, tmp_path):
    url = fresh_url(backend, tmp_path)
    workers = [start_worker(url) for _ in range(3)]
    outputs = [w.communicate(timeout=120) for w in workers]
    assert [w.returncode for w in workers] == [0, 0, 0], outputs
    assert sorted(out.split()[0] for out, _ in outputs).count("new") == 1, outputs
    with open_store(url) as store:
        (video,) = store.videos(ready_only=False)
        assert (video.status, video.frames, len(store.chunks(video.id))) == ("ready", 720, 12)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.fault("F23")
def test_f23_writers_and_readers_do_not_lock_each_other_out(backend, tmp_path):
    url, failures, written, stop = fresh_url(backend, tmp_path), [], [], threading.Event()
    with open_store(url) as first:
        ingest(first, video_info("0.mp4", digit="f"))

    def contained(work, number):
        try:
            with open_store(url) as store:
                while not stop.is_set():
                    work(store, number)
        except Exception as error:
            failures.append(error)

    def write(store, number):
        question = f"{number}:{len(written)}"
        written.append((question, store.add_query(question, kind="ask", models={}, latency_ms=1.0)))
        claim = store.claim_video(
            video_info(f"{number}.mp4", digit=str(number), duration_s=3e4), {"n": len(written)}
        )
        store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
        store.finish_video(claim.video_id)

    def read(store, _):
        table = store.vectors("frame", "visual", MODEL)
        assert len(table) and len(table) % 60 == 0  # whole chunks only
        store.queries(10)

    threads = [
        threading.Thread(target=contained, args=(work, n))
        for work in (write, read)
        for n in range(8)
    ]
    [t.start() for t in threads]
    time.sleep(4)
    stop.set()
    [t.join(timeout=60) for t in threads]
    assert failures == [] and len(written) >= 8
    with open_store(url) as store:
        assert {(q.question, q.id) for q in store.queries(10**6)} == set(written)
        assert store.stats().rows["embeddings"] == 60 * len(written) + 120
    assert_healthy(url)


@pytest.mark.fault("F22")
def test_f22_disk_full_rolls_the_chunk_back_and_goes_on_later(tmp_path):
    from sqlalchemy import event

    url = f"sqlite:///{tmp_path}/library.db"
    with open_store(url) as store:
        claim = store.claim_video(video_info(duration_s=300.0), {})
        store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
        pages = sqlite3.connect(tmp_path / "library.db").execute("PRAGMA page_count").fetchone()[0]
        limit = [pages + 8]
        event.listen(
            store._engine,
            "begin",
            lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {limit[0]}"),
        )
        with pytest.raises(DatabaseError, match="no room left.*run again"):
            for start_s in range(30, 300, 30):
                store.commit_chunk(claim.video_id, chunk(float(start_s), start_s + 30.0, dim=8))
        reached = store.find_video(claim.video_id, ready_only=False).committed_s
        assert len(store.frame_times(claim.video_id)) == 2 * reached
        limit[0] = 1_000_000
        for start_s in range(int(reached), 300, 30):
            assert store.commit_chunk(claim.video_id, chunk(float(start_s), start_s + 30.0))
        store.finish_video(claim.video_id)
        assert len(store.vectors("frame", "visual", MODEL)) == 600
    assert_healthy(url)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.fault("F22")
def test_f22_read_only_folder_is_a_typed_error(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(DatabaseError, match="permissions"):
            open_store(f"sqlite:///{tmp_path}/library.db")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


@pytest.mark.fault("F22")
def test_f22_read_only_mount_is_a_typed_error():
    """A folder in which not even root can make a file."""
    with pytest.raises(DatabaseError, match="permissions"):
        open_store("sqlite:////proc/library.db")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs setrlimit")
@pytest.mark.fault("F22")
def test_f22_too_many_open_files_is_a_typed_error_and_passes(tmp_path):
    code = """
        import resource, sys, os
        from tests.helpers.database import ingest
        from svqa.database import open_store
        from svqa.errors import DatabaseError
        store = open_store(sys.argv[1])
        store._engine.dispose()
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        files = []
        try:
            while True:
                files.append(open(os.devnull))
        except OSError:
            pass
        try:
            ingest(store)
        except DatabaseError as error:
            print("typed:", error)
        [f.close() for f in files]
        print(ingest(store))
    """
    worker = start_worker(f"sqlite:///{tmp_path}/library.db", code)
    out, errors = worker.communicate(timeout=60)
    assert worker.returncode == 0 and out.startswith("typed:"), out + errors
    assert_healthy(f"sqlite:///{tmp_path}/library.db")


NASTY = [
    "'; DROP TABLE videos; --",
    '"quoted" \\ back',
    "100% _under_ [x] *?",
    "%",
    "_",
    "",
    " ",
    "\n\r\t",
    "\u202egnp.exe",
    "ée\u0301",
    "🎬👩‍👩‍👧",
    "\ufeffbom",
    "\x01\x7f",
    "{}",
    "%s %(a)s :name ?",
    "<script>alert(1)</script>",
    "x" * 1_000_000,
]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.fault("F32")
def test_f32_any_text_comes_back_exactly(backend, tmp_path):
    with open_store(fresh_url(backend, tmp_path)) as store:
        claim = store.claim_video(video_info("it's 100%_[a]*.mp4"), {"note": NASTY[0]})
        captions = tuple(
            Caption(words, i, i + 1, 0.5, f"m'{words[:9]}") for i, words in enumerate(NASTY)
        )
        utterances = tuple(Utterance(c.text, c.start_s, c.end_s, 0.5, "m") for c in captions)
        store.commit_chunk(
            claim.video_id, Chunk(0.0, 30.0, captions=captions, utterances=utterances)
        )
        store.finish_video(claim.video_id, note=NASTY[0])
        assert tuple(store.captions(claim.video_id)) == captions
        assert tuple(store.utterances(claim.video_id)) == utterances
        assert store.find_video("/videos/it's 100%_[a]*.mp4").settings == {"note": NASTY[0]}
        for words in NASTY:
            evidence = [Evidence(claim.video_id, words, 0.0, 1.0, 0.5, "visual", words)]
            store.add_query(
                words,
                kind="ask",
                models={words[:99]: words},
                latency_ms=1.0,
                evidence=evidence,
                answer=words,
                options=[words],
            )
            (kept,) = store.queries(1)
            assert (kept.question, kept.answer, kept.options) == (words, words, (words,))
            assert kept.models == {words[:99]: words} and kept.evidence[0].text == words
        for key in (
            *NASTY[:5],
            "%" * 12,
            "____________",
            claim.video_id[:6] + "%",
            "a\0b",
            "\ud800",
        ):
            with pytest.raises((NotIngested, BadText)):
                store.find_video(key)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("words", ["cut\0off", "half \ud83d", "\udcff.mp4"])
@pytest.mark.fault("F32")
def test_f32_text_that_cannot_come_back_is_refused_whole(backend, words, tmp_path):
    import dataclasses

    with open_store(fresh_url(backend, tmp_path)) as store:
        claim = store.claim_video(video_info(), {})
        with pytest.raises(BadText, match="NUL|surrogate"):
            store.commit_chunk(
                claim.video_id,
                Chunk(0.0, 30.0, (0.0, 1.0), captions=(Caption(words, 0, 1, 0.5, "m"),)),
            )
        assert store.frame_times(claim.video_id).tolist() == []
        with pytest.raises(BadText):
            store.claim_video(dataclasses.replace(video_info(digit="b"), path=words), {})
        with pytest.raises(BadText):
            store.add_query(words, kind="ask", models={}, latency_ms=1.0)
        assert len(store.videos(ready_only=False)) == 1 and store.queries() == []
