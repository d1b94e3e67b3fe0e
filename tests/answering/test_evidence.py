"""The evidence answerer on passages whose right answer a reader can tell.

With the real sentence encoder.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from svqa.answering import EvidenceAnswerer
from svqa.answering.citations import asks_for_all
from svqa.answering.evidence import NOT_FOUND
from svqa.evaluation.output_quality import value_of
from svqa.models import MiniLM
from svqa.records import Evidence, Question, Statement


def _seen(
    text: str, start_s: float, end_s: float, video: str = "v", sure: float | None = None
) -> Evidence:
    told = None if sure is None else (Statement(text, sure),)
    return Evidence(video, f"{video}.mp4", start_s, end_s, 0.0, "caption", text, statements=told)


def _heard(text: str, start_s: float, end_s: float) -> Evidence:
    return Evidence("v", "v.mp4", start_s, end_s, 0.0, "speech", text)


BEARS = [
    _seen("A brown bear, on grass.", 0, 5),
    _seen("A brown bear, outdoors by a river.", 5, 10),
    _seen("Two brown bears walking on a meadow.", 10, 15),
    _heard("The salmon run starts in July and the bears get very hungry.", 2, 6),
    _heard("Look at that one over there.", 7, 9),
]
STAGE = [
    _seen("An acoustic guitar, in a room.", 0, 5),
    _seen("A man is holding a red guitar on stage.", 5, 10),
    _seen("A microphone and a man in a suit.", 10, 15),
]


@pytest.fixture(scope="module")
def answerer() -> EvidenceAnswerer:
    return EvidenceAnswerer(MiniLM.from_pretrained())


@pytest.mark.parametrize(
    "question, passages, expected",
    [
        ("what animal is this", BEARS, "brown bear"),
        ("what is the man holding", STAGE, "red guitar"),
        ("what instrument is it?", STAGE, "guitar"),
        ("where is the bear?", BEARS[1:2], "river"),
        ("what colour is the guitar", STAGE, "red"),
        ("how many bears are there", BEARS, "2"),
    ],
)
def test_names_what_it_saw(answerer, question, passages, expected):
    answer = answerer.answer(Question(question), passages)
    assert not answer.abstained
    assert expected in answer.text.lower()
    assert answer.evidence and 0 < answer.score <= 1


def test_named_answer_tells_the_seconds_of_its_evidence(answerer):
    answer = answerer.answer(Question("what is the man holding"), STAGE)
    assert answer.text == "A red guitar"
    assert (answer.evidence[0].start_s, answer.evidence[0].end_s) == (5, 10)


def test_seconds_are_those_where_the_name_was_given(answerer):
    assert answerer.answer(Question("where is the bear"), BEARS).text == "Outdoors by a river"
    assert answerer.answer(Question("what animal is this"), BEARS).text == "A brown bear"


@pytest.mark.parametrize(
    "question, passages, reference",
    [
        ("what animal is this", BEARS, "a brown bear"),
        ("what is the man holding", STAGE, "red guitar"),
        ("where is the bear", BEARS, "outdoors by a river"),
    ],
)
def test_an_open_answer_is_scored_without_its_seconds(answerer, question, passages, reference):
    answer = answerer.answer(Question(question), passages)
    assert value_of(answer, [reference], "accuracy") == 1.0
    assert answer.evidence and not any(mark.isdigit() for mark in answer.text)


def test_quotes_what_it_heard_with_its_seconds(answerer):
    answer = answerer.answer(Question("what did they say about the salmon?"), BEARS)
    assert answer.text.startswith('Someone says: "The salmon run')
    assert answer.evidence[0].kind == "speech" and answer.evidence[0].start_s == 2


def test_question_about_speech_without_speech_abstains_and_says_so(answerer):
    answer = answerer.answer(Question("what did they say about the salmon?"), STAGE)
    assert answer.abstained and "no speech" in answer.reason and not answer.evidence


@pytest.mark.parametrize(
    "question, passages, expected",
    [
        ("Is there a bear in the video?", BEARS, "yes"),
        ("is there an animal?", BEARS, "yes"),
        ("is there a musical instrument?", STAGE, "yes"),
        ("does anyone mention salmon?", BEARS, "yes"),
    ],
)
def test_yes_where_it_is_found(answerer, question, passages, expected):
    assert answerer.answer(Question(question), passages).text == expected


@pytest.mark.parametrize(
    "question, passages",
    [("Is there a cat?", BEARS), ("is there a guitar?", BEARS), ("Is there a bear?", STAGE)],
)
def test_captions_that_do_not_name_it_are_no_no(answerer, question, passages):
    answer = answerer.answer(Question(question), passages)
    assert answer.abstained and "no model that could have told looked" in answer.reason


def test_who_is_not_answered_by_what_the_question_says_itself(answerer):
    answer = answerer.answer(
        Question("Who is playing with the dog?"), [_seen("We see a dog.", 0, 5)]
    )
    assert answer.abstained and "person" in answer.reason


def test_what_is_no_more_than_the_question_is_no_answer(answerer):
    seen = [_seen("We see a vehicle.", 0, 5), _seen("We see a vehicle.", 5, 9)]
    answer = answerer.answer(Question("What is the open three-wheeled vehicle at the front?"), seen)
    assert answer.abstained and "no more than the question" in answer.reason


def test_before_or_after_needs_both_at_other_seconds(answerer):
    asked = "Is the guitar in a room shown before or after the microphone?"
    answer = answerer.answer(Question(asked), STAGE)
    assert answer.text == "before" and {e.start_s for e in answer.evidence} == {0, 10}
    assert answerer.answer(Question(asked), STAGE[:1]).abstained
    turned = "Is the microphone shown before or after the guitar in a room?"
    assert answerer.answer(Question(turned), STAGE).text == "after"


def test_a_when_that_fits_the_whole_video_is_no_answer(answerer):
    seen = [_seen("We see a dog.", 0, 5), _seen("We see a dog.", 5, 10)]
    answer = answerer.answer(Question("When does the dog run out of the picture?"), seen)
    assert answer.abstained and "no second stands out" in answer.reason


def test_what_nobody_saw_surely_is_no_overview(answerer):
    unsure = [
        _seen("We may see a banjo.", 0, 5, sure=0.15),
        _seen("We probably see an otter.", 5, 9, sure=0.3),
    ]
    answer = answerer.answer(Question("What happens in this clip?"), unsure)
    assert answer.abstained and "otter" in answer.reason


def test_what_the_captioner_did_not_trust_counts_for_less_and_nothing_recognised_for_nothing(
    answerer,
):
    sure, unsure = (
        answerer.answer(Question("is there a car"), [_seen("We see a car.", 0, 5, sure=sure)])
        for sure in (0.9, 0.15)
    )
    assert sure.score > unsure.score
    closest = _seen("Nothing recognised; closest: sports equipment or sunscreen.", 0, 5)
    question = Question("is there sports equipment?")
    assert answerer.answer(question, [replace(closest, statements=())]).abstained
    assert not answerer.answer(question, [closest]).abstained, "words alone hedge nothing"


def test_a_name_says_more_than_the_question(answerer):
    seen = [
        _seen("We probably see a vehicle.", 0, 5, sure=0.3),
        _seen("We see a car (most like a racing car).", 5, 10),
    ]
    answer = answerer.answer(Question("what vehicles are there?"), seen)
    assert answer.text == "A car (most like a racing car)"
    assert answerer.answer(Question("is there a vehicle?"), seen).text == "yes"


def test_a_question_about_doing_is_not_answered_by_a_thing(answerer):
    assert answerer.answer(
        Question("what is she doing"), [_seen("We see a banjo.", 0, 5)]
    ).abstained
    answer = answerer.answer(
        Question("what is she doing"), [_seen("A woman is stretching outdoors.", 0, 5)]
    )
    assert answer.text == "0:00-0:05 A woman is stretching outdoors"


def test_something_of_the_same_kind_is_neither_a_yes_nor_a_no(answerer):
    dog, banjo = [_seen("We see a dog.", 0, 5)], [_seen("We see a banjo.", 0, 5)]
    for question, seen in (("is there a cat?", dog), ("is there a guitar?", banjo)):
        answer = answerer.answer(Question(question), seen)
        assert answer.abstained and seen[0].text in answer.reason
    assert answerer.answer(Question("is there an animal?"), dog).text == "yes"
    assert answerer.answer(Question("are there animals?"), dog).text == "yes"


def test_when_gives_the_seconds(answerer):
    answer = answerer.answer(Question("When does the man hold the guitar?"), STAGE)
    assert answer.text == "At 0:05-0:10"


@pytest.mark.parametrize(
    "question",
    [
        "what is the capital of France",
        "what is the man holding",
        "what instrument is the man playing",
        "how many guitars are there",
        "when does the plane land",
        "what colour is the car",
    ],
)
def test_abstains_with_the_best_match_and_its_score_where_the_evidence_is_weak(answerer, question):
    answer = answerer.answer(Question(question), BEARS)
    assert answer.abstained and not answer.evidence
    assert '"' in answer.reason and "0." in answer.reason


def test_no_passages_and_passages_without_words_abstain(answerer):
    wordless = Evidence("v", "v.mp4", 0, 5, 0.9, "visual", "")
    for passages in ([], [wordless]):
        answer = answerer.answer(Question("what is this?"), passages)
        assert answer.abstained and "no caption and no speech" in answer.reason


def test_options_always_get_a_choice_that_fits_the_passages(answerer):
    options = ("a cat", "a bear", "a guitar")
    on_bears = answerer.answer(Question("what is in the video", options=options), BEARS)
    on_stage = answerer.answer(Question("what is in the video", options=options), STAGE)
    assert (on_bears.option, on_bears.text) == (1, "a bear")
    assert (on_stage.option, on_stage.text) == (2, "a guitar")
    assert on_bears.evidence and 1 / 3 < on_bears.score <= 1


def test_choice_follows_its_option_when_the_options_change_places(answerer):
    options = ("playing a guitar", "riding a bike", "cooking")
    for shift in range(3):
        turned = options[shift:] + options[:shift]
        answer = answerer.answer(Question("what is the man doing", options=turned), STAGE)
        assert answer.text == "playing a guitar" and turned[answer.option] == answer.text


def test_order_of_the_passages_does_not_matter(answerer):
    for question in ("what animal is this", "where is the bear", "is there a river"):
        forward = answerer.answer(Question(question), BEARS)
        backward = answerer.answer(Question(question), BEARS[::-1])
        assert (forward.text, forward.score) == (
            backward.text,
            pytest.approx(backward.score, abs=1e-5),
        )


@pytest.mark.parametrize(
    "question", ["where is the bear", "what animal is this", "is there a cat", "where is it"]
)
def test_capitals_and_question_marks_do_not_matter(answerer, question):
    typed, plain = (
        answerer.answer(Question(q), BEARS) for q in (question.capitalize() + " ?", question)
    )
    assert (typed.text, typed.score, typed.evidence) == (plain.text, plain.score, plain.evidence)


def test_a_question_without_content_gets_the_most_typical_caption(answerer):
    answer = answerer.answer(Question("what is happening in the video?"), BEARS)
    assert "bear" in answer.text.lower() and not answer.abstained


def test_either_or_picks_one_of_the_two(answerer):
    answer = answerer.answer(Question("is it indoors or outdoors?"), BEARS[1:2])
    assert answer.text == "outdoors" and answer.option is None


def test_an_animal_need_not_be_a_dog(answerer):
    passages = [_seen("We see an animal.", 0, 5), _seen("We see a car.", 5, 10)]
    assert answerer.answer(Question("Is there an animal?"), passages).text == "yes"
    assert answerer.answer(Question("Is there an automobile?"), passages).text == "yes"
    assert answerer.answer(Question("Is there a dog?"), passages).abstained


def _read(text: str, start_s: float, end_s: float) -> Evidence:
    return Evidence("v", "v.mp4", start_s, end_s, 0.0, "text", text)


TITLES = [
    _read("NEWS AT NINE\nMINISTER ON TRADE", 0, 5),
    _read("MINISTER ON TRADE\nJULY 14, 2015\nwww.news.example.com", 5, 10),
    _read("Made with\nMoviePy", 10, 15),
]
TALK = [
    _heard("Hello and welcome to the kitchen.", 0, 3),
    _heard("We need two teaspoons of cocoa.", 4, 7),
    _heard("The milk gets hot now, so do stir the milk.", 8, 11),
    _heard("Thank you for watching.", 12, 14),
]


@pytest.mark.parametrize(
    "question, passages, expected",
    [
        ("What date is shown?", TITLES, "JULY 14, 2015"),
        ("Which website is shown?", TITLES, "www.news.example.com"),
        ("What was it made with?", TITLES, "MoviePy"),
        ("What does the last caption say?", TITLES, "MoviePy"),
        ("What does the first title say?", TITLES, "NEWS AT NINE"),
        ("What does the banner at the bottom of the picture say?", TITLES[:1], "MINISTER ON TRADE"),
        ("What does it say?", TITLES[2:], "Made with"),
    ],
)
def test_reads_what_has_the_form_that_is_asked_for(answerer, question, passages, expected):
    answer = answerer.answer(Question(question), passages)
    assert answer.text.startswith("The picture reads:") and expected in answer.text


@pytest.mark.parametrize(
    "question, reason",
    [
        ("What date is shown?", "No date was read"),
        ("Which website is shown?", "No web address was read"),
        ("What time does the clock show?", "No time of day was read"),
        ("What colour is the title?", "No caption names its colour"),
    ],
)
def test_what_has_no_such_form_is_not_read(answerer, question, reason):
    answer = answerer.answer(Question(question), TITLES[2:])
    assert answer.abstained and reason in answer.reason


def test_it_says_is_heard_where_somebody_speaks(answerer):
    assert answerer.answer(Question("What does it say?"), [*TITLES, *TALK]).text.startswith("Some")
    assert answerer.answer(Question("What does he say?"), TITLES).abstained


def test_any_text_is_there_where_some_was_read(answerer):
    for question in ("Is there any text on the screen?", "Is any text visible?"):
        assert answerer.answer(Question(question), TITLES).text == "yes"
        assert answerer.answer(Question(question), STAGE).abstained
    assert answerer.answer(Question("Is there writing on the wall?"), TITLES).abstained
    assert "MINISTER" in answerer.answer(Question("What can you read?"), TITLES[:1]).text


@pytest.mark.parametrize(
    "question, expected",
    [
        ("What is said first?", "Hello"),
        ("What is the first thing that is said?", "Hello"),
        ("what is said last?", "Thank you"),
        ("What is the last sentence she says?", "Thank you"),
        ("What does she say about the milk?", "milk"),
        ("Does she talk about the cocoa before or after the milk?", "before"),
        ("Does she mention the milk before or after she mentions the cocoa?", "after"),
    ],
)
def test_words_have_an_order(answerer, question, expected):
    passages = [*TALK[::-1], _seen("We see a mug.", 0, 14)]
    assert expected in answerer.answer(Question(question), passages).text


def test_an_order_needs_both(answerer):
    asked = "Does she talk about the cocoa before or after the football match?"
    assert answerer.answer(Question(asked), TALK).abstained


NAMES = [_seen("We see a box and a table.", 0, 5), _seen("We see a brown bear.", 5, 10)]


@pytest.mark.parametrize(
    "question",
    [
        "What is the bear sitting on?",
        "What does she do with the box?",
        "Where is the box?",
        "What is in the box?",
        "What time does the box show?",
        "When is the bear no longer visible?",
        "Where are they?",
        "Who is the bear?",
    ],
)
def test_captions_of_names_tell_no_relation_no_act_no_place(answerer, question):
    assert answerer.answer(Question(question), NAMES).abstained


def test_a_place_is_told_where_it_was_seen_surely(answerer):
    sea = [_seen("We are at the seashore.", 0, 5), _seen("We may be on a stage.", 5, 10, sure=0.12)]
    for question in ("Where was this filmed?", "Where are they?", "Where does it take place?"):
        assert answerer.answer(Question(question), sea).text == "At the seashore"
        assert answerer.answer(Question(question), sea[1:]).abstained
    assert answerer.answer(Question("Where is the cup?"), sea).abstained


@pytest.mark.parametrize(
    "question, expected",
    [
        ("Is it a brown bear?", "yes"),
        ("Is it a polar bear?", None),
        ("Is there a brown bear in the video?", "yes"),
        ("Is it a green box?", None),
        ("Is it a large green box?", None),
        ("Is there a box?", "yes"),
        ("Is there a red vehicle?", None),
    ],
)
def test_yes_needs_every_word_of_the_thing(answerer, question, expected):
    passages = [*NAMES, _seen("We see a vehicle.", 10, 15)]
    answer = answerer.answer(Question(question), passages)
    assert (None if answer.abstained else answer.text) == expected


def test_who_is_told_by_a_caption_or_a_name_tag_only(answerer):
    person = Evidence("v", "v.mp4", 0.0, 10.0, 0.9, "visual", "person")
    tag = _read("Ada M. Lovelace\nMathematician", 2, 8)
    said = answerer.answer(Question("Who is speaking?"), [*TALK, tag, person])
    assert said.text == 'The picture reads: "Ada M. Lovelace"' and said.evidence[0].kind == "text"
    assert answerer.answer(Question("Who is speaking?"), [*TALK, tag]).abstained, "nobody is seen"
    assert answerer.answer(Question("Who is speaking?"), [*TALK, *TITLES, person]).abstained
    for question in ("Who rides the horse?", "What is the minister's name?"):
        assert answerer.answer(Question(question), [tag, person, *TITLES]).abstained
    named = answerer.answer(Question("What is her name?"), [tag, person])
    assert named.text == said.text
    caption = _seen("A young woman is playing with a dog.", 0, 5)
    answer = answerer.answer(Question("Who is playing with the dog?"), [caption, *TALK])
    assert answer.text.startswith("A young woman")


def test_neither_of_two_that_nothing_comes_near(answerer):
    asked = Question("Is it a piano or a violin?")
    assert answerer.answer(asked, [_seen("We see a violin.", 0, 5)]).text == "a violin"
    near = answerer.answer(asked, TALK[3:])
    assert near.abstained and "either" in near.reason


def test_what_is_done_is_told_by_captions_that_name_an_action(answerer):
    asked = Question("What is the bear doing?")
    assert "action" in answerer.answer(asked, [*BEARS[:2], *TALK]).reason
    assert "walking" in answerer.answer(asked, BEARS).text


def test_all_of_a_film_leans_to_a_setting(answerer):
    street = [_seen("We see a taxi.", 0, 5), _seen("We see a traffic light.", 5, 10)]
    asked = "Is this in a city or in the countryside?"
    assert answerer.answer(Question(asked), street).text == "city"
    assert answerer.answer(Question("Is it red or green?"), street[:1]).abstained


def test_only_an_open_question_gets_the_whole_film(answerer):
    seen = Evidence("v", "v.mp4", 0.0, 10.0, 0.9, "visual", "person")
    assert "person" in answerer.answer(Question("What happens?"), [*NAMES, seen]).text
    for question in ("Where is it?", "Who are they?", "When is it?"):
        assert answerer.answer(Question(question), [*NAMES, seen]).abstained


def test_of_two_lines_that_say_the_same_the_one_that_was_retrieved_is_cited(answerer):
    one, other = _seen("A man plays a guitar.", 0, 5), _seen("A man plays a guitar.", 20, 25)
    for found, left in ((one, other), (other, one)):
        answer = answerer.answer(
            Question("What is the man playing?"), [replace(found, score=0.9), left]
        )
        assert answer.evidence[0].start_s == found.start_s


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is shown here?", True),
        ("What is visible in the video?", True),
        ("Summarise the film.", True),
        ("What happens in the movie?", True),
        ("What is shown on the sign?", False),
        ("When is it visible?", False),
        ("Who is shown?", False),
    ],
)
def test_a_question_without_content_asks_for_the_whole_film(question, expected):
    assert asks_for_all(question) == expected


def _supported(answerer: EvidenceAnswerer, question: str, line: str, wanted: float):
    """The answer where the line supports the question just so much: it is told so unsurely."""

    def told(sure: float):
        passages = [_seen(line, 0, 5, sure=sure), _seen("An empty road.", 5, 10, sure=0.0)]
        return answerer.answer(Question(question), passages)

    low, high = 0.0, 1.0
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (low, middle) if told(middle).score > wanted else (middle, high)
    found = told(high)
    assert found.score == pytest.approx(wanted, abs=1e-3)
    return found


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("when does someone play music", "A man with a guitar."),
        ("what instrument is on the stage", "A red guitar on a stage."),
    ],
)
def test_an_answer_needs_a_support_of_two_fifths(answerer, question, line):
    below = _supported(answerer, question, line, 0.396)
    assert below.abstained and below.text == NOT_FOUND and "0.40" in below.reason, below
    assert not _supported(answerer, question, line, 0.404).abstained


def test_where_nothing_comes_within_42_hundredths_it_says_that_nobody_looked(answerer):
    asked = "is there a violin player", "A man with a guitar."
    for wanted, nobody in ((0.416, True), (0.424, False)):
        found = _supported(answerer, *asked, wanted)
        assert found.abstained and ("no model that could have told" in found.reason) == nobody
