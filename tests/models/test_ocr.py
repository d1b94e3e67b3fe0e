"""Words on pictures are read where they stand; pictures without words stay silent."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys

import numpy as np
import pytest

from svqa.errors import ModelError, UsageError, WeightsCorrupt, WeightsMissing
from svqa.models import RapidOcrReader
from svqa.models.weights import verified
from tests.helpers.real_frames import frames_at
from tests.helpers.slides import slide

LINES = ("Welcome to Hamburg", "Tickets cost $35.90", "3 of 413 million")


@pytest.fixture(scope="module")
def reader() -> RapidOcrReader:
    return RapidOcrReader.from_pretrained()


def test_the_words_of_a_slide_come_back_in_order_and_in_place(reader):
    lines = reader.read(slide(LINES))
    assert [line.text for line in lines] == list(LINES)
    assert all(0.9 < line.score <= 1 for line in lines)
    for number, line in enumerate(lines):
        x0, y0, x1, y1 = line.xyxy_px
        top = 30 + number * 48
        assert 20 <= x0 <= 50 and 200 < x1 < 320
        assert top - 8 <= y0 <= top + 12 and top + 18 <= y1 <= top + 40


@pytest.mark.parametrize("size_px, letters_px", [((1920, 1080), 16), ((320, 240), 14)])
def test_small_letters_are_read_in_large_and_in_small_pictures(reader, size_px, letters_px):
    picture = slide(LINES, size_px=size_px, letters_px=letters_px)
    assert [line.text for line in reader.read(picture)] == list(LINES)


@pytest.mark.parametrize("clip", ["bigbuckbunny", "bikes", "carphone_pristine"])
def test_a_film_without_words_has_none(reader, real_clips, clip):
    for pixels in frames_at(real_clips[clip], (0.0, 2.0, 4.0), None).pixels:
        assert reader.read(pixels) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "clip, t_s, words",
    [
        ("talk.mp4", 22.0, ["1. Greet your audience", "2. Introduce your topic", "3. Get into it"]),
        ("screen.mp4", 0.0, ["Compliment Bot", "Upload New Headshot"]),
        ("dashboard.mp4", 9.0, ["Audi drive select", "comfort", "auto", "dynamic", "individual"]),
        ("advert.mp4", 12.5, ["For $35. For everyone.", "Plus tax."]),
        ("meeting.webm", 10.0, ["web-m"]),
    ],
)
def test_the_words_of_real_films_are_read(reader, shared_data, clip, t_s, words):
    (pixels,) = frames_at(shared_data / "real_qa" / "clips" / clip, (t_s,), None).pixels
    assert set(words) <= {line.text for line in reader.read(pixels)}


def test_doubtful_lines_and_lone_signs_are_left_out(reader):
    picture = slide(["8", "Platform 9"])
    assert [line.text for line in reader.read(picture)] == ["Platform 9"]
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    assert reader.read(noise) == []


@pytest.mark.parametrize("size_px", [(1, 1), (8, 8), (700, 9), (9, 700), (64, 64)])
def test_any_shape_is_read(reader, size_px):
    width, height = size_px
    for line in reader.read(np.full((height, width, 3), 90, np.uint8)):
        x0, y0, x1, y1 = line.xyxy_px
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height


def test_a_picture_is_not_changed_and_nothing_is_said(reader, capfd, caplog):
    picture = slide(LINES)
    before = picture.copy()
    with caplog.at_level(logging.DEBUG):
        reader.read(picture)
        RapidOcrReader.from_pretrained().read(np.zeros((64, 64, 3), np.uint8))
    assert (picture == before).all()
    assert [r for r in caplog.records if r.name == "RapidOCR"] == []
    assert capfd.readouterr() == ("", "")


def test_importing_the_adapter_imports_no_reader():
    code = (
        "import sys; import svqa.models.ocr; "
        "bad = {'rapidocr', 'onnxruntime', 'omegaconf', 'cv2'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_other_weights_are_not_opened(tmp_path):
    with pytest.raises(WeightsMissing, match="pip install rapidocr"):
        RapidOcrReader.from_pretrained(tmp_path)
    for name, path in verified("pp-ocrv6-small").items():
        shutil.copy(path, tmp_path / name)
    network = tmp_path / "PP-OCRv6_rec_small.onnx"
    data = bytearray(network.read_bytes())
    data[-50] ^= 255
    network.write_bytes(data)
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        RapidOcrReader.from_pretrained(tmp_path)


def test_a_part_of_rapidocr_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ModelError, match="pip install rapidocr"):
        RapidOcrReader.from_pretrained()


def test_a_device_that_the_runtime_lacks_is_refused():
    with pytest.raises(UsageError, match="CPU"):
        RapidOcrReader.from_pretrained(device="cuda")
