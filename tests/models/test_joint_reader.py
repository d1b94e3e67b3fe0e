"""Several questions in one batch are answered as one by one, whatever evidence each has."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from svqa.answering import ChatAnswerer, chat_turns, show
from svqa.answering.chat_prompt import reply_schema
from svqa.cli import app
from svqa.models import LocalChatModel
from svqa.models.joint_reader import JointReader
from svqa.pipeline import open_library
from svqa.records import Evidence, FrameBatch, Question
from tests.helpers.chat import KINDS, RGB, write_film, write_tiny_chat

ASKED = (
    ("What colour is it?", "red", 3, ()),
    ("Which colour is seen, and for how long is it seen?", "red", 3, ()),
    ("What?", "blue", 1, ()),
    ("Is it red or blue?", "blue", 2, ("red", "blue", "green")),
    ("Where?", "red", 0, ()),
)


def asked(sees: bool):
    for text, colour, n, options in ASKED:
        lines = [
            Evidence("v", "v.mp4", 2.0 * i, 2.0 * i + 2, 0.5, "caption", f"Thing {i} is {colour}.")
            for i in range(1 + n)
        ]
        pixels = np.full((max(1, n), 48, 64, 3), RGB[colour], np.uint8)
        frames = FrameBatch(pixels, np.arange(len(pixels)) + 0.5) if sees and n else None
        yield Question(text, options), lines, frames


@pytest.fixture(params=KINDS)
def chat(request, tmp_path):
    return LocalChatModel.from_pretrained(write_tiny_chat(request.param, tmp_path / "m"))


def test_logits_of_a_batch_are_those_of_one_by_one(chat):
    """Prompts of other lengths and pictures, steps of other lengths, a row that ends early."""
    rows = [[5, 6, 7], [8], [9, 10], [11, 12, 13, 14], [15]]
    again = [[20], [21, 22, 23], [24, 25]]
    reader, read, alone = chat._reader, [], []
    for (question, lines, frames), first, then in zip(
        asked(chat.sees), rows, [*again, None, None], strict=True
    ):
        reader.read(chat.inputs(chat_turns(question, show(lines, frames))))
        read.append(reader.kept())
        reader.feed(first)
        mine = [reader.logits]
        if then:
            reader.feed(then)
            mine.append(reader.logits)
        alone.append(mine)
    joint = JointReader(chat.model, read)
    for found, mine in zip(joint.read(rows), alone, strict=True):
        np.testing.assert_allclose(found, mine[0], atol=2e-4)
    joint.keep([0, 1, 2])
    for found, mine in zip(joint.read(again), alone[:3], strict=True):
        np.testing.assert_allclose(found, mine[1], atol=2e-4)


def test_replies_and_answers_are_those_of_one_by_one(chat):
    given = list(asked(chat.sees))
    told = []
    for question, lines, frames in given:
        exhibit = show(lines, frames)
        told.append((chat_turns(question, exhibit), reply_schema(question, exhibit)))
    alone = [chat.reply(*one) for one in told]
    together = chat.replies(iter(told))
    assert [r.text for r in together] == [r.text for r in alone]
    assert [r.prompt_tokens for r in together] == [r.prompt_tokens for r in alone]
    assert [r.new_tokens for r in together] == [r.new_tokens for r in alone]
    if not chat.sees:
        assert together[1].reused > 20, "the second question reads its evidence from memory"
    answerer = ChatAnswerer(chat)
    one_by_one = [answerer.answer(*one) for one in given]
    for mine, theirs in zip(answerer.answers(given), one_by_one, strict=True):
        assert (mine.text, mine.option, mine.evidence, mine.reason) == (
            theirs.text,
            theirs.option,
            theirs.evidence,
            theirs.reason,
        )
        assert mine.score == pytest.approx(theirs.score, abs=1e-4)


def test_a_batch_takes_fewer_passes_of_the_model(chat):
    given = list(asked(chat.sees))
    passes: list[int] = []
    chat.model.register_forward_hook(lambda *_: passes.append(1))
    answerer = ChatAnswerer(chat)
    for one in given:
        answerer.answer(*one)
    alone = len(passes)
    passes.clear()
    answerer.answers(given)
    assert len(passes) < 0.7 * alone, (len(passes), alone)


@pytest.mark.slow
def test_a_library_and_lines_of_stdin_are_answered_together(tmp_path):
    """Each is kept with its number; a wrong line stops none of the others."""
    url, base = f"sqlite:///{tmp_path / 'a.db'}", write_tiny_chat("smolvlm", tmp_path / "m")
    film = str(write_film(tmp_path / "film.mp4", "red"))
    with open_library(url, answerer=str(base)) as library:
        library.ingest(film)
        texts = ("What is it?", "Which colour?", "Where?")
        alone = [library.ask(text, video=film) for text in texts]
        together = library.ask_all([Question(text, video=film) for text in texts])
        assert library.together == 8
    assert [a.text for a in together] == [a.text for a in alone]
    assert [a.evidence for a in together] == [a.evidence for a in alone]
    assert [a.number for a in together] == [4, 5, 6]
    args = ["ask", "-", "--video", film, "--answerer", str(base), "--database", url, "--json"]
    done = CliRunner().invoke(app, args, input="".join(f"{text}\n" for text in texts))
    assert done.exit_code == 0, done.output
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["question"] for row in said] == list(texts)
    assert [row["answer"] for row in said] == [a.text for a in alone]
