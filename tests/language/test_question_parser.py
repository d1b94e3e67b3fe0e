"""What a question points at: text, speech, an order, an action; both truth values of each."""

from __future__ import annotations

import pytest

from svqa.language import (
    asks_about_text,
    doing_words,
    is_plural,
    none_seen,
    ordinal_of,
    parse_question,
    singular,
    speaker_of,
    spoken_about,
)


@pytest.mark.parametrize(
    "question, about_text",
    [
        ("What does the sign on the roof of the car say?", True),
        ("What does the banner at the bottom say?", True),
        ("What does the last caption say?", True),
        ("What does the man on the roof of the car say?", False),
        ("Who designed the banner?", False),
    ],
)
def test_a_sign_says_what_can_be_read(question, about_text):
    assert asks_about_text(question) == about_text


@pytest.mark.parametrize(
    "question, which",
    [
        ("What does the last caption say?", "last"),
        ("What is the first thing that is said?", "first"),
        ("What is said last?", "last"),
        ("What is the final word?", "last"),
        ("What do they say about the first aid kit?", ""),
        ("Which dog comes first?", ""),
    ],
)
def test_the_first_and_the_last_of_what_is_said_or_written(question, which):
    assert ordinal_of(question) == which


def test_an_order_is_no_topic_and_no_speaker():
    assert spoken_about("What is said last?") == ""
    assert spoken_about("What is said about the last supper?") == "the last supper"
    assert speaker_of("What is the first thing that is said?") == ""
    assert speaker_of("What does the first officer say?") == "first officer"


@pytest.mark.parametrize(
    "question, doing",
    [
        ("Is there a dog at the beginning?", []),
        ("Is anything in the building in the morning?", []),
        ("Is the dog running by the building?", ["running"]),
        ("What is he doing?", ["doing"]),
    ],
)
def test_nouns_in_ing_are_no_action(question, doing):
    assert doing_words(question) == doing


def test_kinds_of_is_passed_over_in_both_numbers():
    for question in ("What kind of animal is it?", "What kinds of animals are they?"):
        assert parse_question(question).focus == "animal"


def test_the_very_end_is_the_end():
    assert parse_question("Is there a dog at the very end of the video?").moment == "end"
    assert parse_question("How many dogs are there at the very beginning?").moment == "start"


def test_plurals():
    plurals = "dogs people two men skis boxes ponies glasses children species".split()
    assert [noun for noun in plurals if not is_plural(noun)] == ["two", "species"]
    assert not any(is_plural(noun) for noun in ("dog", "bus", "glass", "tennis", "gas"))
    assert singular("polar bears") == "polar bear" and singular("boxes") == "box"
    assert none_seen("men") == "No men were seen" and none_seen("bus") == "No bus was seen"


@pytest.mark.parametrize(
    ("word", "relation"),
    [
        ("until", "before"),
        ("before", "before"),
        ("once", "after"),
        ("after", "after"),
        ("while", "while"),
        ("when", "while"),
        ("as", "while"),
        ("during", "while"),
    ],
)
def test_a_time_word_says_on_which_side_of_the_event(word, relation):
    asked = parse_question(f"What does the boy do {word} the ball falls?")
    assert asked.relation == relation and "ball" in asked.event and "boy" in asked.main
