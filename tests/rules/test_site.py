"""The site of `make docs`: every name of every face has its entry, nothing from another host."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.imports import REPOSITORY, faces
from tests.helpers.links import Links


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    run = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "--site-dir", str(folder)]
    done = subprocess.run(run, cwd=REPOSITORY, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_the_site_has_an_entry_for_every_name_of_every_face(site):
    for face, names in faces().items():
        page = (site / "api" / f"{face}.html").read_text(encoding="utf-8")
        assert [
            name for name in names if f"{face}.{name}" not in page and f">{name}<" not in page
        ] == []


@pytest.mark.slow
def test_the_site_asks_no_other_host_and_its_links_lead_somewhere(site):
    pages = [
        p for p in site.rglob("*.html") if "repository" not in p.parts and p.name != "404.html"
    ]
    assert len(pages) > 20
    for page in pages:
        loaded = re.findall(
            r"<(?:script|link|img|iframe|source)\b[^>]*>", page.read_text(encoding="utf-8")
        )
        assert [tag for tag in loaded if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag)] == []
        links = [x for x in Links(page).found if not re.match(r"#|data:|https?:|mailto:", x)]
        parts = [re.split(r"[#?]", link)[0] for link in links]
        assert [part for part in parts if part and not (page.parent / part).exists()] == []
