"""Boxes of one video and the seconds looked at -> what was seen, how surely, when, how many.

A noun gathers the boxes of every label it names (a kind, a synonym). How surely something was seen
is the mean of its three best frames: a box that one frame shows and no other counts a third.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from svqa.answering.taxonomy import is_called, large_kind, names_of
from svqa.language.caption_templates import listed, with_article
from svqa.records import Detection

SURE = 0.5  # of a box, to be counted; of a sighting, to be told
FAINT = 0.25  # under it, what was looked for and known counts as not seen
BEST_FRAMES = 3
NEAR_S, SAME_PLACE = 1.0, 0.4  # boxes so near in time that overlap so much show one thing
SMALL_SHARE = 0.15  # of a frame's height: of smaller things a detector of 300 px misses many
GAP_S = 2.0  # what is seen again so soon was there in between


@dataclass(frozen=True)
class Sighting:
    """Something seen: `sureness` 0 to 1, `stretches` of seconds, `most` at once, its boxes.

    `most` is the largest number that at least two looks (or all, where there were fewer) agree on,
    `perhaps` the largest where faint boxes count too.
    """

    noun: str
    sureness: float
    stretches: tuple[tuple[float, float], ...]
    most: int
    boxes: tuple[Detection, ...]
    perhaps: int = 0

    @property
    def seconds(self) -> float:
        """How long it was seen, all stretches together."""
        return sum(end - start for start, end in self.stretches)


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


class Sightings:
    """What the boxes of one video show, by noun. `t_s (T,)`: the seconds looked at.

    `height_px` of the frame says which boxes are small; without it none are.

    >>> box = lambda label, t: Detection(label, 0.9, (0.0, 0.0, 9.0, 9.0), t, "m")
    >>> seen = Sightings([box("dog", t) for t in (1.0, 1.5, 2.0)], np.arange(0, 4, 0.5))
    >>> seen.find("animals").stretches, seen.find("cat")
    (((1.0, 2.5),), None)
    """

    def __init__(self, boxes: Sequence[Detection], t_s: np.ndarray, *, height_px: float = 0.0):
        self.t_s = np.asarray(t_s, dtype=np.float64)
        self.height_px = height_px
        self.boxes = _weighed_by_agreement(boxes)
        self.step_s = float(np.median(np.diff(self.t_s))) if len(self.t_s) > 1 else 0.5
        self.labels = tuple(dict.fromkeys(box.label for box in self.boxes))

    def find(self, noun: str) -> Sighting | None:
        """-> what a noun names, seen; None where no box is called so."""
        return self._sighting(noun, {label for label in self.labels if is_called(label, noun)})

    def of_kind(self, noun: str) -> list[Sighting]:
        """-> the things that are one of a kind ("animal"), surest and longest first.

        A name and a wider name for the same boxes count for the finer one, which inherits what the
        wider was seen with: "dog" and "terrier" are one dog.
        """
        labels = [label for label in self.labels if is_called(label, noun)]
        found = {label: self._sighting(label, {label}) for label in labels}
        kept = []
        for label, sighting in found.items():
            finer = [other for other in labels if other != label and is_called(other, label)]
            if sighting and not any(_weight(found[f]) >= 0.5 * _weight(sighting) for f in finer):
                kept.append(sighting)
        return sorted(kept, key=_weight, reverse=True)

    def things(self) -> list[Sighting]:
        """-> every label seen, most seen first."""
        found = (self._sighting(label, {label}) for label in self.labels)
        return sorted((s for s in found if s), key=_weight, reverse=True)

    def sure_things(self) -> list[Sighting]:
        """-> the things seen surely, most seen first, each by its finest name alone."""
        return without_wider([s for s in self.things() if s.sureness >= SURE])

    def sure_of_kind(self, noun: str) -> list[Sighting]:
        """-> of the things that are one of a kind those seen surely, by their finest names."""
        sure = [s for s in self.of_kind(noun) if s.sureness >= SURE]
        return without_wider([s for s in sure if names_of(s.noun)[0] != names_of(noun)[0]])

    def only_person(self) -> Sighting | None:
        """-> the one that "she" or "the man" is, None where several persons are seen at once."""
        found = self.find("person")
        return found if found and found.sureness >= SURE and found.most == 1 else None

    def are_small(self) -> bool:
        """Whether people, animals and vehicles are so small here that others may be overlooked."""
        heights = [b.xyxy_px[3] - b.xyxy_px[1] for b in self.boxes if large_kind(b.label)]
        return bool(heights) and float(np.median(heights)) < SMALL_SHARE * self.height_px

    def _sighting(self, noun: str, labels: Iterable[str]) -> Sighting | None:
        labels = set(labels)
        boxes = tuple(box for box in self.boxes if box.label in labels)
        if not boxes:
            return None
        best: dict[float, float] = {}
        for box in boxes:
            best[box.t_s] = max(best.get(box.t_s, 0.0), box.score)
        top = sorted(best.values(), reverse=True)[:BEST_FRAMES]
        needed = min(BEST_FRAMES, max(1, len(self.t_s)))
        most, perhaps = (self._agreed(_most_at_once(boxes, least)) for least in (SURE, FAINT))
        seen_s = sorted(t for t, score in best.items() if score >= SURE / 2)
        sureness = sum(top) / needed
        return Sighting(noun, sureness, self._stretches(seen_s), most, boxes, perhaps)

    def _agreed(self, numbers: Mapping[float, int]) -> int:
        """The second largest number: two looks agree on it; of a single look its own."""
        largest = sorted((*numbers.values(), 0, 0), reverse=True)
        return largest[1] if len(self.t_s) > 1 else largest[0]

    def _stretches(self, seen_s: Sequence[float]) -> tuple[tuple[float, float], ...]:
        stretches: list[list[float]] = []
        for t_s in seen_s:
            if stretches and t_s - stretches[-1][1] <= GAP_S + 1e-6:
                stretches[-1][1] = self._until(t_s)
            else:
                stretches.append([t_s, self._until(t_s)])
        return tuple((start, end) for start, end in stretches)

    def _until(self, t_s: float) -> float:
        """A picture stands until the next one that was looked at."""
        following = int(np.searchsorted(self.t_s, t_s + 1e-6))
        return float(self.t_s[following]) if following < len(self.t_s) else t_s + self.step_s


def _most_at_once(boxes: Sequence[Detection], least: float) -> Counter[float]:
    """-> for each second the most boxes of one model: two models show one thing twice.

    A faint box whose middle lies in a sure one is a part of that.
    """
    sure = [box for box in boxes if box.score >= SURE]
    faint = [b for b in boxes if least <= b.score < SURE and not any(_holds(s, b) for s in sure)]
    apart = Counter((box.t_s, box.model_id) for box in (*sure, *faint))
    most: Counter[float] = Counter()
    for (t_s, _), number in apart.items():
        most[t_s] = max(most[t_s], number)
    return most


def _holds(whole: Detection, part: Detection) -> bool:
    return whole.t_s == part.t_s and has_middle_in(part, whole)


def has_middle_in(box: Detection, other: Detection) -> bool:
    """Whether the middle of a box lies in another."""
    x0, y0, x1, y1 = box.xyxy_px
    a, b, c, d = other.xyxy_px
    return a <= (x0 + x1) / 2 <= c and b <= (y0 + y1) / 2 <= d


def _weighed_by_agreement(boxes: Sequence[Detection]) -> tuple[Detection, ...]:
    """Boxes with their scores times the share of what lies at their place that has a related name.

    What a detector calls a dog, a cow and a bear within two seconds is surely none of them; names
    of which one is a kind of the other (a bear, a brown bear) agree.
    """
    ordered = sorted(boxes, key=lambda box: box.t_s)
    times = np.array([box.t_s for box in ordered])
    corners = np.array([box.xyxy_px for box in ordered]).reshape(-1, 4)
    scores = np.array([box.score for box in ordered])
    weighed = []
    for i, box in enumerate(ordered):
        low, high = np.searchsorted(times, [box.t_s - NEAR_S, box.t_s + NEAR_S + 1e-6])
        same = _iou(corners[i], corners[low:high]) >= SAME_PLACE
        here = [low + int(j) for j in np.flatnonzero(same)]
        agreed = sum(scores[j] for j in here if _related(box.label, ordered[j].label))
        weighed.append(replace(box, score=float(box.score * agreed / scores[here].sum())))
    return tuple(weighed)


@lru_cache(maxsize=4096)
def _related(a: str, b: str) -> bool:
    return a == b or is_called(a, b) or is_called(b, a)


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    inner = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(others[:, 2:] - others[:, :2], axis=1)
    return inner / (np.prod(box[2:] - box[:2]) + area - inner)


def is_known(noun: str, labels: Iterable[str]) -> bool:
    """Whether one of a detector's labels is what the noun names: it could have been seen."""
    return any(is_called(label, noun) for label in labels)


def named(things: Sequence[Sighting], thing: str = "") -> SightingAnswer:
    """-> the things by name, "A cup and a dog", as sure as the least sure of them."""
    names = listed([with_article(s.noun) for s in things], "and")
    least, stretches = min(s.sureness for s in things), things[0].stretches
    return SightingAnswer(names[:1].upper() + names[1:], least, stretches, thing=thing)


def without_wider(sightings: Sequence[Sighting]) -> list[Sighting]:
    """-> those of which no other is a kind: with "a brown bear" there is no need of "a bear"."""
    return [
        s for s in sightings if not any(s is not o and is_called(o.noun, s.noun) for o in sightings)
    ]


def _weight(sighting: Sighting | None) -> float:
    """Sure and long beats sure and short: score mass over the looks."""
    return sum(box.score for box in sighting.boxes) if sighting else 0.0
