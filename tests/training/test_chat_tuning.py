"""A chat model that reads is trained on the prompt of `ask`, on the answer alone, and kept."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from svqa.answering import ChatAnswerer, Exhibit
from svqa.answering.chat_brief import BRIEF_LIMITS, brief_turns
from svqa.answering.chat_reply import begin_reply
from svqa.database import open_store
from svqa.errors import UsageError
from svqa.models import LocalChatModel
from svqa.records import Evidence, Question
from svqa.training import add_lora, fine_tune, load_answerer, merge_version, promote
from svqa.training.chat_objective import ChatCollate, ChatLoss, chat_rows, seen_by
from svqa.training.chat_run import answers, answers_of, shares
from svqa.training.chat_samples import read_chat_examples
from svqa.training.presets import turn_on_checkpointing
from tests.helpers.chat import write_tiny_chat
from tests.helpers.training import write_rows

COLOURS = ("red", "blue", "green")
FAST = {"batch_size": 4, "learning_rate": 2e-2, "patience": 99, "device": "cpu"}


def row(i: int, split: str, *, options: bool = True) -> dict:
    colour = COLOURS[i % 3]
    asked = "what colour is the ball" if i % 2 else "which colour does the ball have"
    lines = [
        {"start_s": 2.0 * n, "end_s": 2.0 * n + 2, "kind": "caption", "text": text}
        for n, text in enumerate(("A dog runs.", f"The ball is {colour}.", "Trees.")[: 2 + i % 2])
    ]
    made = {"video": f"{split}{i}.mp4", "question": asked, "answer": colour, "split": split}
    return made | {"evidence": lines} | ({"options": list(COLOURS)} if options else {})


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_tiny_chat("words", tmp_path_factory.mktemp("base") / "reader")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rows = [row(i, "train", options=i % 4 > 0) for i in range(12)]
    rows += [row(i, "val", options=i != 2) for i in range(4)]
    return write_rows(tmp_path_factory.mktemp("task") / "questions.jsonl", rows)


@pytest.fixture
def chat(base):
    return LocalChatModel.from_pretrained(base)


def tune(file, base, out, epochs=2, **settings):
    out.mkdir(exist_ok=True)
    return fine_tune(
        file,
        file,
        epochs,
        base=base,
        out=out / "models",
        database=f"sqlite:///{out / 'a.db'}",
        **{**FAST, **settings},
    )


def collate_of(chat, file, split="train"):
    examples = read_chat_examples(file, split=split)
    return examples, ChatCollate(chat_rows(chat, examples), 0)


# --- what is trained on


def test_the_prompt_is_the_one_that_ask_uses(chat, file):
    """Token by token, with what `ChatAnswerer` would show; the reply stands behind it."""
    examples, collate = collate_of(chat, file)
    asked: list[list[int]] = []

    class Listening(LocalChatModel):
        def inputs(self, turns):
            found = super().inputs(turns)
            asked.append(found["input_ids"][0].tolist())
            return found

    listening = Listening(chat.model, chat.processor, model_id="x")
    for example, made in zip(examples, collate.rows, strict=True):
        asked.clear()
        ChatAnswerer(listening).answer(example.asked, list(example.evidence))
        prompt, replies = list(made.prompt), [list(made.prompt) + list(r) for r in made.replies]
        assert prompt[: len(asked[0])] == asked[0]
        whole = [chat.tokenizer.decode(r[len(asked[0]) :]) for r in replies]
        assert whole == [begin_reply(a) for a in (example.options or example.answers)]


def test_options_are_weighed_as_the_answerer_weighs_them(chat, file):
    examples, collate = collate_of(chat, file)
    chosen = [i for i, e in enumerate(examples) if e.options]
    mine = shares(ChatLoss(chat.model), collate, chosen)
    for i, found in zip(chosen, mine, strict=True):
        example = examples[i]
        turns = brief_turns(example.asked, example.exhibit(BRIEF_LIMITS))
        theirs = chat.weigh(turns, [begin_reply(o) for o in example.options])
        np.testing.assert_allclose(found, theirs, atol=1e-4)


def test_an_option_given_twice_is_one_and_shifts_no_other(chat, file):
    examples, collate = collate_of(chat, file)
    chosen = [i for i, e in enumerate(examples) if e.options]
    once = answers(ChatLoss(chat.model), collate, chat.tokenizer, examples, chosen)
    for i, said in zip(chosen, once, strict=True):  # doubled, so that the chosen one moves by one
        others = [o for o in examples[i].options if o != said]
        twice = replace(examples[i], options=(*others, *others, said))
        rows = ChatCollate(chat_rows(chat, [twice]), collate.pad_id)
        assert answers(ChatLoss(chat.model), rows, chat.tokenizer, [twice], [0]) == [said]


def test_the_loss_is_of_the_answer_alone(chat, file):
    """Every token that is foretold is one of a reply, and none of the prompt."""
    _, collate = collate_of(chat, file)
    batch = collate(range(6))
    part = batch["part"]
    told = sum(len(r) for row in collate.rows[:6] for r in row.replies)
    assert len(batch["token"]) == told == int((part > 0).sum())
    # an open question: the library's own loss, with all of the prompt masked
    alone = next(i for i, r in enumerate(collate.rows) if not r.choose)
    one = collate.rows[alone]
    ids = torch.tensor([[*one.prompt, *one.replies[0]]])
    labels = ids.clone()
    labels[:, : len(one.prompt)] = -100
    theirs = chat.model(input_ids=ids, labels=labels).loss
    assert ChatLoss(chat.model)(collate([alone])).item() == pytest.approx(theirs.item(), rel=1e-4)


def test_neighbours_and_pads_and_the_shared_beginning_change_no_loss(chat, file):
    _, collate = collate_of(chat, file)
    loss = ChatLoss(chat.model)
    together = collate(range(8))
    assert (together["part"] == -1).any(), "there are pads to be ignored"
    alone = [loss(collate([i])).item() for i in range(8)]
    assert loss(together).item() == pytest.approx(np.mean(alone), rel=1e-4)
    assert len({round(v, 3) for v in alone}) > 4
    plainly = ChatLoss(chat.model, checkpointing=True)  # which shares nothing
    assert plainly(together).item() == pytest.approx(loss(together).item(), rel=1e-5)


def test_a_reply_sees_the_prompt_and_itself_alone():
    sees, place = seen_by(torch.tensor([[0, 0, 1, 1, 2, -1]]))
    assert sees[0].int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [1, 1, 0, 0, 0, 1],
    ]
    assert place[0, :5].tolist() == [0, 1, 2, 3, 2]


def test_gradients_pass_through_what_a_batch_shares(file, base):
    def gradients(checkpointing: bool):
        chat = LocalChatModel.from_pretrained(base)
        collate = collate_of(chat, file)[1]
        torch.manual_seed(0)
        model = add_lora(chat.model, "decoder-qv").train()
        for name, p in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(p, std=0.2, generator=torch.Generator().manual_seed(1))
        if checkpointing:
            turn_on_checkpointing(model.get_base_model())
        ChatLoss(model, checkpointing=checkpointing)(collate(range(6))).backward()
        return {n: p.grad for n, p in model.named_parameters() if p.requires_grad}

    shared, alone = gradients(False), gradients(True)
    assert shared.keys() == alone.keys() and len(shared) == 2 * 2 * 2
    for name, gradient in shared.items():
        torch.testing.assert_close(gradient, alone[name], atol=1e-5, rtol=1e-3)


def test_smollm2_has_460_800_trainable_parameters():
    from transformers import LlamaConfig, LlamaForCausalLM

    from svqa.training import trainable_share

    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    own, every, share = trainable_share(add_lora(model, "decoder-qv"))
    assert (own, every) == (460_800, 134_975_808) and round(100 * share, 2) == 0.34


# --- question files


def test_wrong_evidence_is_told_with_its_line(tmp_path):
    line = {"start_s": 0, "end_s": 1, "kind": "caption", "text": "A dog."}
    wrong = [
        ("a", "must be a list of lines"),
        ([line | {"kind": "seen"}], "line 1 of `evidence` has the kind 'seen'; known: caption"),
        ([line, line | {"text": " "}], "line 2 of `evidence` must have words"),
        ([line | {"text": "\ud800"}], "must have words"),
        ([line | {"end_s": 0}], "must start before it ends"),
        ([line | {"start_s": -1}], "seconds of 0 or more"),
        ([line | {"end_s": True}], "seconds of 0 or more"),
        ([{"text": "x"}], "must have start_s, end_s, kind, text and nothing else"),
        ([line | {"extra": 1}], "and nothing else"),
    ]
    rows = [row(0, "train") | {"evidence": given} for given, _ in wrong]
    with pytest.raises(UsageError) as told:
        read_chat_examples(write_rows(tmp_path / "q.jsonl", rows))
    for number, (_, why) in enumerate(wrong, 1):
        assert any(f"line {number}:" in s and why in s for s in str(told.value).splitlines()), why


def test_a_row_without_lines_says_what_to_do(tmp_path, base):
    rows = [{k: v for k, v in row(0, "train").items() if k != "evidence"}]
    path = write_rows(tmp_path / "q.jsonl", rows)
    with pytest.raises(UsageError, match="line 1: has no lines to read: give `evidence`, or"):
        read_chat_examples(path)
    with pytest.raises(UsageError, match=r"line 1: has no `evidence`.*train0.mp4"):
        tune(path, base, tmp_path)
    picture = write_rows(
        tmp_path / "p.jsonl", [{"image": "a.png", "question": "what?", "answer": "a"}]
    )
    with pytest.raises(UsageError, match="asks about a picture"):
        read_chat_examples(picture)


def test_one_video_in_both_parts_is_refused(tmp_path, base):
    rows = [row(0, "train"), row(1, "val") | {"video": "train0.mp4"}]
    with pytest.raises(UsageError, match="share 1 of 1 videos"):
        tune(write_rows(tmp_path / "q.jsonl", rows), base, tmp_path)


def test_a_base_that_is_neither_is_refused(tmp_path, file):
    from transformers import CLIPConfig, CLIPModel

    shared = {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1}
    small = {**shared, "num_hidden_layers": 1}
    config = CLIPConfig(text_config=small, vision_config=small, projection_dim=8)
    CLIPModel(config).save_pretrained(tmp_path / "clip")
    with pytest.raises(UsageError, match=r"type 'clip', which is not trained here"):
        tune(file, tmp_path / "clip", tmp_path)


# --- versions


@pytest.fixture(scope="module")
def made(file, base, tmp_path_factory):
    out = tmp_path_factory.mktemp("made")
    return tune(file, base, out, 12), f"sqlite:///{out / 'a.db'}"


@pytest.mark.slow
def test_it_learns_to_read_the_line(made):
    version, _ = made
    f = version.figures
    assert f["after"]["accuracy"]["value"] > f["before"]["accuracy"]["value"]
    assert f["curve"]["last_loss"] < 3, "a random token costs 6.2, a random option 1.1"
    assert version.settings["reads"]
    assert version.settings["preset"] == "decoder-qv" and version.name == "reader-lora"


@pytest.mark.slow
def test_a_version_answers_as_it_was_examined_and_merged_answers_the_same(made, file, tmp_path):
    version, _ = made
    examples = read_chat_examples(file, split="val")
    answerer = load_answerer(version)
    assert answerer.model_id.startswith("reader-lora:1@") and answerer.model.brief
    chosen = [i for i, e in enumerate(examples) if e.options]
    said = [answerer.answer(examples[i].asked, list(examples[i].evidence)).text for i in chosen]
    theirs = answers_of(answerer.model.model, answerer.model.processor, examples)
    assert said == [theirs[i] for i in chosen]
    right = [float(a in e.answers) for a, e in zip(theirs, examples, strict=True)]
    assert right == version.figures["per_question"]["after"]
    folder = merge_version(version, tmp_path / "merged")
    merged = ChatAnswerer(LocalChatModel.from_pretrained(folder))
    assert merged.model.brief
    assert said == [
        merged.answer(examples[i].asked, list(examples[i].evidence)).text for i in chosen
    ]


@pytest.mark.slow
def test_it_is_promoted_on_questions_of_a_file(made, tmp_path):
    _, database = made
    rows = [row(i, "test") for i in range(24)]
    path = write_rows(tmp_path / "test.jsonl", rows)
    with open_store(database) as store:
        done = promote(store, "reader-lora:1", questions=str(path), force=True)
        assert done.comparison.n == 24 and done.against.startswith("reader")
        assert store.model_version("reader-lora@champion").number == 1


SCRIPT = """
import os, signal
from svqa.training.loop import Loop
from svqa.training.lora import fine_tune
save = Loop._save
def saved(self):
    save(self)
    if self.state.step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
Loop._save = saved
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(file, base, tmp_path):
    settings = {"dropout": 0.1, "save_steps": 1, "seed": 3}
    whole = tune(file, base, tmp_path / "whole", **settings)
    cut = tmp_path / "cut"
    cut.mkdir()
    call = textwrap.dedent(SCRIPT) + (
        f"fine_tune({str(file)!r}, {str(file)!r}, 2, base={str(base)!r}, "
        f"out={str(cut / 'models')!r}, database='sqlite:///{cut / 'a.db'}', "
        f"**{ {**FAST, **settings}!r})"
    )
    ended = subprocess.run([sys.executable, "-c", call], capture_output=True, timeout=300)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-500:]
    again = tune(file, base, cut, **settings)
    assert again.figures["curve"]["exams"] == whole.figures["curve"]["exams"]
    sums = [
        hashlib.sha256((Path(v.adapter_path) / "adapter_model.safetensors").read_bytes()).digest()
        for v in (whole, again)
    ]
    assert sums[0] == sums[1]


def test_training_that_never_got_better_says_so(file, base, tmp_path):
    told: list[str] = []
    version = tune(file, base, tmp_path, 1, learning_rate=1e-9, say=told.append)
    assert version.figures["best_step"] == 0
    assert any("No exam was better" in t for t in told)
    card = (Path(version.adapter_path) / "README.md").read_text()
    assert "No exam was better" in card


@pytest.mark.slow
def test_bf16_trains(file, base, tmp_path):
    version = tune(file, base, tmp_path, 4, precision="bf16", checkpointing=True)
    assert np.isfinite(version.figures["curve"]["last_loss"])


@pytest.mark.slow
def test_compare_gives_every_model_the_lines_of_the_file(made, tmp_path):
    """A set and a version read the same lines; aliases and SPECs are understood."""
    from svqa.evaluation.comparison import ModelComparator
    from svqa.evaluation.question_set import read_question_set
    from svqa.evaluation.registry import ModelRegistry
    from svqa.evaluation.runs import compare_runs, run_set
    from svqa.training import load_version

    _, database = made
    path = write_rows(tmp_path / "q.jsonl", [row(i, "test") for i in range(12)])
    asked = read_question_set(path)
    registry = ModelRegistry()
    registry.use_version_loader(load_version)
    with open_store(database) as store:
        registry.check(["reader-lora", "reader-lora:1", "smollm2"], "vqa", store=store)
        with pytest.raises(UsageError, match="Unknown vqa model 'reader-lora:9'"):
            registry.check(["reader-lora:9"], "vqa", store=store)
        comparator = ModelComparator(registry=registry)
        runs = [
            run_set(name, asked, store=store, comparator=comparator)
            for name in ("reader-lora:1", "offline")
        ]
        found = compare_runs(runs, store=store)
    by_name = {m["name"]: m for m in found.stored.result["models"]}
    assert by_name["offline"]["accuracy"]["value"] == 1.0, "the line names the colour"
    assert json.dumps(found.stored.result) and found.stored.n == 12


def test_a_small_model_is_not_shown_the_options():
    e = Evidence("v", "v", 0.0, 1.0, 1.0, "caption", "A dog.")
    turns = brief_turns(Question("what is it", ("a dog", "a cat")), Exhibit((e,)))
    assert turns[1].text == "[1] 0 s, seen: A dog.\nQuestion: what is it", "options are not listed"
