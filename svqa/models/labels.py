"""Labels of ImageNet and COCO as words: names, synonyms, and what each is a kind of.

ImageNet's from WordNet 3.0, Copyright 2006 by Princeton University; its licence lies beside the
data, which `experiments/conse_tuning/make_imagenet_labels.py` made. COCO's from the annotations of
2014 and 2017 (`categories` of `instances_val2017.json`; Lin et al. 2014, arXiv:1405.0312; CC BY
4.0): ids run from 1 to 90, because ten of the categories that were planned have no boxes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_COCO = {
    "person": {1: "person"},
    "vehicle": {
        2: "bicycle",
        3: "car",
        4: "motorcycle",
        5: "airplane",
        6: "bus",
        7: "train",
        8: "truck",
        9: "boat",
    },
    "outdoor": {
        10: "traffic light",
        11: "fire hydrant",
        13: "stop sign",
        14: "parking meter",
        15: "bench",
    },
    "animal": {
        16: "bird",
        17: "cat",
        18: "dog",
        19: "horse",
        20: "sheep",
        21: "cow",
        22: "elephant",
        23: "bear",
        24: "zebra",
        25: "giraffe",
    },
    "accessory": {27: "backpack", 28: "umbrella", 31: "handbag", 32: "tie", 33: "suitcase"},
    "sports": {
        34: "frisbee",
        35: "skis",
        36: "snowboard",
        37: "sports ball",
        38: "kite",
        39: "baseball bat",
        40: "baseball glove",
        41: "skateboard",
        42: "surfboard",
        43: "tennis racket",
    },
    "kitchen": {
        44: "bottle",
        46: "wine glass",
        47: "cup",
        48: "fork",
        49: "knife",
        50: "spoon",
        51: "bowl",
    },
    "food": {
        52: "banana",
        53: "apple",
        54: "sandwich",
        55: "orange",
        56: "broccoli",
        57: "carrot",
        58: "hot dog",
        59: "pizza",
        60: "donut",
        61: "cake",
    },
    "furniture": {
        62: "chair",
        63: "couch",
        64: "potted plant",
        65: "bed",
        67: "dining table",
        70: "toilet",
    },
    "electronic": {
        72: "tv",
        73: "laptop",
        74: "mouse",
        75: "remote",
        76: "keyboard",
        77: "cell phone",
    },
    "appliance": {
        78: "microwave",
        79: "oven",
        80: "toaster",
        81: "sink",
        82: "refrigerator",
    },
    "indoor": {
        84: "book",
        85: "clock",
        86: "vase",
        87: "scissors",
        88: "teddy bear",
        89: "hair drier",
        90: "toothbrush",
    },
}


@dataclass(frozen=True)
class Label:
    """A class of ImageNet with its words.

    `name` is its first word in WordNet, `also` the synonyms, `kinds` what it is one of, nearest
    first.
    """

    id: str
    name: str
    also: tuple[str, ...]
    kinds: tuple[str, ...]


@lru_cache(maxsize=1)
def imagenet_labels() -> tuple[Label, ...]:
    """The thousand classes in the order of the classifier's outputs.

    >>> imagenet_labels()[294].name, imagenet_labels()[294].kinds[0]
    ('brown bear', 'bear')
    """
    rows = json.loads(
        (files("svqa.models") / "data" / "imagenet_labels.json").read_text(encoding="utf-8")
    )
    return tuple(Label(r["id"], r["name"], tuple(r["also"]), tuple(r["kinds"])) for r in rows)


@dataclass(frozen=True)
class CocoCategory:
    """`id` 1 to 90, `name` as COCO writes it, `supercategory` what kind of thing it is."""

    id: int
    name: str
    supercategory: str


@lru_cache(maxsize=1)
def coco_categories() -> tuple[CocoCategory, ...]:
    """The eighty categories in the order of their ids.

    >>> len(coco_categories()), coco_categories()[-1]
    (80, CocoCategory(id=90, name='toothbrush', supercategory='indoor'))
    """
    rows = (
        CocoCategory(number, name, supercategory)
        for supercategory, names in _COCO.items()
        for number, name in names.items()
    )
    return tuple(sorted(rows, key=lambda category: category.id))


@lru_cache(maxsize=1)
def coco_supercategories() -> dict[str, str]:
    """{name: supercategory}, for labels that came from a detector.

    >>> coco_supercategories()["bear"]
    'animal'
    """
    return {category.name: category.supercategory for category in coco_categories()}
