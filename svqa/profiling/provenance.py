"""This machine and checkout -> what a record says about where and by what it was made."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "svqa",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "tokenizers",
    "safetensors",
    "numpy",
    "av",
)


def commit_and_dirty() -> tuple[str, bool]:
    """-> the commit of this code and whether files differ from it.

    `("unknown", True)` outside a checkout.
    """
    here = Path(__file__).parent
    try:
        head, status = (
            subprocess.run(
                ["git", *args], cwd=here, capture_output=True, text=True, check=True
            ).stdout.strip()
            for args in (
                ("rev-parse", "HEAD"),
                ("status", "--porcelain", "--untracked-files=no", "--", "."),
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown", True
    return head, bool(status)


def package_versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """-> the version of each of these packages that is installed."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def this_machine() -> dict[str, Any]:
    """-> what this machine is: cores, memory in GiB, architecture, system, Python, threads."""
    import psutil

    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
    }


def hardware(device: str) -> str:
    """-> one line: what computes on a torch device."""
    import torch

    if device.startswith("cuda"):
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return f"CPU, {platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} thread(s)"
