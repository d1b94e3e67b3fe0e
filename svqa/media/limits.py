"""What a decoding worker may use before it is ended."""

from __future__ import annotations

from dataclasses import dataclass

from svqa.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """The fences around one decoding worker.

    `deadline_s` counts the seconds spent waiting for the worker, not those the caller takes for its
    own work; `no_progress_s` is the longest silence of a worker that should be decoding.
    `memory_bytes` is its address space, `max_pixels` the largest coded frame (8K fits), `log_bytes`
    how much of what it prints is kept, `threads` its decoding threads (0: one a core, at most 8).
    """

    deadline_s: float = 6 * 3600.0
    no_progress_s: float = 30.0
    memory_bytes: int = 3 << 30
    max_pixels: int = 8192 * 4352
    log_bytes: int = 64 << 10
    threads: int = 0

    def __post_init__(self) -> None:
        for name in ("deadline_s", "no_progress_s", "memory_bytes", "max_pixels", "log_bytes"):
            if not getattr(self, name) > 0:
                raise UsageError(f"Limits.{name} must be above 0, got {getattr(self, name)}.")
