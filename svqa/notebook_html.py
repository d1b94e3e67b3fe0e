"""A record in a notebook -> what is shown of it, by `svqa.viewer`: pictures, or a film to click."""

from __future__ import annotations

import importlib
import weakref
from typing import Any


class InNotebook:
    """Shown as HTML where a notebook shows the last value of a cell."""

    def _repr_html_(self) -> str:
        """HTML without script; words of films, files and models stay words."""
        return importlib.import_module("svqa.viewer.notebook").as_html(self)


class FromLibrary(InNotebook):
    """A record that remembers the library it came from, for as long as it is not copied or kept.

    Only the library's settings are held, from which it is opened again where it is gone.
    """

    def came_from(self, library: Any) -> None:
        """Remember where this was made."""
        object.__setattr__(self, "_origin", (weakref.ref(library), library.settings))

    def __getstate__(self) -> dict[str, Any]:
        """What a copy of this is made from."""
        return {name: value for name, value in vars(self).items() if name != "_origin"}

    def view(self) -> Any:
        """The film with this answer and its evidence, in a notebook: as `Library.view`.

        Raises UsageError for an answer that no library gave, ImportError without the extra
        `notebooks`.
        """
        library, settings = vars(self).get("_origin", (lambda: None, None))
        return view(library(), self, settings=settings)


def view(library: Any, film: Any, *, settings: Any = None) -> Any:
    """-> the widget that shows a film; without a library one is opened as the settings say."""
    try:
        widget = importlib.import_module("svqa.viewer.widget")
    except ImportError as error:
        raise ImportError(f"{error}. Run: pip install 'svqa[notebooks]'") from None
    return widget.film_widget(library, film, settings=settings)
