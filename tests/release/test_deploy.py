"""The files of `deploy/` are what `ray up`, KubeRay and Docker read, and run what there is."""

from __future__ import annotations

import copy
import re
import shlex

import pytest
import yaml
from typer.testing import CliRunner

from svqa.cli import app
from tests.helpers.imports import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
CLUSTER, JOB = "ray-cluster.yaml", "kuberay-job.yaml"


def read(name: str) -> dict:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def test_ray_finds_nothing_wrong_with_the_cluster():
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = read(CLUSTER)
    validate_config(prepare_config(copy.deepcopy(config)))
    config["idle_minutes"] = 5
    with pytest.raises(Exception, match="idle_minutes"):
        validate_config(prepare_config(config))
    head = config["available_node_types"][config["head_node_type"]]
    assert head["resources"]["CPU"] == 0
    for command in config["head_start_ray_commands"][1:] + config["worker_start_ray_commands"][1:]:
        assert "--disable-usage-stats" in command


def test_the_job_is_one_of_kuberay_whose_parts_fit_each_other():
    """What its schema requires, and what it cannot say: mounts, names and versions that agree."""
    job = read(JOB)
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        pod = group["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        assert container["image"] == groups[0]["template"]["spec"]["containers"][0]["image"]
        secret = {e["name"]: e for e in container["env"]}["SVQA_DATABASE"]
        assert set(secret["valueFrom"]) == {"secretKeyRef"} and "value" not in secret
    for worker in cluster["workerGroupSpecs"]:
        assert worker["groupName"]
        assert worker["minReplicas"] <= worker["replicas"] <= worker["maxReplicas"]
    assert groups[0]["rayStartParams"]["num-cpus"] == "0"
    locked = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    assert f"\nray=={cluster['rayVersion']}\n" in locked


def test_what_they_run_is_a_command_of_svqa():
    words = shlex.split(read(JOB)["spec"]["entrypoint"])
    assert words[:2] == ["svqa", "ingest"]
    said = CliRunner().invoke(app, ["ingest", "--help"], env={"COLUMNS": "200"}).output
    assert all(word in said for word in words if word.startswith("--"))


def test_the_image_installs_extras_that_exist():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8") + (DEPLOY / CLUSTER).read_text()
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    named = {extra for found in re.findall(r"svqa\[([^\]]+)\]", text) for extra in found.split(",")}
    assert named == {"ray", "postgres"}
    assert all(re.search(rf"^{extra} = \[", project, re.MULTILINE) for extra in named)


@pytest.mark.parametrize("name", ["Dockerfile", CLUSTER])
def test_ray_has_the_server_that_jobs_are_submitted_to(name):
    """Plain `ray` has no dashboard, and without it neither a RayJob nor `ray dashboard` works."""
    installs = [
        line
        for line in (DEPLOY / name).read_text(encoding="utf-8").splitlines()
        if "pip install" in line
    ]
    assert installs and all("ray[default]" in line for line in installs)


def test_the_image_is_given_the_package_and_not_what_lies_beside_it():
    kept_out = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert {".git", ".venv", ".env", "models"} <= set(kept_out)
    assert not {"svqa", "pyproject.toml", "constraints.txt", "README.md"} & set(kept_out)
