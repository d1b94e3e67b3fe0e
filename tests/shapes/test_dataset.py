from __future__ import annotations

import json

import av
import pytest

from svqa.errors import UsageError
from svqa.questions import SPLITS, read_questions
from svqa.shapes import description, make_dataset, scene_of, split_of

WRITTEN = ("metadata.jsonl", "questions.jsonl", "README.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("shapes") / "set"
    done = []
    made = make_dataset(3, 5, out, progress=lambda what, written, n: done.append((written, n)))
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert (made.folder, made.videos) == (out, 3)
    return out


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    make_dataset(3, 5, tmp_path)
    for name in WRITTEN:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_metadata_is_what_videofolder_reads_and_every_file_opens(folder):
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    assert len(rows) == 3
    for index, row in enumerate(rows):
        assert row["caption"] == description(scene_of(5, index))
        assert row["split"] == split_of(index)
        with av.open(str(folder / row["file_name"])) as file:
            assert file.streams.video[0].frames == row["duration_s"] * row["rate_hz"]
            assert file.streams.audio[0].channels == 2


def test_questions_come_back_as_records(folder):
    read = read_questions(folder / "questions.jsonl")
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    assert [q.id for q in read] == [row["id"] for row in rows] and len({q.id for q in read}) == len(
        read
    )
    assert read[0].answers == (rows[0]["answer"],) and read[0].spans[0] == tuple(
        rows[0]["spans"][0]
    )
    assert read[0].video == str(folder / rows[0]["video"])


def test_splits_are_by_video():
    splits = [split_of(i) for i in range(20)]
    assert [splits.count(s) for s in SPLITS] == [16, 2, 2]
    assert splits[:10] == splits[10:]


def test_a_dataset_is_never_written_over(folder):
    with pytest.raises(UsageError, match="already holds a dataset"):
        make_dataset(1, 0, folder)
    with pytest.raises(UsageError, match="at least one video"):
        make_dataset(0, 0, folder / "none")
