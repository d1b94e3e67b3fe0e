"""The evidence answerer on passages whose right answer a reader can tell.

With the real sentence encoder.
"""

from __future__ import annotations

import pytest

from svqa.answering import EvidenceAnswerer
from svqa.evaluation.output_quality import value_of
from svqa.models import MiniLM
from svqa.records import Evidence, Question


def _seen(text: str, start_s: float, end_s: float, video: str = "v") -> Evidence:
    return Evidence(video, f"{video}.mp4", start_s, end_s, 0.0, "caption", text)


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
    unsure = [_seen("We may see a banjo.", 0, 5), _seen("We probably see an otter.", 5, 9)]
    answer = answerer.answer(Question("What happens in this clip?"), unsure)
    assert answer.abstained and "otter" in answer.reason


def test_what_the_captioner_did_not_trust_counts_for_less_and_nothing_recognised_for_nothing(
    answerer,
):
    sure, unsure = (
        answerer.answer(Question("is there a car"), [_seen(f"We {verb} a car.", 0, 5)])
        for verb in ("see", "may see")
    )
    assert sure.score > unsure.score
    nothing = [
        _seen("Nothing recognised with confidence; closest: sports equipment or sunscreen.", 0, 5)
    ]
    assert answerer.answer(Question("is there sports equipment?"), nothing).abstained


def test_a_name_says_more_than_the_question(answerer):
    seen = [
        _seen("We probably see a vehicle.", 0, 5),
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
