from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from experiments.tiny_models.views import recast
from svqa.shapes import (
    DURATION_S,
    SIZES,
    description,
    heading,
    place_of,
    sample_crowd,
    sample_scene,
    sample_still,
    scene_of,
)
from svqa.shapes.scene import GRID_S, bend_of

SCENES = [scene_of(7, index) for index in range(60)]


def test_a_scene_depends_on_its_seed_and_index_only():
    assert scene_of(7, 3) == SCENES[3]
    assert scene_of(8, 3) != SCENES[3]
    assert scene_of(7, 4) != SCENES[3]


@pytest.mark.parametrize("objects", [1, 2, 3, 4])
def test_as_many_objects_as_asked_for(objects):
    rng = np.random.default_rng(0)
    assert len(sample_scene(rng, objects=objects).actors) == objects
    assert len(sample_still(rng, objects=objects).at(1.0)) == objects


def test_an_impossible_number_of_objects_is_refused():
    with pytest.raises(ValueError, match="1 to 4 objects, got 5"):
        sample_scene(np.random.default_rng(0), objects=5)


@pytest.mark.parametrize(
    "scene", [*SCENES[:30], *(recast(s, np.random.default_rng(1)) for s in SCENES[:10])]
)
def test_shapes_stay_inside_and_apart(scene):
    for t_s in np.arange(0, DURATION_S, 0.05):
        seen = scene.at(t_s)
        for s in seen:
            assert s.radius <= s.x <= 1 - s.radius and s.radius <= s.y <= 1 - s.radius
        for one, two in itertools.combinations(seen, 2):
            assert math.dist((one.x, one.y), (two.x, two.y)) > one.radius + two.radius - 2e-3


def test_a_name_means_one_shape_for_the_whole_video():
    for scene in SCENES:
        names = [(actor.shape, colour) for actor in scene.actors for _, colour in actor.colours]
        assert len(names) == len(set(names))


def test_events_fall_on_the_grid_and_never_together():
    for scene in SCENES:
        times = [event.t_s for event in scene.events]
        assert times == sorted(set(times))
        assert all(0 < t < DURATION_S and t % GRID_S == 0 for t in times)


def test_every_event_can_be_seen():
    """What an event says is what the picture shows just before and just after it."""
    kinds = set()
    for scene in SCENES:
        for event in scene.events:
            before = {s.actor: s for s in scene.at(event.t_s - 0.1)}
            after = {s.actor: s for s in scene.at(event.t_s + 0.1)}
            actor = scene.actors[event.actor]
            kinds.add(event.kind)
            if event.kind == "appears":
                assert event.actor not in before and event.actor in after
            elif event.kind == "vanishes":
                assert event.actor in before and event.actor not in after
            elif event.kind == "changes colour":
                assert before[event.actor].colour != after[event.actor].colour == event.to
            elif event.kind == "turns":
                assert heading(actor, 0) != heading(actor, 1) == event.to
            else:
                here, later = after[event.actor], actor.position(event.t_s + 0.5)
                assert heading(actor, 0) and bend_of(actor) == "stops"
                assert math.dist((here.x, here.y), later) < 1e-6
            if event.kind == "meets":
                here, host = after[event.actor], after[event.other]
                gap = (
                    math.dist((here.x, here.y), (host.x, host.y))
                    - SIZES[here.size]
                    - SIZES[host.size]
                )
                assert abs(gap) < 2e-3
    assert kinds == {"appears", "vanishes", "changes colour", "stops", "turns", "meets"}


def test_whoever_moves_goes_the_way_it_heads():
    for actor in (a for scene in SCENES for a in scene.actors):
        (t0, x0, y0), (t1, x1, y1) = actor.path[:2]
        moved = {"left": x0 - x1, "right": x1 - x0, "up": y0 - y1, "down": y1 - y0}
        way = heading(actor)
        assert way is None or moved[way] > 0.2
        assert t1 > t0


def test_recasting_keeps_the_story_and_changes_its_looks():
    rng = np.random.default_rng(0)
    for scene in SCENES[:20]:
        other = recast(scene, rng)
        assert [(e.kind, e.t_s, e.actor) for e in other.events] == [
            (e.kind, e.t_s, e.actor) for e in scene.events
        ]
    assert description(recast(SCENES[0], rng)) != description(recast(SCENES[0], rng))


def test_a_crowd_holds_more_than_a_video_and_never_overlaps():
    scene = sample_crowd(np.random.default_rng(0), objects=8)
    assert 5 <= len(scene.actors) <= 8
    for one, two in itertools.combinations(scene.at(0.0), 2):
        assert math.dist((one.x, one.y), (two.x, two.y)) > one.radius + two.radius


def test_places_near_a_middle_line_are_nobodys():
    assert place_of(0.2, 0.9) == "bottom left"
    assert place_of(0.52, 0.9) == "bottom right"
    assert place_of(0.52, 0.9, margin=0.05) is None
