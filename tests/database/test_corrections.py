"""What people say of answers: kept beside the question, the last word counts."""

from __future__ import annotations

import pytest

from svqa.database import open_store
from svqa.errors import UsageError
from svqa.records import Evidence
from tests.helpers.database import fresh_url, ingest, video_info


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    with open_store(fresh_url(request.param, tmp_path)) as opened:
        yield opened


def ask(store, *videos: str, kind: str = "ask", cited: str = "") -> int:
    evidence = [Evidence(cited, "/videos/a.mp4", 1.0, 2.0, 0.5, "caption")] if cited else []
    facts = {"models": {"answerer": "m"}, "latency_ms": 1.0, "evidence": evidence}
    return store.add_query("what?", kind=kind, videos=videos, **facts)


def test_the_last_word_counts_and_nothing_is_lost(store):
    video = ingest(store)
    number = ask(store, video)
    store.add_correction(number, "right")
    store.add_correction(number, "wrong", answer=" a cup ", spans=[(3, 4.5)])
    (said,) = store.corrections()
    assert (said.query, said.verdict, said.answer) == (number, "wrong", "a cup")
    assert (said.video, said.spans) == (video, ((3.0, 4.5),))
    assert store.stats().rows["corrections"] == 2
    assert store.corrections([number + 1]) == []


def test_seconds_belong_to_the_film_that_was_asked_about_or_cited(store):
    first, second = ingest(store), ingest(store, video_info("cats.mp4", digit="b"))
    for number, of in (
        (ask(store, first, second, cited=second), second),
        (ask(store, first, second), ""),
        (ask(store, first, cited=second), first),
    ):
        store.add_correction(number, "right")
        assert store.corrections([number])[0].video == of


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "maybe"},
        {"verdict": "wrong", "spans": [(5, 3)]},
        {"verdict": "wrong", "spans": [(-1, 3)]},
        {"verdict": "wrong", "spans": [(0, float("inf"))]},
        {"verdict": "wrong", "spans": [("a", "b")]},
    ],
)
def test_what_cannot_be_is_refused(store, wrong):
    number = ask(store, ingest(store))
    with pytest.raises(UsageError):
        store.add_correction(number, **wrong)
    assert store.corrections() == []


def test_only_an_answer_can_be_corrected(store):
    searched = ask(store, ingest(store), kind="search")
    for number, why in ((searched, "is a search"), (searched + 9, "not in the audit trail")):
        with pytest.raises(UsageError, match=why):
            store.add_correction(number, "right")
