"""The pictures of the four views: small, shown in the docs, and what their command draws."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from PIL import Image

from svqa.reporting.view_pictures import BROWSERS, NAMES
from tests.helpers.imports import REPOSITORY

MOST_BYTES = 200_000
KEPT = [REPOSITORY / "docs" / "img" / f"view-{name}.webp" for name in NAMES]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_each_is_small_and_shown(path):
    assert path.stat().st_size < MOST_BYTES
    guide = (REPOSITORY / "docs" / "see-and-share.md").read_text(encoding="utf-8")
    assert f"](img/{path.name})" in guide
    assert "](docs/img/view-page.webp)" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_their_command_draws_them(tmp_path, monkeypatch):
    pytest.importorskip("playwright", reason="no Playwright: pip install -e '.[dev]'")
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium: apt-get install chromium")
    monkeypatch.setenv("SVQA_TEST_LOOPBACK", "1")
    # in a process of its own: another test's browser may be open in this one
    run = [sys.executable, "-m", "svqa.reporting.view_pictures", str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    drawn = [tmp_path / path.name for path in KEPT]
    for path, kept in zip(drawn, KEPT, strict=True):
        assert Image.open(path).size == Image.open(kept).size
        # what a page shows when it is broken is nearly all of one colour, and small
        assert path.stat().st_size > kept.stat().st_size / 2
