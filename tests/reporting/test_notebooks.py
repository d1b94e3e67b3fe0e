"""Notebooks run for real: parameters arrive, the source stays as it was, failures are named."""

from __future__ import annotations

import json
import sys
import tempfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from svqa.errors import UnknownParameter
from svqa.reporting import NotebookFailed, run_all, run_notebook

pytestmark = pytest.mark.slow
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
PARAMETERS = new_code_cell("every_s = 0.5  # seconds\nseed = 0", metadata={"tags": ["parameters"]})
FINDING = """
from svqa.reporting.notebooks import write_results
rate = 1 / every_s
figures = [{"label": "rate", "value": rate}]
write_results("00_tiny", {"headline": f"{rate:.1f} frames a second.", "figures": figures})
"""


def notebook(path, *sources):
    cells = [
        new_markdown_cell("# Tiny\n\n**Question.** How many frames?"),
        PARAMETERS,
        *map(new_code_cell, sources),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
    return path


def test_a_run_gives_the_executed_copy_its_results_and_its_page(tmp_path):
    source = notebook(
        tmp_path / "notebooks" / "00_tiny.ipynb", "print(f'{every_s:.2f} s')", FINDING.strip()
    )
    before = source.read_bytes()
    run = run_notebook(source, tmp_path / "reports", {"every_s": 0.25})
    assert source.read_bytes() == before
    assert (run.title, run.question) == ("Tiny", "How many frames?")
    assert run.results["headline"] == "4.0 frames a second."
    assert (
        json.loads((tmp_path / "reports/00_tiny/results.json").read_text())["figures"][0]["value"]
        == 4.0
    )
    assert "0.25 s" in run.html.read_text(encoding="utf-8")
    assert [
        c.execution_count for c in nbformat.read(run.executed, 4).cells if c.cell_type == "code"
    ] == [1, 2, 3, 4]


def test_a_failing_cell_is_named_and_the_others_still_make_a_report(tmp_path):
    notebook(tmp_path / "notebooks" / "00_bad.ipynb", "1 / 0")
    notebook(tmp_path / "notebooks" / "01_good.ipynb", "print('fine')")
    said = []
    with pytest.raises(
        NotebookFailed, match=r"1 of 2 .*\n00_bad.ipynb failed in cell 2: ZeroDivisionError"
    ):
        run_all(tmp_path / "notebooks", tmp_path / "reports", say=said.append)
    assert "01_good/notebook.html" in (tmp_path / "reports" / "index.html").read_text(
        encoding="utf-8"
    )
    assert said[0] == "Running 00_bad.ipynb"


def test_a_report_runs_a_notebook_with_the_parameters_its_metadata_asks_for(tmp_path):
    path = notebook(
        tmp_path / "notebooks" / "00_tiny.ipynb", "print(f'{every_s:.2f} s')", FINDING.strip()
    )
    source = nbformat.read(path, 4)
    source.metadata["svqa"] = {"report": {"every_s": 0.1}}
    nbformat.write(source, path)
    run_all(tmp_path / "notebooks", tmp_path / "reports", say=lambda text: None)
    assert (
        json.loads((tmp_path / "reports/00_tiny/results.json").read_text())["figures"][0]["value"]
        == 10.0
    )
    source.metadata["svqa"] = {"report": {"every": 0.1}}
    nbformat.write(source, path)
    with pytest.raises(UnknownParameter, match="every_s"):
        run_all(tmp_path / "notebooks", tmp_path / "reports", say=lambda text: None)


def test_a_cell_that_hangs_ends_at_its_deadline(tmp_path):
    with pytest.raises(NotebookFailed, match="longer than 2 s"):
        run_notebook(
            notebook(tmp_path / "00_slow.ipynb", "import time; time.sleep(60)"),
            tmp_path / "reports",
            timeout_s=2,
        )


def test_f40_a_killed_kernel_is_said_and_the_next_run_works(tmp_path):
    flag = tmp_path / "killed"
    kill_once = (
        f"p = pathlib.Path({str(flag)!r})\nif not p.exists():\n    p.touch(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = notebook(tmp_path / "00_killed.ipynb", "import os, pathlib, signal", kill_once)
    with pytest.raises(NotebookFailed, match="kernel died"):
        run_notebook(path, tmp_path / "reports")
    assert run_notebook(path, tmp_path / "reports").html.is_file()


def test_the_kernel_has_no_network_and_leaves_nothing_in_the_notebooks_folder(tmp_path):
    code = (
        "import socket\ntry:\n    socket.socket(socket.AF_INET)\nexcept RuntimeError as e:\n "
        "   print(type(e).__name__)"
    )
    transport = (
        "from ipykernel.kernelapp import IPKernelApp\nprint(IPKernelApp.instance().transport)"
    )
    path = notebook(tmp_path / "notebooks" / "00_net.ipynb", code, transport)
    page = run_notebook(path, tmp_path / "reports").html.read_text(encoding="utf-8")
    assert "NetworkDenied" in page and '<pre class="pre" tabindex="0">ipc</pre>' in page
    assert list(path.parent.iterdir()) == [path]


WHERE = "import sys\nprint('runs in', sys.executable)"


@pytest.mark.parametrize("found_by", ["JUPYTER_PATH", "HOME", "JUPYTER_DATA_DIR"])
def test_another_kernel_of_the_same_name_is_not_what_runs(tmp_path, monkeypatch, found_by):
    below = {"HOME": ".local/share/jupyter"}.get(found_by, "")
    spec = tmp_path / "home" / below / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv(found_by, str(tmp_path / "home"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    run = run_notebook(notebook(tmp_path / "00_where.ipynb", WHERE), tmp_path / "reports")
    assert f"runs in {sys.executable}" in run.html.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["conda-env-other-py", "ir", None])
def test_whatever_kernel_a_notebook_was_saved_with_it_runs_in_this_python(tmp_path, name):
    path = notebook(tmp_path / "00_where.ipynb", WHERE)
    source = nbformat.read(path, 4)
    if name is None:
        del source.metadata["kernelspec"]
        source.metadata["language_info"] = {"name": "python"}
    else:
        source.metadata["kernelspec"]["name"] = name
    nbformat.write(source, path)
    run = run_notebook(path, tmp_path / "reports")
    assert f"runs in {sys.executable}" in run.html.read_text(encoding="utf-8")


@pytest.mark.parametrize("executable", ["/bin/false", "/no/such/python"])
def test_a_kernel_that_does_not_start_is_said(tmp_path, monkeypatch, executable):
    path = notebook(tmp_path / "00_where.ipynb", WHERE)
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(NotebookFailed, match=f"no kernel could be started with {executable}"):
        run_notebook(path, tmp_path / "reports")


def test_a_notebook_leaves_no_folder_behind(tmp_path, monkeypatch):
    shared = tmp_path / "tmp"
    shared.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    code = "import tempfile\nmade = tempfile.mkdtemp()\nopen(made + '/x', 'w').write('x')\nmade"
    run = run_notebook(notebook(tmp_path / "00_left.ipynb", code), tmp_path / "reports")
    assert "svqa-" in run.html.read_text(encoding="utf-8") and list(shared.iterdir()) == []
