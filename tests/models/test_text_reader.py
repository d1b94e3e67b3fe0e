"""Text is read where it stands, from real pictures and from drawn ones; nothing from nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from svqa.models import RapidOcrReader
from tests.helpers.real_frames import frames_at


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader.from_pretrained()


def test_drawn_text_is_read_with_its_box(reader):
    picture = np.full((240, 480, 3), 255, np.uint8)
    cv2.putText(picture, "Exit 24", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
    (line,) = reader.read(picture)
    assert line.text.replace(" ", "").lower() == "exit24" and line.score > 0.8
    x0, y0, x1, y1 = line.xyxy_px
    assert 40 < x0 < 80 and 240 < x1 < 340 and 60 < y0 < 120 < y1 < 150


def test_nothing_is_read_from_a_plain_picture(reader):
    assert reader.read(np.full((120, 160, 3), 90, np.uint8)) == []


@pytest.mark.slow
def test_a_menu_is_read_row_by_row(reader, shared_data):
    path = shared_data / "real_qa" / "clips" / "dashboard.mp4"
    lines = reader.read(frames_at(path, (8.5,), None).pixels[0])
    assert {"Audi drive select", "comfort", "dynamic", "individual"} <= {x.text for x in lines}
