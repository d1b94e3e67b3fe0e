"""A version is what was stored, on the base it was made from, or it is not loaded.

The better one becomes champion.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from svqa.database import open_store
from svqa.errors import (
    DifferentFingerprints,
    ModelError,
    UsageError,
    WeightsCorrupt,
    WeightsMissing,
)
from svqa.evaluation import ModelRegistry
from svqa.models import BlipAnswerer
from svqa.pipeline import open_library
from svqa.records import FrameBatch, Question
from svqa.shapes import scene_of, write_mp4
from svqa.training import (
    NotBetter,
    check_version,
    find_base,
    fine_tune_blip,
    load_answerer,
    load_version,
    merge_version,
    promote,
    store_version,
)
from svqa.training.versions import version_home
from tests.helpers.blip import pictures, write_tiny
from tests.helpers.training import picture_rows, write_rows, write_task

pytestmark = pytest.mark.slow
ASKED = [
    Question(t)
    for t in (
        "what colour is the circle?",
        "is there a square?",
        "how many are there?",
        "where is it?",
    )
]


class Made:
    """A base, and versions of it that answer differently: two of LoRA, one of every weight."""

    def __init__(self, folder: Path):
        self.folder, self.url = folder, f"sqlite:///{folder / 'a.db'}"
        self.base = write_tiny("vqa", folder / "base")
        self.task = write_task(folder / "task", train=16, by_question=True)
        self.first, self.second = self.tune(1), self.tune(2)
        self.full = self.tune(1, use_lora=False, learning_rate=3e-3)

    def tune(self, seed: int, **how):
        return fine_tune_blip(
            *self.task,
            30,
            base=self.base,
            out=self.folder / "models",
            database=self.url,
            seed=seed,
            device="cpu",
            **{
                "preset": "blip-all-linear",
                "learning_rate": 0.005,  # at .02 it depended on the processor whether it learnt
                "batch_size": 8,
                "patience": 99,
                "evaluate_steps": 5,
                **how,
            },
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("versions"))


@pytest.fixture
def store(made):
    with open_store(made.url) as opened:
        yield opened


def said(answerer) -> list[tuple[str, float]]:
    frames = list(pictures(8, seed=5))
    return [
        (r.text, round(r.score, 4))
        for r in answerer.reply(frames * 4, [q for q in ASKED for _ in frames])
    ]


def forced(version, **changes):
    """The version as a row that claims something else."""
    return replace(version, settings={**version.settings, **changes.pop("settings", {})}, **changes)


def test_a_version_says_where_it_comes_from(made, store):
    v = store.model_version("base-lora:1")
    assert (v.name, v.number, v.parent, v.seed) == ("base-lora", 1, None, 1)
    assert store.model_version("base-lora").number == 2 and made.full.name == "base-full"
    assert len(v.commit) == 40 or v.commit == "unknown"
    assert {"torch", "peft", "transformers", "accelerate"} <= set(
        v.packages
    ) and "CPU" in v.hardware
    assert v.seconds > 0 and v.peak_memory_bytes > 50 * 2**20
    assert v.base_sha256 == find_base(made.base).sha256 != v.data_sha256
    f = v.figures
    assert f["before"]["accuracy"]["n"] == f["after"]["accuracy"]["n"] == f["val_examples"] == 4
    assert f["trainable"] < 0.25 * f["parameters"] and len(f["per_question"]["after"]) == 4
    assert set(v.settings) >= {
        "preset",
        "rank",
        "alpha",
        "learning_rate",
        "precision",
        "seed",
        "base",
        "model_type",
    }


def test_the_folder_is_a_plain_peft_directory_with_a_card(made):
    folder = Path(made.first.adapter_path)
    names = {p.name for p in folder.iterdir()}
    assert names == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "README.md",
        "checksums.json",
        "version.json",
        "curve.json",
        "curve.png",
    }
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (
        config["r"] == 8
        and config["task_type"] is None
        and config["base_model_name_or_path"] == "base"
    )
    head, body = (folder / "README.md").read_text().split("---\n")[1:]
    card = yaml.safe_load(head)
    assert (
        card["library_name"] == "peft" and card["base_model"] == "base" and "lora" in card["tags"]
    )
    for known in (
        made.first.data_sha256,
        made.first.base_sha256,
        "| all |",
        "base-lora, version 1",
        '"rank": 8',
    ):
        assert known in body
    record = json.loads((folder / "version.json").read_text())
    assert (
        record["figures"] == json.loads(json.dumps(dict(made.first.figures)))
        and record["number"] == 1
    )


def test_loading_gives_what_was_trained_and_each_version_answers_for_itself(made):
    assert all(v.figures["best_step"] > 0 for v in (made.first, made.second, made.full)), (
        "each learnt something"
    )
    base = said(BlipAnswerer.from_pretrained(str(made.base)))
    first, second, full = (said(load_answerer(v)) for v in (made.first, made.second, made.full))
    assert base != first != second and full not in (base, first, second)
    assert said(load_answerer(made.first)) == first
    assert load_answerer(made.first).model_id.startswith("base-lora:1@")


def test_merged_equals_unmerged_and_needs_neither_base_nor_adapter(made, tmp_path):
    folder = merge_version(made.first, tmp_path / "merged")
    alone = BlipAnswerer.from_pretrained(str(folder))
    theirs = said(load_answerer(made.first))
    assert [t for t, _ in said(alone)] == [t for t, _ in theirs]
    assert np.allclose([s for _, s in said(alone)], [s for _, s in theirs], atol=1e-3)
    assert not any("lora" in name for name, _ in alone.model.named_parameters())
    assert {"model.safetensors", "config.json", "README.md", "checksums.json"} <= {
        p.name for p in folder.iterdir()
    }
    with pytest.raises(UsageError, match="is not empty"):
        merge_version(made.first, folder)
    whole = merge_version(made.full, tmp_path / "whole")
    assert said(BlipAnswerer.from_pretrained(str(whole))) == said(load_answerer(made.full))


def test_the_wrong_base_is_refused(made, tmp_path):
    other = write_tiny("vqa", tmp_path / "other", seed=9)
    with pytest.raises(ModelError, match="to other weights. Name the right base"):
        load_answerer(made.first, base=other)
    moved = shutil.copytree(made.base, tmp_path / "moved")
    assert said(load_answerer(made.first, base=moved)) == said(load_answerer(made.first))


@pytest.mark.parametrize(
    "name", ["adapter_model.safetensors", "adapter_config.json", "README.md", "checksums.json"]
)
def test_a_changed_byte_is_seen_in_whatever_file(made, tmp_path, name):
    copy = replace(
        made.first, adapter_path=str(shutil.copytree(made.first.adapter_path, tmp_path / "copy"))
    )
    assert check_version(copy) == Path(copy.adapter_path)
    path = Path(copy.adapter_path) / name
    path.write_bytes(path.read_bytes()[:-2] + b" \n")
    with pytest.raises(WeightsCorrupt):
        load_answerer(copy)
    path.unlink()
    with pytest.raises(WeightsMissing):
        load_answerer(copy)


def test_numbers_are_never_used_twice_and_a_killed_write_leaves_no_version(made, store, tmp_path):
    def broken(folder):
        (folder / "adapter_model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    blank = replace(made.first, number=None, id=None, created_at=None, aliases=(), name="fresh")
    with pytest.raises(KeyboardInterrupt):
        store_version(store, tmp_path, blank, broken)
    assert [v for v in store.model_versions("fresh")] == []
    done = store_version(
        store, tmp_path, blank, lambda folder: (folder / "config.json").write_text("{}")
    )
    assert done.number == 2 and Path(done.adapter_path).name == "v2" and check_version(done)
    with pytest.raises(UsageError, match="cannot be written again"):
        store.add_model_version(replace(done, id=None))


def test_the_registry_gives_versions_what_the_set_beside_them_finds(made, store, tmp_path):
    registry = ModelRegistry()
    registry.use_version_loader(load_version)
    assert "base-lora:1" in registry.names("vqa", store=store) and "base-full:1" in registry.names(
        "vqa", store=store
    )
    write_mp4(scene_of(1, 2), tmp_path / "a.mp4", width_px=64)
    asked = Question("how many are there?", video=str(tmp_path / "a.mp4"))
    shown = {}
    for name in ("base-lora:2", "base-full:1", "shapes"):
        found = registry.load("vqa", name, store=store, within="shapes")(asked)
        assert not found.abstained and found.evidence
        assert name == "shapes" or found.model_id.startswith(name)
        shown[name] = {(e.video, e.start_s, e.end_s) for e in found.evidence}
    videos = {video for spans in shown.values() for video, _, _ in spans}
    assert len(videos) == 1, "one ingest, that of the set"
    assert shown["base-lora:2"] == shown["base-full:1"]
    frames = FrameBatch(np.stack(list(pictures(4, seed=2))), np.arange(4.0))
    direct = registry.load("vqa", "base-lora:1", store=store)((ASKED[0], [], frames))
    assert not direct.abstained and len(direct.evidence) == 4, "a grid of the frames it was given"
    with pytest.raises(ModelError, match="is an adapter"):
        ModelRegistry().load("vqa", "base-lora:1", store=store)


def test_a_version_or_its_alias_answers_what_was_taken_in_with_a_set(made, store, tmp_path):
    store.set_alias("base-lora", "champion", 2)
    write_mp4(scene_of(1, 1), tmp_path / "b.mp4", width_px=64)
    with open_library(made.url, "shapes") as library:
        library.ingest(tmp_path / "b.mp4")
    for name, number in (("base-lora:1", 1), ("base-lora@champion", 2), ("base-full:1", 1)):
        with open_library(made.url, "shapes", answerer=name) as library:
            answer = library.ask("how many are there?", video=str(tmp_path / "b.mp4"))
            again = library.ask("how many are there?", video="b.mp4")
        stem = name.partition("@")[0].partition(":")[0]
        assert answer.model_id.startswith(f"{stem}:{number}@") and answer.text == again.text
    with pytest.raises(UsageError, match="No model version 'base-lora:9'. Known: base-lora:1"):
        open_library(made.url, "shapes", answerer="base-lora:9")


def values(version, after, before=None, **settings):
    """The row of a run that scored this, question by question, two questions a video."""
    n = len(after)
    kept = {
        "after": list(after),
        "before": list(before if before is not None else np.zeros(n)),
        "videos": [f"v{i // 2}" for i in range(n)],
    }
    return replace(
        version,
        id=None,
        number=None,
        aliases=(),
        created_at=None,
        name="judged",
        settings={**version.settings, **settings},
        figures={**version.figures, "per_question": kept},
    )


def test_only_the_better_one_is_promoted(made, tmp_path):
    good, bad = np.tile([1.0, 1, 1, 0], 30), np.tile([0.0, 1, 0, 0], 30)
    noise = np.roll(good, 1)
    with open_store(f"sqlite:///{tmp_path / 'p.db'}") as store:
        for after in (bad, good, noise, good, bad):
            store.add_model_version(values(made.first, after))
        assert promote(store, "judged:1").against == "base", "the first is held against its base"
        done = promote(store, "judged:2")
        assert (done.promoted, done.forced, done.against, done.comparison.verdict) == (
            True,
            False,
            "judged:1",
            "better",
        )
        assert store.model_version("judged:champion").number == 2
        for number, verdict in ((3, "undecided|equivalent"), (4, "undecided"), (5, "worse")):
            with pytest.raises(
                NotBetter, match=rf"'champion': against judged:2 the verdict is {verdict}"
            ):
                promote(store, f"judged:{number}")
            assert store.model_version("judged:champion").number == 2
        assert (
            promote(store, "judged:5", force=True).forced
            and store.model_version("judged:champion").number == 5
        )
        assert [c.verdict for c in store.comparisons()][:2] == ["better", "better"] and len(
            store.comparisons()
        ) == 6
        with pytest.raises(UsageError, match="No model version 'judged:9'"):
            promote(store, "judged:9")


def test_undecided_is_never_promoted(made, tmp_path):
    few = np.array([1.0, 1, 1, 0, 1, 1])
    with open_store(f"sqlite:///{tmp_path / 'p.db'}") as store:
        store.add_model_version(values(made.first, few, before=[0.0, 1, 1, 0, 1, 1]))
        with pytest.raises(NotBetter, match="undecided"):
            promote(store, "judged:1")
        assert store.model_version("judged:1").aliases == ()


def test_versions_validated_on_other_questions_are_compared_on_questions_asked_now(made, tmp_path):
    rows = [
        row | {"group": f"g{i}", "split": "test"}
        for i, row in enumerate(picture_rows(tmp_path, 6, seed=4))
    ]
    path = write_rows(tmp_path / "test.jsonl", rows)
    with open_store(made.url) as store:
        store.set_alias("base-lora", "champion", 1)
        other = store.add_model_version(
            forced(
                made.second,
                id=None,
                number=None,
                created_at=None,
                aliases=(),
                settings={"val_sha256": "other"},
            )
        )
        with pytest.raises(DifferentFingerprints, match="--questions FILE"):
            promote(store, f"base-lora:{other.number}")
        done = promote(store, f"base-lora:{other.number}", questions=str(path), force=True)
        assert done.comparison.n == 6 and done.against == "base-lora:1"
        assert store.comparisons()[0].fingerprint["split"] == "test"


NOT_PLAIN = ("../../x", "..", ".", "a/b", "/tmp/x", "", ".hid", "-x", "a:1", "a\\b", "a\nb", "\0")


@pytest.mark.parametrize("name", [*NOT_PLAIN, "x" * 101])
def test_a_name_that_is_a_path_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="version's name"):
        version_home(tmp_path / "models", name)
    assert version_home(tmp_path / "models", "street-lora.v2_b") == (
        tmp_path.resolve() / "models" / "street-lora.v2_b"
    )


def test_a_link_or_a_file_is_no_folder_of_versions(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path)
    (tmp_path / "out" / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(UsageError, match="not a folder of versions"):
            version_home(tmp_path / "out", name)
