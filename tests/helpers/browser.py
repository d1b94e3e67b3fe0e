"""A real, headless Chromium, driven by Playwright's package; it may fetch nothing off its page."""

from __future__ import annotations

import atexit
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Seen:
    """What a page did that a person does not see."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def outside(self, *own: str) -> list[str]:
        """-> the requests that went anywhere but to addresses that begin so."""
        return [url for url in self.requests if not url.startswith(("data:", "blob:", *own))]


@contextmanager
def browser_page(*, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator:
    """-> (page, what it does unseen). Skips with a reason where there is no browser."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    context = _browser().new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    with context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        seen = Seen()
        page.on("console", lambda said: said.type == "error" and seen.errors.append(said.text))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        yield page, seen


@cache
def _browser():
    """One browser for the whole test process; every page has cookies and storage of its own."""
    pytest.importorskip("playwright", reason="no Playwright: pip install -e '.[dev]'")
    from playwright import sync_api

    playwright = sync_api.sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
    )


def serious_violations(page) -> list[str]:
    """-> what axe-core finds serious or critical; it reads the shadow roots too."""
    from axe_playwright_python.base import AXE_SCRIPT

    # past the page's content security policy, which lets no script in: as the browser's own tools
    found = page.evaluate(f"(() => {{ {AXE_SCRIPT}; return axe.run(document); }})()")
    return [
        f"{v['id']}: {json.dumps([n['target'] for n in v['nodes']])[:300]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def film_time_s(page) -> float:
    """-> where the film stands."""
    return page.locator("video").evaluate("video => video.currentTime")


def wait_until_loaded(page) -> None:
    """Waits until the film knows its length."""
    page.wait_for_selector("video")
    page.locator("video").evaluate(
        "video => video.readyState >= 2 || "
        "new Promise(done => video.addEventListener('loadeddata', done))"
    )


def still_box(page, selector: str) -> dict[str, float]:
    """-> where something stands once it has stopped moving: a page is laid out in several steps."""
    box = page.locator(selector).bounding_box()
    while True:
        page.wait_for_timeout(150)
        before, box = box, page.locator(selector).bounding_box()
        if box is not None and box == before:
            return box


def wait_for_film(page, there: Callable[[float], bool], *, seconds: float = 15) -> None:
    """Waits until the film stands where it should."""
    until = time.monotonic() + seconds
    while not there(film_time_s(page)):
        assert time.monotonic() < until, film_time_s(page)
        page.wait_for_timeout(50)
