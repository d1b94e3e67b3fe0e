"""Question text -> what kind of answer it asks for, about what, and after or before which event.

Rules on English words, in the order they are tried; a question that fits none is `open`. No model,
no learning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from svqa.language.tokenization import content_stems, singular, words

KINDS = ("either", "said", "yes_no", "count", "when", "where", "open")
_AUXILIARIES = frozenset(
    "is are was were do does did has have had can could will would should am".split()
)
_SAID = re.compile(
    r"\b(says?|said|saying|talk(s|ed|ing)?|mention(s|ed|ing)?|speak(s|ing)?|spoken?|spoke|"
    r"hear(s|d|ing)?|tell(s|ing)?|told|"
    r"advi[cs]e[sd]?|recommend(s|ed|ing)?|suggest(s|ed|ing)?|ask (people|us|you|viewers)|"
    r"discuss(es|ed|ing)?|explain(s|ed|ing)?|announce[sd]?|narrat\w+|lyrics|speech)\b"
)
_BEARERS = "screen|sign|slide|sticker|button|label|poster|banner|menu|letters|billboard"
_TEXT = re.compile(
    r"\b(text|letters|titled?|captions?|subtitles?|headline|logo|brand|make of|price|written|"
    r"(an?|the) (ad|advert|advertisement|commercial) for|advertised|"
    r"what (is|are) the name of|name of the (app|shop|product|company|brand|website|show)|"
    r"what (words?|numbers?)|(words?|numbers?) (is|are|was) (on|in|written)|"
    r"how much (does|do|is|are)|(can|could) (you|we|be) read|"
    rf"on (the|its|his|her) (\w+ )?({_BEARERS})|"
    rf"({_BEARERS})s?(?: [\w']+){{0,6}} (say|says|read|reads|show|shows))\b"
)
_BEYOND = re.compile(
    r"^(where|who|whose|why|how (does|do|did|is|are)|does|do|did)\b|\b(sounds?|noise|music)\b"
)
_ING_NOUNS = frozenset(
    "being beginning building ceiling clothing crossing during evening everything king morning "
    "nothing anything painting railing ring something spring string thing wedding wing".split()
)
_SPEAKER = re.compile(
    r"\b(?:do|does|did|is|are|was|were|has|have) (?:the |a |an |this |that |his |her |their )?"
    r"(?P<who>[\w' -]+?) (?:say|saying|said|talk\w*|tell\w*|told|mention\w*|speak\w*|spoken|"
    r"explain\w*|announce\w*|recommend\w*|suggest\w*|advise\w*|ask)\b"
)
_ORDINAL = re.compile(
    r"\b(?P<a>first|last|final) (?:\w+ )?(?:captions?|subtitles?|texts?|titles?|words?|lines?|"
    r"things?|sentences?|messages?|sign|slide)\b|"
    r"\b(?:said|says?|heard|read|written) (?:at )?(?P<b>first|last)$"
)
# a voice may be any of these
_ANYBODY = frozenset(
    content_stems(
        "he she they it you we someone somebody anybody anyone people person man woman men women "
        "boy girl guy lady speaker narrator presenter host voice video film clip there being been "
        "first last thing word sentence line"
    )
)
_TIME_RELATION = re.compile(r"\b(before|after|while|when|as|during|once|until)\b")
_MOMENT = re.compile(
    r"\b(?:at|in|near|towards?) the (?:very )?(?P<at>beginning|start|middle|end)(?: "
    r"of the (?:video|clip))?"
)


@dataclass(frozen=True)
class ParsedQuestion:
    """What a question asks for.

    `kind` is one of `KINDS`. `focus` is the sort of thing asked for (`animal` in "what animal is
    this"), `alternatives` the two of an "is it A or B". `main` is the question without its time
    clause, `event` that clause, `relation` the word between (`after`, `before`, `while`, `""`).
    `moment` is `start`, `middle`, `end` or `""`.
    """

    kind: str
    focus: str = ""
    alternatives: tuple[str, ...] = ()
    main: str = ""
    event: str = ""
    relation: str = ""
    moment: str = ""


def parse_question(text: str) -> ParsedQuestion:
    """-> the form of a question.

    >>> parse_question("What animal is this?").focus
    'animal'
    >>> form = parse_question("what does the boy do after the ball falls")
    >>> form.relation, form.event
    ('after', 'the ball falls')
    """
    tokens = words(text)
    first = tokens[0] if tokens else ""
    either = _alternatives(text) if first in _AUXILIARIES else ()
    if either:
        return ParsedQuestion("either", alternatives=either, main=plain(text))
    main, relation, event = _split_time(plain(text), first)
    moment = _moment(text)
    kind, focus = _kind_and_focus(tokens, first, plain(text))
    return ParsedQuestion(kind, focus, main=main, event=event, relation=relation, moment=moment)


def plain(text: str) -> str:
    """-> lower case, without question marks and full stops, single spaces.

    How it was typed must not change the answer.

    >>> plain("Where is  the Bear ?")
    'where is the bear'
    """
    return " ".join(text.lower().replace("?", " ").replace(".", " ").split())


def asks_about_speech(text: str) -> bool:
    """True where the words of the question point at what was said rather than seen.

    >>> asks_about_speech("what did they say about the weather")
    True
    >>> asks_about_speech("what is the man holding")
    False
    """
    return bool(_SAID.search(text.lower()))


def asks_about_text(text: str) -> bool:
    """Whether the words of the question point at what can be read in the picture.

    >>> asks_about_text("What does the green button say?"), asks_about_text("What does he say?")
    (True, False)
    """
    return bool(_TEXT.search(plain(text)))


def asks_beyond_names(text: str) -> bool:
    """Whether it asks for an action, a place, a person or a sound: more than names of things.

    >>> asks_beyond_names("What is he doing?"), asks_beyond_names("What animal is this?")
    (True, False)
    """
    return bool(_BEYOND.search(plain(text)) or doing_words(text))


def doing_words(text: str) -> list[str]:
    """-> the words that name an action as it goes on; nouns that end so are none.

    >>> doing_words("Is the man by the building running in the morning?")
    ['running']
    """
    found = [word for word in words(text) if word.endswith("ing") and len(word) > 4]
    return [word for word in found if word not in _ING_NOUNS]


def spoken_about(text: str) -> str:
    """-> what a question about speech wants to hear of, "" where any words will do.

    >>> spoken_about("what did they say about the salmon"), spoken_about("what does the man say?")
    ('the salmon', '')
    """
    match = _SAID.search(plain(text))
    rest = plain(text)[match.end() :] if match else ""
    rest = re.sub(r"^( (about|of|regarding|on|that|to (him|her|them)))+\b", "", rest).strip()
    rest = re.sub(r"^(at )?(first|last)$", "", rest)
    return rest if content_stems(rest) else ""


def ordinal_of(text: str) -> str:
    """-> `first` or `last` where that one of the words said or written is asked for, else "".

    >>> ordinal_of("What does the last caption say?"), ordinal_of("What is said first?")
    ('last', 'first')
    """
    match = _ORDINAL.search(plain(text))
    return {"final": "last"}.get(which := match["a"] or match["b"], which) if match else ""


def speaker_of(text: str) -> str:
    """-> who is asked about as the one that speaks, "" where anybody may be: a voice has no face.

    >>> speaker_of("What did the surgeon say?"), speaker_of("What does the man say about tea?")
    ('surgeon', '')
    """
    match = _SPEAKER.search(plain(text))
    who = match["who"] if match else ""
    return "" if set(content_stems(who)) <= _ANYBODY else who


def statement_of(text: str) -> str:
    """-> the content of a yes/no, count or when question, question words and auxiliaries stripped.

    >>> statement_of("Is there a bear in the river?"), statement_of("When does the man jump?")
    ('a bear in the river', 'the man jump')
    """
    out = plain(text)
    out = re.sub(
        r"^(when|at what (time|second|point)|what time|how many|where|how often|how long)\b",
        "",
        out,
    ).strip()
    out = re.sub(rf"^({'|'.join(_AUXILIARIES)})\b", "", out).strip()
    out = re.sub(r"^(there|it|this|you (see|hear)|we (see|hear))\b", "", out).strip()
    out = re.sub(r"^(any|ever)\b", "", out).strip()
    out = re.sub(r"\b(in|on|of) (the|this) (video|clip|scene|picture|footage)\b", "", out).strip()
    out = re.sub(r"\b(are|is) there\b", "", out)
    return " ".join(out.split()) or plain(text)


def _kind_and_focus(tokens: list[str], first: str, text: str) -> tuple[str, str]:
    if first in _AUXILIARIES:
        return "yes_no", ""
    if tokens[:2] == ["how", "many"]:
        return "count", _noun_after(tokens[2:])
    if first == "when" or tokens[:3] in (
        ["at", "what", "time"],
        ["at", "what", "second"],
        ["at", "what", "point"],
    ):
        return "when", ""
    if asks_about_speech(text):
        return "said", ""
    if first == "where":
        return "where", "place"
    if first in ("what", "which"):
        return "open", "" if tokens[1:2] in (["happens"], ["happened"], ["happen"]) else _one(
            _noun_after(tokens[1:])
        )
    return "open", "person" if first in ("who", "whose", "whom") else ""


def _noun_after(tokens: list[str]) -> str:
    """-> the words up to the first auxiliary: `animal` from [animal, is, this].

    "kind of" is passed over.
    """
    if (
        len(tokens) > 2
        and singular(tokens[0]) in ("kind", "type", "sort", "breed", "species")
        and tokens[1] == "of"
    ):
        tokens = tokens[2:]
    noun = []
    for token in tokens[:4]:
        if token in _AUXILIARIES or not content_stems(token):
            break
        noun.append(token)
    return " ".join(noun) if len(noun) < len(tokens) or len(noun) <= 1 else noun[0]


def _one(noun: str) -> str:
    """-> a plain plural in the singular.

    The sort of thing asked for by "what animals" is "animal".
    """
    return (
        noun[:-1]
        if len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
        else noun
    )


def _split_time(text: str, first: str) -> tuple[str, str, str]:
    """-> main clause, relation, event clause.

    Split at the last time word that is not the question word itself.
    """
    found = [m for m in _TIME_RELATION.finditer(text) if m.start() > 0]
    for match in reversed(found):
        event = text[match.end() :].strip()
        if len(content_stems(event)) >= 1:
            relation = {
                "when": "while",
                "as": "while",
                "during": "while",
                "once": "after",
                "until": "before",
            }
            return text[: match.start()].strip(), relation.get(match[1], match[1]), event
    return text, "", ""


def _moment(text: str) -> str:
    match = _MOMENT.search(text.lower())
    return {"beginning": "start"}.get(match["at"], match["at"]) if match else ""


def _alternatives(text: str) -> tuple[str, ...]:
    match = re.search(r"(?P<a>[\w'-]+(?: [\w'-]+)?) or (?P<b>[\w' -]+?)\s*\??$", plain(text))
    if not match or match["b"] in ("not", "no"):
        return ()
    a = match["a"].split()
    keep = a[-1:] if not content_stems(a[0]) or len(match["b"].split()) == 1 else a
    return " ".join(keep), match["b"]
