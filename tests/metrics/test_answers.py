"""Answer metrics against numbers worked out by hand."""

from __future__ import annotations

import pytest

from svqa.metrics import (
    anls,
    completeness,
    evaluate_answer_quality,
    exact_match,
    normalise,
    token_f1,
    vqa_accuracy,
    word_overlap,
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("The Two dogs!", "2 dogs"),
        ("A  cat", "cat"),
        ("none", "0"),
        ("dont", "don't"),
        ("couldnt've", "couldn't've"),
        ("don't", "don't"),
        ("1,000", "1000"),
        ("10-15", "10 15"),
        ("red, green", "red green"),
        ("mother-in-law", "mother in law"),
        ("3.5", "3.5"),
        ("5.", "5"),
        ("U.S.", "us"),
        ("yes\n", "yes"),
        ("eleven", "eleven"),
        ("an", ""),
    ],
)
def test_normalise_as_the_official_vqa_code(text, expected):
    assert normalise(text) == expected


def test_normalise_twice_is_normalise_once():
    for text in ("The Two dogs, dont bark.", "10-15", "what's on the t.v. ?", "1,000 a/b"):
        assert normalise(normalise(text)) == normalise(text)


def test_exact_match_forgives_form_not_content():
    assert exact_match("The 2 dogs.", "two dogs") == 1.0
    assert exact_match("three dogs", "two dogs") == 0.0
    assert exact_match("", "") == 0.0


@pytest.mark.parametrize(
    "agreeing, expected", [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)]
)
def test_vqa_accuracy_is_the_leave_one_out_mean(agreeing, expected):
    references = ["yes"] * agreeing + ["no"] * (10 - agreeing)
    assert vqa_accuracy("Yes.", references) == pytest.approx(expected)


def test_vqa_accuracy_refuses_one_reference():
    with pytest.raises(ValueError, match="two or more"):
        vqa_accuracy("yes", ["yes"])


def test_token_f1_counts_repeats():
    # 2 of 3 words against 2 of 4: precision 2/3, recall 1/2
    assert token_f1("red red car", "red car drives fast") == pytest.approx(
        2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2)
    )
    assert token_f1("cat", "dog") == 0.0


def test_word_overlap_and_completeness_differ_by_what_is_added():
    assert word_overlap("a brown bear on grass", "brown bear") == pytest.approx(2 / 4)
    assert completeness("a brown bear on grass", "brown bear") == 1.0
    assert completeness("bear", "brown bear") == 0.5


def test_anls_by_hand():
    # "kitten" -> "sitting": 3 edits, longer length 7
    assert anls("kitten", ["sitting"]) == pytest.approx(1 - 3 / 7)
    assert anls("Paris", ["paris", "rome"]) == 1.0
    assert anls("abcd", ["abxy"]) == 0.0  # half is wrong: below the threshold
    assert anls("", ["yes"]) == 0.0


def test_quality_takes_the_best_reference_and_names_one_reference_honestly():
    one = evaluate_answer_quality("two dogs", "2 dogs")
    assert (one.exact_match, one.vqa_accuracy, one.references) == (1.0, None, 1)
    several = evaluate_answer_quality("two dogs", ["three dogs", "the 2 dogs", "dogs"])
    assert several.exact_match == several.token_f1 == 1.0
    assert several.vqa_accuracy == pytest.approx((1 / 3 + 0 + 1 / 3) / 3)
    assert several.semantic_similarity is None


def test_an_empty_answer_is_wrong_in_every_metric():
    quality = evaluate_answer_quality("", ["yes", "no"])
    assert quality.exact_match == quality.token_f1 == quality.word_overlap == 0.0
    assert quality.anls == quality.vqa_accuracy == quality.completeness == 0.0


def test_no_reference_is_refused():
    with pytest.raises(ValueError, match="at least one reference"):
        evaluate_answer_quality("yes", [])


def test_semantic_similarity_sees_meaning_where_words_differ():
    from svqa.models import MiniLM

    sentences = MiniLM.from_pretrained()
    near = evaluate_answer_quality(
        "a man on a bicycle", "someone riding a bike", sentences=sentences
    )
    far = evaluate_answer_quality("a bowl of soup", "someone riding a bike", sentences=sentences)
    assert near.semantic_similarity > 0.5 > far.semantic_similarity
    assert near.exact_match == 0.0


@pytest.mark.parametrize(
    "answer, reference",
    [("?", "A"), (".", "the"), ("The", "A"), ("an", "a"), ("!!", "?"), ("the", ""), ("[]", "()")],
)
def test_answers_that_normalise_to_nothing_are_not_equal(answer, reference):
    metrics = (exact_match, token_f1, word_overlap, completeness)
    assert [f(answer, reference) for f in metrics] == [0.0] * 4
    assert vqa_accuracy(answer, [reference] * 10) == 0.0


@pytest.mark.parametrize(
    "answer, reference",
    [("A", "A"), ("A.", "a"), ('"The"', "the"), ("?", "?"), ("+", " + "), ("The a", "the A")],
)
def test_an_article_or_a_mark_is_itself(answer, reference):
    metrics = (exact_match, token_f1, word_overlap, completeness)
    assert [f(answer, reference) for f in metrics] == [1.0] * 4
    assert vqa_accuracy(answer, [reference] * 10) == 1.0
