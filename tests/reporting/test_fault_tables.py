"""Faults and the tests that name them -> the page; a fault without a test is an error."""

from __future__ import annotations

import re

import pytest

from svqa.errors import UsageError
from svqa.reporting import readme
from svqa.reporting.fault_tables import FAULTS, faults_table, long_form_table
from tests.helpers.imports import REPOSITORY

TEST = """
@pytest.mark.slow
@pytest.mark.fault("F7")
def test_f7_no_bytes_are_refused():
    pass
"""


def repository(folder, faults: str, test: str = TEST):
    for name, text in ((FAULTS, faults), ("tests/media/test_empty.py", test)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_fault_is_shown_by_the_tests_that_name_it(tmp_path):
    faults = "[F7]\nfault = 'no bytes'\ndoes = 'a typed error'\n"
    made = faults_table(repository(tmp_path, faults))
    shown = "[no bytes are refused](tests/media/test_empty.py)"
    assert f"| F7 | no bytes | a typed error | {shown} |" in made


@pytest.mark.parametrize(
    "faults, test, says",
    [
        ("[F7]\nfault = 'a'\ndoes = 'b'\n[F8]\nfault = 'c'\ndoes = 'd'\n", TEST, "F8"),
        ("[F7]\nfault = 'a'\ndoes = 'b'\n", TEST.replace("F7", "F99"), "F99"),
    ],
)
def test_a_fault_without_a_test_and_a_test_of_no_fault_are_refused(tmp_path, faults, test, says):
    with pytest.raises(UsageError, match=says):
        faults_table(repository(tmp_path, faults, test))


def test_what_is_not_shown_says_why(tmp_path):
    faults = "[F7]\nfault = 'a'\ndoes = 'b'\n[F8]\nfault = 'c'\ndoes = 'd'\nnot_shown = 'too long'"
    assert "not shown: too long" in faults_table(repository(tmp_path, faults))


def test_the_page_is_what_the_tests_say():
    page = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
    made = readme.build()[REPOSITORY / "docs" / "reliability.md"].decode()
    assert page == made, "Run: python -m svqa.reporting.readme"
    assert "| F1 |" in page and "| F42 |" in page


def test_every_fault_that_the_project_was_given_is_on_the_page(shared_data):
    page = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
    given = (shared_data.parent / "design" / "faults.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (F\d+) \|", given, re.MULTILINE)
    assert len(listed) > 25 and [name for name in listed if f"| {name} |" not in page] == []


def test_a_checkout_without_a_long_run_says_so(tmp_path):
    assert long_form_table(tmp_path) == "No run of the long form is committed."
