"""What several films ask of one model at once is one call, and each has its own answer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmarks.faults.thumbnails import Thumbnails
from svqa.models import Detector
from svqa.pipeline import frame_batches
from svqa.pipeline.frame_batches import MOST, Films, SharedModel, Stopped
from svqa.records import Detection, FrameBatch


class Slow(Thumbnails):
    """Counts the pictures of each call; the first call lasts until it is let go."""

    def __init__(self):
        self.calls, self.at_work, self.go_on = [], threading.Event(), threading.Event()

    def encode_frames(self, pixels):
        self.calls.append(len(pixels))
        self.at_work.set()
        assert self.go_on.wait(10)
        if (pixels == 66).all(axis=(1, 2, 3)).any():
            raise ValueError("a picture of 66")
        return super().encode_frames(pixels)


class Bright(Detector):
    """A box around each picture, as wide as it is bright; none where it is black."""

    model_id, labels = "bright@1", ("light",)

    def detect(self, frames, *, min_score=0.25):
        return [
            Detection("light", 1.0, (0.0, 0.0, float(p.max()), 1.0), float(t), self.model_id)
            for p, t in zip(frames.pixels, frames.t_s, strict=True)
            if p.any()
        ]


def pictures(grey: int, count: int = 1, width: int = 32) -> np.ndarray:
    return np.full((count, 18, width, 3), grey, np.uint8)


def asked_while_busy(model: Slow, *given: np.ndarray) -> list:
    """-> what becomes of the calls for `given`, made one after the other during another call."""
    films = Films(at_work=1 + len(given))
    shared = SharedModel(model, films)
    with ThreadPoolExecutor(len(given) + 1) as pool:
        first = pool.submit(shared.encode_frames, pictures(1))
        assert model.at_work.wait(10)
        others = []
        for number, pixels in enumerate(given, start=1):
            others.append(pool.submit(shared.encode_frames, pixels))
            until = time.monotonic() + 10
            while len(shared._turns._waiting) < number:
                assert time.monotonic() < until
        model.go_on.set()
        first.result()
        return [
            (future.exception(), not future.exception() and future.result()) for future in others
        ]


def test_those_who_come_during_a_call_are_the_next_one_and_each_has_its_own_rows():
    model = Slow()
    given = [pictures(grey, count) for grey, count in ((10, 3), (20, 1), (30, 2))]
    found = asked_while_busy(model, *given)
    assert model.calls == [1, 6]
    for (error, rows), pixels in zip(found, given, strict=True):
        assert error is None
        np.testing.assert_array_equal(rows, Thumbnails().encode_frames(pixels))


def test_pictures_of_other_sizes_and_more_than_the_most_are_calls_of_their_own():
    model = Slow()
    found = asked_while_busy(model, pictures(10, 2), pictures(20, 3, width=24), pictures(30, MOST))
    assert model.calls[0] == 1 and sorted(model.calls[1:]) == [2, 3, MOST]
    assert [len(rows) for _, rows in found] == [2, 3, MOST]


def test_an_error_is_that_of_the_film_whose_picture_it_is():
    model = Slow()
    found = asked_while_busy(model, pictures(10, 3), pictures(66, 1), pictures(30, 2))
    assert [type(error) for error, _ in found] == [type(None), ValueError, type(None)]
    assert model.calls[:2] == [1, 6] and sorted(model.calls[2:]) == [1, 2, 3]
    np.testing.assert_array_equal(found[2][1], Thumbnails().encode_frames(pictures(30, 2)))


def test_what_needs_too_much_memory_at_once_is_done_one_by_one():
    class Small(Slow):
        def encode_frames(self, pixels):
            rows = super().encode_frames(pixels)
            if len(pixels) > 2:
                raise MemoryError("no room")
            return rows

    found = asked_while_busy(Small(), pictures(10, 2), pictures(20, 2))
    assert [len(rows) for _, rows in found] == [2, 2]


def test_who_is_alone_does_not_wait(monkeypatch):
    monkeypatch.setattr(frame_batches, "WAIT_S", 30.0)
    shared = SharedModel(Thumbnails(), Films(at_work=1))
    begin = time.monotonic()
    assert shared.encode_frames(pictures(10)).shape == (1, shared.dim)
    assert shared.encode_text(["one", "two"]).shape == (2, shared.dim)
    assert time.monotonic() - begin < 10


def test_one_waits_for_the_others_and_no_longer_than_until_all_are_there(monkeypatch):
    monkeypatch.setattr(frame_batches, "WAIT_S", 30.0)
    model = Slow()
    model.go_on.set()
    shared = SharedModel(model, Films(at_work=3))
    begin = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        found = [*pool.map(shared.encode_frames, [pictures(grey) for grey in (10, 20, 30)])]
    assert model.calls == [3] and len(found) == 3 and time.monotonic() - begin < 20


def test_boxes_have_the_seconds_of_their_own_film(monkeypatch):
    monkeypatch.setattr(frame_batches, "WAIT_S", 30.0)
    detector = Bright()
    batches = [
        FrameBatch(np.concatenate([pictures(grey), pictures(0), pictures(grey + 1)]), times)
        for grey, times in ((10, [0.0, 0.5, 1.0]), (20, [0.0, 0.7, 900.25]))
    ]
    shared = SharedModel(detector, Films(at_work=2))
    with ThreadPoolExecutor(2) as pool:
        found = [*pool.map(shared.detect, batches)]
    assert found == [detector.detect(frames) for frames in batches]


def test_films_that_are_let_go_call_no_model():
    films = Films(at_work=1, stopping=True)
    with pytest.raises(Stopped):
        SharedModel(Thumbnails(), films).encode_frames(pictures(10))
