"""One stopwatch: seconds by operation, nested names.

It is empty in a forked child and gone with its owner.
"""

from __future__ import annotations

import gc
import os
import weakref

import pytest

from svqa.profiling.timing import Timings


def test_calls_of_an_operation_add_up_and_inner_ones_are_named_after_the_outer():
    timings = Timings()
    for _ in range(3):
        with timings.track("decode"), timings.track("seek") as seek:
            seek.items = 2
    found = timings.read()
    assert list(found) == ["decode/seek", "decode"]
    assert found["decode"].calls == 3 and found["decode/seek"].items == 6
    assert found["decode"].total_s >= found["decode/seek"].total_s >= 0


def test_what_raises_is_booked_too():
    timings = Timings()
    with pytest.raises(KeyError), timings.track("store"):
        raise KeyError("full")
    assert timings.read()["store"].calls == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_starts_empty_and_the_parent_keeps_its_own():
    timings = Timings()
    with timings.track("work"):
        pass
    child = os.fork()
    if not child:
        os._exit(len(timings.read()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert timings.read()["work"].calls == 1


def test_nothing_keeps_a_stopwatch_alive():
    timings = Timings()
    gone = weakref.ref(timings)
    del timings
    gc.collect()
    assert gone() is None
