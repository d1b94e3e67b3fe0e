"""A folder of a model is what it says it is, or it is refused, at once and with a reason."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from svqa.errors import ModelError, WeightsCorrupt, WeightsMissing
from svqa.models import BlipAnswerer, ClipEncoder, YoloDetector, hub, write_checksums
from svqa.models.checkpoint import SHIPPED, resolve
from svqa.models.hub import lock_entry, write_lock
from tests.helpers.blip import write_tiny

KINDS = {"blip-vqa": BlipAnswerer, "clip": ClipEncoder, "yolo": YoloDetector}


@pytest.fixture
def folder(tmp_path):
    return write_tiny("vqa", tmp_path / "mine")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    "more", ["adapter_config.json", "adapter_model.safetensors", "model.py", "sub/x.json", "note"]
)
@pytest.mark.fault("F28")
def test_what_the_seals_do_not_list_is_refused(tmp_path, name, more):
    copy = shutil.copytree(SHIPPED / name, tmp_path / name)
    assert resolve(copy) == copy
    (copy / more).parent.mkdir(exist_ok=True)
    (copy / more).write_text("{}")
    with pytest.raises(WeightsCorrupt, match=f"holds {more.split('/')[0]}, which checksums.json"):
        KINDS[name].from_pretrained(copy)


def test_what_a_file_manager_leaves_is_nobodys_change(tmp_path):
    copy = shutil.copytree(SHIPPED / "clip", tmp_path / "clip")
    (copy / ".DS_Store").touch()
    assert resolve(copy) == copy


def test_an_adapter_beside_a_pulled_model_changes_nothing(tmp_path, monkeypatch):
    from huggingface_hub import constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    home = tmp_path / "hub" / "models--Salesforce--blip-vqa-base" / "snapshots" / commit
    write_tiny("vqa", home)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "lock_path", lambda: tmp_path / "hub.lock.json")
    monkeypatch.setattr("svqa.models.pretrained.lock_path", lambda: tmp_path / "hub.lock.json")
    write_lock({"Salesforce/blip-vqa-base": lock_entry(home)})
    before = BlipAnswerer.from_pretrained("blip-vqa-base").model.state_dict()
    (home / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 1}')
    (home / "adapter_model.safetensors").write_bytes(b"not even one")
    for given in ("blip-vqa-base", home):
        after = BlipAnswerer.from_pretrained(given).model.state_dict()
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    "text, says",
    [
        ("{", "cannot be read"),
        ("[]", "must hold a JSON object"),
        ("{}", "lists no file"),
        ("\x80", "cannot be read"),
        ('{"a":' * 100_000, "cannot be read"),
        ('{"../../etc/passwd": "' + "0" * 64 + '"}', "must hold"),
        ('{"/etc/passwd": "' + "0" * 64 + '"}', "must hold"),
        ('{"model.safetensors": 5}', "must hold"),
        ('{"model.safetensors": "00"}', "must hold"),
        ('{"model.safetensors": null}', "must hold"),
    ],
)
def test_bad_seals_are_a_typed_error(folder, text, says):
    (folder / "checksums.json").write_text(text, encoding="latin-1")
    with pytest.raises(WeightsCorrupt, match=says):
        BlipAnswerer.from_pretrained(folder)


def test_a_shipped_folder_without_its_seals_is_refused(tmp_path, monkeypatch):
    copy = shutil.copytree(SHIPPED / "clip", tmp_path / "clip")
    (copy / "checksums.json").unlink()
    monkeypatch.setattr("svqa.models.checkpoint.SHIPPED", tmp_path.resolve())
    with pytest.raises(WeightsCorrupt, match="has no checksums.json"):
        resolve(copy)


def changed(folder, change):
    path = folder / "model.safetensors"
    tensors = {name: t.clone() for name, t in load_file(path).items()}
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


def kept(count):
    def keep(tensors):
        for name in list(tensors)[count:]:
            del tensors[name]

    return keep


def dropped(tensors):
    del tensors[next(name for name in tensors if "vision" in name)]


def added(tensors):
    tensors["another.layer.weight"] = torch.zeros(3)


def renamed(tensors):
    name = next(n for n in tensors if "vision" in n)
    tensors[f"model.{name}"] = tensors.pop(name)


def poisoned(value):
    def poison(tensors):
        next(t for n, t in tensors.items() if "vision" in n and t.ndim > 1).view(-1)[0] = value

    return poison


@pytest.mark.parametrize(
    "change, says",
    [
        (kept(5), "tensors are missing"),
        (dropped, "1 of its .* tensors are missing"),
        (added, "1 of its .* tensors are unexpected, first `another.layer.weight`"),
        (renamed, "tensors are (missing|unexpected)"),
        (poisoned(float("nan")), "holds NaN or infinity"),
        (poisoned(float("-inf")), "holds NaN or infinity"),
    ],
)
def test_weights_that_are_not_whole_are_refused(folder, change, says):
    BlipAnswerer.from_pretrained(folder)
    changed(folder, change)
    with pytest.raises(WeightsCorrupt, match=says):
        BlipAnswerer.from_pretrained(folder)


@pytest.mark.parametrize("change", [kept(3), added, poisoned(float("nan"))])
@pytest.mark.parametrize("name", ["clip", "yolo"])
def test_other_kinds_of_model_are_held_to_it_too(tmp_path, name, change):
    copy = shutil.copytree(SHIPPED / name, tmp_path / name)
    if name == "yolo" and change not in (added,):

        def first(tensors, change=change):
            if "nan" in repr(change) or change.__name__ == "poison":
                next(t for t in tensors.values() if t.ndim > 1).view(-1)[0] = float("nan")
            else:
                change(tensors)

        changed(copy, first)
    else:
        changed(copy, change)
    write_checksums(copy)
    with pytest.raises(WeightsCorrupt):
        KINDS[name].from_pretrained(copy)


@pytest.mark.parametrize(
    "entry",
    [
        {"attn_implementation": "kernels-community/flash-attn"},
        {"_attn_implementation": "someone/kernel@main:fn"},
        {"text_config": {"_attn_implementation": "someone/kernel"}},
        {"attn_implementation": {"text_config": "someone/kernel"}},
        {"experts_implementation": "someone/kernel"},
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
        {"num_hidden_layers": 10**9},
        {"vision_config": {"num_hidden_layers": 10**7}},
        {"text_config": []},
        {"text_config": "x"},
        {"vision_config": {"hidden_size": "x"}},
        {"vision_config": {"hidden_size": -4}},
    ],
)
@pytest.mark.fault("F28")
def test_a_config_that_asks_for_more_than_its_weights_is_refused(folder, entry):
    config = json.loads((folder / "config.json").read_text())
    for key, value in entry.items():
        both = isinstance(value, dict) and isinstance(config.get(key), dict)
        config[key] = {**config[key], **value} if both else value
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsCorrupt, match=r"mine"):
        BlipAnswerer.from_pretrained(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("text", ["{", "[]", "", '"x"', "\x80\x81", '{"a":' * 100_000, "null"])
def test_a_json_file_that_is_none_is_a_typed_error(folder, name, text):
    (folder / name).write_text(text, encoding="latin-1")
    with pytest.raises(ModelError):
        BlipAnswerer.from_pretrained(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "x"])
def test_a_fifo_is_refused_at_once(folder, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(ModelError, match="a FIFO"):
        BlipAnswerer.from_pretrained(folder)
    write = folder / "checksums.json"
    write.write_text(json.dumps({name: "0" * 64}))
    with pytest.raises((WeightsCorrupt, WeightsMissing)):
        resolve(folder)
