from __future__ import annotations

import itertools

import numpy as np
import pytest

from svqa.shapes import boxes, frame_times, scene_of
from svqa.shapes.truth import event_name
from svqa.temporal import Track, names_over_time, track_events_of, tracks_of
from svqa.temporal.track_events import bends

T_S = np.arange(0, 8, 0.1)


def track(path, *, labels=None, t_s=T_S, noise_px: float = 0.0) -> Track:
    """A thing of 20 pixels on straight lines between (t_s, x, y)."""
    t, x, y = zip(*path, strict=True)
    xy = np.stack([np.interp(t_s, t, x), np.interp(t_s, t, y)], axis=1)
    xy = xy + np.random.default_rng(0).normal(scale=noise_px, size=xy.shape)
    return Track(
        t_s,
        xy,
        np.full(len(t_s), 20.0),
        tuple(labels or ["cat"] * len(t_s)),
        np.full(len(t_s), 0.9),
    )


def happenings(*tracks: Track) -> list[tuple[str, float]]:
    found = track_events_of(tracks, start_s=0.0, end_s=7.9, step_s=0.1)
    return [(c.text, round(c.t_s, 2)) for c in found]


def test_a_straight_path_has_no_bend_and_a_still_thing_does_nothing():
    assert bends(track([(0, 0, 0), (8, 80, 0)], noise_px=0.5)) == []
    assert happenings(track([(0, 50, 50), (8, 50, 50)], noise_px=0.5)) == []


@pytest.mark.parametrize(
    "path, text",
    [
        ([(0, 0, 50), (5, 60, 50), (8, 60, 50)], "the cat stops"),
        ([(0, 60, 50), (5, 60, 50), (8, 100, 50)], "the cat starts right"),
        ([(0, 0, 50), (5, 60, 50), (8, 60, 10)], "the cat turns up"),
    ],
)
def test_a_bend_is_found_at_its_second_through_noise(path, text):
    ((said, t_s),) = happenings(track(path, noise_px=0.5))
    assert said == text and t_s == pytest.approx(5, abs=0.21)


def test_several_bends_are_found():
    found = bends(track([(0, 0, 50), (2.5, 50, 50), (5, 50, 50), (8, 110, 50)]))
    assert found == pytest.approx([2.5, 5.0], abs=0.11)


def test_who_stops_at_the_edge_of_another_meets_it():
    mover = track([(0, 0, 50), (5, 60, 50), (8, 60, 50)])
    ahead = track([(0, 82, 50), (8, 82, 50)], labels=["dog"] * 80)
    beside = track([(0, 60, 72), (8, 60, 72)], labels=["dog"] * 80)
    assert happenings(mover, ahead) == [("the cat meets the dog", 5.0)]
    assert happenings(mover, beside) == [("the cat stops", 5.0)], (
        "it did not run into what is at its side"
    )


def test_coming_and_going_are_told_unless_the_video_begins_or_ends_so():
    inside = track([(2, 50, 50), (6, 50, 50)], t_s=T_S[20:60])
    assert happenings(inside) == [("the cat appears", 1.95), ("the cat vanishes", 5.95)]


def test_a_change_of_name_is_one_event_and_odd_boxes_are_none():
    flicker = ["red cat"] * 80
    flicker[10] = flicker[40] = "red dog"
    assert happenings(track([(0, 5, 5), (8, 5, 5)], labels=flicker)) == []
    colour = ["red cat"] * 30 + ["blue cat"] * 50
    assert happenings(track([(0, 5, 5), (8, 5, 5)], labels=colour)) == [
        ("the red cat changes colour to blue", 2.95)
    ]
    kind = ["tadpole"] * 30 + ["frog"] * 50
    assert happenings(track([(0, 5, 5), (8, 5, 5)], labels=kind)) == [
        ("the tadpole changes to frog", 2.95)
    ]


def test_names_over_time_is_the_best_of_all_paths():
    labels = ["a", "b", "a", "a", "b", "b", "b", "a", "b", "b"]
    one = track([(0, 0, 0), (1, 0, 0)], labels=labels, t_s=np.arange(10) / 10)

    def value(path):
        said = sum(0.9 for p, label in zip(path, labels, strict=True) if p == label)
        return said - 2.0 * sum(p != q for p, q in itertools.pairwise(path))

    every = [[("a", "b")[n >> i & 1] for i in range(10)] for n in range(1024)]
    assert value(names_over_time(one)) == pytest.approx(max(map(value, every)))


def test_exact_boxes_of_the_shapes_world_give_back_everything_that_happens():
    told = right = 0
    for index in range(12):
        scene = scene_of(7, index)
        exact = [b for t in frame_times(10) for b in boxes(scene, float(t), width_px=128)]
        found = track_events_of(tracks_of(exact), start_s=0.0, end_s=7.9, step_s=0.1)
        assert len(found) == len(scene.events)
        for event in scene.events:
            told += 1
            right += any(
                c.kind == event.kind
                and c.name == event_name(scene, event)
                and abs(c.t_s - event.t_s) < 0.16
                and (not event.to or event.kind == "stops" or c.to == event.to)
                for c in found
            )
    assert told > 30 and right >= told - 1, f"{right} of {told}"
