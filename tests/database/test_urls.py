"""No password of a database's URL is shown, whatever is wrong with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sqlalchemy import make_url

from svqa.database import open_store
from svqa.database.urls import shown_url, without_secrets
from svqa.errors import SvqaError, UsageError
from svqa.settings import Settings
from tests.helpers.database import fresh_url

SECRET = "hunter2"
URLS = [
    "postgres://me:hunter2@127.0.0.1:1/films",
    "postgresql://me:hunter2@127.0.0.1:1/films",
    "postgresql+asyncpg://me:hunter2@127.0.0.1:1/films",
    "postgresql://me:hunter2@127.0.0.1:port/films",
    "postgresql://me:hunter2@127.0.0.1:99999999/films",
    "postgresql://me@127.0.0.1:1/films?password=hunter2",
    "postgresql://me@127.0.0.1:1/films?sslpassword=hunter2&sslmode=require",
    "postgresql://me:hunter2@127.0.0.1:1/films?nosuchoption=1",
    "mysql://me:hunter2@127.0.0.1/films",
    "mongodb+srv://me:hunter2@example.invalid/films",
    "postgresql//me:hunter2@127.0.0.1/films",
    "postgresql:/me:hunter2@127.0.0.1/films",
    "me:hunter2@127.0.0.1/films",
    "postgresql://me:hunter2@[::1/films",
    "host=127.0.0.1 user=me password=hunter2",
    "host=127.0.0.1 password = 'hunter2 x'",
    "://me:hunter2@127.0.0.1",
]


@pytest.mark.parametrize("url", URLS)
def test_no_error_shows_the_password(url):
    assert SECRET not in shown_url(url) and "***" in shown_url(url)
    with pytest.raises(SvqaError) as refused:
        open_store(url)
    assert SECRET not in str(refused.value) and "***" in str(refused.value)
    assert SECRET not in repr(Settings.load(database=url))


@pytest.mark.slow
@pytest.mark.parametrize("verb", [("doctor",), ("db", "stats"), ("ingest", "x.mp4")])
def test_no_command_prints_it(tmp_path, verb):
    for url in (URLS[0], URLS[3], URLS[6], URLS[9]):
        for way in (["--database", url], []):
            done = subprocess.run(
                [sys.executable, "-m", "svqa", *verb, *way],
                env={**os.environ, "SVQA_DATABASE": url},
                capture_output=True,
                text=True,
                cwd=tmp_path,
                timeout=120,
            )
            said = done.stdout + done.stderr
            assert SECRET not in said and "Traceback" not in said and done.returncode != 0


def test_what_services_hand_out_is_accepted(tmp_path):
    url = fresh_url("postgresql", tmp_path)
    scheme, _, rest = url.partition("://")
    assert scheme.startswith("postgresql")
    with open_store(f"postgres://{rest}") as store:
        assert store.videos() == []


def test_nothing_else_of_a_url_is_hidden():
    for url in (
        "sqlite:///svqa.db",
        "sqlite:////home/me:and@you/films.db",
        "postgresql://me@host/films",
        "postgresql:///films?host=/run/postgresql",
    ):
        assert shown_url(url) == url
    assert shown_url("postgresql://me:x@host:5432/films") == "postgresql://me:***@host:5432/films"


def test_a_drivers_words_are_searched_for_it():
    url = make_url("postgresql://me:h%40nter@host/x?sslpassword=other")
    said = without_secrets('no "=" after "h@nter" (h%40nter), sslpassword=other', url)
    assert "nter" not in said.replace("***", "") and "other" not in said


def test_an_option_of_the_wrong_kind_is_a_typed_error(tmp_path):
    with pytest.raises(UsageError, match="abc"):
        open_store(f"sqlite:///{tmp_path}/a.db?timeout=abc")


def test_a_password_with_an_at_sign_or_a_slash_is_hidden_whole():
    assert shown_url("postgresql://me:hun@ter/2@host/x") == "postgresql://me:***@host/x"
