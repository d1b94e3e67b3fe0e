from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from svqa.errors import UsageError, WeightsCorrupt, WeightsMissing
from svqa.models import SHIPPED, ClipEncoder
from svqa.shapes import description, render, sample_still, scene_of

SEED = 424_242  # no training and no published figure uses it


@pytest.fixture(scope="module")
def encoder() -> ClipEncoder:
    return ClipEncoder.from_pretrained(SHIPPED / "clip")


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.concatenate(
        [render(scene_of(SEED, i), [1.25, 5.25], width_px=128).pixels for i in range(20)]
    )


def test_rows_are_unit_vectors_of_the_stated_size(encoder, pixels):
    for rows in (
        encoder.encode_frames(pixels[:3]),
        encoder.encode_text(["a red circle", "nothing"]),
    ):
        assert rows.shape[1] == encoder.dim and rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert encoder.encode_frames(pixels[:0]).shape == (0, encoder.dim)
    assert encoder.encode_text([]).shape == (0, encoder.dim)
    assert encoder.model_id == "shapes/clip"


def test_a_batch_never_changes_a_row(encoder, pixels):
    together = encoder.encode_frames(pixels)
    alone = np.concatenate([encoder.encode_frames(frame[None]) for frame in pixels[::7]])
    np.testing.assert_allclose(together[::7], alone, atol=1e-5)
    texts = [
        "a red circle",
        "a small red circle at the top left moves right, a large blue star",
        "nothing",
    ]
    np.testing.assert_allclose(
        encoder.encode_text(texts)[0], encoder.encode_text(texts[:1])[0], atol=1e-5
    )


def test_frames_of_another_size_mean_the_same(encoder):
    scene = scene_of(SEED, 1)
    small, large = (
        encoder.encode_frames(render(scene, [1.25], width_px=px).pixels)[0] for px in (96, 240)
    )
    assert small @ large > 0.95


def test_a_description_finds_its_video(encoder):
    """Well under the published figure.

    So it fails when something is broken, not when luck is.
    """
    scenes = [scene_of(SEED, i) for i in range(40)]
    clips = [render(s, np.arange(8) + 0.25, width_px=128).pixels for s in scenes]
    videos = np.stack([encoder.encode_frames(clip).mean(axis=0) for clip in clips])
    videos /= np.linalg.norm(videos, axis=1, keepdims=True)
    match = encoder.encode_text([description(s) for s in scenes]) @ videos.T
    assert (match.argmax(axis=1) == np.arange(40)).mean() >= 0.9


def test_a_short_query_prefers_frames_that_show_it(encoder):
    rng = np.random.default_rng(SEED)
    scenes = [sample_still(rng, objects=1) for _ in range(60)]
    vectors = encoder.encode_frames(
        np.concatenate([render(s, [0.0], width_px=128).pixels for s in scenes])
    )
    names = [s.actors[0].name_at(0) for s in scenes]
    match = encoder.encode_text([f"a {name}" for name in names]) @ vectors.T
    assert (
        np.mean(
            [names[best] == name for best, name in zip(match.argmax(axis=1), names, strict=True)]
        )
        >= 0.9
    )


def test_bfloat16_keeps_the_direction(encoder, pixels):
    half = ClipEncoder.from_pretrained(SHIPPED / "clip", dtype="bfloat16")
    cosine = (half.encode_frames(pixels[:4]) * encoder.encode_frames(pixels[:4])).sum(axis=1)
    assert cosine.min() > 0.99
    with pytest.raises(UsageError, match="float16 on a CPU"):
        ClipEncoder.from_pretrained(SHIPPED / "clip", dtype="float16")


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_checkpoint_is_refused(tmp_path, damage):
    folder = shutil.copytree(SHIPPED / "clip", tmp_path / "clip")
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    if damage == "flip":
        data[-100] ^= 1
        weights.write_bytes(data)
    elif damage == "truncate":
        weights.write_bytes(data[:-100])
    else:
        weights.unlink()
    with pytest.raises(
        WeightsMissing if damage == "remove" else WeightsCorrupt, match=r"model\.safetensors"
    ):
        ClipEncoder.from_pretrained(folder)


def test_a_model_that_is_not_here_says_how_to_fetch_it():
    with pytest.raises(WeightsMissing, match="svqa models pull"):
        ClipEncoder.from_pretrained("openai/clip-vit-base-patch32")


def test_siglip_goes_through_the_same_class(tmp_path):
    """Another architecture, random weights.

    Texts of different lengths must not change one another.
    """
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    torch.manual_seed(0)
    tokenizer = ClipEncoder.from_pretrained(SHIPPED / "clip").processor.tokenizer
    tower = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config = SiglipConfig(
        text_config={**tower, "vocab_size": len(tokenizer), "max_position_embeddings": 16},
        vision_config={**tower, "image_size": 32, "patch_size": 16},
    )
    SiglipModel(config).save_pretrained(tmp_path)
    SiglipProcessor(
        SiglipImageProcessor(size={"height": 32, "width": 32}), tokenizer
    ).save_pretrained(tmp_path)
    encoder = ClipEncoder.from_pretrained(tmp_path)
    assert encoder.dim == 32 and encoder.encode_frames(
        np.zeros((2, 40, 50, 3), np.uint8)
    ).shape == (2, 32)
    rows = encoder.encode_text(["a red circle", "a small blue star at the top left"])
    np.testing.assert_allclose(rows[0], encoder.encode_text(["a red circle"])[0], atol=1e-5)
    assert rows[0] @ rows[1] < 0.999


def test_a_model_that_would_keep_only_the_middle_is_shown_the_whole_frame(encoder):
    """As published CLIP models prepare their pictures: shortest side, then a crop of the middle."""
    images = encoder.processor.image_processor
    cropping = type(images)(
        **{**images.to_dict(), "size": {"shortest_edge": 72}, "do_center_crop": True},
    )
    cropping.crop_size = {"height": 72, "width": 72}
    processor = type(encoder.processor)(
        image_processor=cropping, tokenizer=encoder.processor.tokenizer
    )
    whole = ClipEncoder(encoder.model, processor, model_id="cropping")
    frames = np.full((2, 72, 216, 3), 127, np.uint8)
    frames[1, :, :60] = (255, 0, 0)  # outside the middle
    rows = whole.encode_frames(frames)
    assert whole.crop_px == 72 and encoder.crop_px is None
    assert rows[0] @ rows[1] < 0.95
