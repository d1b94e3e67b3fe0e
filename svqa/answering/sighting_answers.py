"""A question about what is to be seen -> its answer from boxes: which, how many, whether, when.

Boxes tell things by name, at a second and a place. They tell no action, no relation but "on", no
person from another: such a question is left to others (None) or refused with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from svqa.answering.sighting_questions import (
    MOST_NAMED,
    answer_about_several,
    number_of_tracks,
)
from svqa.answering.sightings import (
    FAINT,
    SURE,
    SightingAnswer,
    Sightings,
    is_known,
    named,
)
from svqa.answering.taxonomy import is_called, is_person_word, large_kind
from svqa.language.caption_templates import none_seen, with_article
from svqa.language.question_parser import (
    asks_about_speech,
    asks_about_text,
    doing_words,
    parse_question,
    plain,
)
from svqa.language.tokenization import content_stems, is_plural, singular, stem, words

_NUMBERS = {"two": 2, "three": 3, "four": 4, "both": 2}
_IN_ALL = re.compile(r"\b(in all|in total|altogether|overall|different|throughout)\b")
_A = r"(?:any |a |an |some |the )?"
_THERE = re.compile(
    rf"(?:is|are|was|were) (?:there |this |that |it |you |we )?{_A}(?P<thing>.+)|"
    rf"(?:do|does|did|can) (?:you|we|the video|it) (?:see|show|have|contain) {_A}(?P<shown>.+)|"
    rf"(?:do|does|did) {_A}(?P<comes>.+?) (?:appear|show up|turn up|come up)(?P<where> .+)?$"
)
_SCENE = frozenset(
    content_stems("video clip film scene picture footage shot frame visible shown seen")
)
# of a thing, to stand, lie or hang somewhere is to be there
_BEING = frozenset(content_stems("stand sit lie hang park place put"))
_ABOARD = re.compile(
    r"\b(?:in|inside|on|on board|aboard) (?:the |a |an |this )?(?P<what>[a-z]+(?: [a-z]+)?)"
)
_OPEN = ("bicycle", "motorcycle")  # vehicles that are seen by whoever is on them
_NEGATED = re.compile(r"\b(?:no|not|never|without|at most|fewer than|less than)\b|n't\b")
_PLACE = "in on at by near next under behind beside inside outside along".split()
_SHOWN = frozenset(
    content_stems("see seen show shown visible appear appears there come comes first in on picture")
)


def answer_from_sightings(
    question: str, seen: Sightings, labels: Iterable[str]
) -> SightingAnswer | None:
    """-> an answer, a refusal with its reason, or None where boxes have no say.

    `labels`: everything the detectors have a name for; "no" and "none" need one of them.

    >>> import numpy as np
    >>> from svqa.records import Detection
    >>> box = lambda t, x: Detection("cup", 0.9, (x, 0.0, x + 9.0, 9.0), t, "m")
    >>> seen = Sightings([box(t, x) for t in (0.0, 0.5) for x in (0.0, 20.0)], np.arange(2) / 2)
    >>> answer_from_sightings("How many mugs are there?", seen, ["cup", "dog"]).text
    '2'
    >>> answer_from_sightings("Is there a dog?", seen, ["cup", "dog"]).text
    'no'
    """
    labels = tuple(labels)
    asked, form = plain(question), parse_question(question)
    if is_called("person", form.focus):
        asked = _without_carrier(asked, seen)
    if form.kind not in ("yes_no", "either") and (missing := _missing(asked, seen)):
        return missing
    if told := answer_about_several(asked, seen):
        return told
    if form.kind in ("count", "open") and set(content_stems(form.event)) - _SCENE:
        return None  # after, before or while something that was not found
    if form.kind == "count":
        return _count(form.focus, asked, seen, labels)
    if form.kind == "yes_no":
        return _whether(asked, seen, labels) or _not_without(asked, seen)
    if form.kind == "when":
        return _when(asked, seen)
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
            return SightingAnswer("", 0.0, reason=_looked(noun, seen), thing=noun, missing=True)
    return None


def _without_carrier(asked: str, seen: Sightings) -> str:
    """A question about persons without the vehicle they are in, which from inside is not seen."""
    for match in _ABOARD.finditer(asked):
        if any(is_called(open_one, match["what"]) for open_one in _OPEN):
            continue
        if large_kind(match["what"]) == "vehicle" and seen.find(match["what"]) is None:
            return asked.replace(match[0], "").strip()
    return asked


def _count(noun: str, asked: str, seen: Sightings, labels: Sequence[str]) -> SightingAnswer | None:
    if is_person_word(noun):
        return SightingAnswer(
            "", 0.0, reason=f"Boxes tell persons, not who is {with_article(singular(noun))}."
        )
    if not noun or not is_known(noun, labels):
        return None
    if _acts(asked, noun):
        return SightingAnswer("", 0.0, reason=f"Boxes count {noun}, not which of them do that.")
    found = seen.find(noun)
    if found is None or found.sureness < SURE or not found.most:
        return SightingAnswer("", 0.0, reason=f"{none_seen(noun)} surely enough to be counted.")
    if found.perhaps > found.most:
        reason = f"Surely seen at once: {found.most}; perhaps there are {found.perhaps}."
        return SightingAnswer("", found.sureness, reason=reason)
    number = found.most
    if _IN_ALL.search(asked):  # not at once: who comes back later counts again
        number = max(number, number_of_tracks(found))
    return SightingAnswer(str(number), found.sureness, found.stretches, thing=noun)


def _whether(asked: str, seen: Sightings, labels: Sequence[str]) -> SightingAnswer | None:
    match = _THERE.match(asked)
    thing = (match["thing"] or match["shown"] or match["comes"] or "") if match else ""
    thing += (match["where"] or "") if match else ""
    noun, rest = _head(thing, labels)
    if not noun:
        return None
    found = seen.find(noun)
    after = thing[len(noun) :].split()
    if after and stem(after[0]) in _BEING and not _is_alive(noun):
        after = after[1:]
    placed = not rest or after[:1] in [[word] for word in _PLACE]
    if not placed:  # the thing may be there and not be, do or have what is asked
        there = asked.startswith(("is there", "are there"))
        if found is None and there and _is_deniable(noun, seen):
            return _none_seen(noun, seen)
        return None
    if rest and (elsewhere := _not_without(asked, seen)):  # there, and not where it is asked for
        if _without_carrier(asked, seen) != asked:
            reason = f"{none_seen(elsewhere.thing)}; from inside it could not be."
            return SightingAnswer("", 0.0, reason=reason)
        return elsewhere
    if found is not None and found.sureness >= SURE:
        return SightingAnswer("yes", found.sureness, found.stretches, thing=noun)
    if found is not None and found.sureness >= FAINT:
        like = with_article(found.boxes[0].label)
        reason = f"Something like {like} was seen, not surely ({found.sureness:.2f})."
        return SightingAnswer("", found.sureness, reason=reason)
    return _none_seen(noun, seen) if _is_deniable(noun, seen) else None


def _not_without(asked: str, seen: Sightings) -> SightingAnswer | None:
    """Nobody rides a horse where a detector that knows horses looked and saw none: "no"."""
    if asks_about_text(asked) or _NEGATED.search(asked):
        return None
    missing = _missing(asked, seen)
    if missing is None:
        return None
    return SightingAnswer("no", 1 - FAINT, reason=missing.reason, thing=missing.thing)


def _none_seen(noun: str, seen: Sightings) -> SightingAnswer:
    return SightingAnswer("no", 1 - FAINT, reason=_looked(noun, seen), thing=noun)


def _looked(noun: str, seen: Sightings) -> str:
    what = "them" if is_plural(noun) else "it"
    return f"{none_seen(noun)}: a detector that knows {what} looked at {len(seen.t_s)} frames."


def _which(noun: str, asked: str, seen: Sightings, labels: Sequence[str]) -> SightingAnswer | None:
    found = seen.sure_of_kind(noun)
    if not found or _acts(asked, noun):
        return None
    several = next((_NUMBERS[w] for w in words(asked) if w in _NUMBERS), 0)
    kind = stem(noun.split()[-1])
    plural = any(is_plural(word) for word in words(asked) if stem(word) == kind)
    return named(found[: several or (MOST_NAMED if plural else 1)], noun)


def _when(asked: str, seen: Sightings) -> SightingAnswer | None:
    stems = [s for s in content_stems(asked) if s not in _SHOWN]
    pronouns = [word for word in words(asked) if word in ("he", "she")]
    for noun in (*_nouns(asked), *pronouns):
        one = noun in pronouns or is_person_word(noun)
        found = seen.only_person() if one else seen.find(noun)
        others = set(stems) - set(content_stems(noun)) - _SCENE
        if found and found.sureness >= SURE and not others:
            return SightingAnswer(
                _clock(found.stretches), found.sureness, found.stretches, thing=noun
            )
    return None


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
    being = frozenset() if _is_alive(noun) else _BEING
    doing = {w for w in doing_words(asked) if stem(w) not in being}
    return bool(doing) or len(stems - being) > 3


def _is_alive(noun: str) -> bool:
    """Of a person or an animal to sit or to stand is an act, of a thing it is to be there."""
    return is_called("person", noun) or is_called("dog", noun) or large_kind(noun) == "animal"


def _is_deniable(noun: str, seen: Sightings) -> bool:
    """Whether it would have been found: a large thing that was learnt, in no wide view."""
    return bool(large_kind(noun)) and not seen.are_small()


def _clock(stretches: Sequence[tuple[float, float]]) -> str:
    def mark(t_s: float) -> str:
        return f"{int(t_s // 60)}:{round(t_s % 60):02d}"

    return "At " + " and ".join(f"{mark(a)}-{mark(b)}" for a, b in stretches[:3])
