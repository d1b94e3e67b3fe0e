"""A record in a notebook -> what is shown of it: pictures with their seconds, by `svqa.viewer`."""

from __future__ import annotations

import importlib


class InNotebook:
    """Shown as HTML where a notebook shows the last value of a cell."""

    def _repr_html_(self) -> str:
        """HTML without script; words of films, files and models stay words."""
        return importlib.import_module("svqa.viewer.notebook").as_html(self)
