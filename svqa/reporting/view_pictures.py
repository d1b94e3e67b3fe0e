"""The demo's film -> README's pictures of the four views, taken in a real browser.

    python -m svqa.reporting.view_pictures docs/img

Needs Playwright's package (extra `dev`), a Chromium, and what the demo needs.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import svqa
from svqa.reporting import demo

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("page", "serve", "notebook", "report")
WIDTH_PX, HEIGHT_PX, QUALITY = 1120, 720, 82
LOADED_MS = 120_000  # the models, on two busy cores
SHOWN_S = 15.6
WORDS = "a man with a bow tie"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def draw_views(out: Path) -> list[Path]:
    """Run the demo, open each view, write `view-NAME.webp` into `out`; -> the files.

    Raises ImportError, which says what to install, where the package or the browser is missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        demo.run(Path(folder), demo.QUESTIONS)
        return _drawn(Path(folder), out)


def _drawn(folder: Path, out: Path) -> list[Path]:
    database = f"sqlite:///{folder}/demo.db"
    with _browser() as page:
        _film_page(page, folder)
        files = [_kept(page, out, "page")]
        with _served(database, folder) as address:
            page.goto(address)
            page.get_by_role("searchbox").first.fill(WORDS)
            page.get_by_role("button", name="Search").click()
            page.locator(".moments img").first.wait_for(timeout=LOADED_MS)
            page.wait_for_load_state("networkidle")
            files.append(_kept(page, out, "serve"))
        with svqa.open_library(database) as library:
            answer = library.ask(demo.QUESTIONS[0], video="reel.mp4")
            cell = folder / "cell.html"
            cell.write_text(_cell(demo.QUESTIONS[0], answer._repr_html_()), encoding="utf-8")
        page.goto(cell.as_uri())
        page.set_viewport_size({"width": WIDTH_PX, "height": HEIGHT_PX * 2 // 5})
        files.append(_kept(page, out, "notebook"))
        page.set_viewport_size({"width": WIDTH_PX, "height": HEIGHT_PX * 5 // 4})
        page.goto((folder / "index.html").as_uri())
        files.append(_kept(page, out, "report"))
    return files


def _film_page(page: Page, folder: Path) -> None:
    """The page of the film, standing at the evidence of the question about the bow tie."""
    page.goto((folder / "film.html").as_uri())
    page.wait_for_selector("video")
    page.get_by_text(demo.QUESTIONS[1]).first.click()
    page.locator(".card").first.click()
    # within the cited seconds, where what is cited is to be seen
    page.locator("video").evaluate("(film, t_s) => { film.currentTime = t_s; }", SHOWN_S)
    page.wait_for_timeout(1500)


def _cell(question: str, html: str) -> str:
    """A cell of a notebook with its output, as a page."""
    from markupsafe import escape

    code = escape(f'library.ask("{question}", video="reel.mp4")')
    return (
        "<!doctype html><meta charset='utf-8'><body style='font-family: sans-serif; margin: 1.5em'>"
        f"<pre style='background: #f5f5f5; border: 1px solid #ddd; padding: .6em'>{code}</pre>"
        f"{html}</body>"
    )


def _kept(page: Page, out: Path, name: str) -> Path:
    from PIL import Image

    path = out / f"view-{name}.webp"
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(path, quality=QUALITY, method=6)
    return path


@contextmanager
def _browser() -> Iterator[Page]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ImportError(f"{error}. Run: pip install 'svqa[dev]'") from None
    if not (found := next(filter(None, map(shutil.which, BROWSERS)), None)):
        raise ImportError("No Chromium here. Run: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        size = {"width": WIDTH_PX, "height": HEIGHT_PX}
        yield browser.new_page(viewport=size, color_scheme="light")  # type: ignore[arg-type]
        browser.close()


@contextmanager
def _served(database: str, folder: Path) -> Iterator[str]:
    """-> the address of `svqa serve`, which runs meanwhile."""
    command = [sys.executable, "-m", "svqa", "serve", "--port", "0", "--database", database]
    process = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stderr, "it is a pipe"
    try:
        lines = iter(process.stderr.readline, "")
        address = next((m[1] for line in lines if (m := re.match(r"Open (http://\S+)", line))), "")
        if not address:
            raise ImportError("svqa serve did not start. Run: pip install 'svqa[serve]'")
        yield address
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


def main() -> int:
    """Draw into the folder that is named; -> the exit code."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for path in draw_views(Path(sys.argv[1])):
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
