"""A film's page in a real browser: played, clicked, by keyboard alone, on a phone, in the dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from svqa.database import open_store
from svqa.errors import UsageError, VideoNotFound
from svqa.pipeline import Library
from svqa.settings import Settings
from svqa.viewer import export_page
from tests.helpers.browser import (
    browser_page,
    film_time_s,
    serious_violations,
    still_box,
    wait_for_film,
    wait_until_loaded,
)
from tests.helpers.films import (
    NAME,
    QUESTION,
    SCRIPT,
    SPANS,
    store_abstention,
    store_film,
    store_question,
)
from tests.helpers.offline_models import offline

pytestmark = pytest.mark.slow  # a browser for each


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        film = store_film(store, folder)
        store_abstention(store, film, "Is there a whale?")
        store_question(store, film)
        store_abstention(store, film, "Is there a submarine?")
        yield Library(store, offline(), Settings(database=store.url))


@pytest.fixture(scope="module")
def page_file(library, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("page") / "talk.html"
    return export_page(library, library.find(NAME), out)


def test_play_then_the_third_card_then_the_film_stands_in_its_seconds(page_file: Path):
    with browser_page() as (page, seen):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        page.get_by_role("button", name="Play").click()
        wait_for_film(page, lambda t_s: t_s > 0.3)
        page.locator(".card").nth(2).click()
        page.wait_for_timeout(300)
        start_s, end_s = SPANS[2]
        assert start_s <= film_time_s(page) < end_s
        page.get_by_role("button", name="Pause").click()
        assert seen.errors == []
        assert seen.outside(page_file.parent.as_uri()) == []


def test_words_of_films_files_and_models_stay_text(page_file: Path):
    with browser_page() as (page, seen):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        assert page.title().startswith(NAME)
        said = page.locator(".viewer").inner_text()
        assert said.count("<script>document.title='ran'</script>") >= 5
        assert page.locator(".viewer script, .viewer img[src=x], h1 b").count() == 0
        assert (page_file.parent / NAME).is_file() and seen.errors == []
    written = page_file.read_text(encoding="utf-8")
    assert SCRIPT not in written and written.count("<script") == 2


def test_only_the_evidence_is_played(page_file: Path):
    with browser_page() as (page, _):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        page.locator("video").evaluate(
            """video => { video.muted = true; video.playbackRate = 2; window.seen = [];
                const look = () => video.seeking || window.seen.push(video.currentTime);
                video.addEventListener("seeked", look); video.addEventListener("timeupdate", look);
            }"""
        )
        page.get_by_role("button", name="Only the evidence").click()
        wait_for_film(page, lambda t_s: t_s > SPANS[-1][1], seconds=60)
        times = page.evaluate("window.seen")
        slack_s = 0.6  # a look of a slow machine's clock at twice the speed
        inside = [any(a - 0.1 <= t < b + slack_s for a, b in SPANS) for t in times]
        assert all(inside), times
        reached = [any(a - 0.1 <= t < b + slack_s for t in times) for a, b in SPANS]
        assert all(reached), times


def near(expected_s: float):
    return lambda t_s: abs(t_s - expected_s) < 0.2


def test_the_keyboard_alone_is_enough(page_file: Path):
    with browser_page() as (page, seen):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        for expected_s, _ in SPANS[:3]:
            page.keyboard.press("n")
            wait_for_film(page, near(expected_s))
        page.keyboard.press("p")
        wait_for_film(page, near(SPANS[1][0]))
        page.keyboard.press("ArrowRight")
        wait_for_film(page, near(SPANS[1][0] + 5))
        page.keyboard.press("Home")
        page.keyboard.press(" ")
        wait_for_film(page, lambda t_s: 0 < t_s < 4)
        assert page.locator("video").evaluate("video => !video.paused")
        page.keyboard.press(" ")
        page.keyboard.press("?")
        page.get_by_role("dialog", name="Keys").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog", name="Keys").wait_for(state="hidden")
        # each thing that can be pressed is reached by Tab, and shows that it is
        names = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            names.add(
                page.evaluate(
                    "(() => { const el = document.activeElement?.shadowRoot?.activeElement;"
                    " return el && (el.className || el.textContent || el.ariaLabel); })()"
                )
            )
        assert {"play", "card", "pane"} <= names
        assert seen.errors == []


@pytest.mark.parametrize("width", [420, 360])
def test_a_phone_scrolls_in_one_direction(page_file: Path, width: int):
    with browser_page(width=width) as (page, _):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".card").first.bounding_box()["width"] > 0.8 * width


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_serious_keeps_anybody_out(page_file: Path, dark: bool):
    with browser_page(dark=dark) as (page, _):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        page.locator(".card").nth(1).click()
        assert serious_violations(page) == []


def test_the_timeline_is_zoomed_hovered_and_clicked(page_file: Path):
    with browser_page() as (page, seen):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        box = still_box(page, "canvas")
        page.mouse.move(box["x"] + box["width"] * 0.15, box["y"] + 30)
        assert "said at 1.0" in page.locator(".hint").inner_text()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
        wait_for_film(page, lambda t_s: abs(t_s - 5.0) < 0.3)
        page.get_by_role("button", name="Zoom in").click()
        pane = page.locator(".pane")
        assert pane.evaluate("pane => pane.scrollWidth > 1.9 * pane.clientWidth")
        assert pane.get_attribute("aria-valuetext").startswith("0:0")
        assert page.locator(".overlay rect").count() == 2 and seen.errors == []


def test_it_opens_at_its_first_answered_question(page_file: Path):
    with browser_page() as (page, _):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        assert page.locator(".questions li").count() == 3
        assert page.locator(".asked").inner_text() == QUESTION
        pressed = page.locator(".questions button[aria-pressed=true]")
        assert pressed.locator(".question").inner_text() == QUESTION


def test_boxes_of_a_track_are_one_bar_with_its_gaps(page_file: Path):
    with browser_page() as (page, _):
        page.goto(page_file.as_uri())
        wait_until_loaded(page)
        names = page.locator(".names div")
        assert {"tracks", "boxes"} <= set(names.all_inner_texts())
        canvas = still_box(page, "canvas")
        lane = names.filter(has_text="tracks").bounding_box()

        def told(t_s: float, row: int) -> str:
            page.mouse.move(canvas["x"] + canvas["width"] * t_s / 10, lane["y"] + 6 + 13 * row)
            return page.locator(".hint").inner_text().partition("  ")[2]

        assert [told(t_s, 0) for t_s in (0.2, 5.0, 9.8)] == ["bicycle #1"] * 3
        person = [told(t_s, 1) for t_s in (0.2, 2.8, 4.5, 6.2, 8.8, 9.6)]
        assert person == ["person #2", "person #2", "", "person #2", "person #2", ""]
        assert page.locator(".overlay text", has_text="bicycle #1").count() == 1


def test_a_film_inside_its_page_needs_no_other_file(library, tmp_path: Path):
    out = export_page(library, library.find(NAME), tmp_path / "alone.html", embed=True)
    assert [p.name for p in tmp_path.iterdir()] == ["alone.html"]
    with browser_page() as (page, seen):
        page.goto(out.as_uri())
        wait_until_loaded(page)
        assert page.locator("video").evaluate("video => video.duration") == pytest.approx(
            10, abs=0.2
        )
        assert seen.outside(out.as_uri()) == [] and seen.errors == []


def test_the_policy_lets_in_this_script_alone(page_file: Path):
    written = page_file.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', written)[1]
    assert policy.startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    assert "unsafe" not in policy and "http" not in policy


def test_another_film_in_the_way_is_refused(library, tmp_path: Path):
    (tmp_path / NAME).write_bytes(b"another")
    with pytest.raises(UsageError, match="in the way"):
        export_page(library, library.find(NAME), tmp_path / "talk.html")


def test_a_film_that_is_gone_says_so(library, tmp_path: Path):
    path = Path(library.find(NAME).path)
    away = path.rename(path.with_suffix(".away"))
    try:
        with pytest.raises(VideoNotFound, match="put it back"):
            export_page(library, library.find(NAME), tmp_path / "talk.html")
    finally:
        away.rename(path)


def test_a_question_without_one_asked_yet(library, tmp_path: Path):
    """The page shows the film alone where nothing was asked."""
    out = export_page(library, library.find(NAME), tmp_path / "new.html", questions=0)
    with browser_page() as (page, seen):
        page.goto(out.as_uri())
        wait_until_loaded(page)
        assert page.locator(".card").count() == 0 and QUESTION not in page.content()
        assert page.locator(".transcript li").count() == 5 and seen.errors == []
