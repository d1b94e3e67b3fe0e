from .caption_templates import (
    SURE as SURE,
)
from .caption_templates import (
    Finding as Finding,
)
from .caption_templates import (
    sentence as sentence,
)
from .caption_templates import (
    with_article as with_article,
)
from .question_parser import (
    ParsedQuestion as ParsedQuestion,
)
from .question_parser import (
    asks_about_speech as asks_about_speech,
)
from .question_parser import (
    parse_question as parse_question,
)
from .question_parser import (
    plain as plain,
)
from .question_parser import (
    spoken_about as spoken_about,
)
from .question_parser import (
    statement_of as statement_of,
)
from .tokenization import (
    content_stems as content_stems,
)
from .tokenization import (
    sentences as sentences,
)
from .tokenization import (
    stem as stem,
)
from .tokenization import (
    words as words,
)

__all__ = [
    "SURE",
    "Finding",
    "ParsedQuestion",
    "asks_about_speech",
    "content_stems",
    "parse_question",
    "plain",
    "sentence",
    "sentences",
    "spoken_about",
    "statement_of",
    "stem",
    "with_article",
    "words",
]
