"""The built viewer is what its sources say, and everything it holds may be passed on."""

from __future__ import annotations

import json
import re

from svqa.viewer.bundle import HERE, built_from, sources_sha256, viewer_script


def test_the_built_file_is_not_stale():
    assert built_from() == sources_sha256(), "Run: cd svqa/viewer && npm ci && npm run build"


def test_it_fetches_nothing_by_itself():
    assert not re.search(r"https?://(?!www\.w3\.org/)", viewer_script())


def test_each_package_inside_is_named_with_its_licence():
    notes = (HERE / "static" / "LICENSES.txt").read_text(encoding="utf-8")
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    shipped = {
        k.removeprefix("node_modules/"): v for k, v in lock.items() if k and not v.get("dev")
    }
    assert {"preact", "@preact/signals"} <= set(shipped)
    for name, facts in shipped.items():
        assert f"{name} {facts['version']} (MIT)" in notes, name
        assert "resolved" not in facts
