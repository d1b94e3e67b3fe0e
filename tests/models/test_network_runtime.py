"""A network says the same by every runtime, and what was measured once is not measured again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from svqa.models import network_runtime
from svqa.models.network_runtime import ONNX_RUNTIME, TORCH, fastest, measured_runtimes
from svqa.models.weights import cache_folder


class Small(nn.Module):
    """Two results from one picture; counts how often torch was the one to run it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 8, 3, padding=1)
        self.calls = 0
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self.calls += 1
        y = self.layer(x).relu()
        return y, y.mean((2, 3))


class SaysAnother(Small):
    """What its converted form says is not what it says: so many times as much."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y, mean = super().forward(x)
        return (y, mean * self.factor) if torch.onnx.is_in_onnx_export() else (y, mean)


@pytest.fixture
def faster(monkeypatch):
    """Whichever is measured as the slower one: the tests are about what is then done."""
    monkeypatch.setattr(network_runtime, "LEAST_GAIN", 0.0)


EXAMPLE = torch.zeros(1, 3, 16, 16)


def kept(folder: Path) -> dict:
    (file,) = folder.glob("*.json")
    return json.loads(file.read_text("utf-8"))


def test_the_converted_network_says_the_same_of_any_number_of_rows(tmp_path, faster):
    net = Small()
    run = fastest(net, EXAMPLE, name="small@1", cache=tmp_path)
    assert kept(tmp_path)["chosen"] == ONNX_RUNTIME
    before = net.calls
    for rows in (1, 3):
        x = torch.rand(rows, 3, 16, 16)
        made = run(x)
        assert net.calls == before, "torch was not asked"
        for mine, right in zip(made, Small()(x), strict=True):
            torch.testing.assert_close(mine, right, atol=1e-5, rtol=1e-4)


def test_what_was_measured_once_is_taken_from_the_file(tmp_path, faster):
    fastest(Small(), EXAMPLE, name="small@1", cache=tmp_path)
    again = Small()
    fastest(again, EXAMPLE, name="small@1", cache=tmp_path)
    assert again.calls == 0, "neither converted nor timed"
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps({**kept(tmp_path), "chosen": TORCH}))
    fastest(again, EXAMPLE, name="small@1", cache=tmp_path)(EXAMPLE)
    assert again.calls == 1, "torch, because the file says so"
    assert measured_runtimes(tmp_path)["small"].chosen == TORCH


def test_other_weights_are_another_network(tmp_path, faster):
    fastest(Small(), EXAMPLE, name="small@1", cache=tmp_path)
    other = Small()
    other.layer.weight.mul_(2)
    made = fastest(other, EXAMPLE, name="small@1", cache=tmp_path)(torch.ones_like(EXAMPLE))
    torch.testing.assert_close(made, other(torch.ones_like(EXAMPLE)), atol=1e-5, rtol=1e-4)
    assert len(list(tmp_path.glob("*.onnx"))) == 2


@pytest.mark.parametrize("damage", ["network", "measurement", "no network"])
def test_a_damaged_file_is_made_again(tmp_path, faster, damage):
    fastest(Small(), EXAMPLE, name="small@1", cache=tmp_path)
    (network,), (measurement,) = tmp_path.glob("*.onnx"), tmp_path.glob("*.json")
    if damage == "network":
        network.write_bytes(network.read_bytes()[:-40] + b"x" * 40)
    elif damage == "measurement":
        measurement.write_text('{"chosen": ')
    else:
        network.unlink()
    net = Small()
    run = fastest(net, EXAMPLE, name="small@1", cache=tmp_path)
    assert net.calls > 0, "measured again"
    torch.testing.assert_close(run(EXAMPLE), net(EXAMPLE), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("factor", [-1.0, 2.0, float("nan")])
def test_a_converted_network_that_says_something_else_is_not_taken(tmp_path, faster, factor):
    run = fastest(SaysAnother(factor), EXAMPLE, name="small@1", cache=tmp_path)
    assert kept(tmp_path)["chosen"] == TORCH
    x = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(run(x), Small()(x))


@pytest.mark.parametrize(
    "odd",
    [
        {"seconds": {TORCH: 1.0, ONNX_RUNTIME: 0.0}},
        {"seconds": {}},
        {"seconds": None},
        {"seconds": {TORCH: "1", ONNX_RUNTIME: "2"}},
        {"cosine": None},
        {"chosen": "OnnxRuntime"},
        {"chosen": [TORCH]},
        {"more": 1},
    ],
)
def test_an_odd_measurement_is_none(tmp_path, faster, odd):
    fastest(Small(), EXAMPLE, name="small@1", cache=tmp_path)
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps({**kept(tmp_path), **odd}))
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    assert measured_runtimes(tmp_path) == {}
    net = Small()
    fastest(net, EXAMPLE, name="small@1", cache=tmp_path)
    assert net.calls > 0 and "small" in measured_runtimes(tmp_path), "measured again"


def test_several_at_once_are_converted_one_after_another(tmp_path, faster):
    nets = [Small() for _ in range(4)]
    for i, net in enumerate(nets):
        net.layer.weight.mul_(i + 1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda net: fastest(net, EXAMPLE, name="small@1", cache=tmp_path), nets))
    assert len(list(tmp_path.glob("*.json"))) == 4 and not list(tmp_path.glob("*.part"))


def test_a_runtime_that_fails_leaves_it_to_torch(tmp_path, faster):
    run = fastest(Small(), EXAMPLE, name="small@1", cache=tmp_path)
    x = torch.rand(1, 3, 16, 16, requires_grad=True)
    torch.testing.assert_close(run(x)[0], Small()(x)[0], atol=1e-5, rtol=1e-4)


def test_a_slower_one_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(network_runtime, "LEAST_GAIN", float("inf"))
    fastest(Small(), EXAMPLE, name="small@1", cache=tmp_path)
    assert kept(tmp_path)["chosen"] == TORCH


def test_another_size_and_half_precision_are_for_torch(tmp_path, faster):
    net = Small()
    run = fastest(net, EXAMPLE, name="small@1", cache=tmp_path)
    before = net.calls
    assert run(torch.zeros(1, 3, 20, 16))[0].shape == (1, 8, 20, 16)
    assert net.calls == before + 1
    half = Small().to(torch.bfloat16)
    run = fastest(half, EXAMPLE.to(torch.bfloat16), name="half@1", cache=tmp_path)
    assert run(EXAMPLE.to(torch.bfloat16))[0].dtype == torch.bfloat16
    assert not list(tmp_path.glob("half*"))


def test_a_cache_that_cannot_be_written_costs_speed_and_nothing_else(tmp_path):
    (tmp_path / "file").write_text("no folder")
    net = Small()
    run = fastest(net, EXAMPLE, name="small@1", cache=tmp_path / "file" / "networks")
    torch.testing.assert_close(run(EXAMPLE), net(EXAMPLE))


def test_the_networks_of_the_offline_set_are_kept_beside_the_weights():
    from svqa.models import SsdDetector

    SsdDetector.from_pretrained()
    found = measured_runtimes(cache_folder().with_name("networks"))["ssd-mobilenet-v2-coco"]
    assert found.cosine > 0.9999
    assert found.chosen in (TORCH, ONNX_RUNTIME) and set(found.seconds) == {TORCH, ONNX_RUNTIME}
