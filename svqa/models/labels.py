"""ImageNet's thousand classes as words: names, synonyms, and what each is a kind of.

From WordNet 3.0, Copyright 2006 by Princeton University; its licence lies beside the data. Made by
`experiments/conse_tuning/make_imagenet_labels.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


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
