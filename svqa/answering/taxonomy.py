"""A detector's label -> everything it may be called, and what it is one of: "cup" is a mug too.

ImageNet's classes bring their synonyms and kinds from WordNet; COCO's categories bring their
supercategory, and the everyday words below. A word that is narrower than a label (a "woman" is a
person, a "waiter" too) is told apart from its synonyms: a box cannot say which of the narrower ones
it holds.
"""

from __future__ import annotations

from functools import lru_cache

from svqa.language.tokenization import content_stems
from svqa.models.labels import coco_categories, imagenet_labels

# COCO's supercategories as ImageNet's kinds are called
_SUPERCATEGORIES = {
    "sports": "sports equipment",
    "kitchen": "kitchen utensil",
    "electronic": "electronic equipment",
    "outdoor": "outdoor object",
    "indoor": "indoor object",
}
SYNONYMS = {
    "airplane": "plane|aeroplane|aircraft|jet",
    "bicycle": "bike|cycle",
    "boat": "ship",
    "car": "automobile",
    "cell phone": "phone|mobile|mobile phone|smartphone",
    "couch": "sofa",
    "cow": "cattle",
    "cup": "mug",
    "dining table": "table",
    "donut": "doughnut",
    "hair drier": "hair dryer",
    "handbag": "bag|purse",
    "laptop": "computer|notebook computer",
    "motorcycle": "motorbike|scooter|moped",
    "person": "people|human|somebody|someone|anybody|anyone",
    "potted plant": "plant",
    "refrigerator": "fridge",
    "sports ball": "ball",
    "suitcase": "luggage",
    "truck": "lorry",
    "tv": "television|monitor|screen",
}
# narrower than the label: the box says a person, not which
PERSONS = frozenset(
    content_stems(
        "man woman boy girl lady guy gentleman child kid baby toddler adult teenager driver worker "
        "player dancer singer cook chef waiter teacher student doctor surgeon nurse police "
        "officer soldier farmer gardener passenger pilot crowd audience"
    )
)
# typically large in the picture, so that a detector of 300 x 300 px which looked and found none
# says something; of small things (a spoon, a book) it misses most (COCO's AP of small objects)
LARGE = frozenset(("person", "vehicle", "animal"))


@lru_cache(maxsize=4096)
def names_of(label: str) -> tuple[frozenset[str], ...]:
    """-> the stems of every name a label has, its own first, its kinds last.

    >>> frozenset({"vehicl"}) in names_of("car"), frozenset({"mug"}) in names_of("cup")
    (True, True)
    """
    kinds = _kinds().get(label, ())
    also = [word for name in (label, *kinds) for word in SYNONYMS.get(name, "").split("|")]
    names = [label, *also, *kinds]
    return tuple(dict.fromkeys(frozenset(content_stems(name)) for name in names if name))


def is_called(label: str, noun: str) -> bool:
    """Whether a label is what a noun names, by itself, a synonym or a kind.

    >>> is_called("cup", "mugs"), is_called("dog", "animal"), is_called("dog", "cat")
    (True, True, False)
    """
    asked = frozenset(content_stems(noun))
    return bool(asked) and any(asked == name for name in names_of(label))


def is_person_word(noun: str) -> bool:
    """Whether a noun is narrower than "person", so that a box cannot tell it from another."""
    stems = content_stems(noun)
    return bool(stems) and stems[-1] in PERSONS


def large_kind(noun: str) -> str:
    """-> the kind (person, vehicle, animal) of which a noun names a thing that COCO knows, or "".

    A bee is an animal too, but none that was learnt with its box, and so may "an animal" be: not to
    have seen one says nothing.

    >>> large_kind("dogs"), large_kind("bee"), large_kind("animal"), large_kind("cup")
    ('animal', '', '', '')
    """
    if not content_stems(noun):
        return ""
    for category in coco_categories():
        wide = category.supercategory != "person" and is_called(category.supercategory, noun)
        if category.supercategory in LARGE and is_called(category.name, noun) and not wide:
            return category.supercategory
    return ""


def specificity(label: str, noun: str) -> int:
    """-> how many steps a label is finer than a noun: 0 where it is the noun itself."""
    asked, names = frozenset(content_stems(noun)), names_of(label)
    return names.index(asked) if asked in names else -1


@lru_cache(maxsize=1)
def _kinds() -> dict[str, tuple[str, ...]]:
    kinds: dict[str, tuple[str, ...]] = {
        c.name: (_SUPERCATEGORIES.get(c.supercategory, c.supercategory),) for c in coco_categories()
    }
    for label in imagenet_labels():
        both = (*label.also, *label.kinds, *kinds.get(label.name, ()))
        kinds[label.name] = tuple(dict.fromkeys(both))
    return kinds
