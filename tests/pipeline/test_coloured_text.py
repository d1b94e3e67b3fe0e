"""What stands on the green button: the colour around the letters tells which text is meant."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from svqa.pipeline import Library, open_library
from tests.helpers.clips import ffmpeg

GREEN, RED, BLUE, GREY = (30, 160, 60), (200, 30, 40), (20, 60, 200), (225, 225, 225)


def page(*signs: tuple[str, tuple[int, int, int], int]) -> np.ndarray:
    """White letters on boxes of these colours, from the top."""
    picture = np.full((480, 640, 3), GREY, np.uint8)
    for text, colour, top in signs:
        cv2.rectangle(picture, (120, top), (520, top + 90), colour, -1)
        cv2.putText(picture, text, (150, top + 60), cv2.FONT_HERSHEY_DUPLEX, 1.4, (255,) * 3, 2)
    return picture


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signs")
    first = page(("Upload photo", GREEN, 60), ("No entry", RED, 300))
    second = page(("Welcome home", BLUE, 180))
    raw = b"".join([first.tobytes()] * 12 + [second.tobytes()] * 12)
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "640x480", "-r", 2, "-i", "pipe:")
    ffmpeg(*source, "-c:v", "libx264", "-pix_fmt", "yuv420p", folder / "signs.mp4", stdin=raw)
    with open_library(f"sqlite:///{folder}/svqa.db", speech=False, boxes=False) as library:
        (report,) = library.ingest(folder / "signs.mp4")
        assert report.status == "ready", report
        yield library


@pytest.mark.slow
@pytest.mark.parametrize(
    ("colour", "said", "seconds"),
    [
        ("green", "Upload photo", (0, 5.75)),
        ("red", "No entry", (0, 5.75)),
        ("blue", "Welcome home", (5.75, 12)),
    ],
)
def test_the_colour_tells_which_text_is_meant(library: Library, colour, said, seconds):
    answer = library.ask(f"What does the {colour} button say?")
    assert answer.text == f'The picture reads: "{said}"' and answer.score > 0.5
    (evidence,) = answer.evidence
    assert evidence.kind == "text" and (evidence.start_s, evidence.end_s) == seconds


@pytest.mark.slow
def test_text_on_no_such_colour_is_not_guessed(library: Library):
    answer = library.ask("What does the yellow sign say?")
    assert answer.abstained and "none of it stands on yellow" in answer.reason


@pytest.mark.slow
def test_a_colour_of_letters_is_no_colour_of_what_they_stand_on(library: Library):
    assert "stands on" not in library.ask("What does the yellow text say?").reason
