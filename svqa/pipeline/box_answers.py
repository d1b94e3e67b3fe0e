"""A question about one video -> what its boxes say: events, things, numbers, colours.

Boxes come first, because they tell what single captions cannot: how many at once, from when to
when, in what order. Where they refuse, their reason stands beside that of whoever answers next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from svqa.answering.event_answers import answer_from_events
from svqa.answering.event_grounding import EventGrounder
from svqa.answering.evidence import NOT_FOUND
from svqa.answering.question_scope import TimeScope, narrowed
from svqa.answering.sighting_answers import answer_from_sightings
from svqa.answering.sighting_questions import answer_about_order
from svqa.answering.sightings import SURE, SightingAnswer, Sightings
from svqa.answering.taxonomy import is_person_word
from svqa.database import Store
from svqa.language.question_parser import asks_about_text, plain
from svqa.media import Sampling, read_frames
from svqa.models.colours import (
    CLEAR_SHARE,
    COLOUR_TERMS,
    clear_colours,
    colour_shares,
    surface_shares,
)
from svqa.models.zoo import ModelSet
from svqa.records import Answer, Detection, Evidence, Question, TextBox

MOST_LOOKS = 5  # boxes whose pixels are looked at for a colour
# of a thing's pixels: so much of a colour says that it is all of it, and so little that it is not
ALL, NONE = 0.8, 0.1
BESIDE = 0.2  # of a line's height: what its letters stand on reaches so far around them
_COLOUR = re.compile(
    r"(?:what|which) colou?rs? (?:is|are|was|were|does|do|has|have) "
    r"(?:the |a |an |his |her |their |its )?"
    r"(?P<thing>[\w ]+?)(?: have| on the (?P<where>\w+))?$"
)

_IS_COLOUR = re.compile(
    r"(?:is|are|was|were) (?:the |a |an |his |her |their |its )?(?P<thing>[\w ]+?) "
    r"(?P<all>all |completely |entirely |wholly )?"
    rf"(?P<colour>{'|'.join(COLOUR_TERMS)}|gray)$"
)
_COLOURED = re.compile(
    r"(?:is|are|was|were) (?:it|this|that|these|they|those) (?:a |an )?"
    rf"(?P<colour>{'|'.join(COLOUR_TERMS)}|gray) (?P<thing>[\w ]+)$"
)


_ON_COLOUR = re.compile(
    rf"\b(?P<colour>{'|'.join(COLOUR_TERMS)}|gray) "
    r"(?!text|letters?|words?|writing|captions?|subtitles?|lines?|font)[a-z]+"
)


def from_events(store: Store, question: Question, video: str) -> Answer | None:
    """When, in what order, which way or how often, from the boxes' tracks; None without a say."""
    boxes, t_s = store.detections(video), store.frame_times(video)
    if not boxes or len(t_s) < 2:
        return None
    told = answer_from_events(EventGrounder(boxes, t_s), question.text, question.options)
    if told is None:
        return None
    path, found = store.find_video(video).path, told.events
    evidence = tuple(
        Evidence(video, path, h.start_s, h.end_s, h.fit, "visual", h.text) for h in found
    )
    name = f"events+{boxes[0].model_id}"
    return Answer(told.text, min(h.fit for h in found), name, option=told.option, evidence=evidence)


def from_sightings(
    store: Store,
    models: ModelSet,
    question: Question,
    video: str,
    scope: TimeScope | None = None,
) -> tuple[Answer, bool] | None:
    """Which, how many, whether, when, what colour: an answer or a refusal; None without a say.

    From the boxes of the `scope` alone, where the question is about a part of the video; an order
    is told by all of them. With it comes whether it is the last word: an answer is, and a refusal
    where what was asked about was looked for and is nowhere.
    """
    if question.options or models.missing("detector"):
        return None
    stored, t_s, boxes = store.find_video(video), store.frame_times(video), store.detections(video)
    if not stored.settings.get("boxes", True) or models.detector is None:  # nobody looked
        return None
    text, seen, path = question.text, Sightings(boxes, t_s, height_px=stored.height_px), stored.path
    said = answer_about_order(plain(text), seen) if len(t_s) else None
    if scope is not None and said is None:
        scope = narrowed(scope, text, end_s=stored.duration_s)
        text, t_s = scope.text, t_s[(t_s >= scope.start_s) & (t_s < scope.end_s)]
        boxes = [box for box in boxes if scope.start_s <= box.t_s < scope.end_s]
        seen = Sightings(boxes, t_s, height_px=stored.height_px)
    if not len(t_s):
        return None
    asked = plain(text)
    said = said or answer_from_sightings(text, seen, models.detector.labels)
    if (match := _COLOUR.match(asked)) and not (said and said.missing):
        said = _colour(match["thing"], seen, path)
    elif (match := _IS_COLOUR.match(asked) or _COLOURED.match(asked)) and (
        said is None or (said.abstained and not said.missing)
    ):
        colour = match["colour"].replace("gray", "grey")
        wholly = bool(match.groupdict().get("all"))
        said = _is_colour(match["thing"], colour, wholly, seen, path) or said
    if said is None:
        return None
    until_s = max(stored.duration_s, float(t_s[-1]))  # the last look's stretch may reach beyond
    evidence = tuple(
        Evidence(video, path, start_s, min(end_s, until_s), said.score, "visual", said.thing)
        for start_s, end_s in said.stretches
    )
    text, model_id = said.text or NOT_FOUND, f"sightings+{models.detector.model_id}"
    answer = Answer(text, said.score, model_id, said.abstained, said.reason, evidence=evidence)
    return answer, said.missing or not said.abstained


def from_coloured_text(store: Store, question: Question, video: str) -> Answer | None:
    """What stands on something of a colour ("the green button"); None where none is asked for.

    A refusal where text was read and none of it stands on that colour, unless there is but one
    text, which is then meant.
    """
    asked = plain(question.text)
    match = _ON_COLOUR.search(asked) if asks_about_text(asked) else None
    lines = store.text_boxes(video) if match else []
    if match is None or not lines:
        return None
    colour = match["colour"].replace("gray", "grey")
    shares = _surface_shares(lines, store.find_video(video).path)[:, COLOUR_TERMS.index(colour)]
    by_span: dict[tuple[float, float], list[int]] = {}
    for i in np.flatnonzero(shares >= CLEAR_SHARE).tolist():
        by_span.setdefault((lines[i].start_s, lines[i].end_s), []).append(i)
    if not by_span and len({(line.start_s, line.end_s) for line in lines}) == 1:
        return None
    model_id, path = lines[0].model_id, store.find_video(video).path
    if not by_span:
        reason = f"Text was read in the picture, and none of it stands on {colour}."
        return Answer(NOT_FOUND, 0.0, model_id, abstained=True, reason=reason)
    span = max(by_span, key=lambda span: max(shares[i] for i in by_span[span]))
    told = " ".join(lines[i].text for i in by_span[span])
    score = float(max(shares[i] for i in by_span[span]))
    evidence = (Evidence(video, path, *span, score, "text", told),)
    return Answer(f'The picture reads: "{told}"', score, model_id, evidence=evidence)


def _surface_shares(lines: Sequence[TextBox], path: str) -> np.ndarray:
    """(N, 11) the shares of the colour terms around and between the letters of each line."""
    times = {line: (line.start_s + line.end_s) / 2 for line in lines}
    frames = read_frames(path, Sampling.at(sorted(set(times.values()))), size_px=None)
    rows = []
    for line in lines:
        picture = frames.pixels[int(np.abs(frames.t_s - times[line]).argmin())]
        x0, y0, x1, y1 = line.xyxy_px
        beside = BESIDE * (y1 - y0)
        left, top = (max(0, round(value - beside)) for value in (x0, y0))
        box = picture[top : round(y1 + beside), left : round(x1 + beside)]
        rows.append(surface_shares(box, frame=picture))
    return np.array(rows)


def things_seen(store: Store, video: str) -> list[Evidence]:
    """The things that a video's boxes show surely, by their finest name, each with its seconds."""
    boxes, t_s = store.detections(video), store.frame_times(video)
    if not boxes or not len(t_s):
        return []
    stored = store.find_video(video)
    path, until_s = stored.path, max(stored.duration_s, float(t_s[-1]))
    return [
        Evidence(video, path, start_s, min(end_s, until_s), s.sureness, "visual", s.noun)
        for s in Sightings(boxes, t_s).sure_things()
        for start_s, end_s in s.stretches
    ]


def _colour(thing: str, seen: Sightings, path: str) -> SightingAnswer | None:
    """The basic colours of a thing's pixels, in the boxes that are surest of it."""
    found = seen.find(thing)
    if found is None or is_person_word(thing):
        return None
    best = sorted(found.boxes, key=lambda box: -box.score)[:MOST_LOOKS]
    if found.sureness < SURE:
        reason = f"No {thing} was seen surely enough to name its colour."
        return SightingAnswer("", found.sureness, reason=reason)
    shares = np.mean(_colour_shares(best, path), axis=0)
    colours = clear_colours(shares)
    if not colours:
        share = float(shares.max())
        return SightingAnswer(
            "", share, reason=f"No colour of the {thing} stands out ({share:.2f})."
        )
    text = " and ".join(name for name, _ in colours).capitalize()
    return SightingAnswer(text, sum(share for _, share in colours), found.stretches, thing=thing)


def _is_colour(
    thing: str, colour: str, wholly: bool, seen: Sightings, path: str
) -> SightingAnswer | None:
    """Yes or no to "is the car (all) red", from the share of its pixels; silent in between."""
    found = seen.find(thing)
    if found is None or found.sureness < SURE:
        return None
    best = sorted(found.boxes, key=lambda box: -box.score)[:MOST_LOOKS]
    share = float(np.mean(_colour_shares(best, path), axis=0)[COLOUR_TERMS.index(colour)])
    told = f"{share:.0%} of its pixels are {colour}"
    if share >= (ALL if wholly else CLEAR_SHARE):
        return SightingAnswer("yes", share, found.stretches, told, thing)
    if share < (CLEAR_SHARE if wholly else NONE):
        return SightingAnswer("no", 1 - share, found.stretches, told, thing)
    return SightingAnswer("", share, reason=f"Whether the {thing} is {colour} is open: {told}.")


def _colour_shares(boxes: Sequence[Detection], path: str) -> np.ndarray:
    """(N, 11) the shares of the colour terms in each box, in the pixels of the file itself."""
    times = sorted({box.t_s for box in boxes})
    frames = read_frames(path, Sampling.at(times), size_px=None)
    rows = []
    for box in boxes:
        picture = frames.pixels[int(np.abs(frames.t_s - box.t_s).argmin())]
        x0, y0, x1, y1 = (round(value) for value in box.xyxy_px)
        rows.append(colour_shares(picture[max(0, y0) : y1, max(0, x0) : x1], frame=picture))
    return np.array(rows)
