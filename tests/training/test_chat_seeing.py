"""A chat model that sees is trained on what `ask` shows it, kept as a version, and asked."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from svqa.answering import ChatAnswerer
from svqa.answering.chat_evidence import Limits
from svqa.answering.chat_prompt import chat_turns
from svqa.answering.chat_reply import begin_reply
from svqa.cli import app
from svqa.database import open_store
from svqa.errors import UsageError
from svqa.models import LocalChatModel
from svqa.models.disk_cache import DiskCache
from svqa.pipeline import open_library
from svqa.training import add_lora, fine_tune, load_answerer, merge_version, promote
from svqa.training.chat_frames import Frames, SeeingCollate, SeeingLoss
from svqa.training.chat_objective import chat_rows
from svqa.training.chat_run import answers_of, collate_for, shares
from svqa.training.chat_samples import LibraryEvidence, read_chat_examples
from svqa.training.presets import lora_targets, turn_on_checkpointing
from tests.helpers.chat import KINDS, write_film, write_tiny_chat
from tests.helpers.training import write_rows

SEEING = KINDS[1:]
COLOURS = ("red", "blue")
FAST = {"batch_size": 2, "learning_rate": 2e-2, "patience": 99, "device": "cpu"}


def row(i: int, split: str) -> dict:
    """Every second question is open; the seconds differ."""
    colour = COLOURS[i % 2]
    asked = {"video": f"{split}-{colour}.mp4", "question": "what colour is it", "answer": colour}
    asked |= {"split": split, "span": [0.0, 2.0 + i % 3]}
    return asked | ({} if i % 4 == 3 else {"options": list(COLOURS)})


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_tiny_chat("smolvlm", tmp_path_factory.mktemp("base") / "seer")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("task")
    for split in ("train", "val", "test"):
        for colour in COLOURS:
            write_film(folder / f"{split}-{colour}.mp4", colour, seconds=4 + len(split))
    rows = [row(i, "train") for i in range(6)] + [row(i, "val") for i in range(4)]
    return write_rows(folder / "questions.jsonl", [*rows, *(row(i, "test") for i in range(4))])


@pytest.fixture(scope="module")
def frames(file):
    """Decoded once for all tests."""
    return Frames(DiskCache(file.parent / "cache"))


def tune(file, base, out, epochs=1, **settings):
    out.mkdir(exist_ok=True)
    url = f"sqlite:///{out / 'a.db'}"
    given = {**FAST, "cache": file.parent / "cache", **settings}
    return fine_tune(file, file, epochs, base=base, out=out / "models", database=url, **given)


# --- what it is shown


def test_frames_of_a_row_are_those_it_names(file):
    examples = read_chat_examples(file, sees=True)
    assert examples[0].looks_at == tuple(0.125 + 0.25 * i for i in range(8))
    assert Frames().of(examples[0]).pixels.shape[1:] == (64, 96, 3), "as large as they are"
    with pytest.raises(UsageError, match="line 1: asks about second 90, but .* ends at"):
        read_chat_examples(
            write_rows(file.parent / "late.jsonl", [row(0, "train") | {"span": [90, 91]}]),
            sees=True,
        )
    with pytest.raises(UsageError, match="line 1: has nothing to be seen: no such video"):
        read_chat_examples(
            write_rows(file.parent / "no.jsonl", [row(0, "train") | {"video": "x.mp4"}]), sees=True
        )


def test_what_is_shown_is_part_of_the_datas_hash_and_kept_by_its_seconds(file, tmp_path):
    first, second = read_chat_examples(file, sees=True)[:3:2]
    assert first.path == second.path and first.content != second.content
    cache = DiskCache(tmp_path)
    kept = [Frames(cache).of(e) for e in (first, second, first, second)]
    assert cache.hits >= 2 and not np.array_equal(kept[0].t_s, kept[1].t_s)
    for a, b in zip(kept[:2], kept[2:], strict=True):
        assert np.array_equal(a.pixels, b.pixels) and np.array_equal(a.t_s, b.t_s)


class Listening(LocalChatModel):
    """Keeps what it was asked."""

    asked: list[dict]

    def inputs(self, turns):
        self.asked.append(super().inputs(turns))
        return self.asked[-1]


@pytest.mark.slow
def test_the_prompt_is_the_one_that_ask_uses(base, file, tmp_path):
    """Lines and frames of a film that was taken in, token by token and pixel by pixel."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    folder = tmp_path / "here"
    folder.mkdir()
    film = write_film(folder / "film.mp4", "red")
    asked = {"video": "film.mp4", "question": "what colour is it", "answer": "red"}
    path = write_rows(folder / "q.jsonl", [asked])
    with open_library(url, answerer=str(base)) as library:
        library.ingest(film)
        model = library.models.answerer.model
        listening = Listening(model.model, model.processor, model_id="x")
        listening.asked = []
        library.models.answerer.model = listening
        library.ask("what colour is it", video=str(film))
    with LibraryEvidence(url) as find:
        (example,) = read_chat_examples(path, find=find, sees=True)
    assert example.looks_at and example.evidence
    (made,) = chat_rows(model, [example], frames=Frames().of)
    theirs, mine = listening.asked[0], made.see()
    assert theirs.keys() == mine.keys()
    for name, value in theirs.items():
        assert torch.equal(value, mine[name]), name
    told = model.tokenizer.decode(made.prompt[theirs["input_ids"].shape[1] :])
    assert begin_reply("red").startswith(told + "red") and len(told) > 8


@pytest.mark.parametrize("kind", SEEING)
def test_options_are_weighed_as_the_answerer_weighs_them(kind, file, frames, tmp_path):
    """Also where layers are computed again, and with neighbours in the batch."""
    chat = LocalChatModel.from_pretrained(write_tiny_chat(kind, tmp_path / "m"))
    examples = read_chat_examples(file, sees=True)[:3]
    collate = collate_for(chat, examples, frames)
    mine = shares(SeeingLoss(chat.model), collate, range(3))
    again = shares(SeeingLoss(chat.model, checkpointing=True), collate, range(3))
    for example, found, anew in zip(examples, mine, again, strict=True):
        turns = chat_turns(example.asked, example.exhibit(Limits(), frames.of(example)))
        theirs = chat.weigh(turns, [begin_reply(o) for o in example.options])
        np.testing.assert_allclose(found, theirs, atol=2e-4)
        np.testing.assert_allclose(found, anew, atol=2e-4)
    with torch.no_grad():
        alone = [SeeingLoss(chat.model)(collate([i])).item() for i in range(3)]
        together = SeeingLoss(chat.model)(collate(range(3))).item()
    assert together == pytest.approx(np.mean(alone), rel=1e-4)


def test_the_loss_of_an_open_question_is_the_librarys_own(base, file, frames):
    chat = LocalChatModel.from_pretrained(base)
    examples = read_chat_examples(file, sees=True)
    (open_one,) = [i for i, e in enumerate(examples) if not e.options]
    collate = collate_for(chat, examples, frames)
    one = collate.rows[open_one]
    inputs = one.see()
    ids = torch.tensor([[*one.prompt, *one.replies[0]]])
    labels = ids.clone()
    labels[:, : len(one.prompt)] = -100
    whole = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
    theirs = chat.model(**whole, labels=labels).loss
    assert SeeingLoss(chat.model)(collate([open_one])).item() == pytest.approx(
        theirs.item(), rel=1e-4
    )


def test_what_is_seen_counts(base, file, frames):
    """Red frames and blue ones give the same words other chances."""
    chat = LocalChatModel.from_pretrained(base)
    examples = read_chat_examples(file, sees=True)[:2]
    red, blue = shares(SeeingLoss(chat.model), collate_for(chat, examples, frames), range(2))
    assert not np.allclose(red, blue, atol=1e-4)
    rows = chat_rows(chat, examples, blind=True)
    nothing = shares(SeeingLoss(chat.model), SeeingCollate(rows, 0), range(2))
    np.testing.assert_allclose(*nothing, atol=1e-5)


@pytest.mark.parametrize("kind", SEEING)
def test_only_what_reads_is_trained_by_the_same_gradients_both_ways(kind, file, frames, tmp_path):
    folder = write_tiny_chat(kind, tmp_path / "m")

    def gradients(checkpointing: bool):
        chat = LocalChatModel.from_pretrained(folder)
        collate = collate_for(chat, read_chat_examples(file, sees=True)[:2], frames)
        torch.manual_seed(0)
        model = add_lora(chat.model, "chat-qv").train()
        for name, p in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(p, std=0.2, generator=torch.Generator().manual_seed(1))
        if checkpointing:
            turn_on_checkpointing(model.get_base_model())
        SeeingLoss(model, checkpointing=checkpointing)(collate(range(2))).backward()
        return model, {n: p.grad for n, p in model.named_parameters() if p.requires_grad}

    (model, shared), (_, alone) = gradients(False), gradients(True)
    names = lora_targets(model)
    assert len(names) == 4 and not any("vis" in name for name in names)
    for name, gradient in shared.items():
        assert gradient.abs().sum() > 0, name
        torch.testing.assert_close(gradient, alone[name], atol=1e-4, rtol=1e-3)


# --- versions


@pytest.fixture(scope="module")
def made(file, base, tmp_path_factory):
    out = tmp_path_factory.mktemp("made")
    return tune(file, base, out, 6), f"sqlite:///{out / 'a.db'}"


@pytest.mark.slow
def test_it_learns_and_answers_as_it_was_examined(made, base, file, frames, tmp_path):
    version, _ = made
    assert version.settings["preset"] == "chat-qv" and version.settings["reads"]
    chat = LocalChatModel.from_pretrained(base)
    collate = collate_for(chat, read_chat_examples(file, sees=True), frames)
    with torch.no_grad():
        untrained = SeeingLoss(chat.model)(collate(range(6))).item()
    assert version.figures["curve"]["last_loss"] < untrained - 1
    examples = read_chat_examples(file, split="val", sees=True)
    answerer = load_answerer(version)
    assert answerer.needs_frames and answerer.model_id.startswith("seer-lora:1@")
    chosen = [i for i, e in enumerate(examples) if e.options]
    told = [ask_of(answerer, frames, examples[i]) for i in chosen]
    theirs = answers_of(answerer.model.model, answerer.model.processor, examples)
    assert told == [theirs[i] for i in chosen]
    right = [float(a in e.answers) for a, e in zip(theirs, examples, strict=True)]
    assert right == version.figures["per_question"]["after"]
    merged = ChatAnswerer.from_pretrained(merge_version(version, tmp_path / "merged"))
    assert merged.needs_frames and [ask_of(merged, frames, examples[i]) for i in chosen] == told


def ask_of(answerer, frames, example):
    return answerer.answer(example.asked, list(example.evidence), frames.of(example)).text


def printed(*args: str) -> dict:
    done = CliRunner().invoke(app, [*args, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.slow
def test_it_is_promoted_asked_by_the_command_and_compared(made, file):
    _, database = made
    with open_store(database) as store:
        done = promote(store, "seer-lora:1", questions=str(file), force=True)
        assert done.comparison.n == 4 and done.against.startswith("seer")
    film = str(file.parent / "test-red.mp4")
    here = ["--database", database]
    args = ["ask", "what colour is it", "--video", film, "--answerer", "seer-lora@champion"]
    told = printed(*args, "--options", "red", "--options", "blue", *here)
    assert told["model"].startswith("seer-lora:1@") and told["usage"]["frames"] > 0
    args = ["compare", "seer-lora:1", "offline", "--questions", str(file), "--split", "test"]
    found = printed(*args, *here)
    assert found["n"] == 4 and {m["name"] for m in found["models"]} == {"seer-lora:1", "offline"}


SCRIPT = """
import os, signal
from svqa.training.loop import Loop
from svqa.training.lora import fine_tune
save = Loop._save
def saved(self):
    save(self)
    if self.state.step == 2:
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
        f"fine_tune({str(file)!r}, {str(file)!r}, 1, base={str(base)!r}, "
        f"out={str(cut / 'models')!r}, database='sqlite:///{cut / 'a.db'}', "
        f"cache={str(file.parent / 'cache')!r}, "
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


@pytest.mark.slow
def test_bf16_learns_what_float32_learns(made, base, file, tmp_path):
    """The loss falls as far, within what eight bits of a number's fraction leave."""
    half = tune(file, base, tmp_path, 6, precision="bf16")
    assert half.settings["precision"] == "bf16"
    whole, _ = made
    last = [v.figures["curve"]["last_loss"] for v in (half, whole)]
    assert last[0] == pytest.approx(last[1], abs=0.5)
    answerer = load_answerer(half)
    assert answerer.needs_frames and answerer.model_id.startswith("seer-lora:1@")
