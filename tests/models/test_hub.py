"""The hub set without a hub.

A hand-made Hugging Face cache, a lock file, and checkpoints of the same architectures.
"""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from svqa.errors import ModelError, UnknownModel, UsageError, WeightsCorrupt, WeightsMissing
from svqa.models import (
    HUB_MODELS,
    BlipAnswerer,
    BlipCaptioner,
    VideoLanguageAnswerer,
    hub,
    load_pretrained,
    locate,
    pull,
    write_checksums,
)
from svqa.models.hub import lock_entry, read_lock, write_lock
from svqa.records import FrameBatch, Question
from tests.helpers.blip import pictures, write_tiny, write_tiny_video_lm

REPO = "Salesforce/blip-vqa-base"
CAPTIONS = "Salesforce/blip-image-captioning-base"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache as `pull` leaves it.

    `models--OWNER--NAME/snapshots/COMMIT`, and a lock file that names it.
    """
    from huggingface_hub import constants

    snapshot = tmp_path / "hub" / "models--Salesforce--blip-vqa-base" / "snapshots" / COMMIT
    write_tiny("vqa", snapshot)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "lock_path", lambda: tmp_path / "hub.lock.json")
    write_lock({REPO: lock_entry(snapshot)})
    return snapshot


@pytest.fixture
def captions(cache) -> Path:
    """The set's captioner, pulled beside it."""
    snapshot = cache.parents[2] / f"models--{CAPTIONS.replace('/', '--')}" / "snapshots" / COMMIT
    write_tiny("captioner", snapshot)
    write_lock({**read_lock(), CAPTIONS: lock_entry(snapshot)})
    return snapshot


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_tiny("vqa", tmp_path / "mine")


def test_the_set_names_what_it_fetches_and_never_a_pickle():
    assert {m.role for m in HUB_MODELS.values() if m.in_set} == {
        "captions",
        "answers",
        "vectors",
        "boxes",
        "sounds",
    }
    for model in HUB_MODELS.values():
        assert any(pattern.endswith(".safetensors") for pattern in model.files)
        assert not any(
            pattern.endswith((".bin", ".pt", ".pth", ".py", ".pkl", "*")) for pattern in model.files
        )


def test_a_pulled_model_loads_by_its_name_and_says_which_commit(cache):
    for name in (REPO, "blip-vqa-base"):
        answerer = BlipAnswerer.from_pretrained(name)
        assert answerer.model_id == f"{REPO}@{COMMIT[:8]}"
    assert answerer.reply(pictures(1), [Question("is it red?")])[0].text


def test_what_was_not_pulled_is_missing_and_the_error_says_how_to_get_it(cache):
    with pytest.raises(
        WeightsMissing,
        match=r"blip-image-captioning-base \(model.safetensors\).*svqa models pull hub",
    ):
        BlipCaptioner.from_pretrained("Salesforce/blip-image-captioning-base")


def test_a_set_knows_what_is_installed_without_reading_it(captions):
    from svqa.models import describe, load_set

    facts = {f.role: f for f in describe("hub")}
    assert facts["captioner"].available and facts["captioner"].sha256["model.safetensors"]
    name = f"{CAPTIONS}@{COMMIT[:8]}"
    assert facts["captioner"].name == load_set("hub").model_ids["captioner"] == name
    assert not facts["encoder"].available
    assert facts["encoder"].name == "google/siglip2-base-patch16-224"
    (captions / "config.json").unlink()
    assert not {f.role: f for f in describe("hub")}["captioner"].available


def test_what_is_no_name_of_the_hub_is_not_said_to_be_pulled():
    with pytest.raises(WeightsMissing, match="Name a folder that is there, or org/name"):
        locate("mine:1")


def test_a_file_deleted_after_the_pull_is_named(cache):
    (cache / "model.safetensors").unlink()
    with pytest.raises(
        WeightsMissing, match=r"model\.safetensors is not on this machine.*svqa models pull Sales"
    ):
        locate(REPO)


@pytest.mark.parametrize("damage", ["truncated", "altered", "another config"])
def test_what_differs_from_the_lock_is_not_opened(cache, damage):
    if damage == "another config":
        (cache / "config.json").write_text("{}")
    else:
        weights = bytearray((cache / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (cache / "model.safetensors").write_bytes(
            weights[:-10] if damage == "truncated" else weights
        )
    with pytest.raises(WeightsCorrupt, match="should have SHA-256"):
        BlipAnswerer.from_pretrained(REPO)


def test_another_revision_than_the_pulled_one_is_refused(cache):
    assert locate(REPO, revision=COMMIT[:10]).folder == cache
    with pytest.raises(
        WeightsMissing, match=f"pulled at {COMMIT}, not at v2.*pull blip-vqa-base --revision v2"
    ):
        locate(REPO, revision="v2")


def test_the_lock_survives_a_round_trip_and_a_broken_one_is_told(tmp_path, cache):
    entries = read_lock()
    write_lock(entries, tmp_path / "copy.json")
    assert read_lock(tmp_path / "copy.json") == entries
    assert set(entries[REPO]["files"]) >= {"model.safetensors", "config.json", "tokenizer.json"}
    assert read_lock(tmp_path / "none.json") == {}
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ModelError, match="not JSON"):
        read_lock(tmp_path / "broken.json")


@dataclass
class Sibling:
    rfilename: str
    size: int


@dataclass
class Info:
    """What the hub says of a repository."""

    siblings: list[Sibling]
    sha: str = COMMIT
    card_data: object = None


@pytest.fixture
def asked_hub(cache, monkeypatch) -> list:
    """A hub that has the cached repository, as far as its client would tell -> what it is asked."""
    import huggingface_hub

    asked = []
    files = [Sibling(p.name, p.stat().st_size) for p in cache.iterdir()]
    extra = [Sibling("pytorch_model.bin", 10**9), Sibling("README.md", 5000)]

    def model_info(self, repo, **options):
        asked.append((repo, options))
        return Info([*files, *extra])

    def download(repo, **options):
        asked.append((repo, options))
        return str(cache)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return asked


def test_pull_says_size_and_licence_then_fetches_that_commit_and_writes_down_what_came(
    cache, tmp_path, asked_hub
):
    said = []
    brought = pull(["blip-vqa-base"], revision="v2", lock=tmp_path / "new.json", say=said.append)
    assert brought == read_lock(tmp_path / "new.json") and brought[REPO]["commit"] == COMMIT
    size = sum(p.stat().st_size for p in cache.iterdir())
    assert said == [f"{REPO}: {size / 1e6:.0f} MB, licence BSD-3-Clause"]
    patterns = list(HUB_MODELS["blip-vqa-base"].files)
    assert asked_hub == [
        (REPO, {"revision": "v2", "files_metadata": True}),
        (REPO, {"revision": COMMIT, "allow_patterns": patterns}),
    ]


def test_any_repository_can_be_pulled_by_its_whole_name(tmp_path, asked_hub):
    pull(["Qwen/Qwen2.5-VL-3B-Instruct"], lock=tmp_path / "new.json")
    assert [repo for repo, _ in asked_hub] == ["Qwen/Qwen2.5-VL-3B-Instruct"] * 2
    assert list(read_lock(tmp_path / "new.json")) == ["Qwen/Qwen2.5-VL-3B-Instruct"]


def test_a_repository_without_safetensors_is_refused_before_anything_is_fetched(
    tmp_path, asked_hub, monkeypatch
):
    import huggingface_hub

    info = Info([Sibling("pytorch_model.bin", 10**9), Sibling("config.json", 99)])
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    with pytest.raises(WeightsMissing, match="no safetensors at its default revision.*--revision"):
        pull(["blip-vqa-base"], lock=tmp_path / "lock.json")
    assert read_lock(tmp_path / "lock.json") == {} and asked_hub == []


def test_pull_refuses_unknown_names_and_one_revision_for_many():
    with pytest.raises(UnknownModel, match="blip-vqa-base"):
        pull(["blip-vqa"])
    with pytest.raises(UsageError, match="one model"):
        pull(["blip-vqa-base", "clap-htsat-unfused"], revision="main")


def test_pull_without_a_network_is_one_line_that_says_what_to_do(tmp_path, monkeypatch):
    """The real client, told by the tests' environment to stay off the network."""
    with pytest.raises(WeightsMissing, match=r"0 of 5 models came.*HF_HUB_OFFLINE\. Unset") as e:
        pull(lock=tmp_path / "lock.json")
    said = str(e.value)
    assert "\n" not in said and said.count("not fetched") == 1, "one reason, for all of them"
    assert all(model.repo_id in said for model in hub.named(None))


@pytest.mark.parametrize(
    "error, cure", {"GatedRepoError": "Agree to its terms", "OSError": "Try again where"}.items()
)
def test_pull_says_what_helps_against_what_the_hub_says(tmp_path, asked_hub, error, cure):
    import huggingface_hub

    def refuse(*_, **__):
        raise type(error, (Exception,), {})("no\nmore")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "0")
        patch.setattr(huggingface_hub.HfApi, "model_info", refuse)
        with pytest.raises(WeightsMissing, match=rf"not fetched \(no\)\. {cure}"):
            pull(["clap-htsat-unfused"], lock=tmp_path / "lock.json")


class Canary:
    """Unpickling this leaves a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_is_never_opened(folder, tmp_path):
    canary = tmp_path / "canary"
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(WeightsMissing, match="no pickled weights"):
        BlipAnswerer.from_pretrained(folder)
    (folder / "model.safetensors").write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(WeightsCorrupt):
        BlipAnswerer.from_pretrained(folder)
    assert not canary.exists()


def test_code_in_a_config_is_never_run(tmp_path):
    canary = tmp_path / "canary"
    folder = write_tiny_video_lm(tmp_path / "lm")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "mystery",
        "auto_map": {"AutoConfig": "evil.Config", "AutoModelForImageTextToText": "evil.Model"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"import pathlib\npathlib.Path({str(canary)!r}).touch()\n")
    with pytest.raises(WeightsCorrupt):
        VideoLanguageAnswerer.from_pretrained(folder)
    assert not canary.exists()


def test_a_sealed_folder_is_held_to_its_seals(folder):
    write_checksums(folder)
    before = BlipAnswerer.from_pretrained(folder).model_id
    assert before.startswith("mine@")
    with open(folder / "tokenizer.json", "a") as file:
        file.write(" ")
    with pytest.raises(WeightsCorrupt, match="tokenizer.json should have SHA-256"):
        BlipAnswerer.from_pretrained(folder)


def test_two_versions_in_folders_of_one_name_have_two_ids(tmp_path):
    ids = {
        locate(write_tiny("vqa", tmp_path / str(seed) / "mine", seed=seed)).model_id
        for seed in (0, 1)
    }
    assert len(ids) == 2 and all(i.startswith("mine@") for i in ids)


def test_half_precision_on_a_cpu_is_refused_and_bfloat16_is_not(folder):
    import torch

    with pytest.raises(UsageError, match="float16 on a CPU"):
        BlipAnswerer.from_pretrained(folder, dtype="float16")
    answerer = BlipAnswerer.from_pretrained(folder, dtype="bfloat16")
    assert answerer.model.dtype == torch.bfloat16
    assert answerer.reply(pictures(1), [Question("is it red?")])[0].text


def test_a_model_of_another_kind_is_refused(tmp_path):
    captioner = write_tiny("captioner", tmp_path / "c")
    shutil.rmtree(tmp_path / "c")
    (tmp_path / "c").mkdir()
    (captioner / "config.json").write_text('{"model_type": "blip"}')
    with pytest.raises(WeightsMissing, match=r"model\.safetensors"):
        load_pretrained(object, object, captioner)


@pytest.fixture(scope="module")
def video_lm(tmp_path_factory) -> VideoLanguageAnswerer:
    return VideoLanguageAnswerer.from_pretrained(
        write_tiny_video_lm(tmp_path_factory.mktemp("lm")), most_frames=3, max_tokens=4
    )


@pytest.fixture(scope="module")
def frames() -> FrameBatch:
    return FrameBatch(pictures(6), np.arange(6) * 61.5)


class TestVideoLanguageModel:
    """SmolVLM2's architecture, shrunk, through the very class that loads the big one."""

    def test_the_prompt_names_the_second_of_every_frame(self, video_lm, frames):
        inputs = video_lm._prompt("what colour is it?", frames[[0, 1, 3]])
        text = video_lm.processor.tokenizer.decode(inputs["input_ids"][0])
        assert [f"Frame from {t}:" in text for t in ("00:00", "01:01", "03:04")] == [True] * 3
        assert "what colour is it?" in text and inputs["pixel_values"].shape[:3] == (1, 3, 3)

    def test_frames_matter_and_their_order_too(self, video_lm, frames):
        import torch

        with torch.inference_mode():
            logits = [
                video_lm.model(
                    **video_lm._prompt("what colour is it?", FrameBatch(p, frames.t_s[:3]))
                ).logits[0, -1]
                for p in (frames.pixels[:3], frames.pixels[3:], frames.pixels[2::-1])
            ]
        assert not torch.allclose(logits[0], logits[1]) and not torch.allclose(logits[0], logits[2])

    def test_answers_rest_on_the_frames_that_were_shown(self, video_lm, frames):
        answer = video_lm.answer(Question("what colour is it?"), [], frames)
        assert len(answer.evidence) == 3 and 0 < answer.score <= 1
        assert [e.start_s for e in answer.evidence] == [61.5, 184.5, 307.5]
        assert video_lm.answer(Question("what colour is it?"), [], None).abstained

    def test_an_option_is_weighed_as_if_it_had_been_said(self, video_lm, frames):
        import torch

        question = Question("what colour is it?", options=("red", "blue", "green or red"))
        answer = video_lm.answer(question, [], frames)
        inputs = video_lm._prompt(question.text, frames[[1, 3, 5]])
        means = []
        for option in question.options:  # the slow way: the whole prompt again for every option
            ids = video_lm.processor.tokenizer(
                f" {option}", add_special_tokens=False, return_tensors="pt"
            ).input_ids
            whole = {**inputs, "input_ids": torch.cat([inputs["input_ids"], ids], 1)}
            whole["attention_mask"] = torch.ones_like(whole["input_ids"])
            with torch.inference_mode():
                logp = video_lm.model(**whole).logits.log_softmax(-1)[0, -len(ids[0]) - 1 : -1]
            means.append(float(logp.gather(-1, ids[0][:, None]).mean()))
        assert answer.option == int(np.argmax(means))
        assert answer.score == pytest.approx(np.exp(max(means)), rel=1e-3)
