"""This machine and checkout -> what a version's record says about where it was made."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

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
    """-> the commit of this code and whether files differ from it; `("unknown", True)` outside a
    checkout.
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


def package_versions() -> dict[str, str]:
    """The packages a result can depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware(device: str) -> str:
    """One line: where it was computed."""
    if device.startswith("cuda"):
        import torch

        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    import torch

    return f"CPU, {platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} thread(s)"
