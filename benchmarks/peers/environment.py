"""A peer's name and packages -> its own Python, with them and what this project has already.

Its packages go before the project's, so that a peer has the versions it asks for; what both need,
torch above all, is there once.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from svqa.errors import UsageError

LEAST_FREE_BYTES = 6 << 30


def python_of(name: str, packages: Sequence[str]) -> Path:
    """-> the interpreter of a peer's environment, made where it is not there yet.

    Without packages it is this one. Raises UsageError where the disk has no room, or pip fails.
    """
    if not packages:
        return Path(sys.executable)
    folder = platformdirs.user_cache_path("svqa") / "peers" / name
    python, done = folder / "bin" / "python", folder / "installed.txt"
    wanted = "\n".join(packages)
    if done.exists() and done.read_text() == wanted:
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < LEAST_FREE_BYTES:
        raise UsageError(f"Less than 6 GB are free at {folder.parent}: {name} is not installed.")
    venv.create(folder, with_pip=False, clear=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = folder / "lib" / version / "site-packages" / "project.pth"
    paths.write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", *packages]
    run = subprocess.run(pip, capture_output=True, text=True)
    if run.returncode:
        raise UsageError(f"{name} does not install here: {run.stderr.strip()[-300:]}")
    done.write_text(wanted)
    return python
