"""Lines that were read once are found in the pictures around, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from svqa.database import open_store
from svqa.models import load_set
from svqa.pipeline import Library
from svqa.pipeline.text_seconds import TextTracks, parts_alike
from svqa.records import TextLine
from svqa.settings import Settings
from tests.helpers.clips import ffmpeg
from tests.helpers.database import fresh_url

SIZE = (640, 360)
BOX = (100.0, 100.0, 420.0, 140.0)


def scenery(seed: int) -> np.ndarray:
    """Something of many greys, smooth as a picture is."""
    small = np.random.default_rng(seed).integers(60, 160, (9, 16), np.uint8)
    return cv2.cvtColor(cv2.resize(small, SIZE), cv2.COLOR_GRAY2RGB)


def picture(text: str, *, at=(104, 132), shade: int = 255, seed: int = 0) -> np.ndarray:
    drawn = scenery(seed)
    cv2.putText(drawn, text, at, cv2.FONT_HERSHEY_DUPLEX, 1.0, (shade,) * 3, 2, cv2.LINE_AA)
    return drawn


def reached(*pictures: np.ndarray) -> int:
    """How far the line of the first picture is followed through the others."""
    tracks = TextTracks(np.stack(pictures), np.arange(len(pictures)))
    line = TextLine("it costs $35", 0.9, BOX)
    return len(tracks.reach(0, [line], range(1, len(pictures)), SIZE))


FIRST = picture("it costs $35")


def test_a_line_is_followed_while_the_camera_moves():
    moved = [picture("it costs $35", at=(104 + 20 * i, 132 + 8 * i)) for i in range(1, 8)]
    assert reached(FIRST, *moved) == 7


def test_a_line_is_followed_while_it_fades():
    fading = [picture("it costs $35", shade=shade) for shade in (240, 225, 210)]
    assert reached(FIRST, *fading) == 3


@pytest.mark.parametrize("other", ["it costs $95", "we costs $35", "it cost $350", "thank you", ""])
def test_other_words_at_its_place_are_not_the_line(other):
    assert reached(FIRST, FIRST, picture(other), FIRST) == 1


def test_a_line_is_not_found_in_other_scenery():
    assert reached(FIRST, picture("", seed=1)) == 0


def test_without_a_line_only_what_repeats_the_picture_counts():
    shows = np.array([0, 0, 2, 0])
    tracks = TextTracks(np.stack([FIRST] * 4), shows)
    assert tracks.reach(0, [], range(1, 4), SIZE) == [1]


def test_a_logo_that_stays_does_not_hold_the_words_beside_it():
    def with_logo(text: str) -> np.ndarray:
        drawn = picture(text)
        cv2.putText(drawn, "LOGO", (500, 340), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255,) * 3, 2)
        return drawn

    pictures = np.stack([with_logo(text) for text in ("it costs $35", "thank you")])
    lines = [TextLine("it costs $35", 0.9, BOX), TextLine("LOGO", 0.9, (496, 308, 600, 348))]
    assert TextTracks(pictures, np.arange(2)).reach(0, lines, [1], SIZE) == []


def test_brightness_and_contrast_do_not_count():
    patch = cv2.cvtColor(FIRST, cv2.COLOR_RGB2GRAY)[100:140, 100:420]
    assert parts_alike(patch, (patch // 2 + 20).astype(np.uint8))
    assert not parts_alike(patch, 255 - patch)


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """12 s at two pictures a second: a title for 3 s, then another price, 7 to 12 s nothing."""
    first, second = (picture(f"coffee {cents} cents") for cents in (413, 418))
    raw = b"".join(p.tobytes() for p in [first] * 6 + [second] * 8 + [scenery(2)] * 10)
    path = tmp_path_factory.mktemp("slides") / "slides.mp4"
    size = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "640x360", "-r", 2, "-i", "pipe:")
    ffmpeg(*size, "-c:v", "libx264", "-qp", 12, "-pix_fmt", "yuv420p", path, stdin=raw)
    return path


def test_a_line_has_the_seconds_in_which_it_is_there(slides, tmp_path):
    """A segment holds two slides that differ by a digit, the next one a slide and none."""
    settings = Settings(database=fresh_url("sqlite", tmp_path), speech=False, boxes=False)
    with Library(open_store(settings.database), load_set("offline"), settings) as library:
        (report,) = library.ingest(slides)
        assert report.status == "ready", report
        lines = library.store.text_boxes(report.video)
        found = {line.text: (line.start_s, line.end_s) for line in lines}
    assert found == {"coffee 413 cents": (0.0, 3.0), "coffee 418 cents": (3.0, 7.0)}


def test_a_sign_that_comes_again_is_known_again(tmp_path):
    """Lit every other second: read once, and told of each time."""
    sign, dark = picture("OPEN", at=(240, 180)), picture("", seed=0)
    raw = b"".join(p.tobytes() for p in ([dark] * 2 + [sign] * 2) * 3)
    path = tmp_path / "sign.mp4"
    size = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "640x360", "-r", 2, "-i", "pipe:")
    ffmpeg(*size, "-c:v", "libx264", "-qp", 12, "-pix_fmt", "yuv420p", path, stdin=raw)
    settings = Settings(database=fresh_url("sqlite", tmp_path), speech=False, boxes=False)
    with Library(open_store(settings.database), load_set("offline"), settings) as library:
        (report,) = library.ingest(path)
        lines = library.store.text_boxes(report.video)
        found = [(line.text, line.start_s, line.end_s) for line in lines]
    assert found == [("OPEN", s, s + 1.0) for s in (1.0, 3.0, 5.0)]
