"""A notebook and its parameters -> an executed copy, its results, a page.

Execution is papermill's. What is added: parameters are checked before anything runs, the source is
never written over, and the kernel is spoken to through unix sockets, so that a machine without a
network, not even loopback, runs them too.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svqa.errors import SvqaError, UnknownParameter, UsageError, unknown_name
from svqa.reporting.html import export_html, notebook_text
from svqa.reporting.results import read_results, write_results

__all__ = [
    "NotebookFailed",
    "NotebookRun",
    "export_html",
    "parameters_of",
    "run_notebook",
    "write_results",
]

START_TIMEOUT_S = 120
KERNEL = "svqa-this-python"


class NotebookFailed(SvqaError):
    """A cell raised, or took longer than it may.

    The text names the cell, and what ran until then is kept.
    """


@dataclass(frozen=True)
class NotebookRun:
    """One executed notebook.

    `executed` (.ipynb with outputs), `html` (its page), `results` (its results.json).
    """

    name: str
    title: str
    question: str
    executed: Path
    html: Path
    results: Mapping[str, Any] = field(default_factory=dict)


def parameters_of(path: str | Path) -> dict[str, Any]:
    """-> the notebook's parameters with their defaults.

    The literals of its cell tagged `parameters`.

    Raises UsageError where that cell holds anything but `name = literal`: a derived value would go
    stale.
    """
    import nbformat

    cells = nbformat.read(str(path), as_version=4).cells
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", ())]
    found: dict[str, Any] = {}
    for statement in ast.parse(tagged[0].source).body if tagged else ():
        try:
            (target,) = statement.targets
            found[target.id] = ast.literal_eval(statement.value)
        except (AttributeError, TypeError, ValueError):
            raise UsageError(
                f"The parameters cell of '{path}' holds `name = literal` lines only, got: "
                f"{ast.unparse(statement)}"
            ) from None
    return found


def report_parameters(path: str | Path) -> dict[str, Any]:
    """-> what a notebook's metadata (`svqa.report`) asks for in a report.

    Larger runs than a reader waits for.
    """
    import nbformat

    return dict(nbformat.read(str(path), as_version=4).metadata.get("svqa", {}).get("report", {}))


def run_notebook(
    path: str | Path,
    out_dir: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    timeout_s: int = 900,
) -> NotebookRun:
    """Execute a notebook with `parameters` into `out_dir/<name>/`.

    The executed copy, its page and its results.json.

    `timeout_s` is the longest one cell may take. Raises UnknownParameter for a name the notebook
    does not have and UsageError for a value of another type than the default's, before anything
    runs; NotebookFailed when a cell fails.

    >>> path = "notebooks/00_quickstart.ipynb"
    >>> run_notebook(path, "reports", {"every_s": 1.0})  # doctest: +SKIP
    """
    source = Path(path).resolve()
    if not source.is_file():
        raise UsageError(f"No notebook at '{path}'.")
    given = _checked(source, parameters or {})
    folder = Path(out_dir).resolve() / source.stem
    executed = folder / "notebook.ipynb"
    if executed == source:
        raise UsageError(
            f"The executed copy would go over its source '{source}'; choose another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").unlink(missing_ok=True)
    _execute(source, executed, given, timeout_s)
    title, question = notebook_text(executed)
    return NotebookRun(
        source.stem, title, question, executed, export_html(executed), read_results(folder)
    )


def _checked(path: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    known = parameters_of(path)
    for name, value in given.items():
        if name not in known:
            raise UnknownParameter(unknown_name(f"parameter of {path.name}", name, known))
        if not _fits(value, known[name]):
            kind = type(known[name]).__name__
            raise UsageError(
                f"Parameter '{name}' of {path.name} is a {kind} (default "
                f"{known[name]!r}), got {value!r}."
            )
    return {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}


def _fits(value: Any, default: Any) -> bool:
    """The same type as the default.

    A whole number fits a float, a path fits a text, anything fits None.
    """
    if default is None or type(value) is type(default):
        return True
    if isinstance(default, float):
        return type(value) is int
    if isinstance(default, str):
        return isinstance(value, Path)
    return (
        isinstance(default, list | tuple)
        and isinstance(value, Sequence)
        and not isinstance(value, str)
    )


def _execute(source: Path, executed: Path, parameters: dict[str, Any], timeout_s: int) -> None:
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    try:
        with (
            tempfile.TemporaryDirectory(prefix="svqa-", ignore_cleanup_errors=True) as private,
            _kernel_environment(executed.parent.parent, Path(private)),
        ):
            # the sockets' names begin with the connection file's, and may have 107 bytes at most:
            # hence a short folder
            kernel = (
                {"transport": "ipc", "connection_file": f"{private}/kernel.json"}
                if sys.platform != "win32"
                else {}
            )
            papermill.execute_notebook(
                source,
                executed,
                parameters,
                cwd=source.parent,
                kernel_name=KERNEL,
                progress_bar=False,
                start_timeout=START_TIMEOUT_S,
                execution_timeout=timeout_s,
                config=Config({"KernelManager": kernel}),
            )
    except papermill.PapermillExecutionError as error:
        where = f"cell {error.exec_count}"
        text = (
            f"{source.name} failed in {where}: {error.ename}: {error.evalue} (the part that "
            f"ran: {executed})"
        )
        raise NotebookFailed(text) from None
    except CellTimeoutError:
        raise NotebookFailed(
            f"{source.name}: a cell took longer than {timeout_s} s (timeout_s)."
        ) from None
    except DeadKernelError:
        raise NotebookFailed(
            f"{source.name}: its kernel died (out of memory, or killed). Run it again."
        ) from None
    except (RuntimeError, NoSuchKernel, OSError) as error:  # before the first cell
        raise NotebookFailed(
            f"{source.name}: no kernel could be started with {sys.executable} ({error}). See "
            f"whether `{sys.executable} -m ipykernel_launcher` starts."
        ) from error


def _kernels_of_this_python(folder: Path) -> Path:
    """Writes the spec of a kernel in the Python that runs here; -> the Jupyter folder it lies in.

    The name that a notebook was saved with may stand for any Python of the machine: kernel specs
    are looked up in the user's and the system's folders.
    """
    from ipykernel.kernelspec import get_kernel_dict

    spec = folder / "jupyter" / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps(get_kernel_dict()), encoding="utf-8")
    return folder / "jupyter"


@contextlib.contextmanager
def _kernel_environment(reports: Path, private: Path) -> Iterator[None]:
    """For kernels started here: `write_results` writes below `reports`, the rest to `private`.

    There lie their spec and the temporary folders that their cells make, which go with it. No
    advice about progress bars is shown.
    """
    found = os.environ.get("JUPYTER_PATH")
    kernels, temporary = _kernels_of_this_python(private), private / "tmp"
    temporary.mkdir()
    changed = {
        "SVQA_REPORTS": str(reports),
        "PYTHONWARNINGS": "ignore:IProgress not found",
        "JUPYTER_PATH": os.pathsep.join([str(kernels), *([found] if found else [])]),
        "TMPDIR": str(temporary),
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
