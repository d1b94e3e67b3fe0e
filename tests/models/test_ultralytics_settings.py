"""Where ultralytics keeps its settings: a folder that nobody else can put a link into."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from svqa.models.ultralytics_settings import private_folder

LOOK = (
    "import os; from svqa.models.ultralytics_settings import keep_ultralytics_quiet; "
    "keep_ultralytics_quiet(); import ultralytics.utils; print(os.environ['YOLO_CONFIG_DIR'])"
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    private_folder.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    private_folder.cache_clear()


def test_a_damaged_picture_stays_an_error_and_installs_nothing(tmp_path):
    (tmp_path / "not.png").write_bytes(b"no picture")
    code = (
        "import sys; from svqa.models.ultralytics_settings import keep_ultralytics_quiet; "
        "keep_ultralytics_quiet(); import ultralytics.utils.patches; from PIL import Image\n"
        "try: Image.open(sys.argv[1])\n"
        "except Image.UnidentifiedImageError: print('refused')"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "not.png")]
    assert subprocess.run(run, capture_output=True, text=True, timeout=120).stdout == "refused\n"


def test_it_is_the_users_own_and_stays_the_same(tmp_path):
    folder = private_folder("ultralytics")
    assert folder == tmp_path / "cache" / "svqa" / "ultralytics"
    private_folder.cache_clear()
    assert private_folder("ultralytics") == folder and folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trap", ["link", "parent link", "writable by all", "file", "not ours"])
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch, trap):
    home = tmp_path / "cache" / "svqa"
    (tmp_path / "trap" / "ultralytics").mkdir(parents=True)
    if trap == "parent link":
        home.parent.mkdir()
        home.symlink_to(tmp_path / "trap")
    else:
        home.mkdir(parents=True, mode=0o700)
    if trap == "link":
        (home / "ultralytics").symlink_to(tmp_path / "trap")
    elif trap == "writable by all":
        (home / "ultralytics").mkdir()
        (home / "ultralytics").chmod(0o777)
    elif trap == "file":
        (home / "ultralytics").touch()
    elif trap == "not ours":
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    folder = private_folder("ultralytics")
    assert tmp_path / "cache" not in folder.parents and not folder.is_symlink()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_shared_folder_is_not_followed(tmp_path):
    victim, shared = tmp_path / "victim", tmp_path / "tmp"
    victim.mkdir()
    shared.mkdir()
    (victim / "settings.json").write_text("mine")
    (shared / "svqa-ultralytics").symlink_to(victim)
    known = {"HOME": str(tmp_path / "home"), "TMPDIR": str(shared), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**known, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "home" / ".cache" / "svqa" / "ultralytics")
    assert (victim / "settings.json").read_text() == "mine" and len(list(victim.iterdir())) == 1
    assert [p.name for p in shared.iterdir()] == ["svqa-ultralytics"]


def test_what_a_process_had_to_make_goes_with_it(tmp_path):
    (tmp_path / "cache").write_text("no folder")
    shared = tmp_path / "tmp"
    shared.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, "TMPDIR": str(shared), "PYTHONPATH": str(Path(__file__).parents[2])}
        | {"YOLO_CONFIG_DIR": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert list(shared.iterdir()) == [] and tempfile.gettempdir() != str(shared)
