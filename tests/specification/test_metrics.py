"""Time, memory and figures: what one process did, and what one video cost."""

from __future__ import annotations

import json
import mmap
import multiprocessing
import threading
import time
from dataclasses import asdict

import numpy as np
import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from svqa.database import open_store
from svqa.errors import NotIngested
from svqa.profiling import MetricsService, machine, metrics_service
from svqa.records import Segment
from tests.helpers.database import fresh_url, ingest, video_info

MB = 1 << 20


def work_in_a_child(_) -> dict:
    with metrics_service.track_processing_time("child work") as timer:
        timer.items = 10
    return metrics_service.timings()


def fresh(size_bytes: int) -> np.ndarray:
    """Pages straight from the system: what the allocator kept from earlier tests would not show."""
    pages = np.frombuffer(mmap.mmap(-1, size_bytes), np.uint8)
    pages[:] = 1
    return pages


class TestMetrics:
    """The names of the project's specification."""

    def test_memory_tracking(self):
        with metrics_service.track_memory() as use:
            held = fresh(20 * MB)
            with metrics_service.track_memory() as inner:
                passing = fresh(60 * MB)
                del passing
            after_inner = fresh(5 * MB)
        assert 55 * MB < inner.peak_grown_bytes < 90 * MB and abs(inner.grown_bytes) < 20 * MB
        # the inner block's peak belongs to the outer one too
        assert 75 * MB < use.peak_grown_bytes < 110 * MB
        assert 15 * MB < use.grown_bytes < 50 * MB
        assert (
            metrics_service.memory().peak_bytes
            >= use.peak_bytes
            >= held.nbytes + after_inner.nbytes
        )
        with metrics_service.track_memory() as quiet:
            pass
        assert quiet.peak_grown_bytes < 5 * MB  # an earlier peak is not this block's

    def test_processing_timer(self):
        service = MetricsService()

        @service.track_processing_time("answer")
        def answer(text):
            """Doc."""
            time.sleep(0.01)
            return text.upper()

        with service.track_processing_time("ask") as outer:
            assert answer("a bear") == "A BEAR" and answer.__doc__ == "Doc."
            with (
                pytest.raises(ZeroDivisionError),
                service.track_processing_time("answer") as failing,
            ):
                failing.items = 3
                _ = 1 / 0
        answer("alone")
        found = service.timings()
        assert sorted(found) == ["answer", "ask", "ask/answer"]
        nested = found["ask/answer"]
        assert (nested.calls, nested.items) == (2, 3)  # the failed call is booked as well
        assert nested.min_s < 0.01 <= nested.max_s <= nested.total_s <= outer.seconds
        assert (
            nested.items_per_s == pytest.approx(3 / nested.total_s)
            and found["ask"].items_per_s is None
        )
        frame = service.timings_frame()
        assert frame["operation"].tolist()[-1] != "ask" and frame["calls"].sum() == 4
        service.reset()
        assert service.timings() == {} and len(service.timings_frame()) == 0

    def test_answer_quality_evaluation(self):
        quality = metrics_service.evaluate_answer_quality("Two dogs run", "the two dogs")
        assert (quality.exact_match, quality.completeness, quality.references) == (0.0, 1.0, 1)
        assert quality.word_overlap == pytest.approx(2 / 3)  # 2, dogs of 2, dogs, run
        assert quality.token_f1 == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
        assert metrics_service.evaluate_answer_quality("the 2 dogs.", "Two dogs").exact_match == 1.0
        empty = metrics_service.evaluate_answer_quality("", "the two dogs")
        assert (
            empty.exact_match,
            empty.token_f1,
            empty.word_overlap,
            empty.completeness,
            empty.anls,
        ) == (0,) * 5
        people = ["blue"] * 2 + ["navy"] * 8  # two of ten agree: 0.6, the mean over those left out
        assert metrics_service.evaluate_answer_quality(
            "blue", people
        ).vqa_accuracy == pytest.approx(0.6)


def test_timer_is_safe_between_threads():
    service = MetricsService()

    def work():
        for _ in range(2000):
            with service.track_processing_time("a"), service.track_processing_time("b") as timer:
                timer.items = 1

    # belongs to this thread: the others do not nest in it
    with service.track_processing_time("main"):
        threads = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    found = service.timings()
    assert sorted(found) == ["a", "a/b", "main"]
    assert (found["a"].calls, found["a/b"].calls, found["a/b"].items) == (8000, 8000, 8000)


def test_timer_is_safe_between_processes_and_merges():
    service = MetricsService()
    with (
        metrics_service.track_processing_time("parent only"),
        multiprocessing.get_context("fork").Pool(2) as pool,
    ):
        per_child = pool.map(work_in_a_child, range(2), chunksize=1)
    for timings in per_child:
        assert "parent only" not in timings
        service.merge(timings)
    (merged,) = [t for name, t in service.timings().items() if name.endswith("child work")]
    assert merged.items == 10 * merged.calls and merged.calls >= 2


def test_reset_inside_a_block_does_no_harm():
    service = MetricsService()
    with service.track_processing_time("before"):
        service.reset()
        with service.track_processing_time("after"):
            pass
    assert set(service.timings()) == {"after"}


def test_no_gpu_is_said_clearly(monkeypatch):
    import pynvml

    def no_driver():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", no_driver)
    assert (
        machine.gpus() == [] and machine.describe_gpu() == "none" and metrics_service.gpus() == []
    )


def test_gpu_figures_come_from_the_driver(monkeypatch):
    """The driver's answers put in place of a GPU, in the shapes that nvidia-ml-py gives them."""
    import pynvml

    class Info:
        used, total = 3 << 30, 8 << 30

    def silent(_):
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    for name, value in {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda i: i,
        "nvmlDeviceGetMemoryInfo": lambda h: Info,
        "nvmlDeviceGetName": lambda h: "Card",
        "nvmlDeviceGetUtilizationRates": silent,
    }.items():
        monkeypatch.setattr(pynvml, name, value)
    assert machine.gpus() == [machine.Gpu("Card", None, 3 << 30, 8 << 30)]
    assert machine.describe_gpu() == "Card, 3.0 of 8.0 GiB"


def test_benchmark_contains_errors_and_ranks_by_time():
    def slow(x):
        time.sleep(0.005)

    def broken(x):
        raise KeyError(x)

    def picky(x):
        if x == 2:
            raise ValueError("not two")

    rows = metrics_service.benchmark_models(
        {"broken": broken, "slow": slow, "picky": picky}, [1, 2, 3]
    )
    assert [r.model for r in rows] == ["picky", "slow", "broken"]
    picky_row, slow_row, broken_row = rows
    assert (
        picky_row.errors == {"ValueError": 1}
        and broken_row.errors == {"KeyError": 3}
        and broken_row.mean_s is None
    )
    assert (
        slow_row.n == 3
        and slow_row.p90_s >= slow_row.p50_s >= 0.005
        and slow_row.calls_per_s <= 200
    )
    with pytest.raises(ValueError, match="empty"):
        metrics_service.benchmark_models({"slow": slow}, [])


def test_benchmark_measures_each_models_memory():
    rows = metrics_service.benchmark_models(
        {"small": lambda n: n, "big": lambda n: fresh(n).sum()}, [80 * MB]
    )
    peaks = {r.model: r.peak_grown_bytes for r in rows}
    assert 70 * MB < peaks["big"] < 120 * MB and peaks["small"] < 20 * MB


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    return fresh_url(request.param, tmp_path)


def test_video_statistics(url):
    with open_store(url) as store:
        claim = store.claim_video(video_info(), {})
        video = ingest(store, video_info("b.mp4", digit="b"))
        store.fail_video(claim.video_id, "unreadable")
        for latency_ms, abstained in ((10.0, False), (30.0, True), (20.0, False), (40.0, False)):
            store.add_query(
                "?",
                kind="ask",
                models={},
                latency_ms=latency_ms,
                abstained=abstained,
                videos=[video],
            )
        store.add_query("elsewhere", kind="ask", models={}, latency_ms=1e6, abstained=True)
        found = metrics_service.get_video_statistics(store, video)
        assert found.processing["total_s"] is None and found.processing["real_time_factor"] is None
        assert (found.processing["frames"], found.processing["segments"]) == (120, 12)
        assert (
            found.processing["vector_bytes"] == 120 * 8 * 2
            and found.processing["file_bytes"] == 1234
        )
        assert found.quality["captions"] == {
            "n": 12,
            "words_mean": 3.0,
            "distinct_share": 1.0,
            "vocabulary": 14,
        }
        assert found.quality["caption_confidence"] == {"n": 12, "p25": 0.5, "p50": 0.5, "p75": 0.5}
        assert found.quality["box_confidence"]["p50"] == 0.75 and found.quality["utterances"] == 2
        assert found.quality["questions"] == {
            "n": 4,
            "answered_share": 0.75,
            "abstained_share": 0.25,
            "latency_ms": {"p50": 20.0, "p90": 40.0, "p99": 40.0},
        }
        json.dumps(asdict(found), allow_nan=False)
        assert metrics_service.queries_frame(store)["latency_ms"].tolist() == [
            1e6,
            40.0,
            20.0,
            30.0,
            10.0,
        ]
        assert metrics_service.videos_frame(store)["processing.frames"].tolist() == [120]


def test_video_statistics_from_a_url_or_a_session_and_with_stages(url):
    with open_store(url) as store:
        claim = store.claim_video(video_info(), {})
        store.finish_video(
            claim.video_id,
            shots=[Segment(0, 5, "shot")],
            metrics={"decode_s": 2.0, "caption_s": 4.0},
        )
        unasked = store.claim_video(video_info("c.mp4", digit="c"), {}).video_id
    found = metrics_service.get_video_statistics(url, claim.video_id)
    assert (
        found.processing["stage_s"] == {"decode_s": 2.0, "caption_s": 4.0}
        and found.processing["shots"] == 1
    )
    assert (found.processing["total_s"], found.processing["real_time_factor"]) == (6.0, 10.0)
    assert (
        found.quality["questions"]["answered_share"] is None
        and found.quality["captions"]["words_mean"] is None
    )
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with Session(engine) as session:
        assert metrics_service.get_video_statistics(session, claim.video_id) == found
    engine.dispose()
    with pytest.raises(NotIngested):
        metrics_service.get_video_statistics(url, unasked)


def test_p16_statistics_of_one_video_never_scan_a_table(tmp_path):
    """Every statement is answered from an index, so a million rows of other videos cost nothing."""
    with open_store(f"sqlite:///{tmp_path}/library.db") as store:
        video = ingest(store)
        store.add_query("?", kind="ask", models={}, latency_ms=1.0, videos=[video])
        statements = []

        def note(_connection, _cursor, sql, args, *_):
            statements.append((sql, args))

        event.listen(store._engine, "before_cursor_execute", note)
        metrics_service.get_video_statistics(store, video)
        for work in (store.vectors, store.nearest):
            arguments = ([np.ones(8)] if work == store.nearest else []) + [
                "frame",
                "visual",
                "encoder@1",
            ]
            work(*arguments, videos=[video])
        store.passages(videos=[video])
        store.frame_times(video)
        store.segments(video)
        store.chunks(video)
        store.queries(10, video=video)
        again = ingest(store, video_info("b.mp4", digit="b"))
        store.find_video(again)
        plans = []
        with store._engine.connect() as connection:
            for sql, args in list(statements):
                if sql.startswith(("SELECT", "UPDATE", "DELETE")):
                    args = args[0] if isinstance(args, list) else args
                    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", args).all()
                    plans += [(row[3], sql) for row in rows]
    assert len(plans) > 30
    # embedding_spaces has a row for each model, level and modality: a handful, however many videos
    # there are.
    assert [p for p in plans if p[0].startswith("SCAN") and "embedding_spaces" not in p[0]] == []
