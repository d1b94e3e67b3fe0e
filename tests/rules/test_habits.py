"""The workflow, the checks before a commit and `make test` run the same things."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.helpers.imports import REPOSITORY

MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TEMPLATES = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FORMS = [path for path in TEMPLATES if path.name != "config.yml"]


def read(name: str):
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def variable(name: str) -> list[str]:
    return re.search(rf"^{name} := (.+)$", MAKEFILE, re.MULTILINE)[1].split()


def recipe(target: str) -> str:
    """-> the commands of a target of the Makefile."""
    return re.search(rf"^{target}:[^\n]*\n((?:\t[^\n]*\n)+)", MAKEFILE, re.MULTILINE)[1]


def test_the_workflow_runs_the_script_that_anyone_can_run():
    workflow = read(".github/workflows/ci.yml")
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["bash .ci/run"]
    (python,) = [
        s["with"]["python-version"] for s in steps if "python-version" in s.get("with", {})
    ]
    conda = next(d for d in read("environment.yml")["dependencies"] if "python=" in d)
    assert conda == f"python={python}"
    assert workflow["permissions"] == {"contents": "read"}
    # YAML 1.1 reads the key `on` as true
    assert {"push", "pull_request"} <= set(workflow[True])


def test_the_script_runs_make_test_with_all_its_parts():
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert script[-1] == "make test"
    assert variable("PARTS") == ["lint", "test-unit", "test-slow", "test-notebooks", "docs"]
    assert "$(PARTS)" in recipe("test")


def test_a_commit_is_checked_by_the_same_tools_as_make_lint():
    repos = read(".pre-commit-config.yaml")["repos"]
    assert [repo["repo"] for repo in repos] == ["local"], "nothing is fetched"
    hooks = [hook for repo in repos for hook in repo["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    tools = {re.search(r"-m (\w+)", hook["entry"])[1] for hook in hooks}
    assert tools == set(re.findall(r"-m (\w+)", recipe("lint")))


def test_every_target_is_phony_and_help_tells_the_main_ones():
    targets = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert sorted(phony) == sorted(targets)
    told = MAKEFILE[: MAKEFILE.index("# Each target")]
    for target in ("demo", "test", "lint", "docs", "report", "bench", "wheel"):
        assert f"make {target} " in told


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_template_asks_for_what_is_needed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"] and form["labels"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids)) >= 3
    assert all(field["attributes"]["label"] for field in form["body"])
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_there_is_a_template_for_a_bug_a_wrong_answer_and_a_wish():
    assert {path.stem for path in FORMS} == {"bug_report", "wrong_answer", "feature_request"}
