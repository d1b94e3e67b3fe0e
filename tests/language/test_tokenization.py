"""Stems: Snowball's, with and without irregular forms undone; colours named once."""

from __future__ import annotations

import pytest
import snowballstemmer

from svqa.language.colours import BASIC_COLOURS, COLOUR_WORDS
from svqa.language.tokenization import content_stems, regular_stem, stem
from svqa.shapes.scene import COLOURS


@pytest.mark.parametrize("word", "playing held dogs running children ponies 2 strasse".split())
def test_a_regular_stem_is_snowballs_own(word):
    assert regular_stem(word) == snowballstemmer.stemmer("english").stemWord(word)


def test_only_the_stem_of_meaning_undoes_irregular_forms():
    assert (stem("held"), regular_stem("held")) == ("hold", "held")
    assert stem("children") == stem("child") != regular_stem("children")
    assert content_stems("the man held two knives") == ("man", "hold", "two", stem("knife"))


def test_the_small_world_has_basic_colours_only():
    assert set(COLOURS) <= BASIC_COLOURS < COLOUR_WORDS
