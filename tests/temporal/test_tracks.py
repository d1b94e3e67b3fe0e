from __future__ import annotations

import numpy as np
import pytest

from svqa.records import Detection
from svqa.shapes import boxes, frame_times, scene_of
from svqa.temporal import tracks_of


def box(
    x: float, t_s: float, *, y: float = 50.0, label: str = "cat", score: float = 0.9
) -> Detection:
    return Detection(label, score, (x, y, x + 20, y + 20), t_s, "test")


def walk(start: float, speed: float, times, **how) -> list[Detection]:
    return [box(start + speed * t, float(t), **how) for t in times]


TIMES = np.arange(0, 4, 0.1)


def test_two_things_that_pass_each_other_stay_two():
    one, two = walk(0, 30, TIMES, y=20), walk(120, -30, TIMES, y=60)
    tracks = tracks_of([*one, *two])
    assert sorted(len(track) for track in tracks) == [40, 40]
    assert sorted(float(np.sign(track.xy_px[-1, 0] - track.xy_px[0, 0])) for track in tracks) == [
        -1,
        1,
    ]


def test_a_name_may_change_within_a_life():
    (track,) = tracks_of([box(10, t, label="cat" if t < 2 else "dog") for t in TIMES.tolist()])
    assert track.labels[0] == "cat" and track.labels[-1] == "dog"


def test_a_short_gap_is_bridged_at_constant_speed_and_a_long_one_ends_it():
    short = [b for b in walk(0, 30, TIMES) if not 1.95 < b.t_s < 2.45]
    assert [len(track) for track in tracks_of(short)] == [35]
    long = [b for b in walk(0, 30, TIMES) if not 1.45 < b.t_s < 2.45]
    assert len(tracks_of(long)) == 2


def test_what_is_seen_too_seldom_or_never_surely_is_no_life():
    assert tracks_of(walk(0, 1, TIMES[:3])) == []
    assert tracks_of(walk(0, 1, TIMES, score=0.2)) == []
    assert tracks_of([]) == []


def test_the_order_of_the_boxes_does_not_matter():
    found = walk(0, 30, TIMES, y=20) + walk(120, -30, TIMES, y=60)
    mixed = [found[i] for i in np.random.default_rng(0).permutation(len(found))]
    for a, b in zip(tracks_of(found), tracks_of(mixed), strict=True):
        np.testing.assert_array_equal(a.xy_px, b.xy_px)


@pytest.mark.parametrize("rate_hz", [10, 2])
@pytest.mark.parametrize("index", range(6))
def test_exact_boxes_of_the_shapes_world_give_one_life_an_actor(index, rate_hz):
    scene = scene_of(11, index)
    tracks = tracks_of(
        [b for t in frame_times(rate_hz) for b in boxes(scene, float(t), width_px=128)]
    )
    assert len(tracks) == len(scene.actors)
    for track in tracks:
        assert any(
            abs(track.t_s[0] - a.span[0]) < 0.06
            and abs(track.t_s[-1] + 1 / rate_hz - a.span[1]) < 0.06
            for a in scene.actors
        )
        assert track.at(float(track.t_s[0])) == pytest.approx(track.xy_px[0])
