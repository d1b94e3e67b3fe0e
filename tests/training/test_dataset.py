"""A question file is right in every line, or nothing is trained.

Pictures are the frames that were asked about.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from svqa.errors import UsageError
from svqa.models import DiskCache, frame_grid
from svqa.shapes import render_pixels, scene_of, write_mp4
from svqa.training import Example, fine_tune_blip, near_duplicates, read_examples, refuse_shared
from svqa.training.dataset import data_sha256
from svqa.training.feature_cache import Pictures, grid_times
from svqa.training.leaks import perceptual_hash
from tests.helpers.training import picture_rows, write_rows, write_task

GOOD = {"image": "noise-1-0.png", "question": "is there a square?", "answer": "yes"}
VIDEO = {"video": "a.mp4", "question": "which way?", "answer": "left"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("questions")
    picture_rows(made, 3, seed=1)
    for name, index in (("a.mp4", 0), ("b.mp4", 1)):
        write_mp4(scene_of(7, index), made / name, width_px=64)
    (made / "not.png").write_text("not a picture")
    (made / "not.mp4").write_text("not a video")
    return made


MISTAKES = {
    "not JSON": ('{"image": "noise-1-0.png", ', "is not JSON"),
    "not an object": ('["noise-1-0.png"]', "expected an object"),
    "a field nobody reads": (GOOD | {"anwser": "yes"}, "Did you mean `answer`?"),
    "no file named": (
        {"question": "is it red?", "answer": "yes"},
        "either `video` or `image`, got neither",
    ),
    "no such file": (GOOD | {"image": "gone.png"}, "no such picture"),
    "not a picture": (GOOD | {"image": "not.png"}, "not a picture that can be read"),
    "not a video": (VIDEO | {"video": "not.mp4"}, "not.mp4"),
    "no question": (GOOD | {"question": "  "}, "`question` must be a sentence"),
    "no answer": (
        {k: v for k, v in GOOD.items() if k != "answer"},
        "either `answer` or `answers`, got neither",
    ),
    "a number for an answer": (GOOD | {"answer": 2}, "`answer` must be words, got 2"),
    "empty references": (
        {"image": "noise-1-0.png", "question": "q", "answers": []},
        "`answers` must be a list of words",
    ),
    "negative second": (VIDEO | {"time_s": -1}, "0 or more, got -1"),
    "past the end": (VIDEO | {"time_s": 99.0}, "asks about second 99, but a.mp4 ends at 8 s"),
    "a span backwards": (VIDEO | {"span": [4, 2]}, "[start, end] in seconds with start < end"),
    "a second and a span": (VIDEO | {"span": [2, 4], "time_s": 3}, "only one of them"),
    "seconds of a picture": (GOOD | {"time_s": 1.0}, "a picture has no seconds"),
    "unknown split": (
        GOOD | {"split": "dev"},
        "`split` must be one of train, val, test, got 'dev'",
    ),
    "a contradiction": (
        GOOD | {"answer": "no"},
        "asks what line 1 asks and answers 'no' instead of 'yes'",
    ),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_each_mistake_is_named_with_its_line(folder, kind):
    row, expected = MISTAKES[kind]
    bad = folder / "bad.jsonl"
    bad.write_text(
        json.dumps(GOOD) + "\n\n" + (row if isinstance(row, str) else json.dumps(row)) + "\n"
    )
    with pytest.raises(UsageError) as error:
        read_examples(bad)
    assert expected in str(error.value)
    assert "line 3:" in str(error.value) and "1 mistake" in str(error.value)


def test_all_mistakes_come_together_and_no_training_starts(folder, tmp_path):
    rows = [row if isinstance(row, str) else json.dumps(row) for row, _ in MISTAKES.values()]
    bad = folder / "all-bad.jsonl"
    bad.write_text("\n".join([json.dumps(GOOD), *rows]))
    with pytest.raises(UsageError) as error:
        fine_tune_blip(bad, bad, out=tmp_path / "models", database=f"sqlite:///{tmp_path / 'a.db'}")
    for line, (_, expected) in enumerate(MISTAKES.values(), 2):
        assert f"line {line}: " in str(error.value) and expected in str(error.value)
    assert "Nothing was trained" in str(error.value)
    assert list(tmp_path.iterdir()) == [], "no model folder, no database, no cache"


def test_a_list_of_rows_is_read_too_and_knows_its_lines(folder):
    listed = folder / "list.json"
    listed.write_text(json.dumps([GOOD, VIDEO | {"span": [1, 3]}], indent=2))
    assert [e.line for e in read_examples(listed)] == [2, 7]
    listed.write_text(json.dumps([GOOD, GOOD | {"split": "x"}], indent=2))
    with pytest.raises(UsageError, match="line 7: `split`"):
        read_examples(listed)
    listed.write_text(json.dumps([GOOD])[:-1])
    with pytest.raises(UsageError, match="not closed"):
        read_examples(listed)


@pytest.mark.parametrize("text", ["", "[]", "\n\n"])
def test_an_empty_file_is_refused(folder, text):
    (folder / "empty.jsonl").write_text(text)
    with pytest.raises(UsageError, match=r"empty|at least one"):
        read_examples(folder / "empty.jsonl")


def test_one_file_serves_training_and_validation(folder):
    rows = [
        GOOD | {"split": "train"},
        GOOD | {"image": "noise-1-1.png", "split": "val"},
        GOOD | {"image": "noise-1-2.png"},
    ]
    path = write_rows(folder / "split.jsonl", rows)
    assert [e.line for e in read_examples(path, split="train")] == [1, 3]
    assert [e.line for e in read_examples(path, split="val")] == [2, 3]
    with pytest.raises(UsageError, match=r"Unknown split 'dev'"):
        read_examples(path, split="dev")
    with pytest.raises(UsageError, match="of type colour for train"):
        read_examples(path, types=["colour"])


def test_references_count_by_how_many_gave_them(folder):
    (e,) = read_examples(
        write_rows(
            folder / "many.jsonl",
            [
                {
                    **{k: v for k, v in GOOD.items() if k != "answer"},
                    "answers": ["red", "blue", "red", " red "],
                }
            ],
        )
    )
    assert e.weights == {"red": 0.75, "blue": 0.25}


def test_a_file_in_both_splits_is_refused_whatever_it_is_called(folder):
    (folder / "copy.png").write_bytes((folder / "noise-1-0.png").read_bytes())
    train = read_examples(write_rows(folder / "t.jsonl", [GOOD]))
    val = read_examples(
        write_rows(
            folder / "v.jsonl", [GOOD | {"image": "noise-1-1.png"}, GOOD | {"image": "copy.png"}]
        )
    )
    with pytest.raises(
        UsageError,
        match=r"noise-1-0.png \(line 1 of training\) is copy.png \(line 2 of validation\)",
    ):
        refuse_shared(train, val)
    refuse_shared(train, val[:1])
    grouped = [GOOD | {"group": "kitchen"}], [GOOD | {"image": "noise-1-1.png", "group": "kitchen"}]
    both = [
        read_examples(write_rows(folder / f"g{i}.jsonl", rows)) for i, rows in enumerate(grouped)
    ]
    with pytest.raises(UsageError, match="'kitchen' is in line 1"):
        refuse_shared(*both)


def test_near_duplicates_are_found_and_other_scenes_are_not():
    picture = render_pixels(scene_of(3, 0), 1.0, width_px=128, height_px=128)
    brighter = np.clip(picture.astype(int) + 12, 0, 255).astype(np.uint8)
    others = [render_pixels(scene_of(3, i), 1.0, width_px=96, height_px=96) for i in range(1, 9)]
    hashes = np.array([perceptual_hash(p) for p in (picture, *others)], dtype=np.uint64)
    again = np.array([perceptual_hash(brighter[::2, ::2]), *hashes[3:5]], dtype=np.uint64)
    assert near_duplicates(hashes, again) == [(0, 0), (3, 1), (4, 2)]
    assert near_duplicates(hashes[:4], hashes[4:]) == []


@pytest.mark.slow
def test_look_alikes_across_the_split_are_told(tmp_path):
    from PIL import Image

    from tests.helpers.blip import write_tiny

    train, val = write_task(tmp_path)
    darker = np.array(Image.open(tmp_path / "noise-1-0.png")) // 2
    Image.fromarray(darker).save(tmp_path / "noise-2-0.png")
    said = []
    version = fine_tune_blip(
        train,
        val,
        1,
        base=write_tiny("vqa", tmp_path / "base"),
        out=tmp_path / "models",
        database=f"sqlite:///{tmp_path / 'a.db'}",
        say=said.append,
        device="cpu",
    )
    assert said == version.figures["warnings"]
    assert (
        "1 of 4 validation pictures look like a training picture (for example noise-2-0.png, line 1"
        in said[0]
    )


def test_pictures_are_the_frames_that_were_asked_about(folder, tmp_path):
    scene, size_px = scene_of(7, 0), 64
    rows = [
        VIDEO | {"time_s": 2.05},
        VIDEO | {"span": [0, 4]},
        VIDEO,
        VIDEO | {"question": "again?"},
    ]
    examples = read_examples(write_rows(folder / "frames.jsonl", rows))
    pictures = Pictures(examples, size_px=size_px, cache=DiskCache(tmp_path))
    pictures.decode()
    assert pictures.row_of.tolist() == [0, 1, 2, 2], "questions about one picture share it"

    def drawn(times, px):
        return np.stack(
            [
                render_pixels(scene, t, width_px=64, height_px=64)[:: 64 // px, :: 64 // px]
                for t in times
            ]
        )

    expected = [
        drawn([2.0], 64)[0],
        *(frame_grid(drawn(t, 32), columns=2) for t in ([0.5, 1.5, 2.5, 3.5], [1, 3, 5, 7])),
    ]
    for row, picture in enumerate(expected):
        difference = np.abs(pictures[row].astype(int) - picture).mean()
        others = [
            np.abs(pictures[row].astype(int) - p).mean() for i, p in enumerate(expected) if i != row
        ]
        assert difference < 12 and difference < 0.6 * min(others)
    assert grid_times((0.0, 8.0)).tolist() == [1, 3, 5, 7]


def test_two_seconds_of_one_film_are_two_pictures(folder, tmp_path):
    rows = [VIDEO | {"time_s": t} for t in (1.0, 6.0, 1.0)]
    examples = read_examples(write_rows(folder / "seconds.jsonl", rows))
    pictures = Pictures(examples, size_px=32, cache=DiskCache(tmp_path))
    assert pictures.row_of.tolist() == [0, 1, 0]
    pictures.decode()
    again = Pictures(examples[1:2], size_px=32, cache=DiskCache(tmp_path))  # found in the cache
    assert np.array_equal(again[0], pictures[1]) and not np.array_equal(again[0], pictures[0])


def test_frames_are_decoded_once(folder, tmp_path, monkeypatch):
    examples = read_examples(
        write_rows(folder / "twice.jsonl", [VIDEO, VIDEO | {"video": "b.mp4", "time_s": 1.0}])
    )
    first = Pictures(examples, size_px=32, cache=DiskCache(tmp_path))
    first.decode()
    kept = [first[0], first[1]]
    monkeypatch.setattr(
        "svqa.training.feature_cache.read_frames", lambda *a, **k: pytest.fail("decoded again")
    )
    again = Pictures(examples, size_px=32, cache=DiskCache(tmp_path))
    again.decode()
    assert all(np.array_equal(again[i], kept[i]) for i in range(2))


def test_without_room_pictures_are_decoded_when_they_are_needed(folder, tmp_path):
    examples = read_examples(write_rows(folder / "full.jsonl", [VIDEO]))
    pictures = Pictures(examples, size_px=32, cache=DiskCache(tmp_path, max_bytes=10))
    pictures.decode()
    assert pictures[0].shape == (32, 32, 3) and list(tmp_path.iterdir()) == []


def test_the_cache_keeps_its_budget_and_what_this_run_uses(tmp_path):
    old = DiskCache(tmp_path, max_bytes=10_000)
    assert all(old.put(f"old{i}", np.zeros(2000, np.uint8)) for i in range(4))
    new = DiskCache(tmp_path, max_bytes=10_000)
    assert new.get("old2") is not None
    assert new.put("a", np.ones(4000, np.uint8)) and new.size_bytes <= 10_000
    assert new.get("old2") is not None and new.get("old0") is None, "what nobody uses goes first"
    assert new.put("b", np.ones(2500, np.uint8))
    assert not new.put("c", np.ones(4000, np.uint8)), "nothing that this run uses makes room"
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) == new.size_bytes <= 10_000
    (tmp_path / "a.npy").write_bytes(b"broken")
    assert new.get("a") is None


def test_the_data_hash_is_of_what_was_asked_not_of_where_it_lies(folder, tmp_path):
    path = write_rows(folder / "h.jsonl", [GOOD])
    (tmp_path / "noise-1-0.png").write_bytes((folder / "noise-1-0.png").read_bytes())
    moved = write_rows(tmp_path / "h.jsonl", [GOOD])
    assert data_sha256(read_examples(path)) == data_sha256(read_examples(moved))
    other = write_rows(folder / "o.jsonl", [GOOD | {"answer": "no"}])
    assert data_sha256(read_examples(path)) != data_sha256(read_examples(other))
    assert isinstance(read_examples(path)[0], Example)


def test_the_draft_of_a_killed_run_is_taken_away_and_that_of_a_living_one_is_not(tmp_path):
    old, new = tmp_path / "old.part", tmp_path / "new.part"
    for draft in (old, new):
        draft.write_bytes(b"half of an array")
    os.utime(old, (0, 0))
    DiskCache(tmp_path)
    assert not old.exists() and new.exists()
