from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from svqa.shapes import (
    DURATION_S,
    FRAME_TYPES,
    TIME_TYPES,
    TYPES,
    Balance,
    Scene,
    WorldQuestion,
    baselines,
    draw_questions,
    frame_questions,
    gist,
    heading,
    phrase,
    place_of,
    scene_of,
    steady_times,
)
from svqa.shapes.scene import VOICES_HZ

SEED, VIDEOS = 11, 150
SCENES = [scene_of(SEED, i) for i in range(VIDEOS)]
ASKED = draw_questions(VIDEOS, SEED)
PAIRS = [(scene, q) for scene, asked in zip(SCENES, ASKED, strict=True) for q in asked]


def by_looking(scene: Scene, q: WorldQuestion) -> str:
    """The answer to a one-frame question, worked out from what is seen at its second."""
    seen = scene.at(q.time_s)
    words = q.text.rstrip("?").split()
    if q.type == "exists":
        return "yes" if " ".join(words[-2:]) in [s.name for s in seen] else "no"
    if q.type == "colour":
        (found,) = [s for s in seen if s.shape == words[-1]]
        return found.colour
    if q.type == "shape":
        (found,) = [s for s in seen if s.colour == words[-2]]
        return found.shape
    if q.type == "count":
        return str(sum(words[2] in ("objects", f"{s.shape}s") for s in seen))
    (found,) = [s for s in seen if s.name == " ".join(words[-2:])]
    return place_of(found.x, found.y)


def test_every_type_is_asked():
    assert Counter(q.type for _, q in PAIRS).keys() == set(TYPES)


def test_one_frame_questions_are_answered_by_their_frame_and_any_near_it():
    for scene, q in PAIRS:
        if q.type in FRAME_TYPES:
            assert by_looking(scene, q) == q.answer
            assert all(abs(q.time_s - event.t_s) >= 0.15 - 1e-9 for event in scene.events)


def test_the_answer_holds_for_the_whole_span():
    for scene, q in PAIRS:
        if q.type in FRAME_TYPES:
            ((start_s, end_s),) = q.spans
            assert start_s <= q.time_s < end_s
            for t_s in np.linspace(start_s, end_s - 1e-6, 7):
                moved = WorldQuestion(q.text, q.answer, q.type, q.spans, q.options, float(t_s))
                if q.type != "place" or min(abs(t_s - start_s), abs(t_s - end_s)) > 0.1:
                    assert by_looking(scene, moved) == q.answer


def test_time_questions_carry_no_frame_and_lie_in_the_video():
    for _, q in PAIRS:
        assert (q.time_s is None) == (q.type in TIME_TYPES)
        assert q.spans and all(0 <= a < b <= DURATION_S for a, b in q.spans)
        assert not q.options or q.options.count(q.answer) == 1


def test_when_order_and_direction_follow_the_events():
    checked = Counter()
    for scene, q in PAIRS:
        told = {phrase(scene, e): e for e in scene.events}
        if q.type == "order":
            one, two = (told[option] for option in q.options)
            assert q.answer == phrase(scene, min(one, two, key=lambda e: e.t_s))
        elif q.type == "when":
            assert any(f"{e.t_s:g} s" == q.answer and q.spans == (e.span,) for e in scene.events)
        elif q.type == "direction" and "turn" in q.text:
            assert any(
                e.kind == "turns" and e.to == q.answer and q.spans == (e.span,)
                for e in scene.events
            )
        elif q.type == "direction":
            (actor,) = [a for a in scene.actors if f"the {a.name_at(0)} " in q.text]
            assert heading(actor) == q.answer
        else:
            continue
        checked[q.type] += 1
    assert min(checked.values()) > 20


def test_sound_questions_are_answered_by_the_voices():
    for scene, q in PAIRS:
        if q.type == "sound":
            voice = re.search(r"the ((very )?(low|high)) tone", q.text)[1]
            heard = [
                e
                for e in scene.events
                if voice in [scene.actors[i].voice for i in (e.actor, e.other) if i is not None]
            ]
            assert voice in VOICES_HZ
            maker = f"the {scene.actors[heard[0].actor].name_at(heard[0].t_s - 0.01)}"
            assert q.answer == (
                maker if q.text.startswith("which object") else phrase(scene, heard[0])
            )


def test_counts_over_the_video():
    for scene, q in PAIRS:
        if q.type == "count_video":
            verb = q.text.split()[3]
            known = {
                "are": len(scene.actors),
                **{
                    v: sum(e.kind.rstrip("s") == v for e in scene.events)
                    for v in ("appear", "stop", "turn")
                },
                "vanish": sum(e.kind == "vanishes" for e in scene.events),
            }
            assert q.answer == str(known[verb])


def test_the_same_seed_asks_the_same_questions_and_more_videos_change_none():
    assert draw_questions(10, SEED) == ASKED[:10]
    assert draw_questions(3, SEED + 1) != ASKED[:3]


@pytest.mark.parametrize("kind", FRAME_TYPES)
def test_no_answer_of_a_one_frame_type_is_much_commoner_than_another(kind):
    answers = Counter(q.answer for _, q in PAIRS if q.type == kind)
    assert max(answers.values()) <= min(answers.values()) + 3


def test_who_never_looks_gains_little():
    """The blind baseline learns on 100 videos and is asked about 50.

    At most 0.2 above a guess among the options.
    """
    found = baselines(
        [q for asked in ASKED[:100] for q in asked], [q for asked in ASKED[100:] for q in asked]
    )
    assert found.keys() == set(TYPES)
    for kind, baseline in found.items():
        assert max(baseline["blind"], baseline["majority"]) <= baseline["chance"] + 0.2, kind


def test_baselines_find_a_habit_that_is_there():
    """Where the answer can be told from the words, the blind baseline must say so."""

    def asked(shape: str, answer: str) -> WorldQuestion:
        return WorldQuestion(
            f"what colour is the {shape}?", answer, "colour", ((0.0, 1.0),), time_s=0.5
        )

    train = [asked("star", "red"), asked("circle", "blue")] * 10 + [asked("circle", "blue")]
    found = baselines(train, [asked("star", "red"), asked("circle", "blue")])["colour"]
    assert found == {"n": 2, "chance": 0.5, "majority": 0.5, "blind": 1.0}


def test_balance_draws_the_answer_that_lags():
    yes = WorldQuestion("is there a red star?", "yes", "exists", ((0.0, 1.0),), ("yes", "no"), 0.5)
    no = WorldQuestion("is there a blue star?", "no", "exists", ((0.0, 1.0),), ("yes", "no"), 0.5)
    balance, rng = Balance(), np.random.default_rng(0)
    drawn = Counter(balance.draw([yes, yes, yes, no], rng).answer for _ in range(40))
    assert drawn == {"yes": 20, "no": 20}
    assert balance.draw([], rng) is None
    only_yes = [balance.draw([yes], rng) for _ in range(5)]
    assert only_yes[-1] is None  # asking it again would give the answer away


def test_gist_keeps_what_a_blind_reader_has():
    assert gist("which way does the red circle turn?") == "which way does the turn"
    assert gist("how many stars are there?") == gist("how many objects are there?")


def test_frame_questions_ask_each_type_once():
    scene = SCENES[0]
    t_s = steady_times(scene)[0]
    types = [q.type for q in frame_questions(scene, t_s, np.random.default_rng(0))]
    assert len(types) == len(set(types)) and set(types) <= set(FRAME_TYPES)
