"""Any text is either refused or given back exactly; any moment comes back in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from svqa.database.columns import CheckedText, UtcTime, check_text
from svqa.errors import BadText

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.fixture(scope="module")
def table():
    engine = create_engine("sqlite://")
    made = Table("t", MetaData(), Column("text", CheckedText()), Column("at", UtcTime()))
    made.create(engine)
    with engine.connect() as connection:
        yield connection, made


@given(ANY_TEXT)
def test_text_is_refused_or_comes_back_as_it_was(table, text):
    connection, made = table
    try:
        check_text(text)
    except BadText:
        assert "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
        with pytest.raises((BadText, StatementError)):
            connection.execute(insert(made).values(text=text))
        return
    connection.execute(made.delete())
    connection.execute(insert(made).values(text=text))
    assert connection.execute(select(made.c.text)).scalar_one() == text


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=ZONES))
def test_a_moment_is_the_same_moment_in_utc(table, moment):
    connection, made = table
    connection.execute(made.delete())
    connection.execute(insert(made).values(at=moment))
    found = connection.execute(select(made.c.at)).scalar_one()
    assert found == moment and found.tzinfo is UTC
