"""A film in a notebook: served by ranges to who knows the token, asked by messages, closed."""

from __future__ import annotations

import copy
import pickle
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.errors import NotIngested, UsageError
from svqa.pipeline import Library
from svqa.records import Answer
from svqa.settings import Settings
from tests.helpers.films import (
    NAME,
    SCRIPT,
    SPANS,
    store_abstention,
    store_film,
    store_question,
)
from tests.helpers.offline_models import offline


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("SVQA_TEST_LOOPBACK", "1")
    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        store_question(store, store_film(store, tmp_path))
        yield Library(store, offline(), Settings(database=store.url))


@pytest.fixture
def widget(library):
    widget = library.view(NAME)
    yield widget
    widget.close()


def fetch(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as reply:
            return reply.status, reply.read(), dict(reply.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), {}


def src_of(widget) -> str:
    return widget.document["film"]["src"]


def sent_by(widget, monkeypatch, **message) -> dict:
    sent: list[dict] = []
    monkeypatch.setattr(type(widget), "send", lambda self, content: sent.append(content))
    widget._handle_custom_msg({"id": "7", **message}, [])
    (reply,) = sent
    assert reply["id"] == "7"
    return reply


def test_the_film_comes_by_ranges_and_is_not_embedded(widget, tmp_path):
    film = (tmp_path / NAME).read_bytes()
    status, got, headers = fetch(src_of(widget), Range="bytes=1000-1999")
    assert (status, got) == (206, film[1000:2000])
    assert headers["Content-Range"] == f"bytes 1000-1999/{len(film)}"
    assert headers["Content-Type"] == "video/mp4"
    assert fetch(src_of(widget))[1] == film
    state = str(widget.get_state())
    assert src_of(widget) in state and len(state) < len(film) / 2


def test_its_pictures_are_those_of_its_seconds(widget):
    (asked,) = widget.questions
    pictures = [fetch(card["picture"]) for card in asked["evidence"]]
    assert all(status == 200 and got.startswith(b"\xff\xd8") for status, got, _ in pictures)
    assert len({got for _, got, _ in pictures}) == len(SPANS)
    assert fetch(f"{asked['evidence'][0]['picture'].partition('=')[0]}=nan")[0] == 400


def test_nobody_else_gets_it(widget):
    src = src_of(widget)
    assert fetch(src, Host="attacker.example")[0] == 421  # a name made to point here
    base, _, _ = src.rpartition("/")
    for path in ("/../svqa.db", "/film/../svqa.db", "/svqa.db", "/%2e%2e%2fsvqa.db", ""):
        assert fetch(base + path)[0] == 404
    origin = base.rpartition("/")[0]
    assert fetch(f"{origin}/{'a' * 32}/film")[0] == 404
    assert b"SQLite" not in fetch(f"{origin}/svqa.db")[1]


def test_what_was_asked_wrongly_writes_no_token_into_the_cell(widget, capfd, caplog):
    base, _, _ = src_of(widget).rpartition("/")
    for query in ("picture", "picture?t_s=nan", "picture?t_s=x"):
        assert fetch(f"{base}/{query}")[0] == 400
    said = capfd.readouterr()
    assert base.rpartition("/")[2] not in said.out + said.err + caplog.text


def test_another_file_in_its_place_is_not_served(widget, tmp_path):
    path = tmp_path / NAME
    away = path.rename(tmp_path / "away.mp4")
    assert fetch(src_of(widget))[0] == 404
    (tmp_path / "secret").write_bytes(b"x" * away.stat().st_size)
    path.symlink_to(tmp_path / "secret")
    assert fetch(src_of(widget))[0] == 410


def test_closed_it_serves_nothing(library):
    widget = library.view(library.videos()[0])
    widget.close()
    with pytest.raises(urllib.error.URLError):
        fetch(src_of(widget))


def test_it_is_asked_and_corrected_by_messages(widget, library, monkeypatch):
    reply = sent_by(widget, monkeypatch, what="ask", question="Is there a bicycle?", options=[])
    assert reply["asked"]["answer"] == "yes" and reply["asked"]["evidence"][0]["picture"]
    assert widget.questions[-1] == reply["asked"]
    said = {"verdict": "wrong", "answer": SCRIPT, "spans": [[1.0, 2.0]]}
    reply = sent_by(widget, monkeypatch, what="correct", question=reply["asked"]["id"], **said)
    assert "error" not in reply and widget.questions[-1]["correction"] == said
    (kept,) = library.store.corrections()
    assert (kept.answer, kept.spans) == (SCRIPT, ((1.0, 2.0),))
    again = library.view(NAME)
    assert again.questions[-1]["correction"] == said
    again.close()


def test_what_went_wrong_is_replied(widget, monkeypatch):
    reply = sent_by(widget, monkeypatch, what="ask", question=" ", options=[])
    assert reply["error"].startswith("UsageError: A question needs words")


def test_an_answer_opens_its_film_at_its_question(library):
    answer = library.ask("Is there a bicycle?")
    store_abstention(library.store, answer.evidence[0].video, "Is there a whale?")
    for widget in (answer.view(), library.view(answer)):
        assert widget.opened == {"question": answer.number, "start_s": answer.evidence[0].start_s}
        assert repr(widget) == f"FilmWidget({NAME})"
        widget.close()


def test_an_answer_outlives_its_library(library, tmp_path):
    other = Library(open_store(library.store.url), library.models, library.settings)
    with other:
        answer = other.ask("Is there a bicycle?", video=NAME)
    del other
    widget = answer.view()
    assert widget.library is not library and widget.opened["question"] == answer.number
    widget.close()


def test_a_copy_of_an_answer_has_no_library(library):
    answer = library.ask("Is there a bicycle?", video=NAME)
    for other in (pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer), Answer("a", 0.5, "m")):
        with pytest.raises(UsageError, match=r"library\.view\(answer\)"):
            other.view()
    assert copy.deepcopy(answer) == answer


def test_an_answer_without_film_and_an_unknown_film_are_refused(library):
    with pytest.raises(UsageError, match="names no film"):
        library.view(Answer("a", 0.5, "m"))
    with pytest.raises(NotIngested):
        library.view("nowhere.mp4")


def test_a_library_that_keeps_nothing_shows_the_answer(library, monkeypatch):
    monkeypatch.setattr(type(library.store), "read_only", True)
    answer = library.ask("Is there a bicycle?", video=NAME)
    assert answer.number is None
    widget = answer.view()
    assert widget.questions[-1]["answer"] == "yes" and widget.questions[-1]["id"] is None
    assert widget.opened["question"] is None
    reply = sent_by(widget, monkeypatch, what="ask", question="Is there a bicycle?", options=[])
    assert reply["asked"]["id"] is None and reply["asked"]["question"] == "Is there a bicycle?"
    widget.close()


@pytest.mark.parametrize("package", ["anywidget", "tornado.web"])
def test_without_the_extra_one_line_says_what_to_install(library, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for module in ("svqa.viewer.widget", "svqa.viewer.film_server"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(ImportError, match=r"^[^\n]+ Run: pip install 'svqa\[notebooks\]'$"):
        library.view(NAME)


def test_three_hours_are_read_in_pieces(widget, tmp_path):
    """What is asked for is read; a file of ten gigabytes is not."""
    path = Path(widget.video.path)
    with path.open("r+b") as file:
        file.truncate(10**10)
    object.__setattr__(widget.video, "size_bytes", 10**10)
    object.__setattr__(widget._server, "video", widget.video)
    stat = path.stat()
    key = (widget.video.sha256, stat.st_dev, stat.st_ino, stat.st_mtime_ns)
    widget._server.files._same[key] = True
    status, got, headers = fetch(src_of(widget), Range=f"bytes={10**10 - 10}-")
    assert (status, got) == (206, bytes(10))
    assert headers["Content-Range"] == f"bytes {10**10 - 10}-{10**10 - 1}/{10**10}"
