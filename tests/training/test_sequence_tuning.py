"""Sequences of frames take the way of every picture: question file, batches, training, version."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from transformers import BlipForQuestionAnswering

from svqa.database import open_store
from svqa.errors import UsageError
from svqa.models import BlipAnswerer, DiskCache, FrameSequence, add_time_code, frames_of
from svqa.records import Question
from svqa.shapes import scene_of, write_mp4
from svqa.training import (
    fine_tune,
    load_answerer,
    load_version,
    merge_version,
    read_examples,
    validation,
)
from svqa.training.batches import AnswerLoss, Collate, PictureBatches, tokenise
from svqa.training.feature_cache import FeatureCache, Pictures
from svqa.training.promote import ask
from tests.helpers.blip import tiny_config, tiny_processor, write_tiny
from tests.helpers.training import ANSWERS, ASKED, write_rows

FRAMES = 4
FAST = {"batch_size": 4, "learning_rate": 1e-2, "patience": 99, "device": "cpu"}


def film_rows(folder, *, seed: int) -> list[dict]:
    """Questions about spans of a film, about single seconds of it, and about the whole."""
    name = f"film-{seed}.mp4"
    write_mp4(scene_of(seed, 0), folder / name, rate_hz=2)
    asked = [{"span": [2.0 * i, 2.0 * i + 4]} for i in range(3)]
    asked += [{"time_s": 2.0 * i + 0.5} for i in range(3)] + [{}]
    return [
        {
            "video": name,
            "group": f"{seed} {i}",
            "question": ASKED[i % len(ASKED)],
            "answer": ANSWERS[i % len(ASKED)],  # can be told from the words
            **when,
        }
        for i, when in enumerate(asked)
    ]


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return tuple(
        write_rows(folder / f"{name}.jsonl", film_rows(folder, seed=seed))
        for name, seed in (("train", 1), ("val", 2))
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_tiny("vqa", tmp_path_factory.mktemp("base"))


def tune(task, base, out, *args, **settings):
    return fine_tune(
        *task,
        *args,
        base=base,
        out=out / "models",
        database=f"sqlite:///{out / 'a.db'}",
        **{**FAST, **settings},
    )


def collated(task, folder, **how):
    examples = read_examples(task[0])
    pictures = Pictures(examples, size_px=32, cache=DiskCache(folder), frames=FRAMES)
    processor = tiny_processor()
    seen = FeatureCache(pictures, processor, cache=pictures.cache, made_by="x")
    return Collate(tokenise(processor, tiny_config().text_config, examples), seen, **how)


def coded() -> BlipForQuestionAnswering:
    torch.manual_seed(0)
    model = BlipForQuestionAnswering(tiny_config()).eval()
    add_time_code(model, FRAMES, strength=2.0)
    return model


def test_a_span_is_a_sequence_with_its_seconds_and_a_second_is_a_picture(task, tmp_path):
    pictures = collated(task, tmp_path, cached=False).seen.pictures
    counts = [pictures.frame_count(int(row)) for row in pictures.row_of]
    assert counts == [4, 4, 4, 0, 0, 0, 4]
    assert [pictures[row].shape for row in (0, 3)] == [(4, 32, 32, 3), (32, 32, 3)]
    assert pictures.seconds([0, 6]).tolist() == [[0.5, 1.5, 2.5, 3.5], [1, 3, 5, 7]]
    film = Pictures(read_examples(task[0]), size_px=32, cache=DiskCache(tmp_path / "b"))
    assert film[0].shape == (32, 32, 3) and len(set(film.keys) & set(pictures.keys)) == 3
    assert (pictures[0][0] == pictures[3]).all() and (pictures[0][0] != pictures[6][3]).any()


def test_batches_hold_pictures_of_equally_many_frames_and_every_question_once():
    picture_of = np.repeat(np.arange(9), 3)
    sampler = PictureBatches(
        picture_of, size=4, together=2, seed=1, frames_of=lambda p: 4 * (p % 3 == 0)
    )
    batches = list(sampler)
    assert len(batches) == len(sampler) == 3 + 5
    assert sorted(i for batch in batches for i in batch) == list(range(27))
    kinds = [{int(picture_of[i]) % 3 == 0 for i in batch} for batch in batches]
    assert all(len(kind) == 1 for kind in kinds) and kinds[:3] != [{True}] * 3


def test_cached_features_give_the_loss_and_the_answers_that_fresh_ones_do(task, tmp_path):
    model = coded()
    loss = AnswerLoss(model, vision_is_frozen=True)
    fresh, kept = (collated(task, tmp_path, cached=cached) for cached in (False, True))
    see = torch.no_grad()(lambda p: model.vision_model(pixel_values=p).last_hidden_state)
    assert kept.seen.compute(see)
    rows = [0, 1, 2, 6]
    assert loss(kept(rows)).item() == pytest.approx(loss(fresh(rows)).item(), rel=1e-5)
    alone = [loss(fresh([row])).item() for row in rows]
    assert loss(fresh(rows)).item() == pytest.approx(np.mean(alone), rel=1e-5)
    said = [validation.generate_answers(loss, of, range(7)) for of in (fresh, kept)]
    assert said[0] == said[1] and len(said[0]) == 7


def test_the_loss_depends_on_the_order_of_frames_by_the_code_alone(task, tmp_path):
    batch = collated(task, tmp_path, cached=False)([0])
    other = {**batch, "pixel_values": batch["pixel_values"].flip(0)}
    for model, same in ((coded(), False), (BlipForQuestionAnswering(tiny_config()).eval(), True)):
        loss = AnswerLoss(model, vision_is_frozen=True)
        assert (loss(batch).item() == pytest.approx(loss(other).item(), rel=1e-4)) is same


def test_full_training_with_frozen_vision_learns_a_code_and_leaves_vision(task, base, tmp_path):
    version = tune(
        task, base, tmp_path, 12, False, frames=FRAMES, freeze_vision=True, learning_rate=3e-3
    )
    assert version.figures["best_step"] and version.figures["cached_features"]
    assert version.figures["trainable_share"] < 0.9
    answerer, before = load_answerer(version), BlipAnswerer.from_pretrained(str(base))
    weights = dict(answerer.model.named_parameters())
    for name, was in before.model.named_parameters():
        assert torch.equal(weights[name], was) == name.startswith("vision"), name
    assert answerer.way == FrameSequence(FRAMES) and weights["time_code.linear.weight"].any()
    examples = read_examples(task[1])
    alone = load_version(version)
    whole = alone.answer(Question(examples[-1].question, video=str(examples[-1].path)), [])
    said = ask(version, examples)
    assert len(said) == 7 and whole.text == after(answerer, examples[-1]).text


def after(answerer, example):
    from svqa.media import Sampling, read_frames

    frames = read_frames(example.path, Sampling.at([1.0, 3.0, 5.0, 7.0]), size_px=32)
    return answerer.reply([frames], [Question(example.question)])[0]


def test_an_update_begins_as_nothing_brings_its_own_code_and_merges(task, base, tmp_path):
    version = tune(task, base, tmp_path, 2, frames=FRAMES, preset="blip-text-linear")
    figures = version.figures
    assert figures["trainable"] > 48 * 32 and figures["best_step"] >= 0
    tuned = load_answerer(version)
    assert frames_of(tuned.model) == FRAMES and tuned.way == FrameSequence(FRAMES)
    merged = BlipAnswerer.from_pretrained(str(merge_version(version, tmp_path / "merged")))
    example = read_examples(task[1])[-1]
    one, two = after(tuned, example), after(merged, example)
    assert one.text == two.text and one.score == pytest.approx(two.score, rel=1e-4)
    exams = figures["curve"]["exams"]
    assert exams[0]["accuracy of all"] == exams[0]["accuracy"]


def test_training_goes_on_from_a_base_of_sequences_and_shares_what_it_saw(task, base, tmp_path):
    first = tune(task, base, tmp_path, 1, False, frames=FRAMES, freeze_vision=True, name="one")
    files = {p.name for p in (tmp_path / "models" / ".cache").glob("*.npy")}
    second = tune(task, first.adapter_path, tmp_path, 1, preset="blip-text-qv", name="two")
    assert frames_of(load_answerer(second).model) == FRAMES
    assert {p.name for p in (tmp_path / "models" / ".cache").glob("*.npy")} == files
    adapter = json.loads((tmp_path / "models/two/v1/adapter_config.json").read_text())
    assert adapter["modules_to_save"] is None
    with open_store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        assert [v.settings["frames"] for v in store.model_versions()] == [4, 0]


def test_a_model_that_reads_takes_no_frames():
    from svqa.training.kinds import Chat
    from svqa.training.recipe import Recipe

    for setting in ({"frames": 4}, {"freeze_vision": True}):
        with pytest.raises(UsageError, match="settings of a BLIP"):
            Chat().check(Recipe(**setting))
