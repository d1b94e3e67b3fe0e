"""Model sets, settings and extras as the code has them -> the tables that documents show."""

from __future__ import annotations

import dataclasses
import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from svqa import questions
from svqa.exchange import BENCHMARKS
from svqa.models.hub import HUB_MODELS
from svqa.models.model_sets import MODEL_SETS, ROLES, ModelSpec
from svqa.models.weights import WEIGHTS
from svqa.moved import MOVED
from svqa.reporting.markdown import table_text
from svqa.settings import DECODERS, SHOT_METHODS, Settings

OWN_LICENCE = "AGPL-3.0-or-later"
_ROLES = dict.fromkeys((*ROLES, "tagger"))
_ALONE = [role for role in ROLES if role != "sentences"]  # without it the encoder reads sentences


def sets_table(root: Path) -> str:
    """-> a line a set: its models by role, where the weights come from."""
    rows = [
        (
            column,
            ", ".join(f"{role} {_short(specs[role])}" for role in ROLES if role in specs),
            ", ".join(role for role in _ALONE if role not in specs) or "nothing",
            _origins(specs),
        )
        for column, specs in zip(_set_names(), MODEL_SETS.values(), strict=True)
    ]
    return table_text(("set", "models", "lacks", "weights from"), rows)


def model_sets_table(root: Path) -> str:
    """-> a column a set: what takes each role, where the weights come from."""
    rows = [
        (role, *(_short(specs[role]) if role in specs else "-" for specs in MODEL_SETS.values()))
        for role in ROLES
    ]
    rows.append(("weights from", *(_origins(specs) for specs in MODEL_SETS.values())))
    return table_text(("", *_set_names()), rows)


def models_table(root: Path) -> str:
    """-> one line a member of a set: its role, id, class, licence, and where its weights lie."""
    rows = []
    for name, specs in MODEL_SETS.items():
        for role in filter(specs.__contains__, _ROLES):
            spec = specs[role]
            made = " + ".join(spec.parts) or _origin(spec) or "needs no weights"
            kind = spec.target.partition(":")[2]
            rows.append((f"`{name}`", role, f"`{spec.model_id}`", f"`{kind}`", _terms(spec), made))
    return table_text(("set", "role", "model", "class", "licence", "made of, weights from"), rows)


def weights_table(root: Path) -> str:
    """-> one line a file of weights that svqa reads: package, size, licence."""
    rows = [
        (
            f"`{weights.name}`",
            ", ".join(f"`{n}`" for n in _distributions(weights.name)),
            f"{weights.size_bytes / 1e6:.0f} MB",
            ", ".join(dict.fromkeys(file.licence for file in weights.files.values())),
            ", ".join(_users({weights.name})) or "none",
        )
        for weights in WEIGHTS.values()
    ]
    return table_text(("weights", "package", "size", "licence", "model sets"), rows)


def hub_table(root: Path) -> str:
    """-> one line a repository that `svqa models pull` can fetch, and the set that uses it."""
    used = {spec.source for specs in MODEL_SETS.values() for spec in specs.values()}
    rows = [
        (
            f"`{name}`",
            model.repo_id,
            model.role,
            model.licence,
            "`hub`" if model.repo_id in used else "no set",
        )
        for name, model in HUB_MODELS.items()
    ]
    return table_text(("name", "repository", "gives", "licence", "used by"), rows)


def settings_table(root: Path) -> str:
    """-> one line a setting: its environment variable, its default, what it may be."""
    known: Mapping[str, tuple[str, ...]] = {
        "shots": SHOT_METHODS,
        "decoder": DECODERS,
        "models": tuple(MODEL_SETS),
    }
    rows = []
    for setting in dataclasses.fields(Settings):
        default = getattr(Settings(), setting.name)
        kind = type(default)
        allowed = known.get(setting.name, ("1", "0") if kind is bool else ())
        rows.append(
            (
                f"`{setting.name}`",
                f"`SVQA_{setting.name.upper()}`",
                f"`{int(default) if kind is bool else default}`",
                ", ".join(f"`{value}`" for value in allowed) or kind.__name__,
            )
        )
    return table_text(("setting", "environment variable", "default", "values"), rows)


def extras_table(root: Path) -> str:
    """-> one line an extra of pyproject.toml: what `pip install 'svqa[EXTRA]'` adds."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    rows = [
        (f"`{name}`", ", ".join(sorted(map(_package, needs))))
        for name, needs in project["optional-dependencies"].items()
    ]
    return table_text(("extra", "adds"), rows)


def question_fields_table(root: Path) -> str:
    """-> one line a field of a question file, as the docstring of its reader has them."""
    return "\n".join(line for line in questions.__doc__.splitlines() if line.startswith("|"))


def known_benchmarks_table(root: Path) -> str:
    """-> one line a benchmark, as the docstring of the module that reads them all has it."""
    about = inspect.getdoc(inspect.getmodule(next(iter(BENCHMARKS.values())))) or ""
    return "\n".join(line for line in about.splitlines() if line.startswith("|"))


def moved_table(root: Path) -> str:
    """-> one line a module that moved: what it was called, what it is called now."""
    return table_text(("was", "is"), [(f"`{old}`", f"`{new}`") for old, new in MOVED.items()])


def _set_names() -> list[str]:
    default = Settings().models
    return [f"`{name}`" + (" (default)" if name == default else "") for name in MODEL_SETS]


def _package(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0]


def _short(spec: ModelSpec) -> str:
    return spec.model_id.split("/")[-1].split("@")[0]


def _terms(spec: ModelSpec) -> str:
    files = [f for name in spec.weights for f in WEIGHTS[name].files.values()]
    return spec.licence or ", ".join(dict.fromkeys(f.licence for f in files)) or OWN_LICENCE


def _origins(specs: Mapping[str, ModelSpec]) -> str:
    """Where the weights of a set come from, kinds of sources only."""
    found = ("packages of `pip install`" if s.weights else _origin(s) for s in specs.values())
    return ", ".join(dict.fromkeys(filter(None, found)))


def _origin(spec: ModelSpec) -> str:
    """Where a member's own weights come from; empty where it reads none."""
    if spec.weights:
        return ", ".join(f"`{n}`" for name in spec.weights for n in _distributions(name))
    if spec.source and Path(spec.source).is_absolute():
        return "this repository"
    return "`svqa models pull hub`" if spec.source else ""


def _distributions(weights: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(file.distribution for file in WEIGHTS[weights].files.values()))


def _users(weights: set[str]) -> Iterator[str]:
    for name, specs in MODEL_SETS.items():
        if any(weights & set(spec.weights) for spec in specs.values()):
            yield f"`{name}`"
