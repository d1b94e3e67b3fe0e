"""Findings -> one English sentence that sounds as sure as the numbers are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from svqa.language.tokenization import is_plural
from svqa.records import Statement

SURE, LIKELY, FAINT = 0.45, 0.2, 0.1
_JOINTS = ("and", "and", "or")  # of the sure, the likely and the faint
NAMED = 1 / 3  # of a wider word's probability makes its likeliest class worth naming too

PLURAL = frozenset(
    "binoculars|jeans|mountains|parallel bars|pyjamas|sunglasses|swimming trunks".split("|")
)
MASS = frozenset(
    (
        "brass|bread|broccoli|carbonara|chain mail|chocolate sauce|clothing|consomme|coral "
        "fungus|corn|dough|drink|eggnog|electronic equipment|espresso|face "
        "powder|food|footwear|fruit|furniture|guacamole|hair spray|hay|ice cream|lotion|mashed "
        "potato|perfume|rapeseed|red wine|sports equipment|sunscreen|thatch|toilet "
        "tissue|velvet|wool"
    ).split("|")
)
EVERYDAY = {
    "alp": "mountains",
    "ashcan": "dustbin",
    "bannister": "banister",
    "barrow": "wheelbarrow",
    "beach wagon": "estate car",
    "cab": "taxi",
    "cellular telephone": "mobile phone",
    "ear": "ear of corn",
    "hand blower": "hair dryer",
    "head cabbage": "cabbage",
    "hotdog": "hot dog",
    "ice bear": "polar bear",
    "ice lolly": "ice pop",
    "jean": "jeans",
    "jersey": "T-shirt",
    "liner": "ocean liner",
    "Loafer": "loafer",
    "maillot": "swimsuit",
    "pajama": "pyjamas",
    "racer": "racing car",
    "racket": "tennis racket",
    "sax": "saxophone",
    "studio couch": "sofa",
    "sunglass": "sunglasses",
    "upright": "upright piano",
    "washer": "washing machine",
    "wing": "aircraft wing",
}
SETTINGS = {
    "alp": "in the mountains",
    "bakery": "in a bakery",
    "barbershop": "in a barbershop",
    "bookshop": "in a bookshop",
    "butcher shop": "in a butcher's shop",
    "church": "in a church",
    "cinema": "at a cinema",
    "cliff": "by a cliff",
    "confectionery": "in a sweet shop",
    "coral reef": "on a coral reef",
    "dock": "at a dock",
    "greenhouse": "in a greenhouse",
    "grocery store": "in a grocery store",
    "home theater": "in a room with a large screen",
    "lakeside": "by a lake",
    "library": "in a library",
    "mountain": "in the mountains",
    "patio": "on a patio",
    "pier": "on a pier",
    "planetarium": "at a planetarium",
    "prison": "in a prison",
    "promontory": "on a headland",
    "restaurant": "in a restaurant",
    "sandbar": "on a sandbank",
    "seashore": "at the seashore",
    "shoe shop": "in a shoe shop",
    "shop": "in a shop",
    "stage": "on a stage",
    "tobacco shop": "in a tobacconist's shop",
    "toyshop": "in a toy shop",
    "valley": "in a valley",
    "volcano": "by a volcano",
}


@dataclass(frozen=True)
class Finding:
    """Something seen, by the name that is as close as is safe.

    `name` is that ("bear"), `closest` its likeliest class, with `share` of the whole.
    """

    name: str
    closest: str
    probability: float
    share: float = 1.0

    @property
    def phrase(self) -> str:
        """With its article, and the likeliest class where that says more.

        "a bear (most like a polar bear)".
        """
        said = with_article(self.name)
        if self.name == self.closest or self.share < NAMED:
            return said
        return f"{said} (most like {with_article(self.closest)})"


def with_article(name: str) -> str:
    """A label as it is said.

    >>> [with_article(name) for name in ("otter", "unicycle", "sunglasses", "hay", "cab")]
    ['an otter', 'a unicycle', 'sunglasses', 'hay', 'a taxi']
    """
    said = EVERYDAY.get(name, name)
    if said in PLURAL or name in MASS:
        return said
    vowel = re.match(r"(?!uni|eu|use|one)[aeiou]|hour|heir|honest|X-ray", said, re.IGNORECASE)
    return f"{'an' if vowel else 'a'} {said}"


def sentence(findings: Sequence[Finding], halves: Sequence[Finding] = ()) -> str:
    """What was seen in a segment, and in each half of it -> a sentence.

    All of the segment best first; of its first and its second half the best.

    >>> seen = {"bow tie": 0.7, "suit": 0.12, "stage": 0.11}
    >>> sentence([Finding(name, name, share) for name, share in seen.items()])
    'We see a bow tie, perhaps a suit, perhaps on a stage.'
    >>> sentence([Finding("otter", "otter", 0.08), Finding("hay", "hay", 0.05)])
    'Nothing recognised with confidence; closest: an otter or hay.'
    """
    if findings[0].probability < FAINT:
        closest = listed([with_article(f.name) for f in findings], "or")
        return f"Nothing recognised with confidence; closest: {closest}."
    if len({half.name for half in halves if half.probability >= SURE}) == 2:
        return f"We see first {halves[0].phrase}, then {halves[1].phrase}."
    things = [f for f in findings if f.name not in SETTINGS]
    setting = _setting(findings)
    seen = _seen(things)
    if not seen and setting is not None:
        return f"We {_be(setting)}."
    return f"We {', '.join(part for part in (seen, _place(setting)) if part)}."


def statements(findings: Sequence[Finding], halves: Sequence[Finding] = ()) -> list[Statement]:
    """The same -> what the sentence states, one for each tier of sureness, with its probability.

    That of a tier is its surest finding's; what is too faint is not stated.

    >>> seen = {"airliner": 0.7, "warplane": 0.15, "wing": 0.11}
    >>> for statement in statements([Finding(name, name, p) for name, p in seen.items()]):
    ...     print(statement)
    Statement(text='We see an airliner.', probability=0.7)
    Statement(text='We may see a warplane or an aircraft wing.', probability=0.15)
    """
    if findings[0].probability < FAINT:
        return []
    if len({half.name for half in halves if half.probability >= SURE}) == 2:
        sure = min(half.probability for half in halves)
        return [Statement(f"We see first {halves[0].phrase}, then {halves[1].phrase}.", sure)]
    told = []
    for tier, verb, joint in zip(_tiers(findings), ("", "probably ", "may "), _JOINTS, strict=True):
        things = [f.phrase for f in tier if f.name not in SETTINGS]
        if things:
            best = max(f.probability for f in tier if f.name not in SETTINGS)
            told.append(Statement(f"We {verb}see {listed(things, joint)}.", best))
    setting = _setting(findings)
    if setting is not None:
        told.append(Statement(f"We {_be(setting)}.", setting.probability))
    return told


def _seen(things: Sequence[Finding]) -> str:
    """-> "see a, probably b, perhaps c or d", the verb as sure as the surest of them.

    "" where all is too faint.
    """
    sure, likely, faint = ([f.phrase for f in tier] for tier in _tiers(things))
    tiers = [
        (sure, "see ", "and"),
        (likely, "probably " if sure else "probably see ", "and"),
        (faint, "perhaps " if sure or likely else "may see ", "or"),
    ]
    return ", ".join(word + listed(phrases, joint) for phrases, word, joint in tiers if phrases)


def _tiers(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """-> the sure, the likely and the faint ones."""
    edges = ((SURE, 2.0), (LIKELY, SURE), (FAINT, LIKELY))
    sure, likely, faint = (
        [f for f in findings if low <= f.probability < high] for low, high in edges
    )
    return sure, likely, faint


def _setting(findings: Sequence[Finding]) -> Finding | None:
    return next((f for f in findings if f.name in SETTINGS and f.probability >= FAINT), None)


def _place(setting: Finding | None) -> str:
    if setting is None:
        return ""
    return ("" if setting.probability >= SURE else "perhaps ") + SETTINGS[setting.name]


def _be(setting: Finding) -> str:
    p = setting.probability
    return ("are " if p >= SURE else "are probably " if p >= LIKELY else "may be ") + SETTINGS[
        setting.name
    ]


def none_seen(noun: str) -> str:
    """That something was not seen, in good English.

    >>> none_seen("dog"), none_seen("skis"), none_seen("people")
    ('No dog was seen', 'No skis were seen', 'No people were seen')
    """
    return f"No {noun} {'were' if is_plural(noun) else 'was'} seen"


def listed(phrases: Sequence[str], joint: str) -> str:
    """Join words as a sentence does.

    >>> listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    *most, last = phrases
    return f"{', '.join(most)} {joint} {last}" if most else last
