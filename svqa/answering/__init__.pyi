from .answer_extraction import (
    colour_of as colour_of,
    name_from as name_from,
    number_in as number_in,
)
from .chat import (
    ChatAnswerer as ChatAnswerer,
)
from .chat_brief import (
    BRIEF_LIMITS as BRIEF_LIMITS,
    brief_turns as brief_turns,
    is_brief as is_brief,
)
from .chat_evidence import (
    Exhibit as Exhibit,
    Limits as Limits,
    plain_words as plain_words,
    show as show,
)
from .chat_prompt import (
    NOT_IN_VIDEO as NOT_IN_VIDEO,
    chat_turns as chat_turns,
    reply_schema as reply_schema,
)
from .chat_reply import (
    BadReply as BadReply,
    CheckedReply as CheckedReply,
    begin_reply as begin_reply,
    read_reply as read_reply,
    write_reply as write_reply,
)
from .citations import (
    clock as clock,
    clock_span as clock_span,
)
from .event_answers import (
    EventAnswer as EventAnswer,
    answer_from_events as answer_from_events,
)
from .event_grounding import (
    BESIDE_S as BESIDE_S,
    EventGrounder as EventGrounder,
    GroundedEvent as GroundedEvent,
    clauses_of as clauses_of,
)
from .evidence import (
    MIN_SUPPORT as MIN_SUPPORT,
    NOT_FOUND as NOT_FOUND,
    EvidenceAnswerer as EvidenceAnswerer,
)
from .option_scoring import (
    score_options as score_options,
    word_overlap as word_overlap,
)
from .question_scope import (
    TimeScope as TimeScope,
    find_time_scope as find_time_scope,
    narrowed as narrowed,
)
from .sentence_scoring import (
    Lines as Lines,
    read_passages as read_passages,
    support as support,
)
from .sighting_answers import (
    answer_from_sightings as answer_from_sightings,
)
from .sighting_questions import (
    answer_about_order as answer_about_order,
)
from .sightings import (
    SURE as SURE,
    Sighting as Sighting,
    SightingAnswer as SightingAnswer,
    Sightings as Sightings,
)
from .taxonomy import (
    is_called as is_called,
    is_person_word as is_person_word,
    names_of as names_of,
)

__all__ = [
    "BESIDE_S",
    "BRIEF_LIMITS",
    "MIN_SUPPORT",
    "NOT_FOUND",
    "NOT_IN_VIDEO",
    "SURE",
    "BadReply",
    "ChatAnswerer",
    "CheckedReply",
    "EventAnswer",
    "EventGrounder",
    "EvidenceAnswerer",
    "Exhibit",
    "GroundedEvent",
    "Limits",
    "Lines",
    "Sighting",
    "SightingAnswer",
    "Sightings",
    "TimeScope",
    "answer_about_order",
    "answer_from_events",
    "answer_from_sightings",
    "begin_reply",
    "brief_turns",
    "chat_turns",
    "clauses_of",
    "clock",
    "clock_span",
    "colour_of",
    "find_time_scope",
    "is_brief",
    "is_called",
    "is_person_word",
    "name_from",
    "names_of",
    "narrowed",
    "number_in",
    "plain_words",
    "read_passages",
    "read_reply",
    "reply_schema",
    "score_options",
    "show",
    "support",
    "word_overlap",
    "write_reply",
]
