"""The same store on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
from datetime import UTC, timedelta

import numpy as np
import pytest

from svqa.database import StoredComparison, StoredVersion, newest_per_file, open_store
from svqa.errors import BadVector, DatabaseError, LeaseLost, NotIngested, UsageError
from svqa.records import Chunk, Evidence, Segment, TextBox, Utterance, VectorSet
from tests.helpers.database import MODEL, chunk, contents, fresh_url, ingest, video_info


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    return fresh_url(request.param, tmp_path)


@pytest.fixture
def store(url):
    with open_store(url) as opened:
        yield opened


def test_what_goes_in_comes_out(store):
    claim = store.claim_video(video_info(), {"every_s": 0.5, "speech": True, "note": None})
    given = chunk(0.0, 30.0)
    assert claim.status == "new" and store.commit_chunk(claim.video_id, given)
    metrics = {"decode_s": 1.25, "lost": float("nan")}
    store.finish_video(claim.video_id, shots=[Segment(0, 12.5, "shot")], metrics=metrics)
    assert store.captions(claim.video_id) == list(given.captions)
    assert store.utterances(claim.video_id) == list(given.utterances)
    assert store.detections(claim.video_id) == list(given.detections)
    assert store.segments(claim.video_id) == list(given.segments)
    assert store.shots(claim.video_id) == [Segment(0, 12.5, "shot")]
    assert store.metrics(claim.video_id) == {"decode_s": 1.25}
    assert store.frame_times(claim.video_id).tolist() == list(given.frame_times_s)
    table = store.vectors("frame", "visual", MODEL)
    assert table.values.dtype == np.float16
    assert np.array_equal(table.values, given.vectors[0].values.astype(np.float16))
    assert np.array_equal(table.spans, given.vectors[0].spans) and set(table.video_ids) == {
        claim.video_id
    }
    video = store.find_video(claim.video_id)
    assert (video.frames, video.segments, video.status, video.committed_s) == (60, 6, "ready", 30.0)
    assert dict(video.settings) == {"every_s": 0.5, "speech": True, "note": None}
    assert video.ingested_at.tzinfo is UTC


def test_lines_of_text_that_come_and_go_together_are_one_passage(store):
    def line(text: str, start_s: float, end_s: float, top: float) -> TextBox:
        return TextBox(text, start_s, end_s, 0.75, (5.0, top, 90.0, top + 10), "reader@1")

    first = (line("NEWS", 0, 30, 0), line("Prices", 5, 15, 20), line("Bread 2", 5, 15, 40))
    later = (line("NEWS", 30, 60, 0), line("Weather", 30, 40, 20))
    claim = store.claim_video(video_info(), {})
    assert store.commit_chunk(claim.video_id, Chunk(0.0, 30.0, text_boxes=first))
    assert not store.commit_chunk(claim.video_id, Chunk(0.0, 30.0, text_boxes=first))
    store.commit_chunk(claim.video_id, Chunk(30.0, 60.0, text_boxes=later))
    store.finish_video(claim.video_id)
    assert store.text_boxes(claim.video_id) == [*first, *later]
    assert store.find_video(claim.video_id).committed_s == 60.0
    told = [(p.text, p.start_s, p.end_s) for p in store.passages(kinds=("text",))]
    assert told == [("NEWS", 0, 60), ("Prices\nBread 2", 5, 15), ("Weather", 30, 40)]
    assert {p.kind for p in store.passages()} == {"text"}
    assert [p.text for p in store.passages(kinds=["text"], start_s=20, end_s=30)] == ["NEWS"]
    assert store.stats().rows["text_boxes"] == 5
    other = ingest(store, video_info("b.mp4", digit="b"))
    kinds = [(p.video == other, p.kind) for p in store.passages()]
    assert kinds == sorted(kinds, key=lambda item: item[0])  # by video, whatever the kind
    with pytest.raises(UsageError, match="caption, speech, text"):
        store.passages(kinds=["smell"])


def test_half_ingested_video_is_never_searched(store):
    claim = store.claim_video(video_info(), {})
    store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
    assert len(store.vectors("frame", "visual", MODEL)) == 0
    assert store.passages() == [] and store.videos() == []
    assert store.nearest(np.ones(8), "frame", "visual", MODEL) == []
    with pytest.raises(NotIngested):
        store.find_video(claim.video_id)
    store.finish_video(claim.video_id, status="partial", note="truncated")
    assert len(store.vectors("frame", "visual", MODEL)) == 60 and len(store.passages()) == 7
    assert store.find_video(claim.video_id).note == "truncated"


def test_same_bytes_and_settings_are_one_video(store):
    first = ingest(store, settings={"a": 1, "b": 2})
    again = store.claim_video(video_info("copy.mp4"), {"b": 2, "a": 1})
    assert (again.video_id, again.status, again.committed_s) == (first, "ready", 60.0)
    other = store.claim_video(video_info(), {"a": 1, "b": 3})
    assert other.video_id != first and other.status == "new"


def test_claim_goes_on_where_the_last_one_stopped(store, url):
    claim = store.claim_video(video_info(), {})
    store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
    assert store.claim_video(video_info(), {}).status == "busy"
    with open_store(url) as other:
        assert other.claim_video(video_info(), {}).status == "busy"
        store.release(claim.video_id)
        resumed = other.claim_video(video_info(), {})
        assert (resumed.status, resumed.committed_s) == ("resumed", 30.0)
        with pytest.raises(LeaseLost, match="not held"):
            store.commit_chunk(claim.video_id, chunk(30.0, 60.0))
        assert other.commit_chunk(claim.video_id, chunk(30.0, 60.0))
        other.fail_video(claim.video_id, "disk on fire \0 \ud800")
    failed = store.find_video(claim.video_id, ready_only=False)
    assert failed.status == "failed" and "disk on fire" in failed.note
    assert store.claim_video(video_info(), {}).committed_s == 60.0


def test_lease_of_a_dead_process_or_of_yesterday_is_taken_over(store, url, monkeypatch):
    import svqa.database.ingest as module

    owner = module._new_owner()
    host, pid, started, token = owner.rsplit(":", 3)
    for stale in (
        f"{host}:4194304:{started}:{token}",
        f"{host}:{pid}:{int(started) - 100}:{token}",
    ):
        monkeypatch.setattr(module, "_new_owner", lambda stale=stale: stale)
        store.claim_video(video_info(), {})
        monkeypatch.undo()
        with open_store(url) as other:
            assert other.claim_video(video_info(), {}).status == "new"
    monkeypatch.setattr(module, "_new_owner", lambda: f"elsewhere:1:1:{token}")
    assert store.claim_video(video_info(), {}).status == "new"
    with open_store(url) as other:
        # another machine cannot be asked
        assert other.claim_video(video_info(), {}).status == "busy"
    monkeypatch.setattr(module, "LEASE", timedelta(seconds=-1))
    store.release(video_info().sha256[:1])  # not a claim: nothing happens
    store.release(next(iter(store._leases)))
    store.claim_video(video_info(), {})
    with open_store(url) as other:
        assert other.claim_video(video_info(), {}).status == "new"


def test_chunk_is_written_once(store):
    claim = store.claim_video(video_info(), {})
    assert store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
    before = [(c.part, c.start_s, c.end_s) for c in store.chunks(claim.video_id)]
    assert not store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
    assert (
        [(c.part, c.start_s, c.end_s) for c in store.chunks(claim.video_id)]
        == before
        == [("frames", 0.0, 30.0)]
    )
    assert store.frame_times(claim.video_id).shape == (60,)


def test_scene_vectors_and_speech_do_not_pretend_that_frames_were_seen(store):
    claim = store.claim_video(video_info(), {})
    scene = VectorSet(
        "scene", "visual", MODEL, np.array([[0.0, 30.0]]), np.ones((1, 8), np.float32)
    )
    assert store.commit_chunk(
        claim.video_id, Chunk(0.0, 60.0, utterances=(Utterance("hello", 1, 2, 0.9, "s"),))
    )
    assert store.commit_chunk(
        claim.video_id, Chunk(0.0, 30.0, segments=(Segment(0, 30, "scene"),), vectors=(scene,))
    )
    assert store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
    store.release(claim.video_id)
    assert store.claim_video(video_info(), {}).committed_s == 30.0
    assert {c.part for c in store.chunks(claim.video_id)} == {"speech", "scene", "frames"}


@pytest.mark.parametrize(
    "name, values, model_id",
    [
        ("NaN", np.array([[1.0] * 8, [np.nan] * 8]), MODEL),
        ("beyond float16", np.array([[1.0] * 8, [1e5] * 8]), MODEL),
        ("length zero", np.array([[1.0] * 8, [0.0] * 8]), MODEL),
        ("length zero", np.array([[1.0] * 8, [1e-9] * 8]), MODEL),
        ("have 8 numbers", np.ones((2, 4)), MODEL),
        ("no numbers", np.ones((2, 0)), MODEL),
        ("two models", np.ones((2, 8)), "other@1"),
    ],
)
@pytest.mark.fault("F30")
def test_f30_vectors_that_cannot_be_compared_are_refused_whole(store, name, values, model_id):
    claim = store.claim_video(video_info(), {})
    store.commit_chunk(claim.video_id, chunk(0.0, 30.0))
    spans = np.array([[30.0, 30.5], [30.5, 31.0]])
    bad = dataclasses.replace(
        chunk(30.0, 60.0),
        vectors=(VectorSet("frame", "visual", model_id, spans, values.astype(np.float32)),),
    )
    before = contents(store, claim.video_id) if store.videos() else store.captions(claim.video_id)
    with pytest.raises(BadVector, match=name):
        store.commit_chunk(claim.video_id, bad)
    assert store.captions(claim.video_id) == before  # not even the captions of the refused chunk
    assert store.commit_chunk(claim.video_id, chunk(30.0, 60.0))


@pytest.mark.fault("F30")
def test_dimension_of_a_model_is_one_for_the_whole_library(store):
    ingest(store)
    claim = store.claim_video(video_info("b.mp4", digit="b"), {})
    with pytest.raises(BadVector, match="have 8 numbers in this database, got 4"):
        store.commit_chunk(claim.video_id, chunk(0.0, 30.0, dim=4))


def test_nearest_is_the_exact_answer(store):
    ids = [ingest(store, video_info(f"{d}.mp4", digit=d), seed=i) for i, d in enumerate("abc")]
    table = store.vectors("frame", "visual", MODEL)
    query = np.random.default_rng(5).normal(size=8).astype(np.float32)
    scores = table.values.astype(np.float32) @ query
    best = np.argsort(-scores, kind="stable")[:7]
    found = store.nearest(query, "frame", "visual", MODEL, k=7)
    assert [(v, s) for v, s, _, _ in found] == [
        (table.video_ids[i], table.spans[i, 0]) for i in best
    ]
    assert np.allclose([score for *_, score in found], scores[best], rtol=1e-5)
    assert {
        v for v, *_ in store.nearest(query, "frame", "visual", MODEL, k=500, videos=ids[:1])
    } == {ids[0]}
    assert store.nearest(query, "scene", "audio", MODEL) == []
    with pytest.raises(UsageError, match="finite"):
        store.nearest(query * np.nan, "frame", "visual", MODEL)


def test_passages_are_in_time_order_and_cut_by_overlap(store):
    video = ingest(store)
    every = store.passages()
    assert [p.start_s for p in every] == sorted(p.start_s for p in every) and len(every) == 14
    assert {p.kind for p in store.passages(kinds=("speech",))} == {"speech"}
    cut = store.passages(videos=[video], start_s=5.0, end_s=10.0)
    assert [(p.text, p.path) for p in cut] == [("caption at 5", "/videos/bears.mp4")]
    assert store.passages(videos=[]) == []
    with pytest.raises(UsageError, match="visual"):
        store.passages(kinds=("visual",))


def test_video_is_found_by_id_path_and_bytes(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    info = dataclasses.replace(video_info(), path=str(tmp_path / "bears.mp4"))
    first = ingest(store, info)
    for key in (
        first,
        first[:6],
        info.path,
        "bears.mp4",
        "./bears.mp4",
        info.sha256,
        info.sha256.upper(),
    ):
        assert store.find_video(key).id == first, key
    second = ingest(store, info, settings={"every_s": 1.0})
    assert store.find_video("bears.mp4").id == second
    assert [v.id for v in newest_per_file(store.videos())] == [second]
    assert [v.id for v in store.videos(settings_match={"every_s": 0.5})] == [first]
    assert store.videos(settings_match={"missing": None}) == []
    with pytest.raises(NotIngested, match=r"bears\.mp4.*svqa ingest"):
        store.find_video("bear.mp4")


def test_a_file_name_alone_finds_its_video_where_it_is_the_only_one(store, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    first = ingest(store, dataclasses.replace(video_info(), path=str(tmp_path / "bears.mp4")))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert store.find_video("bears.mp4").id == first
    for part in ("ears.mp4", "%.mp4", "", "mp4"):
        with pytest.raises(NotIngested):
            store.find_video(part)
    other = video_info("bears.mp4", digit="b")
    second = ingest(store, dataclasses.replace(other, path=str(tmp_path / "other" / "bears.mp4")))
    with pytest.raises(NotIngested, match=rf"several videos: {first} .*; {second} .*Give the path"):
        store.find_video("bears.mp4")


def test_moved_file_keeps_its_row_and_gets_its_new_path(store, tmp_path):
    old, new = tmp_path / "old.mp4", tmp_path / "new.mp4"
    old.touch()
    video = ingest(store, dataclasses.replace(video_info(), path=str(old)))
    settings = {"every_s": 0.5}
    store.claim_video(dataclasses.replace(video_info(), path=str(new)), settings)
    assert store.find_video(video).path == str(old)  # a copy: the first one is still there
    old.unlink()
    store.claim_video(dataclasses.replace(video_info(), path=str(new)), settings)
    assert store.find_video(str(new)).id == video


def test_every_question_leaves_a_trail(store):
    video = ingest(store)
    evidence = [
        Evidence(
            video,
            "/videos/bears.mp4",
            1.0,
            2.5,
            0.5,
            "visual",
            "a bear",
            {"visual": np.float32(0.25)},
        ),
        Evidence("gone", "/videos/gone.mp4", 0.0, 1.0, 0.25, "speech"),
    ]
    number = store.add_query(
        "What animal?",
        kind="ask",
        models={"answerer": "evidence@1"},
        latency_ms=12.5,
        evidence=evidence,
        videos=[video],
        options=["bear", "fox"],
        answer="bear",
        option=0,
        score=0.9,
    )
    store.add_query("anything", kind="search", models={}, latency_ms=1.0)
    last, first = store.queries()
    assert (first.id, first.question, first.options, first.answer) == (
        number,
        "What animal?",
        ("bear", "fox"),
        "bear",
    )
    assert first.evidence[0].parts == {"visual": 0.25} and first.evidence[1].video == "gone"
    assert first.videos == (video,) and last.videos == () and last.score is None
    assert store.queries(video=video) == [first]
    with pytest.raises(NotIngested):
        store.add_query("?", kind="ask", models={}, latency_ms=1.0, videos=["nowhere"])
    with pytest.raises(DatabaseError, match="kind_known"):
        store.add_query("?", kind="guess", models={}, latency_ms=1.0)
    assert len(store.queries()) == 2


def test_comparison_is_kept_with_its_passport(store):
    given = StoredComparison(
        "vqa", ("a", "b"), "accuracy", 280, "undecided", {"split": "val"}, {"difference": 0.01}
    )
    number = store.add_comparison(given)
    (kept,) = store.comparisons(model_type="vqa")
    assert kept.id == number and dataclasses.replace(kept, id=None, created_at=None) == given
    assert store.comparisons(model_type="captioning") == []
    with pytest.raises(DatabaseError, match="JSON can hold"):
        store.add_comparison(dataclasses.replace(given, result={"difference": float("nan")}))


def version(**values) -> StoredVersion:
    return StoredVersion(
        **{
            "name": "blip-lora",
            "base_id": "blip",
            "base_revision": "main",
            "base_sha256": "b" * 64,
            "adapter_path": "/x",
            "sha256": "c" * 64,
            "data_sha256": "d" * 64,
            "settings": {"rank": 8},
            "seed": 0,
            "commit": "abc",
            "dirty": False,
            "packages": {"torch": "2"},
            "hardware": "cpu",
            "seconds": 1.5,
            "peak_memory_bytes": 5 << 30,
            "figures": {"before": 0.5},
            **values,
        }
    )


def test_versions_count_up_and_aliases_move(store):
    first, second = store.add_model_version(version()), store.add_model_version(version(parent=1))
    assert (first.number, second.number, second.parent, second.peak_memory_bytes) == (
        1,
        2,
        1,
        5 << 30,
    )
    store.set_alias("blip-lora", "champion", 1)
    assert store.model_version("blip-lora:champion").number == 1
    store.set_alias("blip-lora", "champion", 2)
    assert (
        store.model_version("blip-lora:champion")
        == store.model_version("blip-lora")
        == store.model_versions()[1]
    )
    assert store.model_versions("blip-lora")[0].aliases == ()
    for bad in (
        lambda: store.add_model_version(version(number=1)),
        lambda: store.model_version("blip-lora:9"),
        lambda: store.set_alias("blip-lora", "3", 1),
        lambda: store.set_alias("blip-lora", "my@best", 1),
        lambda: store.set_alias("blip-lora", "best", 9),
    ):
        with pytest.raises(UsageError):
            bad()
    assert len(store.model_versions()) == 2


def test_stats_and_check(store, url):
    ingest(store)
    store.claim_video(video_info("b.mp4", digit="b"), {})
    for latency_ms, abstained in ((10.0, False), (20.0, True), (30.0, False), (40.0, False)):
        store.add_query("?", kind="ask", models={}, latency_ms=latency_ms, abstained=abstained)
    stats = store.stats()
    assert stats.videos == {"ready": 1, "ingesting": 1} and stats.rows["embeddings"] == 120
    assert stats.abstained_share == 0.25 and stats.queries == 4 and stats.video_s == 120.0
    assert stats.latency_ms == {"p50": 20.0, "p90": 40.0, "p99": 40.0} and stats.size_bytes > 10_000
    health = store.check()
    assert health.problems == () and health.journal_mode == "wal" and health.foreign_keys
    assert health.backend == ("sqlite" if url.startswith("sqlite") else "postgresql")


def test_check_names_interrupted_ingests(store):
    claim = store.claim_video(video_info(), {})
    assert store.check().problems == ()
    store.release(claim.video_id)
    assert store.check().problems == ("ingest of /videos/bears.mp4 was interrupted: run it again",)


def test_table_of_vectors_is_kept_until_the_library_changes(store):
    ingest(store)
    table = store.vectors("frame", "visual", MODEL)
    assert store.vectors("frame", "visual", MODEL) is table
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 1
    ingest(store, video_info("b.mp4", digit="b"))
    assert len(store.vectors("frame", "visual", MODEL)) == 240 and len(table) == 120


def test_table_is_sorted_by_video_and_time_whatever_the_order_of_writing(store):
    first, second = (store.claim_video(video_info(f"{d}.mp4", digit=d), {}).video_id for d in "ab")
    for video, start_s in ((second, 30.0), (first, 30.0), (second, 0.0), (first, 0.0)):
        store.commit_chunk(video, chunk(start_s, start_s + 30))
    store.finish_video(first)
    store.finish_video(second)
    table = store.vectors("frame", "visual", MODEL)
    assert table.video_ids.tolist() == [first] * 120 + [second] * 120
    assert table.spans[:, 0].tolist() == np.arange(0, 60, 0.5).tolist() * 2
    assert (
        table.values[0].tolist()
        == chunk(0.0, 30.0).vectors[0].values[0].astype(np.float16).tolist()
    )


def test_cache_keeps_to_its_budget():
    from svqa.database import VectorTable
    from svqa.database.vectors import TableCache

    cache = TableCache(budget_bytes=1000)
    tables = [
        VectorTable(np.array(["a"]), np.zeros((1, 2)), np.ones((1, 200), np.float16))
        for _ in range(4)
    ]
    for i in (0, 1):
        cache.put((i,), tables[i])
    assert cache.get((0,)) is tables[0]
    cache.put((2,), tables[2])
    assert cache.get((1,)) is None and cache.get((0,)) is tables[0] and cache.get((2,)) is tables[2]
    huge = VectorTable(np.array(["a"]), np.zeros((1, 2)), np.ones((1, 501), np.float16))
    cache.put(("huge",), huge)
    assert cache.get(("huge",)) is None


def test_library_of_more_videos_than_a_statement_may_name(tmp_path, monkeypatch):
    import svqa.database.passages as passages
    import svqa.database.vectors as vectors

    with open_store(f"sqlite:///{tmp_path}/library.db") as store:
        ids = [ingest(store, video_info(f"{d}.mp4", digit=d), until_s=30) for d in "abcde"]
        whole = store.vectors("frame", "visual", MODEL)
        for module in (passages, vectors):
            monkeypatch.setattr(module, "BATCH", 2)
        some = store.vectors("frame", "visual", MODEL, videos=ids[1:])
        assert (
            np.array_equal(some.values, whole.values[60:]) and len(store.passages(videos=ids)) == 35
        )
        assert [
            p.video for p in store.passages(videos=[*reversed(ids[:3]), "unknown"])[::7]
        ] == ids[:3]
