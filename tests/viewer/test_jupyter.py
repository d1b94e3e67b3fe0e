"""The viewer in JupyterLab, in a real browser: run, clicked, asked, and no key goes astray."""

from __future__ import annotations

import re

import pytest

from svqa.database import open_store
from tests.helpers.browser import browser_page, film_time_s, wait_for_film, wait_until_loaded
from tests.helpers.films import SPANS, store_film, store_question
from tests.helpers.jupyter import jupyter_lab, write_notebook

pytestmark = pytest.mark.slow

OPEN = """\
import svqa
library = svqa.open_library("sqlite:///svqa.db")
library.view(library.videos()[0])"""
FILM = r"http://127.0.0.1:\d+/[\w-]{32}/(film|picture\?t_s=[\d.]+)"
ANSWER = 'library.ask("Is there a bicycle?").view()'


def run_cell(page, number: int) -> None:
    page.locator(".jp-Cell").nth(number).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


@pytest.mark.timeout(600)
def test_run_the_cell_click_the_third_card_and_ask_inside(tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        store_question(store, store_film(store, folder))
    write_notebook(folder / "film.ipynb", OPEN, ANSWER, "'the last cell'")
    # a dark system, a light notebook
    with (
        browser_page(dark=True) as (page, seen),
        jupyter_lab(folder, tmp_path / "own") as (address, token),
    ):
        page.set_default_timeout(90_000)
        page.goto(f"{address}/lab/tree/film.ipynb?token={token}")
        run_cell(page, 0)
        page.locator(".viewer").wait_for()
        wait_until_loaded(page)
        page.locator(".card").nth(2).click()
        page.wait_for_timeout(300)
        assert SPANS[2][0] <= film_time_s(page) < SPANS[2][1]
        scheme = "viewer => getComputedStyle(viewer.getRootNode().host).colorScheme"
        assert page.locator(".viewer").evaluate(scheme) == "light"
        page.evaluate("document.body.dataset.jpThemeLight = 'false'")
        assert page.locator(".viewer").evaluate(scheme) == "dark"
        page.evaluate("document.body.dataset.jpThemeLight = 'true'")
        # keys mean what they mean in the viewer, and nothing in the notebook around it
        page.keyboard.press("n")
        wait_for_film(page, lambda t_s: SPANS[3][0] <= t_s < SPANS[3][1])
        for key in "bad d":
            page.keyboard.press(key)
        page.get_by_label("Ask this film").press_sequentially("Is there a bicycle?")
        page.keyboard.press("Enter")
        page.locator(".said", has_text="yes").wait_for()
        page.locator(".card").first.click()
        page.get_by_role("button", name="Right").click()
        page.get_by_text("Kept.").wait_for()
        assert page.locator(".jp-Cell").count() == 3
        assert page.locator(".viewer script, .viewer img[src=x]").count() == 0
        # an answer opens its film at its own question
        run_cell(page, 1)
        second = page.locator(".jp-Cell").nth(1).locator(".viewer")
        second.wait_for()
        assert second.locator(".asked").inner_text() == "Is there a bicycle?"
        served = [url for url in seen.requests if re.fullmatch(FILM, url)]
        assert len(served) >= 2
        assert seen.outside(address, address.replace("http", "ws"), *served) == []
    with open_store(f"sqlite:///{folder}/svqa.db") as store:
        asked = [q.question for q in store.queries()]
        ((said),) = store.corrections()
    assert asked.count("Is there a bicycle?") == 2 and said.verdict == "right"
