"""Every trap of BLIP and PEFT that is known, as a test.

Labels, pads, presets, no-op, merge, resume.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import textwrap
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    BlipConfig,
    BlipForQuestionAnswering,
    CLIPConfig,
    CLIPModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from experiments.lora.task import write_task as write_shapes
from svqa.answering import chat_turns, show
from svqa.errors import ModelError, UnknownParameter, UsageError
from svqa.models import DiskCache, LocalChatModel
from svqa.records import FrameBatch, Question
from svqa.training import (
    PRESETS,
    Recipe,
    add_lora,
    fine_tune_blip,
    preset,
    read_examples,
    trainable_share,
    validation,
)
from svqa.training.batches import AnswerLoss, Collate, PictureBatches, tokenise
from svqa.training.feature_cache import FeatureCache, Pictures
from svqa.training.presets import lora_targets, turn_on_checkpointing
from tests.helpers.blip import tiny_config, tiny_processor, write_tiny
from tests.helpers.chat import write_tiny_chat
from tests.helpers.training import write_rows, write_task

FAST = {"batch_size": 5, "learning_rate": 1e-2, "patience": 99, "device": "cpu"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_tiny("vqa", tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return write_task(tmp_path_factory.mktemp("task"), per_picture=2)


@pytest.fixture
def collate(task, tmp_path):
    return collate_of(read_examples(task[0]), tmp_path)


def tiny(seed: int = 0) -> BlipForQuestionAnswering:
    torch.manual_seed(seed)
    return BlipForQuestionAnswering(tiny_config())


def collate_of(examples, folder, **seen) -> Collate:
    processor = tiny_processor()
    pictures = Pictures(examples, size_px=32, cache=DiskCache(folder))
    tokens = tokenise(processor, tiny_config().text_config, examples)
    return Collate(tokens, FeatureCache(pictures, processor, **seen), cached=False)


def tune(task, base, out, *args, **settings):
    return fine_tune_blip(
        *task,
        *args,
        base=base,
        out=out / "models",
        database=f"sqlite:///{out / 'a.db'}",
        **{**FAST, **settings},
    )


def moved(model) -> None:
    """Give the update some weight, as if it had been trained."""
    torch.manual_seed(1)
    for name, p in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(p, std=0.2)


# --- labels and pads


def test_questions_start_with_enc_and_answers_with_dec_and_end_with_sep(collate):
    words = tiny_processor().tokenizer.convert_ids_to_tokens
    batch = collate(range(4))
    for ids, mask in zip(batch["asked"], batch["asked_mask"], strict=True):
        said = words(ids[: mask.sum()])
        assert (
            said[0] == "[ENC]"
            and said[-1] == "[SEP]"
            and "[DEC]" not in said
            and "[CLS]" not in said
        )
    for ids, mask in zip(batch["said"], batch["said_mask"], strict=True):
        said = words(ids[: mask.sum()])
        assert said[0] == "[DEC]" and said[-1] == "[SEP]" and len(said) > 2
    assert words(batch["asked"][0])[1:4] == ["what", "colour", "is"]


def test_a_published_vocabulary_gets_the_id_after_dec(task):
    processor = tiny_processor(enc="unused")
    tokens = tokenise(processor, tiny_config().text_config, read_examples(task[0]))
    assert {ids[0] for ids in tokens.asked} == {6} and {
        a[0] for said in tokens.said for a in said
    } == {5}


def test_padding_changes_no_loss(collate):
    loss = AnswerLoss(tiny().eval(), vision_is_frozen=True)
    together = collate(range(8))
    assert (together["asked_mask"] == 0).any() and (together["said_mask"] == 0).any(), (
        "there are pads to be ignored"
    )
    alone = [loss(collate([i])).item() for i in range(8)]
    assert loss(together).item() == pytest.approx(np.mean(alone), rel=1e-5)
    assert len({round(v, 3) for v in alone}) > 4


def test_the_loss_is_that_of_the_library_with_labels_as_it_wants_them(collate):
    """`decoder_input_ids` with pads kept, `labels` with -100.

    The library's own forward, question by question.
    """
    model = tiny().eval()
    for row in range(4):
        batch = collate([row])
        labels = batch["said"].masked_fill(batch["said_mask"] == 0, -100)
        theirs = model(
            input_ids=batch["asked"],
            attention_mask=batch["asked_mask"],
            pixel_values=batch["pixel_values"],
            decoder_input_ids=batch["said"],
            decoder_attention_mask=batch["said_mask"],
            labels=labels,
        ).loss.item()
        mine = AnswerLoss(model, vision_is_frozen=True)(batch).item()
        assert mine / (batch["said"].shape[1] - 1) == pytest.approx(theirs, rel=1e-5), (
            "theirs is a mean over words"
        )


def test_several_answers_count_by_their_share(task, tmp_path, collate):
    from dataclasses import replace

    one = read_examples(task[0])[0]
    loss = AnswerLoss(tiny().eval(), vision_is_frozen=True)
    red, blue, mixed = (
        loss(collate_of([replace(one, answers=a)], tmp_path)([0])).item()
        for a in (("red",), ("blue",), ("red", "red", "blue", "red"))
    )
    assert mixed == pytest.approx(0.75 * red + 0.25 * blue, rel=1e-5) and abs(red - blue) > 0.1


def test_an_answer_that_cannot_be_spelt_is_named(tmp_path, task):
    from dataclasses import replace

    examples = [
        replace(e, answers=("zebra",)) if e.line == 3 else e for e in read_examples(task[0])
    ]
    with pytest.raises(
        UsageError,
        match=r"^The question file does not fit the model.\nline 3: the answer 'zebra' has words",
    ):
        collate_of(examples, tmp_path)
    with pytest.raises(UsageError, match=r"line 1: is longer than the 32 tokens"):
        collate_of([replace(examples[0], question="is " * 40)], tmp_path)


def with_options(task) -> list:
    """The task's examples, every other one with options, whose order tells nothing."""
    from dataclasses import replace

    offered = ("red", "blue", "green", "red blue")
    examples = read_examples(task[0])
    return [
        replace(e, options=tuple(dict.fromkeys((*offered, *e.answers))), answers=e.answers)
        if i % 2
        else e
        for i, e in enumerate(examples)
    ]


def test_the_right_option_has_to_win_its_share(task, tmp_path):
    """By hand: words as without options, and minus the log of its share of the mean likelihoods."""
    from dataclasses import replace

    example = next(e for e in with_options(task) if e.options)
    loss = AnswerLoss(tiny().eval(), vision_is_frozen=True)
    told = {
        option: -loss(
            collate_of([replace(example, options=(), answers=(option,))], tmp_path)([0])
        ).item()
        / (len(tiny_processor().tokenizer(option).input_ids) - 1)
        for option in example.options
    }
    shares = {option: np.exp(value) for option, value in told.items()}
    words = loss(collate_of([replace(example, options=())], tmp_path)([0])).item()
    share = shares[example.answers[0]] / sum(shares.values())
    batch = collate_of([example], tmp_path)([0])
    assert loss(batch).item() == pytest.approx(words - np.log(share), rel=1e-5)
    assert loss.weigh(batch).tolist() == pytest.approx(list(told.values()), rel=1e-5)


def test_a_batch_of_questions_with_and_without_options_loses_their_mean(task, tmp_path):
    collate = collate_of(with_options(task), tmp_path)
    loss = AnswerLoss(tiny().eval(), vision_is_frozen=True)
    alone = [loss(collate([i])).item() for i in range(8)]
    assert loss(collate(range(8))).item() == pytest.approx(np.mean(alone), rel=1e-5)


def test_an_option_is_chosen_as_the_answerer_chooses(task, tmp_path):
    from svqa.models import BlipAnswerer
    from svqa.records import Question

    model, examples = tiny(), with_options(task)[:10]
    collate = collate_of(examples, tmp_path)
    pictures = collate.seen.pictures
    answerer = BlipAnswerer(model, tiny_processor(), model_id="x")
    looks = [pictures[int(row)] for row in pictures.row_of]
    theirs = answerer.reply(looks, [Question(e.question, e.options) for e in examples])
    loss = AnswerLoss(model, vision_is_frozen=True)
    mine = validation.generate_answers(loss, collate, range(10), batch_size=3)
    assert mine == [r.text for r in theirs]
    assert all(a in e.options for a, e in zip(mine, examples, strict=True) if e.options)


def test_generated_answers_are_those_of_the_answerer(collate):
    from svqa.models import BlipAnswerer
    from svqa.records import Question

    model, rows = tiny(), range(10)
    answerer = BlipAnswerer(model, tiny_processor(), model_id="x")
    pictures = collate.seen.pictures
    examples = [pictures.source(int(pictures.row_of[i])) for i in rows]
    asked = [
        Question(tiny_processor().tokenizer.decode(collate.tokens.asked[i][1:-1])) for i in rows
    ]
    theirs = [
        r.text for r in answerer.reply([pictures[int(pictures.row_of[i])] for i in rows], asked)
    ]
    mine = validation.generate_answers(
        AnswerLoss(model.train(), vision_is_frozen=True), collate, rows, batch_size=3
    )
    assert mine == theirs and len(set(mine)) > 2 and len(examples) == 10
    assert model.training, "left as it was found"


# --- presets


def model_and_input(name: str):
    torch.manual_seed(0)
    shared = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
    }
    if name == "clip-qv":
        model = CLIPModel(
            CLIPConfig(
                text_config={**shared, "vocab_size": 40, "eos_token_id": 39},
                vision_config={**shared, "image_size": 32, "patch_size": 16},
                projection_dim=16,
            )
        )
        given = {
            "input_ids": torch.tensor([[1, 2, 39], [3, 4, 39]]),
            "pixel_values": torch.randn(2, 3, 32, 32),
        }
        return (
            model,
            lambda m: m(**given, return_loss=True).loss,
            lambda m: m(**given).logits_per_image,
        )
    if name == "chat-qv":
        chat = LocalChatModel.from_pretrained(write_tiny_chat("smolvlm", Path(tempfile.mkdtemp())))
        frames = FrameBatch(np.full((2, 48, 64, 3), 200, np.uint8), np.arange(2.0))
        given = chat.inputs(chat_turns(Question("what?"), show([], frames)))
        ids = given["input_ids"]
        return (
            chat.model,
            lambda m: m(**given, labels=ids).loss,
            lambda m: m(**given, logits_to_keep=4).logits,
        )
    if name == "decoder-qv":
        model = LlamaForCausalLM(LlamaConfig(**shared, vocab_size=40, num_key_value_heads=1))
        ids = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])
        return model, lambda m: m(input_ids=ids, labels=ids).loss, lambda m: m(input_ids=ids).logits
    given = {"input_ids": torch.tensor([[6, 8, 9, 3]]), "pixel_values": torch.randn(1, 3, 32, 32)}
    said = torch.tensor([[5, 12, 3]])
    return (
        tiny(),
        lambda m: m(**given, decoder_input_ids=said, labels=said).loss,
        lambda m: (
            m.get_base_model()(**given, decoder_input_ids=said).last_hidden_state.sum() * 0
            + logits(m.get_base_model(), given, said)
            if hasattr(m, "get_base_model")
            else logits(m, given, said)
        ),
    )


def logits(blip, given, said):
    features = blip.vision_model(pixel_values=given["pixel_values"]).last_hidden_state
    asked = blip.text_encoder(
        input_ids=given["input_ids"], encoder_hidden_states=features
    ).last_hidden_state
    return blip.text_decoder(input_ids=said, encoder_hidden_states=asked).logits


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains_a_step_saves_reloads_and_merges(name, tmp_path):
    from peft import PeftModel

    model, loss_of, out_of = model_and_input(name)
    model.eval()
    with torch.no_grad():
        before = out_of(model)
    made = add_lora(model, name, base_id="here")
    with torch.no_grad():
        assert torch.equal(out_of(made), before), "step 0 changes nothing"
    trained = [p for p in made.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.05)
    for _ in range(2):  # the first step moves B alone, whose gradient does not go through A
        loss_of(made).backward()
        assert all(p.grad is not None for p in trained), "no layer is left out"
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        after = out_of(made)
    assert not torch.allclose(after, before, atol=1e-4)
    made.save_pretrained(tmp_path, save_embedding_layers=False)
    assert sorted(p.name for p in tmp_path.glob("adapter*")) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    again = PeftModel.from_pretrained(model_and_input(name)[0].eval(), str(tmp_path))
    merged = again.merge_and_unload(safe_merge=True) if name == "clip-qv" else None
    with torch.no_grad():
        torch.testing.assert_close(out_of(merged or again), after, atol=1e-5, rtol=1e-4)
        merged = merged or again.merge_and_unload(safe_merge=True)
        torch.testing.assert_close(out_of(merged), after, atol=1e-5, rtol=1e-4)
    assert not any("lora" in n for n, _ in merged.named_parameters())


def test_presets_touch_what_they_name():
    def parts(name):
        return {
            t.split("base_model.model.")[-1].split(".")[0]
            for t in lora_targets(add_lora(tiny(), name))
        }

    assert parts("blip-text-qv") == parts("blip-text-linear") == {"text_encoder", "text_decoder"}
    assert parts("blip-vision-qkv") == {"vision_model"}
    assert parts("blip-all-linear") == {"vision_model", "text_encoder", "text_decoder"}
    for name in ("blip-text-qv", "blip-text-linear"):
        assert not PRESETS[name].trains_vision
    text = lora_targets(add_lora(tiny(), "blip-text-linear"))
    assert len(text) == 2 * 2 * (3 + 1 + 3 + 1 + 2), (
        "self and cross attention with its output, and the two of the middle"
    )


def test_the_update_is_scaled_by_alpha_over_rank():
    layers = [
        module
        for module in add_lora(tiny(), "blip-text-qv", rank=4, alpha=24).modules()
        if hasattr(module, "scaling") and "default" in module.scaling
    ]
    assert layers and {layer.scaling["default"] for layer in layers} == {6.0}


def test_an_unknown_preset_lists_the_known_and_a_wrong_one_names_the_model():
    with pytest.raises(
        UsageError, match="Did you mean 'blip-text-qv'.*Known: blip-all-linear, blip-text-linear"
    ):
        preset("blip-text-vq")
    with pytest.raises(UsageError, match="names no layer of BlipForQuestionAnswering"):
        add_lora(tiny(), "clip-qv")
    with pytest.raises(UsageError, match="Unknown LoRA preset 'qv'"):
        Recipe(preset="qv")


def test_blip_base_has_1_179_648_trainable_parameters():
    with torch.device("meta"):
        model = BlipForQuestionAnswering(BlipConfig())
    own, every, share = trainable_share(add_lora(model, "blip-text-qv"))
    assert own == 1_179_648
    assert 362.0e6 < every < 363.0e6 and round(100 * share, 2) == 0.33


def test_checkpointing_gives_the_same_gradients(collate):
    def gradients(checkpointing: bool):
        model = add_lora(tiny(), "blip-all-linear")
        moved(model)
        if checkpointing:
            turn_on_checkpointing(model.get_base_model())
        loss = AnswerLoss(model.train(), vision_is_frozen=False, checkpointing=checkpointing)
        loss(collate(range(6))).backward()
        return {n: p.grad for n, p in model.named_parameters() if p.requires_grad}

    plainly, again = gradients(False), gradients(True)
    assert plainly.keys() == again.keys() and all(g is not None for g in again.values())
    for name, gradient in plainly.items():
        torch.testing.assert_close(again[name], gradient, atol=1e-5, rtol=1e-3)


# --- the loop


@pytest.mark.slow
def test_ten_examples_are_learnt_by_heart_to_zero_loss(base, task, tmp_path):
    rows = [
        json.loads(line)
        for line in write_shapes(tmp_path / "shapes", seed=1, videos=4).read_text().splitlines()
    ]
    # not to be seen
    rows = [row | {"answer": other["answer"]} for row, other in pairwise(rows[:11])]
    ten = write_rows(tmp_path / "shapes" / "ten.jsonl", rows), task[1]
    lora = tune(
        ten,
        "shapes/blip-vqa",
        tmp_path,
        150,
        preset="blip-text-linear",
        rank=32,
        alpha=64,
        batch_size=10,
        learning_rate=3e-3,
        evaluate_steps=150,
    )
    assert lora.figures["curve"]["last_loss"] < 0.05
    full = tune(
        task, base, tmp_path, 60, False, batch_size=10, evaluate_steps=60, learning_rate=1e-2
    )
    assert full.figures["curve"]["last_loss"] < 0.01 and full.figures["trainable_share"] == 1.0


def test_cached_vision_features_give_the_same_loss(collate):
    model = add_lora(tiny().eval(), "blip-text-qv")
    moved(model)
    loss = AnswerLoss(model, vision_is_frozen=True)
    seen = FeatureCache(
        collate.seen.pictures,
        collate.seen.processor,
        cache=collate.seen.pictures.cache,
        made_by="x",
    )
    with torch.no_grad():
        assert seen.compute(
            lambda px: model.get_base_model().vision_model(pixel_values=px).last_hidden_state
        )
    cached = Collate(collate.tokens, seen, cached=True)
    assert "pixel_values" not in cached(range(10))
    plainly = loss(collate(range(10)))
    assert loss(cached(range(10))).item() == pytest.approx(plainly.item(), rel=1e-6)
    bfloat = FeatureCache(
        collate.seen.pictures, collate.seen.processor, cache=seen.cache, made_by="bf16"
    )
    bfloat.compute(
        lambda px: (
            model.get_base_model()
            .vision_model(pixel_values=px)
            .last_hidden_state.detach()
            .bfloat16()
        )
    )
    assert torch.equal(bfloat.features([0, 1]), seen.features([0, 1]).bfloat16())


@pytest.mark.slow
def test_training_on_cached_features_ends_where_training_on_pixels_ends(base, task, tmp_path):
    ends = [
        tune(task, base, tmp_path, 3, cached_features=cached).figures for cached in (True, False)
    ]
    assert [f["cached_features"] for f in ends] == [True, False]
    assert ends[0]["curve"]["last_loss"] == pytest.approx(ends[1]["curve"]["last_loss"], rel=1e-4)


@pytest.mark.slow
def test_accumulation_is_one_large_batch(base, task, tmp_path):
    ends = [
        tune(
            task, base, tmp_path, 3, batch_size=b, accumulation=a, questions_per_picture=1
        ).figures["curve"]
        for b, a in ((10, 1), (5, 2))
    ]
    assert ends[0]["last_loss"] == pytest.approx(ends[1]["last_loss"], rel=1e-4)


@pytest.mark.slow
def test_bf16_and_dropout_and_checkpointing_train(base, task, tmp_path):
    version = tune(
        task,
        base,
        tmp_path,
        20,
        precision="bf16",
        dropout=0.1,
        checkpointing=True,
        evaluate_steps=100,
    )
    first, last = version.figures["curve"]["exams"][0], version.figures["curve"]["last_loss"]
    assert first["step"] == 0 and last < 5, "random words cost 3.5 each, and there are two or more"


def test_fp16_on_a_cpu_is_refused_and_unknown_settings_too(base, task, tmp_path):
    with pytest.raises(UsageError, match="fp16 on a CPU gives NaN"):
        tune(task, base, tmp_path, precision="fp16")
    with pytest.raises(UnknownParameter, match="Did you mean 'learning_rate'"):
        fine_tune_blip(*task, learning_rat=1.0)
    for wrong in (
        {"rank": 0},
        {"precision": "fp8"},
        {"warmup_share": 1.0},
        {"learning_rate": 0.0},
        {"evaluate_steps": 0},
    ):
        with pytest.raises(UsageError):
            Recipe(**wrong)


def test_the_learning_rate_rises_and_falls():
    rates = [Recipe(warmup_share=0.1).schedule(step, 100) for step in range(100)]
    assert (
        rates[:10] == sorted(rates[:10])
        and rates[10] == 1.0
        and rates[10:] == sorted(rates[10:], reverse=True)
    )
    assert 0 < rates[0] < 0.1 and rates[-1] < 0.01


def test_batches_keep_a_picture_together_and_depend_on_seed_and_epoch_alone():
    picture_of = np.repeat(np.arange(20), 5)
    batches = PictureBatches(picture_of, size=12, together=4, seed=0)
    first = list(batches)
    assert (
        sorted(i for b in first for i in b) == list(range(100)) and len(first) == len(batches) == 9
    )
    assert np.mean([len(set(picture_of[b])) for b in first[:-1]]) < 5.5
    assert list(batches) == first
    batches.epoch = 1
    assert list(batches) != first


@pytest.mark.slow
def test_early_stopping_keeps_the_best_weights(base, task, tmp_path):
    version = tune(task, base, tmp_path, 30, patience=2, evaluate_steps=1, learning_rate=0.5)
    exams = version.figures["curve"]["exams"]
    best = max(e["accuracy"] for e in exams)
    assert version.figures["steps"] < 60, "it ended early"
    assert version.figures["after"]["accuracy"]["value"] == pytest.approx(best)
    assert [e["accuracy"] for e in exams].index(best) * 1 == version.figures["best_step"]
    assert len(exams) == 1 + version.figures["best_step"] + 2


SCRIPT = """
import os, signal, sys
from svqa.training.loop import Loop
from svqa.training.lora import fine_tune_blip
stop_at, how = int(sys.argv[1]), sys.argv[2]
save = Loop._save
def saved(self):
    save(self)
    if self.state.step == stop_at:
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise KeyboardInterrupt
Loop._save = saved
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_a_run_that_was_ended_goes_on_to_the_same_result(base, task, tmp_path, how):
    settings = {"dropout": 0.1, "save_steps": 1, "seed": 3}
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = tune(task, base, tmp_path / "whole", 4, **settings)
    call = textwrap.dedent(SCRIPT) + (
        f"fine_tune_blip({str(task[0])!r}, {str(task[1])!r}, 4, base={str(base)!r}, "
        f"out={str(tmp_path / 'cut/models')!r}, "
        f"database='sqlite:///{tmp_path / 'cut/a.db'}', **{ ({**FAST, **settings})!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", call, "3", how], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == -(signal.SIGKILL if how == "kill" else signal.SIGINT), done.stderr[
        -2000:
    ]
    assert list((tmp_path / "cut/models/.runs").glob("*/checkpoint.pt")), (
        "step 3 of 8, in the middle of an epoch"
    )
    again = tune(task, base, tmp_path / "cut", 4, **settings)
    assert again.number == 1 and not list((tmp_path / "cut/models/.runs").glob("*/*"))
    assert again.figures["curve"] == whole.figures["curve"] and again.figures["steps"] == 8
    assert again.figures["per_question"] == whole.figures["per_question"]
    name = "adapter_model.safetensors"
    weights = [(Path(v.adapter_path) / name).read_bytes() for v in (whole, again)]
    assert weights[0] == weights[1], "to the last bit"


@pytest.mark.slow
def test_a_child_goes_on_from_its_parent(base, task, tmp_path):
    first = tune(task, base, tmp_path, 4, evaluate_steps=8)
    child = tune(task, base, tmp_path, 1, parent=f"{first.name}:1", evaluate_steps=2)
    assert (child.number, child.parent) == (2, 1)
    assert child.figures["per_question"]["before"] == first.figures["per_question"]["after"]
    with pytest.raises(ModelError, match="has rank = 8, this run 4"):
        tune(task, base, tmp_path, 1, parent=f"{first.name}:1", rank=4)
