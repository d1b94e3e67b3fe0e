"""Which frames are wanted: a video sampled part by part is the whole video sampled at once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from svqa.media import Sampling

STEPS = st.lists(st.floats(0.01, 2.0), min_size=1, max_size=30)


def times_of(steps: list[float]) -> list[float]:
    """-> the presentation times of frames, from 0."""
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step)
    return times


def chosen(sampling: Sampling, times: list[float]) -> list[float]:
    """The frames that are wanted, as the decoder asks for them, one after the other."""
    wanted = [t for t, after in pairwise(times) if sampling.wants(t, after)]
    return wanted + [t for t in times[-1:] if sampling.wants_last(t, t + 0.04)]


def shown_at(times: list[float], second: float) -> float:
    """-> the time of the frame on the screen at a second: the last one presented by then."""
    return [t for t in times if t <= second + 1e-6][-1]


@given(STEPS, st.floats(0.05, 3.0))
def test_every_wanted_second_has_the_frame_that_is_shown_then(steps, every_s):
    times = times_of(steps)
    seconds = [i * every_s for i in range(int(times[-1] / every_s) + 1)]
    expected = {shown_at(times, s) for s in seconds if s < times[-1] - 2e-6}
    found = chosen(Sampling.every(every_s), times)
    assert expected <= set(found)
    assert len(found) <= len(seconds) + 1, "no frame that no second asked for"
    assert found == sorted(set(found)), "each frame once, in order"


@given(STEPS, st.lists(st.floats(0.0, 70.0), max_size=10))
def test_given_seconds_in_any_order_get_their_frames(steps, seconds):
    times = times_of(steps)
    found = chosen(Sampling.at(seconds), times)
    assert set(found) == {shown_at(times, s) for s in seconds}
    assert found == chosen(Sampling.at(reversed(seconds)), times)


@given(STEPS)
def test_all_frames_are_all_frames(steps):
    times = times_of(steps)
    assert chosen(Sampling.native(), times) == times
