from .caption_templates import (
    SURE as SURE,
    Finding as Finding,
    claims as claims,
    listed as listed,
    sentence as sentence,
    with_article as with_article,
)
from .colours import (
    BASIC_COLOURS as BASIC_COLOURS,
    COLOUR_WORDS as COLOUR_WORDS,
)
from .question_parser import (
    ParsedQuestion as ParsedQuestion,
    asks_about_speech as asks_about_speech,
    asks_about_text as asks_about_text,
    asks_beyond_names as asks_beyond_names,
    parse_question as parse_question,
    plain as plain,
    speaker_of as speaker_of,
    spoken_about as spoken_about,
    statement_of as statement_of,
)
from .tokenization import (
    content_stems as content_stems,
    regular_stem as regular_stem,
    sentences as sentences,
    stem as stem,
    words as words,
)

__all__ = [
    "BASIC_COLOURS",
    "COLOUR_WORDS",
    "SURE",
    "Finding",
    "ParsedQuestion",
    "asks_about_speech",
    "asks_about_text",
    "asks_beyond_names",
    "claims",
    "content_stems",
    "listed",
    "parse_question",
    "plain",
    "regular_stem",
    "sentence",
    "sentences",
    "speaker_of",
    "spoken_about",
    "statement_of",
    "stem",
    "with_article",
    "words",
]
