"""The one file of settings -> its values, checked as flags are."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svqa.errors import UnknownParameter, UsageError, unknown_name


def settings_file() -> Path:
    """The one file of settings: `SVQA_SETTINGS`, or `settings.toml` in the user's config folder."""
    import platformdirs

    named = os.environ.get("SVQA_SETTINGS")
    return Path(named) if named else platformdirs.user_config_path("svqa") / "settings.toml"


def read_settings_file(kinds: Mapping[str, type]) -> dict[str, Any]:
    """-> what the settings file says, checked as flags are; nothing where there is none."""
    path = settings_file()
    if not path.is_file():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"The settings file {path} cannot be read: {error}") from None
    for name, value in said.items():
        if name not in kinds:
            raise UnknownParameter(f"{path}: {unknown_name('setting', name, kinds)}")
        fits = type(value) is kinds[name] or (kinds[name] is float and type(value) is int)
        if not fits:
            raise UsageError(f"{path}: {name} must be a {kinds[name].__name__}, got {value!r}.")
    return dict(said)
