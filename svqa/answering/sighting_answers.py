"""A question about what is to be seen -> its answer from boxes: which, how many, whether, when.

Boxes tell things by name, at a second and a place. They tell no action, no relation but "on", no
person from another: such a question is left to others (None) or refused with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from svqa.answering.sightings import SURE, Sightings, finest, is_known
from svqa.answering.taxonomy import is_called, is_person_word, large_kind
from svqa.language.caption_templates import listed, with_article
from svqa.language.question_parser import asks_about_speech, asks_about_text, parse_question, plain
from svqa.language.tokenization import content_stems, stem, words
from svqa.models.labels import coco_categories
from svqa.records import Detection
from svqa.temporal.tracks import tracks_of

FAINT = 0.25  # under it, what was looked for and known counts as not seen
_NUMBERS = {"two": 2, "three": 3, "four": 4, "both": 2}
_IN_ALL = re.compile(r"\b(in all|in total|altogether|overall|different|throughout)\b")
_A = r"(?:any |a |an |some |the )?"
_THERE = re.compile(
    rf"(?:is|are|was|were) (?:there |this |that |it |you |we )?{_A}(?P<thing>.+)|"
    rf"(?:do|does|did|can) (?:you|we|the video|it) (?:see|show|have|contain) {_A}(?P<shown>.+)"
)
_SCENE = frozenset(
    content_stems("video clip film scene picture footage shot frame visible shown seen")
)
# of a thing, to stand, lie or hang somewhere is to be there
_BEING = frozenset(content_stems("stand sit lie hang park place put"))
_ON = re.compile(
    r"what (?:is|are|lies|stands|sits) (?:on|on top of|in|inside) (?:the |a |an )?(?P<base>.+)"
)
_PLACE = "in on at by near next under behind beside inside outside along".split()
_CARRIERS = "table desk counter board tray countertop worktop".split()
_SMALL = ("kitchen", "food", "electronic", "indoor")  # COCO's kinds of what lies on a table
_SHOWN = frozenset(
    content_stems("see seen show shown visible appear appears there come comes first in on picture")
)


@dataclass(frozen=True)
class SightingAnswer:
    """What boxes say: `text` and `score`, or a `reason` why not; the seconds it rests on."""

    text: str
    score: float
    stretches: tuple[tuple[float, float], ...] = ()
    reason: str = ""
    thing: str = ""
    missing: bool = False  # what is asked about was looked for and not seen: nobody can answer

    @property
    def abstained(self) -> bool:
        """Whether it is a refusal."""
        return not self.text


def answer_from_sightings(
    question: str, seen: Sightings, labels: Iterable[str]
) -> SightingAnswer | None:
    """-> an answer, a refusal with its reason, or None where boxes have no say.

    `labels`: everything the detectors have a name for; "no" and "none" need one of them.

    >>> box = lambda t, x: Detection("cup", 0.9, (x, 0.0, x + 9.0, 9.0), t, "m")
    >>> seen = Sightings([box(t, x) for t in (0.0, 0.5) for x in (0.0, 20.0)], np.arange(2) / 2)
    >>> answer_from_sightings("How many mugs are there?", seen, ["cup", "dog"]).text
    '2'
    >>> answer_from_sightings("Is there a dog?", seen, ["cup", "dog"]).text
    'no'
    """
    labels = tuple(labels)
    asked, form = plain(question), parse_question(question)
    if form.kind not in ("yes_no", "either") and (missing := _missing(asked, seen)):
        return missing
    if form.kind == "count":
        return _count(form.focus, asked, seen, labels)
    if form.kind == "yes_no":
        return _whether(asked, seen, labels) or _not_without(asked, seen)
    if form.kind == "either":
        return _before_or_after(asked, seen)
    if form.kind == "when":
        return _when(asked, seen)
    if (on := _ON.fullmatch(asked)) and (found := _on(on["base"], seen)):
        return found
    focus = " ".join(w for w in form.focus.split() if w not in _NUMBERS)
    if form.kind == "open" and focus and words(asked)[0] in ("what", "which"):
        return _which(focus, asked, seen, labels)
    return None


def _missing(asked: str, seen: Sightings) -> SightingAnswer | None:
    """A question about a large thing that a detector knows, looked for and never saw."""
    if asks_about_speech(asked) and not asks_about_text(asked):
        return None
    for noun in _nouns(asked):
        if is_person_word(noun) or not _is_deniable(noun, seen):
            continue
        found = seen.find(noun)
        if found is None or found.sureness < FAINT / 2:
            reason = (
                f"No {noun} was seen: a detector that knows it looked at {len(seen.t_s)} frames."
            )
            return SightingAnswer("", 0.0, reason=reason, thing=noun, missing=True)
    return None


def _count(noun: str, asked: str, seen: Sightings, labels: Sequence[str]) -> SightingAnswer | None:
    if is_person_word(noun):
        return SightingAnswer("", 0.0, reason=f"Boxes tell persons, not who is a {noun}.")
    if not noun or not is_known(noun, labels):
        return None
    if _acts(asked, noun):
        return SightingAnswer("", 0.0, reason=f"Boxes count {noun}, not which of them do that.")
    found = seen.find(noun)
    if found is None or found.sureness < SURE or not found.most:
        return SightingAnswer("", 0.0, reason=f"No {noun} was seen surely enough to be counted.")
    number = found.most
    if _IN_ALL.search(asked):  # not at once: who comes back later counts again
        number = max(number, len(tracks_of([box for box in found.boxes if box.score >= SURE])))
    return SightingAnswer(str(number), found.sureness, found.stretches, thing=noun)


def _whether(asked: str, seen: Sightings, labels: Sequence[str]) -> SightingAnswer | None:
    match = _THERE.match(asked)
    thing = (match["thing"] or match["shown"]) if match else ""
    noun, rest = _head(thing, labels)
    if not noun:
        return None
    found = seen.find(noun)
    placed = not rest or thing[len(noun) :].split()[:1] in [[word] for word in _PLACE]
    if not placed:  # the thing may be there and not be, do or have what is asked
        there = asked.startswith(("is there", "are there"))
        if found is None and there and _is_deniable(noun, seen):
            return _none_seen(noun, seen)
        return None
    if found is not None and found.sureness >= SURE:
        return SightingAnswer("yes", found.sureness, found.stretches, thing=noun)
    if found is not None and found.sureness >= FAINT:
        like = with_article(found.boxes[0].label)
        reason = f"Something like {like} was seen, not surely ({found.sureness:.2f})."
        return SightingAnswer("", found.sureness, reason=reason)
    return _none_seen(noun, seen) if _is_deniable(noun, seen) else None


def _not_without(asked: str, seen: Sightings) -> SightingAnswer | None:
    """Nobody rides a horse where a detector that knows horses looked and saw none: "no"."""
    if asks_about_text(asked):
        return None
    missing = _missing(asked, seen)
    if missing is None:
        return None
    return SightingAnswer("no", 1 - FAINT, reason=missing.reason, thing=missing.thing)


def _none_seen(noun: str, seen: Sightings) -> SightingAnswer:
    looks = len(seen.t_s)
    reason = f"A detector that knows {noun} looked at {looks} frames and found none."
    return SightingAnswer("no", 1 - FAINT, reason=reason, thing=noun)


def _which(noun: str, asked: str, seen: Sightings, labels: Sequence[str]) -> SightingAnswer | None:
    found = [s for s in finest(seen.of_kind(noun), noun) if s.sureness >= SURE]
    if not found or _acts(asked, noun):
        return None
    several = next((_NUMBERS[w] for w in words(asked) if w in _NUMBERS), 0)
    chosen = found[: several or 1]
    names = " and ".join(with_article(s.noun) for s in chosen)
    return SightingAnswer(
        names[:1].upper() + names[1:],
        min(s.sureness for s in chosen),
        chosen[0].stretches,
        thing=noun,
    )


def _when(asked: str, seen: Sightings) -> SightingAnswer | None:
    stems = [s for s in content_stems(asked) if s not in _SHOWN]
    for noun in _nouns(asked):
        found = seen.find(noun)
        others = set(stems) - set(content_stems(noun)) - _SCENE
        if found and found.sureness >= SURE and not others:
            return SightingAnswer(
                _clock(found.stretches), found.sureness, found.stretches, thing=noun
            )
    return None


def _before_or_after(asked: str, seen: Sightings) -> SightingAnswer | None:
    match = re.match(
        r"(?:is|are|does|do|was) (?:the |a |an )?(?P<a>.+?) "
        r"(?:shown |seen |visible |appears? |comes? )?"
        r"before or after (?:the |a |an )?(?P<b>.+)",
        asked,
    )
    if not match:
        return None
    pair = [found for name in ("a", "b") if (found := seen.find(match[name]))]
    if len(pair) < 2 or any(s.sureness < SURE for s in pair):
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


def _on(base: str, seen: Sightings) -> SightingAnswer | None:
    """What stands on a thing: boxes whose lower edge's middle lies in the thing's box."""
    noun = re.split(r"\b(?:in|at|of|next|near|behind|that|which|with)\b", base)[0].strip()
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
    if not above:
        return None
    names = " and ".join(with_article(s.noun) for s in above[:2])
    return SightingAnswer(names[:1].upper() + names[1:], above[0].sureness, above[0].stretches)


def _carried(seen: Sightings) -> SightingAnswer | None:
    """On a table that has no box of its own: the small things that are seen surely."""
    small = {c.name for c in coco_categories() if c.supercategory in _SMALL}
    things = [s for s in seen.things() if s.noun in small and s.sureness >= SURE]
    if not things:
        return None
    names = listed([with_article(s.noun) for s in things[:3]], "and")
    least = min(s.sureness for s in things[:3])
    return SightingAnswer(names[:1].upper() + names[1:], least, things[0].stretches)


def _stands_on(box: Detection, base: Detection) -> bool:
    x0, _, x1, y1 = box.xyxy_px
    a, b, c, d = base.xyxy_px
    return a <= (x0 + x1) / 2 <= c and b <= y1 <= d


def _head(thing: str, labels: Sequence[str]) -> tuple[str, str]:
    """-> (the known noun a phrase begins with, what else it says), "" where none is known."""
    tokens = words(thing)
    for size in (3, 2, 1):
        noun = " ".join(tokens[:size])
        full = len(tokens) >= size and all(content_stems(token) for token in tokens[:size])
        if full and is_known(noun, labels):
            rest = [s for s in content_stems(" ".join(tokens[size:])) if s not in _SCENE]
            return noun, " ".join(rest)
    return "", ""


def _nouns(asked: str) -> list[str]:
    tokens = words(asked)
    full = [bool(content_stems(token)) for token in tokens]
    return [
        " ".join(tokens[i : i + n])
        for n in (2, 1)
        for i in range(len(tokens) - n + 1)
        if all(full[i : i + n])
    ]


def _acts(asked: str, noun: str) -> bool:
    """Whether more is asked than what is there: an action, a property, a part."""
    stems = set(content_stems(asked)) - set(content_stems(noun)) - _SCENE - _SHOWN
    being = _BEING if not (is_called("person", noun) or is_called("dog", noun)) else frozenset()
    doing = {w for w in words(asked) if w.endswith("ing") and len(w) > 4 and stem(w) not in being}
    return bool(doing) or len(stems - being) > 3


def _is_deniable(noun: str, seen: Sightings) -> bool:
    """Whether it would have been found: a large thing that was learnt, in no wide view."""
    return bool(large_kind(noun)) and not seen.are_small()


def _clock(stretches: Sequence[tuple[float, float]]) -> str:
    def mark(t_s: float) -> str:
        return f"{int(t_s // 60)}:{round(t_s % 60):02d}"

    return "At " + " and ".join(f"{mark(a)}-{mark(b)}" for a, b in stretches[:3])
