"""What outlives a call, in one frozen place: flag > environment `SVQA_*` > file > default."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from svqa.errors import UnknownParameter, UsageError, unknown_name
from svqa.settings_file import read_settings_file


@dataclass(frozen=True)
class Settings:
    """How videos are read and where results are kept.

    `every_s`: seconds between sampled frames. `segment_s`, `scene_s`: lengths of the two upper
    levels; a scene is also what one transaction commits. `shots`: shot detector (`adaptive`,
    `content`, `transnet`, `none`). `decoder`: `pyav` or `decord`. `analysis_px`: the long side of
    the frames that models look at; smaller videos are not enlarged. `speech`, `boxes`, `text`:
    whether to listen, to look for things, to read in the picture. The roles from `encoder` to
    `answerer`: what is to take the place of the set's own model (`svqa.models.model_spec`).

    >>> Settings.load(every_s=1.0).every_s
    1.0
    """

    database: str = field(default="sqlite:///svqa.db", repr=False)  # it may hold a password
    models: str = "offline"
    device: str = "cpu"
    every_s: float = 0.5
    segment_s: float = 5.0
    scene_s: float = 30.0
    shots: str = "adaptive"
    decoder: str = "pyav"
    speech: bool = True
    boxes: bool = True
    text: bool = True
    analysis_px: int = 640
    encoder: str = ""
    sentences: str = ""
    captioner: str = ""
    detector: str = ""
    reader: str = ""
    transcriber: str = ""
    sounds: str = ""
    answerer: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.every_s <= self.segment_s <= self.scene_s:
            raise UsageError(
                "Seconds must satisfy 0 < every_s <= segment_s <= scene_s, got "
                f"{self.every_s}, {self.segment_s}, {self.scene_s}."
            )
        if abs(self.scene_s / self.segment_s - round(self.scene_s / self.segment_s)) > 1e-9:
            raise UsageError(
                f"A scene must be a whole number of segments, got {self.scene_s} s of "
                f"{self.segment_s} s."
            )
        if self.analysis_px < LEAST_PX:
            raise UsageError(
                f"analysis_px must be at least {LEAST_PX} pixels, got {self.analysis_px}."
            )
        for name, known in (("shots", SHOT_METHODS), ("decoder", DECODERS)):
            if getattr(self, name) not in known:
                raise UsageError(unknown_name(name.rstrip("s"), getattr(self, name), known))

    @classmethod
    def load(cls, **flags: Any) -> Settings:
        """-> settings from the given flags, `SVQA_<NAME>`, the settings file, the defaults.

        A flag that is None is not given; unknown names raise, in the file, too.
        """
        fields = {f.name: f for f in dataclasses.fields(cls)}
        for name in flags:
            if name not in fields:
                raise UnknownParameter(unknown_name("setting", name, fields))
        values = read_settings_file({name: type(known.default) for name, known in fields.items()})
        for name, known in fields.items():
            if flags.get(name) is not None:
                values[name] = flags[name]
            elif (text := os.environ.get(f"SVQA_{name.upper()}")) is not None:
                values[name] = _parse(name, text, type(known.default))
        return cls(**values)

    def identity(self, model_ids: Mapping[str, str]) -> dict[str, str | float | bool]:
        """-> what a result depends on.

        Two ingests of the same bytes with the same identity give the same rows. Whether text is
        read shows in its reader's name: a set without a reader, and one that is told not to read,
        write the same rows, and the ingests of a version that could not read keep their identity as
        far as text goes.
        """
        own = {n: getattr(self, n) for n in _SEEN_IN_ROWS}
        idle = {"answerer"} | (set() if self.text else {"reader"})  # they write no row
        makers = {
            f"model.{role}": name for role, name in sorted(model_ids.items()) if role not in idle
        }
        return {**own, "models": self.taken_in_with(model_ids), **makers}

    def replaced(self) -> dict[str, str]:
        """-> the roles that another model is to take, each with its SPEC."""
        return {role: spec for role in ROLES if (spec := getattr(self, role))}

    def taken_in_with(self, model_ids: Mapping[str, str]) -> str:
        """-> the name of the models by which videos are taken in: the set's, and what replaces it.

        An answerer writes no row: what was taken in can be asked with any.
        """
        others = (f"+{role}={model_ids[role]}" for role in self.replaced() if role != "answerer")
        return "".join((self.models, *others))


ROLES = (
    "encoder",
    "sentences",
    "captioner",
    "detector",
    "reader",
    "transcriber",
    "sounds",
    "answerer",
)
SHOT_METHODS = ("adaptive", "content", "transnet", "none")
DECODERS = ("pyav", "decord")
LEAST_PX = 32  # long side of a frame in which anything can be seen
_SEEN_IN_ROWS = (
    "every_s",
    "segment_s",
    "scene_s",
    "shots",
    "decoder",
    "speech",
    "boxes",
    "analysis_px",
)


def _parse(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise UsageError(f"SVQA_{name.upper()} must be 1 or 0, got {text!r}.")
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"SVQA_{name.upper()} must be a {kind.__name__}, got {text!r}.") from None
