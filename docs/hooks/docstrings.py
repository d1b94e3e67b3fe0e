"""Examples in docstrings -> blocks of code, so that `>>>` is not read as a quotation."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?m)^>>> .*(?:\n(?!\s*$).+)*")


class Examples(griffe.Extension):
    """Reads every docstring once, after it was collected."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Fences the examples of one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = _EXAMPLE.sub(r"```python\n\g<0>\n```", obj.docstring.value)
