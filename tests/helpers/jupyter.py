"""A real JupyterLab in a process of its own, which may speak to this machine alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

# what asks whether news may be fetched
QUIET = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
OPTIONS = ("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0")


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook of code cells, not yet run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(notebook, path)
    return path


@contextmanager
def jupyter_lab(folder: Path, settings: Path) -> Iterator[tuple[str, str]]:
    """-> (address, token) of JupyterLab in a folder; what it writes of its own goes to `settings`.

    Nobody's own settings are read, and none of the kernels outlives it.
    """
    pytest.importorskip("jupyterlab", reason="no JupyterLab: pip install -e '.[notebooks]'")
    (settings / "config" / "labconfig").mkdir(parents=True)
    (settings / "config" / "labconfig" / "page_config.json").write_text(json.dumps(QUIET))
    environment = {
        **os.environ,
        "SVQA_TEST_LOOPBACK": "1",
        "JUPYTER_NO_CONFIG": "",
        "JUPYTER_CONFIG_DIR": str(settings / "config"),
        "JUPYTER_DATA_DIR": str(settings / "data"),
        "JUPYTER_RUNTIME_DIR": str(settings / "runtime"),
        "IPYTHONDIR": str(settings / "ipython"),
    }
    log = (settings / "log").open("w+")
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )
    try:
        until = time.monotonic() + 90
        while not (found := list((settings / "runtime").glob("jpserver-*.json"))):
            assert process.poll() is None and time.monotonic() < until, _said(log)
            time.sleep(0.1)
        facts = json.loads(found[0].read_text())
        yield f"http://127.0.0.1:{facts['port']}", facts["token"]
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _said(log) -> str:
    log.seek(0)
    return log.read()[-3000:]
