"""The base never hears of time; films show what is asked; what never looks knows habits."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from experiments.learning_time.arms import never_looks
from experiments.learning_time.summary import curves, summary
from experiments.learning_time.task import FRAMES, KEPT, LEARNT, write_places, write_times
from svqa.media import Sampling, read_frames
from svqa.shapes.render import render_pixels
from svqa.shapes.sampling import scene_of
from svqa.training.dataset import Example, read_examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    write_places(folder, seed=5, videos=6)
    write_times(folder, seed=5, videos=6, rounds=2, replay_every=3)
    return folder


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_base_is_asked_about_named_seconds_and_single_frames_alone(folder):
    asked = rows(folder / "places.jsonl")
    kinds = {row["type"] for row in asked}
    named = {"first place", "last place", *(f"named {kind}" for kind in KEPT)}
    assert kinds <= {*KEPT, *named} and {"named place", "first place", "last place"} <= kinds
    words = {word for row in asked for word in row["question"].split()}
    assert not words & {"first:", "move?", "turn?", "become?", "change", "when", "way", "happens"}
    places = [row for row in asked if row["type"] == "named place"]
    count = Counter(row["type"] for row in asked)
    assert count.most_common(1)[0][0] == "named place"
    assert all("span" in row and row["question"].startswith("at ") for row in places)


def test_a_named_place_is_where_the_film_shows_the_thing(folder):
    """Looked up in the scene at the second that the frame shows, not in the question's source."""
    found = 0
    for row in rows(folder / "places.jsonl"):
        if row["type"] == "named place":
            second = int(row["question"].split()[1])
            name = row["question"].rstrip("?").split("the ")[1]
            scene = scene_of(5, int(row["group"].split("-")[2]))
            seen = next(s for s in scene.at(second + 0.25) if s.name == name)
            down, across = row["answers"][0].split()
            assert (seen.y < 0.5, seen.x < 0.5) == (down == "top", across == "left")
            found += 1
    assert found > 20


def test_a_film_shows_its_videos_one_after_another(folder):
    film = read_frames(folder / "film-5-000.mp4", Sampling.at([8 * 4 + k + 0.5 for k in range(8)]))
    drawn = [
        render_pixels(scene_of(5, 4), k + 0.25, width_px=224, height_px=224) for k in range(FRAMES)
    ]
    apart = np.abs(film.pixels.astype(int) - np.array(drawn)).mean((1, 2, 3))
    other = np.abs(film.pixels.astype(int) - np.roll(drawn, 4, 0)).mean((1, 2, 3))
    assert apart.max() < 12 and other.mean() > apart.mean()


def test_what_is_learnt_is_about_spans_and_a_time_has_the_answers_that_frames_allow(folder):
    examples = read_examples(folder / "times.jsonl")
    assert {e.type for e in examples if e.spread} <= set(LEARNT)
    assert {e.type for e in examples if not e.spread} <= set(KEPT)
    for e in examples:
        if e.type == "when":
            times = [float(a.removesuffix(" s")) for a in e.answers]
            assert 1 <= len(times) <= 2 and times[0] % 1 == 0.5 and max(times) < 8


def asked(question: str, answer: str, kind: str = "order", group: str = "v") -> Example:
    return Example(question, (answer,), Path(), "", group, 1, type=kind)


def test_what_never_looks_knows_which_kind_of_event_comes_first_and_common_answers():
    first = "which happens first: the red star appears or the blue circle vanishes?"
    train = [asked(first, "the red star appears")] * 3
    train += [asked("which way does the red star move?", "up", "direction")] * 2
    train += [asked("which way does the blue star move?", "down", "direction")]
    guess = never_looks(train)
    other = "which happens first: the green square appears or the red star vanishes?"
    assert guess(other) == "the green square appears"
    assert guess("which way does the green circle move?") == "up" and guess("is it?") == ""


def test_a_figure_grows_with_seeds_that_disagree_and_a_share_is_by_hand():
    kinds = (*LEARNT, *KEPT)
    test = [asked("?", "yes", kind, f"v{i // 2}") for i in range(40) for kind in kinds]

    def row(arm, seed, wrong):
        digits = "".join("0" if i // len(kinds) % 10 < wrong else "1" for i in range(len(test)))
        return {"arm": arm, "seed": seed, "trainable_share": 0.1, "values": digits, "curve": []}

    rows = [row("never looks", 0, 6), row("before", 0, 0)]
    agreeing = [row(arm, s, n) for arm, n in (("full", 2), ("LoRA, q/v", 4)) for s in (1, 2, 3)]
    unlike = [row("full", s, 2) for s in (1, 2, 3)]
    unlike += [row("LoRA, q/v", s, n) for s, n in ((1, 2), (2, 4), (3, 6))]
    even, wide = (summary([*rows, *more], test)["LoRA, q/v"] for more in (agreeing, unlike))
    assert even["order"]["value"] == pytest.approx(wide["order"]["value"]) == pytest.approx(0.6)
    assert wide["order"]["high"] - wide["order"]["low"] > 0.4
    assert even["between_seeds_sd"]["order"] == 0 and wide["between_seeds_sd"]["order"] > 0.1
    assert even["recovered_above_floor"]["order"]["value"] == pytest.approx(0.5)
    assert even["lost"]["value"] == pytest.approx(0.4)


def test_a_curve_is_the_mean_of_its_seeds():
    exams = [
        [{"step": 0, "accuracy": a}, {"step": 9, "accuracy": b}] for a, b in ((0, 1), (0, 0.5))
    ]
    found = curves([{"arm": "full", "curve": curve} for curve in exams])
    assert found == {"full": [{"step": 0, "accuracy": 0}, {"step": 9, "accuracy": 0.75}]}
