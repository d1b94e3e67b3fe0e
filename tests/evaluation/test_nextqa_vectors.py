"""Sentence vectors kept on disk.

The same bits, computed once, and computed again where the disk is wrong.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from svqa.cli import app
from svqa.evaluation import KeptSentences, run_nextgqa
from svqa.models import DiskCache, MiniLM, TextEncoder

TEXTS = ["a dog runs", "a cake in an oven", "", "ein schöner Tag \ud800", "a dog runs"]


class Counting(TextEncoder):
    """Another encoder that counts the texts it is given."""

    def __init__(self, inner: TextEncoder, model_id: str | None = None):
        self.inner, self.model_id, self.dim, self.texts = (
            inner,
            model_id or inner.model_id,
            inner.dim,
            0,
        )

    def encode_text(self, texts):
        self.texts += len(texts)
        return self.inner.encode_text(texts)


@pytest.fixture
def counting() -> Counting:
    return Counting(MiniLM.from_pretrained())


def kept(encoder: TextEncoder, folder, **budget) -> KeptSentences:
    """As a new process would open it."""
    return KeptSentences(encoder, DiskCache(folder, **budget))


def test_the_second_run_computes_nothing_and_gives_the_same_bits(counting, tmp_path):
    plain = MiniLM.from_pretrained().encode_text(TEXTS)
    first = kept(counting, tmp_path).encode_text(TEXTS)
    assert counting.texts == len(TEXTS)
    second = kept(counting, tmp_path).encode_text(tuple(TEXTS))
    assert counting.texts == len(TEXTS) and second.dtype == np.float32
    assert plain.tobytes() == first.tobytes() == second.tobytes()
    second += 1  # what is given away is the caller's
    assert kept(counting, tmp_path).encode_text(TEXTS).tobytes() == first.tobytes()
    assert kept(counting, tmp_path).encode_text([]).shape == (0, 384) and counting.texts == len(
        TEXTS
    )


def test_other_texts_another_order_and_another_model_are_other_vectors(counting, tmp_path):
    kept(counting, tmp_path).encode_text(["ab", "c"])
    for texts in (["a", "bc"], ["c", "ab"], ["ab"], ['ab", "c']):
        before = counting.texts
        vectors = kept(counting, tmp_path).encode_text(texts)
        assert counting.texts == before + len(texts)
        np.testing.assert_array_equal(vectors, counting.inner.encode_text(texts))
    other = Counting(counting.inner, "other@1")
    kept(other, tmp_path).encode_text(["ab", "c"])
    assert other.texts == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],  # cut off
        lambda data: b"",
        lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],  # one bit of one number
        lambda data: data[:130] + bytes([data[130] ^ 1]) + data[131:],  # one bit of the checksum
        lambda data: b"not an array at all" * 100,
    ],
)
def test_a_corrupt_file_is_computed_again_and_replaced(counting, tmp_path, spoil):
    first = kept(counting, tmp_path).encode_text(TEXTS)
    (path,) = tmp_path.glob("*.npy")
    path.write_bytes(spoil(path.read_bytes()))
    again = kept(counting, tmp_path).encode_text(TEXTS)
    assert counting.texts == 2 * len(TEXTS) and again.tobytes() == first.tobytes()
    kept(counting, tmp_path).encode_text(TEXTS)
    assert counting.texts == 2 * len(TEXTS)


def test_a_run_that_is_killed_while_writing_leaves_nothing_that_is_read(
    counting, tmp_path, monkeypatch
):
    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("svqa.models.disk_cache.os.replace", die)
        with pytest.raises(Killed):
            kept(counting, tmp_path).encode_text(TEXTS)
    assert not list(tmp_path.glob("*.npy"))
    kept(counting, tmp_path).encode_text(TEXTS)
    assert counting.texts == 2 * len(TEXTS) and len(list(tmp_path.glob("*.npy"))) == 1


def test_the_folder_stays_within_its_budget_and_a_full_disk_changes_no_result(
    counting, tmp_path, monkeypatch
):
    for n in range(6):
        kept(counting, tmp_path, max_bytes=6000).encode_text(
            [f"one sentence and the number {n}", "and another one"]
        )
    assert 0 < sum(p.stat().st_size for p in tmp_path.glob("*.npy")) <= 6000

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("svqa.models.disk_cache.np.save", full)
    vectors = kept(counting, tmp_path).encode_text(["never seen"])
    np.testing.assert_array_equal(vectors, counting.inner.encode_text(["never seen"]))


@pytest.fixture
def files(tmp_path):
    """Four videos of eight seconds, a question about each."""
    folder = tmp_path / "files"
    folder.mkdir()
    scenes = [
        "a dog jumps over a fence",
        "a woman cuts a cake",
        "a cat sleeps on a sofa",
        "a boy kicks a ball",
    ]
    rows = ["video_id,question,answer,qid,type,a0,a1,a2,a3,a4"]
    rows += [
        f"v{n},why is it that {scene},yes,0,CW,yes,no,cake,rain,sun"
        for n, scene in enumerate(scenes)
    ]
    (folder / "questions.csv").write_text("\n".join(rows) + "\n")
    spans = {f"v{n}": {"duration": 8, "fps": 25, "location": {"0": [[2, 5]]}} for n in range(4)}
    (folder / "spans.json").write_text(json.dumps(spans))
    captions = {
        f"v{n}": ["a street"] * 2 + [scene] * 3 + ["a street"] * 3 for n, scene in enumerate(scenes)
    }
    (folder / "captions.json").write_text(json.dumps(captions))
    return folder / "questions.csv", folder / "spans.json", folder / "captions.json"


@pytest.mark.slow
def test_svqa_eval_keeps_vectors_in_the_cache_folder_and_says_the_same_again(
    files, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    annotations, spans, captions = files
    plain = run_nextgqa(*files, sentences=MiniLM.from_pretrained()).to_json()
    command = [
        "eval",
        "nextgqa",
        "--annotations",
        annotations,
        "--spans",
        spans,
        "--captions",
        captions,
        "--json",
    ]
    said = [CliRunner().invoke(app, list(map(str, command))) for _ in range(2)]
    assert [s.exit_code for s in said] == [0, 0] and json.loads(said[0].stdout) == json.loads(
        said[1].stdout
    ) == plain
    # four videos and the questions
    assert len(list((tmp_path / "cache/svqa/sentences").glob("*.npy"))) == 5


@pytest.mark.slow
def test_svqa_eval_goes_on_without_a_cache_folder(files, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    annotations, spans, captions = files
    command = [
        "eval",
        "nextgqa",
        "--annotations",
        annotations,
        "--spans",
        spans,
        "--captions",
        captions,
        "--json",
    ]
    said = CliRunner().invoke(app, list(map(str, command)))
    assert (
        said.exit_code == 0 and "are not kept" in said.stderr and json.loads(said.stdout)["n"] == 4
    )
