"""Pictures of a question file: right whatever their bits, or refused with the file's name."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from svqa.errors import UsageError
from svqa.evaluation.model_inputs import _pixels
from svqa.media import picture_pixels, read_picture
from svqa.training.dataset import read_examples
from tests.helpers.training import write_rows

RAMP = np.linspace(0, 65535, 64 * 64).reshape(64, 64)


def saved(folder, name: str, values: np.ndarray):
    Image.fromarray(values).save(folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm", "a.jp2"])
def test_sixteen_bits_become_eight(tmp_path, name):
    pixels = read_picture(saved(tmp_path, name, RAMP.astype(np.uint16)))
    assert pixels.shape == (64, 64, 3) and pixels.dtype == np.uint8
    wanted = np.round(RAMP * 255 / 65535)
    assert np.abs(pixels - wanted[..., None]).max() <= (3 if name == "a.jp2" else 1)


@pytest.mark.parametrize(
    "name, values, says",
    [
        ("int.tif", RAMP.astype(np.int32), "32-bit numbers"),
        ("float.tif", (RAMP / 65535).astype(np.float32), "floats"),
        ("float255.tif", (RAMP / 257).astype(np.float32), "floats"),
        ("twelve.png", (RAMP / 16.01).astype(np.uint16), "lowest 12 are used"),
        ("ten.tif", (RAMP / 65).astype(np.uint16), "lowest 10 are used"),
    ],
)
def test_values_without_a_white_are_refused(tmp_path, name, values, says):
    path = saved(tmp_path, name, values)
    with pytest.raises(UsageError, match=says) as refused:
        read_picture(path)
    assert name in str(refused.value)
    with pytest.raises(UsageError, match=says):
        _pixels(Image.open(path))


def test_black_and_ordinary_pictures_are_as_they_were(tmp_path):
    assert not read_picture(saved(tmp_path, "black.png", np.zeros((8, 8), np.uint16))).any()
    noise = np.random.default_rng(0).integers(0, 255, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(read_picture(saved(tmp_path, "rgb.png", noise)), noise)
    assert np.array_equal(picture_pixels(Image.fromarray(noise)), noise)
    bits = noise[..., 0] > 100
    assert np.array_equal(read_picture(saved(tmp_path, "bits.png", bits))[..., 1], bits * 255)


def test_a_sixteen_bit_picture_is_turned_as_its_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(RAMP.astype(np.uint16)[:, :32]).save(tmp_path / "t.png", exif=exif)
    assert read_picture(tmp_path / "t.png").shape == (32, 64, 3)


@pytest.mark.parametrize("suffix", ["jpg", "gif", "tif", "png", "webp", "bmp", "tga", "ppm"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_a_picture_cut_short_is_refused_with_its_line(tmp_path, suffix, kept):
    noise = np.random.default_rng(1).integers(0, 255, (160, 160, 3), dtype=np.uint8)
    whole = saved(tmp_path, f"n.{suffix}", noise).read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(whole[: int(kept * len(whole))])
    row = {"image": f"cut.{suffix}", "question": "what is it?", "answer": "noise"}
    rows = write_rows(tmp_path / "q.jsonl", [row | {"image": f"n.{suffix}"}, row])
    with pytest.raises(UsageError, match=rf"line 2: .*cut\.{suffix} is not a picture"):
        read_examples(rows)


def test_damage_within_a_picture_is_refused_whatever_its_reader_raises(tmp_path):
    rng, seen = np.random.default_rng(2), set()
    noise = rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)
    for suffix in ("png", "tif", "gif", "jp2", "ico", "pcx"):
        whole = bytearray(saved(tmp_path, f"n.{suffix}", noise).read_bytes())
        for i in range(40):
            broken = bytearray(whole)
            for at in rng.integers(0, min(len(whole), 300), 6):
                broken[at] = rng.integers(256)
            (tmp_path / f"{i}.{suffix}").write_bytes(broken)
            try:
                seen.add(read_picture(tmp_path / f"{i}.{suffix}").shape[-1])
            except UsageError as error:
                seen.add(type(error).__name__)
                assert f"{i}.{suffix}" in str(error)
    assert seen == {3, "UsageError"}


@pytest.mark.parametrize("size", [(16_000, 12_000), (11_000, 10_000), (300_000, 1_000)])
def test_a_huge_picture_is_refused_before_it_takes_memory(tmp_path, size):
    Image.new("1", size).save(tmp_path / "huge.png")
    with pytest.raises(UsageError, match=r"huge\.png is larger than the 100 megapixels"):
        read_picture(tmp_path / "huge.png")


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    for name, says in (("gone.png", "no such picture"), ("text.png", "not a picture")):
        with pytest.raises(UsageError, match=says):
            read_picture(tmp_path / name)
    with pytest.raises(UsageError, match="not a picture"):
        read_picture(tmp_path / "empty.png")
