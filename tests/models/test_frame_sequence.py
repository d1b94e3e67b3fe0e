"""A sequence of one frame is a picture; without a code no order is seen, with one it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from svqa.errors import UsageError
from svqa.models import BestFrame, BlipAnswerer, FrameSequence, add_time_code, frames_of
from svqa.models.frame_sequence import FrameSequenceBlip, concatenate_frames, even_times
from svqa.records import FrameBatch, Question
from svqa.training import Recipe
from tests.helpers.blip import pictures, write_tiny

ASKED = [
    Question(text)
    for text in ("what colour is the circle ?", "is there a red square ?", "how many are there ?")
]


@pytest.fixture
def answerer(tmp_path):
    return BlipAnswerer.from_pretrained(str(write_tiny("vqa", tmp_path)))


def frames(count: int = 4, *, every_s: float = 1.0, first_s: float = 0.0) -> FrameBatch:
    return FrameBatch(pictures(count, seed=3), first_s + np.arange(count) * every_s)


def coded(answerer: BlipAnswerer, strength: float = 2.0) -> BlipAnswerer:
    torch.manual_seed(0)
    add_time_code(answerer.model, 4, strength=strength)
    return BlipAnswerer(answerer.model, answerer.processor, model_id="coded")


def scores(answerer: BlipAnswerer, looks) -> list[float]:
    return [reply.score for reply in answerer.reply(looks, ASKED[: len(looks)])]


def backwards(of: FrameBatch) -> FrameBatch:
    return FrameBatch(of.pixels[::-1].copy(), of.t_s)


def test_a_sequence_of_one_frame_is_that_picture(answerer):
    one = frames(1, first_s=5.0)
    with_code = coded(answerer)
    for model in (answerer, with_code):
        assert scores(model, [one] * 3) == pytest.approx(scores(model, [one.pixels[0]] * 3))


def test_without_a_code_no_order_of_frames_is_seen_and_with_one_it_is(answerer):
    of = frames()
    assert scores(answerer, [of] * 3) == pytest.approx(scores(answerer, [backwards(of)] * 3))
    assert scores(answerer, [of] * 3) != pytest.approx(scores(answerer, [of.pixels[0]] * 3))
    nothing = coded(answerer, 0.0)
    assert scores(nothing, [of] * 3) == pytest.approx(scores(answerer, [of] * 3))


def test_with_a_code_order_and_distance_count_and_the_begin_does_not(answerer):
    model, of = coded(answerer), frames()
    there = scores(model, [of] * 3)
    assert there != pytest.approx(scores(model, [backwards(of)] * 3))
    assert there != pytest.approx(scores(model, [frames(every_s=3.0)] * 3))
    later = scores(model, [frames(first_s=7000.0)] * 3)
    assert later == pytest.approx(there, rel=1e-3)


def test_a_batch_of_sequences_and_pictures_never_changes_an_answer(answerer):
    model, of = coded(answerer), frames()
    looks = [of, of.pixels[1], frames(3)]
    together = model.reply(looks, ASKED)
    alone = [model.reply([look], [q])[0] for look, q in zip(looks, ASKED, strict=True)]
    assert [r.text for r in together] == [r.text for r in alone]
    assert [r.score for r in together] == pytest.approx([r.score for r in alone], rel=1e-4)


def test_a_sequence_is_seen_once_and_another_at_other_seconds(answerer):
    model, seen = coded(answerer), []
    hook = model.model.vision_model.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    for _ in range(2):
        model.reply([frames()] * 3, ASKED)
    model.reply([frames(every_s=2.0)], ASKED[:1])
    hook.remove()
    assert seen == [4, 4]


def test_the_model_says_how_it_is_asked_and_keeps_its_code_in_its_folder(answerer, tmp_path):
    assert answerer.way == BestFrame() and frames_of(answerer.model) == 0
    model = coded(answerer)
    assert model.way == FrameSequence(4) and frames_of(model.model) == 4
    model.model.save_pretrained(tmp_path / "new")
    model.processor.save_pretrained(tmp_path / "new")
    again = BlipAnswerer.from_pretrained(str(tmp_path / "new"))
    assert isinstance(again.model, FrameSequenceBlip) and again.way == FrameSequence(4)
    assert scores(again, [frames()] * 3) == pytest.approx(scores(model, [frames()] * 3))
    assert not add_time_code(again.model, 8) and frames_of(again.model) == 8


def test_frames_are_spread_over_what_was_retrieved_and_come_once():
    asked = []

    class Model:
        def reply(self, pixels, questions):
            asked.append(pixels[0])
            return [None]

    weights = np.array([0, 1, 1, 1, 1, 1, 0, 0.0])
    found = FrameSequence(3).decide(Model(), ASKED[0], frames(8), weights)
    assert found.rows == (1, 3, 5) and asked[-1].t_s.tolist() == [1, 3, 5]
    few = FrameSequence(8).decide(Model(), ASKED[0], frames(3), np.ones(3))
    assert few.rows == (0, 1, 2) and len(asked[-1]) == 3


def test_features_of_each_frame_get_their_own_seconds_code(answerer):
    model = coded(answerer).model
    features = torch.zeros(1, 3, 5, 32)
    made = concatenate_frames(model, features, torch.tensor([[10.0, 11.0, 14.0]])).unflatten(
        1, (3, 5)
    )
    assert (made[0, 0] == 0).all() and (made[0, 1, 0] == made[0, 1, 4]).all()
    assert torch.allclose(made[0, 2, 0], model.time_code(torch.tensor([[4.0]]))[0, 0, 0])
    assert even_times((2.0, 10.0), 4) == [3.0, 5.0, 7.0, 9.0]


@pytest.mark.parametrize(
    "wrong", [{"frames": -1}, {"frames": 65}, {"freeze_vision": True, "preset": "blip-all-linear"}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match="frames must be|contradict"):
        Recipe(**wrong)
