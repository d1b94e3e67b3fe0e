"""Where and by what something was made, told in one place."""

from __future__ import annotations

import json
from importlib import metadata

from svqa.profiling.provenance import commit_and_dirty, hardware, package_versions, this_machine


def test_versions_are_those_installed_and_others_are_left_out():
    assert package_versions(["numpy", "no-such-package"]) == {"numpy": metadata.version("numpy")}
    assert {"svqa", "torch"} <= set(package_versions())


def test_the_machine_is_told_in_plain_values():
    found = this_machine()
    assert json.loads(json.dumps(found)) == found and found["memory_gib"] > 0
    assert f"{found['cores']} cores" in hardware("cpu") and found["machine"] in hardware("cpu")


def test_a_checkout_has_a_commit():
    commit, dirty = commit_and_dirty()
    assert (len(commit) == 40 and isinstance(dirty, bool)) or (commit, dirty) == ("unknown", True)
