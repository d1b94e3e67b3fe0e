"""The built viewer -> its text, and whether it was built from the sources beside it.

Sources are in `src/`; `npm ci && npm run build` in this folder writes `static/viewer.js`.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
BUILT = HERE / "static" / "viewer.js"


@cache
def viewer_script() -> str:
    """-> the ES module that every host loads."""
    return BUILT.read_text(encoding="ascii")


@cache
def page_style() -> str:
    """-> the style of the page around the viewer."""
    return (HERE / "page.css").read_text(encoding="utf-8")


def built_from() -> str:
    """-> the SHA-256 that the built file says it was made from."""
    found = re.match(r"/\*.*built from ([0-9a-f]{64}) \*/", viewer_script())
    return found[1] if found else ""


def sources_sha256() -> str:
    """-> the same of the sources as they are now: of names and bytes, as `build.mjs` has it."""
    digest = hashlib.sha256()
    sources = sorted(f"src/{path.name}" for path in (HERE / "src").iterdir())
    for name in (*sources, "build.mjs", "package-lock.json"):
        digest.update(f"{name}\0".encode() + (HERE / name).read_bytes() + b"\0")
    return digest.hexdigest()
