"""Several processes share each batch: the steps, weights and losses of one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from svqa.training.shared_batches import SharedBatches
from tests.helpers.training import write_task

SCRIPT = Path(__file__).parents[1] / "helpers" / "shared_run.py"


class Batches(list):
    epoch = 0


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_the_parts_of_a_batch_are_the_batch_and_weigh_as_much(processes):
    batches = Batches([[3, 1, 4, 5], [9, 2, 6, 7, 8], [0]])
    parts = [list(SharedBatches(batches, n, processes)) for n in range(processes)]
    for index, batch in enumerate(batches):
        mine = [part[index] for part in parts]
        assert all(mine), "every process takes part in every step"
        counted = [number for part in mine for number, weight in part if weight]
        assert sorted(counted) == sorted(batch)
        # the mean over processes of each one's mean times its weight is the mean of the batch
        means = [part[0][1] * sum(n for n, _ in part) / len(part) for part in mine]
        assert sum(means) / processes == pytest.approx(sum(batch) / len(batch))


def train(folder: Path, processes: int, *, port: int = 0, **environment: str) -> int:
    """Run the script by so many processes -> its exit code; `weights.pt` is what came of it."""
    command = [sys.executable, "-W", "ignore"]
    if processes > 1:
        launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--mixed_precision", "no")
        command += [*launch, "--num_processes", str(processes), "--num_machines", "1"]
        command += ["--dynamo_backend", "no", "--main_process_port", str(port)]
    # these processes speak to each other, over the loopback alone
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own |= {"GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(SCRIPT.parents[2]), **environment}
    done = subprocess.run([*command, str(SCRIPT), str(folder)], env=own, timeout=250)
    return done.returncode


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("one")
    write_task(folder, train=13, per_picture=2)
    assert train(folder, 1) == 0
    return torch.load(folder / "weights.pt", weights_only=True)


def assert_same(found: dict, alone: dict) -> None:
    assert found["losses"] == pytest.approx(alone["losses"], abs=1e-5)
    for name, weights in alone["weights"].items():
        assert (found["weights"][name] - weights).abs().max() < 1e-5, name
        assert (weights - alone["begun"][name]).abs().max() > 1e-3, "it was trained"


@pytest.mark.slow
def test_two_processes_end_at_the_weights_of_one(tmp_path, alone):
    write_task(tmp_path, train=13, per_picture=2)
    assert train(tmp_path, 2, port=29531) == 0
    assert_same(torch.load(tmp_path / "weights.pt", weights_only=True), alone)


@pytest.mark.slow
def test_where_one_is_killed_all_end_and_the_same_command_goes_on(tmp_path, alone):
    write_task(tmp_path, train=13, per_picture=2)
    began = time.monotonic()
    assert train(tmp_path, 2, port=29532, DIE_AT="3") != 0
    assert time.monotonic() - began < 200 and not (tmp_path / "weights.pt").exists()
    assert (tmp_path / "checkpoint.pt").exists()
    assert train(tmp_path, 2, port=29533) == 0
    assert_same(torch.load(tmp_path / "weights.pt", weights_only=True), alone)
