"""`svqa train` and the versions in `svqa models`, as a person uses them.

Videos, a file of questions, commands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from svqa.shapes import scene_of, write_mp4
from tests.helpers.blip import write_tiny
from tests.helpers.training import ANSWERS, ASKED, write_rows

pytestmark = pytest.mark.slow
FAST = ("--batch-size", "4", "--device", "cpu", "--epochs", "2", "--learning-rate", "0.05")


def svqa(*words: str, cwd):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "svqa", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cli")
    write_tiny("vqa", made / "base")
    rows = []
    for index in range(4):
        write_mp4(scene_of(11, index), made / f"{index}.mp4", width_px=64)
        where = ({"time_s": 1.0}, {"span": [2, 6]}, {})
        rows += [
            {
                "video": f"{index}.mp4",
                "question": ASKED[i],
                "answer": ANSWERS[i],
                "split": "val" if index > 2 else "train",
                "type": ("frame", "span", "whole")[i],
                **where[i],
            }
            for i in range(3)
        ]
    write_rows(made / "questions.jsonl", rows)
    return made


@pytest.fixture(scope="module")
def first(folder):
    done = svqa(
        "train",
        "lora",
        "--train",
        "questions.jsonl",
        "--val",
        "questions.jsonl",
        "--base",
        "base",
        "--json",
        *FAST,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_train_lora_gives_path_hash_share_and_before_and_after(folder, first):
    assert first["version"] == "base-lora:1" and len(first["sha256"]) == 64
    assert (folder / "models/base-lora/v1/adapter_model.safetensors").is_file()
    assert first["path"] == str(folder / "models/base-lora/v1")
    assert 0 < first["trainable_share"] < 0.1
    for when in ("before", "after"):
        assert set(first[when]["by_type"]) == {"frame", "span", "whole"}
        assert first[when]["accuracy"]["n"] == 3 and set(first[when]["accuracy"]) == {
            "value",
            "low",
            "high",
            "n",
        }


def test_a_second_run_is_a_second_version_and_people_get_a_table(folder, first):
    done = svqa(
        "train",
        "lora",
        "--train",
        "questions.jsonl",
        "--val",
        "questions.jsonl",
        "--base",
        "base",
        "--seed",
        "1",
        "--type",
        "whole",
        *FAST,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert (
        "base-lora:2" in done.stdout
        and "before" in done.stdout
        and "whole" in done.stdout
        and "frame" not in done.stdout
    )


def test_versions_are_listed_shown_and_merged(folder, first):
    listed = json.loads(svqa("models", "list", "--json", cwd=folder).stdout)
    (row,) = [m for m in listed if m["name"] == "base-lora:1"]
    assert row["set"] == "trained" and row["available"] and row["sha256"] == first["sha256"]
    assert "base-lora:1" in svqa("models", "list", cwd=folder).stdout
    (shown,) = json.loads(svqa("models", "show", "base-lora:1", "--json", cwd=folder).stdout)
    assert (
        shown["settings"]["rank"] == 8 and shown["base_sha256"] and shown["figures"]["steps"] == 6
    )
    merged = json.loads(
        svqa("train", "merge", "base-lora:1", "--out", "whole", "--json", cwd=folder).stdout
    )
    assert (folder / "whole/model.safetensors").is_file() and merged["version"] == "base-lora:1"
    wrong = svqa("models", "show", "base-lora:7", cwd=folder)
    assert wrong.returncode == 2 and "Known: base-lora:1" in wrong.stderr


def test_promotion_needs_a_verdict_or_force(folder, first):
    refused = svqa("models", "promote", "base-lora:1", cwd=folder)
    assert refused.returncode != 0 and (
        "at least two videos" in refused.stderr or "verdict is" in refused.stderr
    )


@pytest.mark.parametrize(
    "words, expected",
    [
        (("--preset", "qv"), "Known: blip-all-linear"),
        (("--precision", "fp16"), "fp16 on a CPU gives NaN"),
        (("--parent", "base-lora:1", "--rank", "4"), "has rank = 8, this run 4"),
        (("--train", "gone.jsonl"), "No such question file: gone.jsonl"),
        (("--base", "nowhere"), "Name a folder that is there, or org/name"),
    ],
)
def test_what_is_wrong_is_said(folder, first, words, expected):
    given = {"--train": "questions.jsonl", "--val": "questions.jsonl", "--base": "base"} | dict(
        zip(words[::2], words[1::2], strict=True)
    )
    done = svqa("train", "lora", *(w for pair in given.items() for w in pair), *FAST, cwd=folder)
    assert done.returncode in (1, 2) and expected in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout


def test_two_processes_train_one_version(folder, first):
    """What `accelerate launch` does on a machine with several GPUs, here with two CPU processes."""
    words = [
        "-m",
        "torch.distributed.run",
        "--nproc_per_node",
        "2",
        "--master_addr",
        "127.0.0.1",
        "--master_port",
        "29517",
        "-m",
        "svqa",
        "train",
        "lora",
        "--train",
        "questions.jsonl",
        "--val",
        "questions.jsonl",
        "--base",
        "base",
        "--name",
        "both",
        "--json",
        *FAST,
    ]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "1", "GLOO_SOCKET_IFNAME": "lo"}
    # this test's processes speak to each other, over the loopback alone
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=250,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert found["version"] == "both:1" and found["steps"] == 6, (
        "nine questions, four at a time, whoever works on them"
    )
    assert found["after"]["accuracy"]["n"] == 3
