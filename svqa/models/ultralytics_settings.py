"""What ultralytics reads when it is first imported -> no network, no installs, a private folder."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import sys
import tempfile
import uuid
from functools import lru_cache
from pathlib import Path

import platformdirs


def keep_ultralytics_quiet() -> None:
    """Set it up before its import; call this before each `from ultralytics import ...`.

    No installs, no network, no code in checkpoints; its settings go to a folder that is ours alone.
    """
    os.environ.update(YOLO_AUTOINSTALL="False", YOLO_OFFLINE="1", ULTRALYTICS_SAFE_LOAD="1")
    os.environ.setdefault("YOLO_VERBOSE", "False")
    if "YOLO_CONFIG_DIR" not in os.environ:
        os.environ["YOLO_CONFIG_DIR"] = str(private_folder("ultralytics"))
    if "ultralytics" not in sys.modules:
        from PIL import Image

        getnode, uuid.getnode, open_picture = uuid.getnode, lambda: 0, Image.open
        try:  # its settings hold a hash of this machine's network address: that of none will do
            import ultralytics.utils  # noqa: F401
        finally:
            uuid.getnode = getnode
            Image.open = open_picture  # its own would try to install what a damaged picture needs


@lru_cache
def private_folder(name: str) -> Path:
    """-> a folder in the user's cache that nobody else can write to.

    Where there is none to be had (no home, another's folder, a link), a new one for this process.
    """
    folder = Path(platformdirs.user_cache_dir("svqa", appauthor=False)) / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        if _is_private(folder):
            return folder
    except OSError:
        pass
    made = Path(tempfile.mkdtemp(prefix="svqa-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _is_private(folder: Path) -> bool:
    """Ours, no link, and written by nobody else; so is the folder it lies in."""
    for place in (folder, folder.parent):
        status = place.lstat()
        ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        if not (stat.S_ISDIR(status.st_mode) and ours and not status.st_mode & 0o022):
            return False
    return os.access(folder, os.W_OK)
