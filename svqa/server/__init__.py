"""A library for the people, programs and agents of this machine: `svqa serve`, `svqa mcp`."""

from __future__ import annotations

import lazy_loader

# what others may use, and where it lives, is in `__init__.pyi`
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
