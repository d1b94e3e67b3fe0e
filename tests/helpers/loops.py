"""An event loop beside the one that a browser of another test may have left running here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run_alone(talk: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """-> what `talk` returns, in a thread of its own: Playwright's loop holds the first one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(talk())).result()
