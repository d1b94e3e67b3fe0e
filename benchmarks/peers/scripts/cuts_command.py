"""The cuts of a film: `svqa.media.shots`, or PySceneDetect's command `scenedetect`."""

from __future__ import annotations

import csv
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from benchmarks.peers.scripts.cuts import ours
from benchmarks.peers.talk import serve


def theirs(film: str) -> list[float]:
    """-> the seconds at which a scene begins, as the command writes them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [f"{sysconfig.get_path('scripts')}/scenedetect", "-i", film, "-o", folder]
        command += ["detect-content", "list-scenes", "-q", "-s", "-f", "scenes.csv"]
        subprocess.run(command, check=True, capture_output=True)
        with (Path(folder) / "scenes.csv").open() as file:
            return [float(row["Start Time (seconds)"]) for row in csv.DictReader(file)]


if __name__ == "__main__":
    way, film = sys.argv[1:]
    serve(lambda: ours(film) if way == "ours" else theirs(film))
