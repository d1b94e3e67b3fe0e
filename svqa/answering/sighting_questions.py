"""Questions that weigh several things -> answers from boxes: two or more, first, on what, worn."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import replace

from svqa.answering.answer_extraction import NUMBERS
from svqa.answering.sightings import (
    GAP_S,
    SURE,
    Sighting,
    SightingAnswer,
    Sightings,
    has_middle_in,
    named,
    without_wider,
)
from svqa.answering.taxonomy import is_called, is_person_word
from svqa.models.labels import coco_categories
from svqa.records import Detection
from svqa.temporal.tracks import tracks_of

MANY = 100  # as many small things may be overlooked
MOST_NAMED = 4  # of several things, so many are told
_COMPARE = {
    "more than": operator.gt,
    "at least": operator.ge,
    "less than": operator.lt,
    "fewer than": operator.lt,
    "at most": operator.le,
}
_HERE = (
    r"(?: (?:here|there|visible|around|with (?:him|her|them)|"
    r"(?:in|on|at) (?:the |this )?(?:\w+ )?\w+))?"
)
_NUMBER = re.compile(
    r"(?:is|are|was|were|do|does|can) (?:there |(?:you|we|the video|it) (?:see|show) )?"
    rf"(?P<how>{'|'.join(_COMPARE)}|only|exactly|just)? ?(?:a )?(?P<n>single|{'|'.join(NUMBERS)}"
    r"|\d+) (?P<thing>[\w-]+(?: [\w-]+)?)$"
)
_ALONE = re.compile(
    rf"(?:is|are|was|were) (?P<who>he|she|the [\w ]+?|this [\w ]+?) (?:all )?alone{_HERE}$"
)
_ELSE = re.compile(
    r"(?:is|are|was|were|can) (?:there |you see |we see )?"
    rf"(?:(?:any|some)(?:one|body) else|another person|(?:any )?other (?:person|people)){_HERE}$"
)
_SHOWS = (
    r"(?:is|are|was|were|comes?|came|appears?|can be|can you|can we|do we|do you)"
    r"(?: (?:shown|seen|see|visible|there|coming))?"
)
_TURN = re.compile(
    rf"(?:what|which)(?: (?P<kind>(?!is |are |do |can )[\w ]+?))? {_SHOWS} (?:(?:at )?"
    r"(?P<end>first|last)|(?:right |just |next )?(?P<side>after|before) "
    r"(?:the |a |an )?(?P<thing>[\w ]+))$"
)
_PAIR = re.compile(
    rf"(?:what|which)(?: one| of the two)? {_SHOWS} (?P<end>first|last),? (?:the |a |an )?"
    r"(?P<a>[\w ]+?),? or (?:the |a |an )?(?P<b>[\w ]+)$"
)
_BEFORE = re.compile(
    r"(?:is|are|does|do|was) (?:the |a |an )?(?P<a>.+?) "
    r"(?:shown |seen |visible |appears? |comes? )?before or after (?:the |a |an )?(?P<b>.+)"
)
_ON = re.compile(
    r"what (?:is|are|lies|stands|sits) (?:on|on top of|in|inside) (?:the |a |an )?(?P<base>.+)"
)
_CARRIERS = "table desk counter board tray countertop worktop".split()
_SMALL = ("kitchen", "food", "electronic", "indoor")  # COCO's kinds of what lies on a table
_WORN = re.compile(
    r"(?:(?P<what>what) (?:else )?(?:is|are|does|do)|is|are|does|do) (?P<who>.+?) wear(?:ing)?"
    r"(?: (?:the |a |an |any |some |his |her )?(?P<thing>(?!on |around |at )[\w ]+?))?"
    r"(?: (?:on|around|over|at) (?:the |his |her |their )?[\w ]+)?$"
)
_CLOTHES = "clothing|hat|tie|backpack|handbag|glasses|sunglasses|mask|helmet".split("|")


def answer_about_several(asked: str, seen: Sightings) -> SightingAnswer | None:
    """-> an answer to a question about a number, an order, a place on a thing, or clothes, or None.

    `asked` is plain lower case.

    >>> import numpy as np
    >>> box = lambda t, x: Detection("cup", 0.9, (x, 0.0, x + 9.0, 9.0), t, "m")
    >>> seen = Sightings([box(t, x) for t in (0.0, 0.5) for x in (0.0, 20.0)], np.arange(2) / 2)
    >>> answer_about_several("is there more than one mug", seen).text
    'yes'
    """
    for kind in (_number, _alone, answer_about_order, _on, _worn):
        if told := kind(asked, seen):
            return told
    return None


def answer_about_order(asked: str, seen: Sightings) -> SightingAnswer | None:
    """-> what comes first, next, or before what, as all of a video tells; else None.

    `asked` is plain lower case.
    """
    return _in_turn(asked, seen) or _of_two(asked, seen) or _before_or_after(asked, seen)


def number_of_tracks(found: Sighting) -> int:
    """How many come one after another: the most tracks of sure boxes that one model gives."""
    sure = [box for box in found.boxes if box.score >= SURE]
    models = {box.model_id for box in sure}
    return max((len(tracks_of([b for b in sure if b.model_id == m])) for m in models), default=0)


def _number(asked: str, seen: Sightings) -> SightingAnswer | None:
    """Are there two, only one, more than three: told where the faint boxes would not turn it."""
    match = _NUMBER.match(_without_scene(asked))
    found = seen.find(match["thing"]) if match else None
    if not match or not found or found.sureness < SURE or not found.most:
        return None
    number = int(match["n"]) if match["n"].isdigit() else NUMBERS.get(match["n"], 1)
    compare = _COMPARE.get(match["how"] or "", operator.eq)
    return _weigh(found, seen, match["thing"], lambda most: compare(most, number))


def _alone(asked: str, seen: Sightings) -> SightingAnswer | None:
    """Whether there is another person than the one that is asked about."""
    match, found = _ALONE.match(asked), seen.find("person")
    who = match["who"] if match else ""
    if match and who not in ("he", "she") and not (is_person_word(who) or is_called("person", who)):
        return None
    if not (match or _ELSE.match(asked)) or not found or found.sureness < SURE or not found.most:
        return None
    return _weigh(found, seen, "person", lambda most: (most == 1) == bool(match))


def _weigh(
    found: Sighting, seen: Sightings, thing: str, holds: Callable[[int], bool]
) -> SightingAnswer | None:
    """Yes or no, if it is the same for all numbers between the surely and the perhaps seen."""
    tracks = number_of_tracks(found)
    most = max(found.perhaps, tracks, found.most + MANY * seen.are_small())
    verdicts = {holds(n) for n in range(found.most, most + 1)}
    if len(verdicts) > 1:
        reason = f"Surely seen at once: {found.most}; how many more there are is open."
        return SightingAnswer("", found.sureness, reason=reason)
    text = "yes" if verdicts.pop() else "no"
    return SightingAnswer(text, found.sureness, found.stretches, f"{found.most} at once", thing)


def _in_turn(asked: str, seen: Sightings) -> SightingAnswer | None:
    """What is shown first, or last, or next after something."""
    match = _TURN.match(_without_scene(asked))
    if not match:
        return None
    kind, end = match["kind"] or "thing", match["end"]
    any_kind = kind in ("thing", "one", "object")
    things = seen.sure_things() if any_kind else seen.sure_of_kind(kind)
    if match["side"]:
        base = seen.find(match["thing"])
        if base is None or base.sureness < SURE:
            return None
        things = [s for s in things if not is_called(s.noun, base.noun)]
        things, end = _beside(things, base, match["side"], seen.step_s)
    if not things:
        return None
    chosen, t_s = _at_the_end(things, end, seen.step_s)
    edge_s = abs(t_s - (seen.t_s[0] if end == "first" else seen.t_s[-1] + seen.step_s))
    if any_kind and not match["side"] and edge_s > GAP_S:
        return None  # something without a name may be shown earlier
    return named(chosen[:MOST_NAMED])


def _beside(
    things: list[Sighting], base: Sighting, side: str, step_s: float
) -> tuple[list[Sighting], str]:
    """-> what comes after, or was there before, and which of them is the nearest: first or last."""
    if side == "after":
        begin_s = base.stretches[0][1] - step_s
        return [s for s in things if s.stretches[0][0] >= begin_s - 1e-6], "first"
    until_s = base.stretches[0][0] + step_s
    return [s for s in things if s.stretches[0][1] <= until_s + 1e-6], "last"


def _at_the_end(things: list[Sighting], end: str, step_s: float) -> tuple[list[Sighting], float]:
    """-> those that begin first, or end last, and that second."""
    edges = [s.stretches[0][0] if end == "first" else -s.stretches[-1][1] for s in things]
    chosen = [s for s, t in zip(things, edges, strict=True) if t <= min(edges) + step_s / 2]
    return chosen, abs(min(edges))


def _of_two(asked: str, seen: Sightings) -> SightingAnswer | None:
    """Which of two comes first, or last."""
    match = _PAIR.match(asked)
    both = [found for name in ("a", "b") if match and (found := seen.find(match[name]))]
    if not match or len(both) < 2 or any(s.sureness < SURE for s in both):
        return None
    chosen, _ = _at_the_end(both, match["end"], seen.step_s)
    return (
        SightingAnswer(f"The {chosen[0].noun}", min(s.sureness for s in both), chosen[0].stretches)
        if len(chosen) == 1
        else None
    )


def _before_or_after(asked: str, seen: Sightings) -> SightingAnswer | None:
    match = _BEFORE.match(asked)
    pair = [found for name in ("a", "b") if match and (found := seen.find(match[name]))]
    if not match or len(pair) < 2 or any(s.sureness < SURE for s in pair):
        return None
    first, second = (s.stretches[0][0] for s in pair)
    if abs(first - second) < seen.step_s:
        return None
    word = "before" if first < second else "after"
    return SightingAnswer(
        f"{word.capitalize()}: the {match['a']} is first seen at {first:.0f} s, "
        f"the {match['b']} at {second:.0f} s",
        min(s.sureness for s in pair),
        (pair[0].stretches[0], pair[1].stretches[0]),
    )


def _on(asked: str, seen: Sightings) -> SightingAnswer | None:
    """What stands on a thing: boxes whose lower edge's middle lies in the thing's box."""
    match = _ON.fullmatch(asked)
    if not match:
        return None
    noun = re.split(r"\b(?:in|at|of|next|near|behind|that|which|with)\b", match["base"])[0].strip()
    found = seen.find(noun)
    if found is None:
        return _carried(seen) if noun.split()[-1:] and noun.split()[-1] in _CARRIERS else None
    bases = {box.t_s: box for box in found.boxes}
    above = []
    for other in seen.things():
        if other.sureness < SURE or is_called(other.noun, noun) or is_called(other.noun, "person"):
            continue
        held = [b for b in other.boxes if b.t_s in bases and _stands_on(b, bases[b.t_s])]
        if len(held) >= 0.5 * min(len(other.boxes), len(bases)):
            above.append(other)
    return named(above[:2]) if above else None


def _carried(seen: Sightings) -> SightingAnswer | None:
    """On a table that has no box of its own: the small things that are seen surely."""
    small = {c.name for c in coco_categories() if c.supercategory in _SMALL}
    things = [s for s in seen.things() if s.noun in small and s.sureness >= SURE]
    reason = "These were seen; what carries them has no box of its own."
    return replace(named(things[:3]), reason=reason) if things else None


def _stands_on(box: Detection, base: Detection) -> bool:
    x0, _, x1, y1 = box.xyxy_px
    a, b, c, d = base.xyxy_px
    return a <= (x0 + x1) / 2 <= c and b <= y1 <= d


def _worn(asked: str, seen: Sightings) -> SightingAnswer | None:
    """What somebody wears, or whether: sure clothes whose middle lies on a person's box.

    Never "no": most clothes have no box. Of several persons it is open who wears it.
    """
    match, people = _WORN.match(_without_scene(asked)), seen.find("person")
    if not match or people is None or people.sureness < SURE:
        return None
    who = match["who"].removeprefix("the ").removeprefix("this ")
    anybody = who in ("anyone", "anybody", "someone", "somebody")
    if not (anybody or who in ("he", "she") or is_person_word(who) or is_called("person", who)):
        return None
    if (people.most > 1 and not anybody) or bool(match["what"]) == bool(match["thing"]):
        return None
    clothes = [
        s
        for s in seen.things()
        if s.sureness >= SURE
        and any(is_called(s.noun, kind) for kind in _CLOTHES)
        and _lies_on(s, people)
    ]
    if match["what"]:
        return named(without_wider(clothes)[:MOST_NAMED]) if clothes else None
    worn = [s for s in clothes if is_called(s.noun, match["thing"])]
    return (
        SightingAnswer("yes", worn[0].sureness, worn[0].stretches, thing=match["thing"])
        if (worn)
        else None
    )


def _lies_on(worn: Sighting, people: Sighting) -> bool:
    """Whether most of its boxes have their middle in a person's box of the same second."""
    at: dict[float, list[Detection]] = {}
    for box in people.boxes:
        at.setdefault(box.t_s, []).append(box)
    looked = [box for box in worn.boxes if box.t_s in at]
    inside = sum(any(has_middle_in(box, person) for person in at[box.t_s]) for box in looked)
    return bool(looked) and inside > len(looked) / 2


def _without_scene(asked: str) -> str:
    """The question without "in the video", which every question means."""
    scene = "video|clip|film|scene|picture|shot|screen|image|footage|frame"
    return re.sub(rf" (?:(?:in|on) (?:the|this) (?:{scene})|here|visible)$", "", asked)
