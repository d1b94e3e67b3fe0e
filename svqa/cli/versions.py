"""Trained versions -> rows of `svqa models list`, records of `show`, outcomes of `svqa train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svqa.cli.output import print_table

if TYPE_CHECKING:
    from svqa.database import StoredVersion

Key = Annotated[
    str, typer.Argument(help="name:number, name@alias, or a name for its latest version.")
]


def version_rows(database: str | None) -> list[dict]:
    """The stored versions for `svqa models list`.

    None where there is no database, which is not made for this.
    """
    return [_row(v) for v in _stored(database)]


def version_in_full(name: str, database: str | None) -> list[dict]:
    """The record of one version for `svqa models show`, without its long lists.

    Nothing if `name` is no version's.
    """
    from dataclasses import asdict

    own, _, which = name.replace("@", ":").partition(":")
    named = [v for v in _stored(database) if v.name == own]
    chosen = [v for v in named if which in ("", str(v.number), *v.aliases)]
    if not named:
        return []
    if not chosen:
        from svqa.errors import UsageError, unknown_name

        raise UsageError(unknown_name("version", name, [f"{v.name}:{v.number}" for v in named]))
    v = chosen[-1]
    figures = {k: f for k, f in v.figures.items() if k not in ("per_question", "curve")}
    return [{**asdict(v), **_row(v), "created_at": str(v.created_at), "figures": figures}]


def brief(row: dict) -> dict:
    """A record for a person: a figure is one line, long lists are counted."""
    found = {name: _brief(value) for name, value in row.items() if name not in ("packages",)}
    if "packages" in row:
        found["packages"] = f"{len(row['packages'])}, listed by --json"
    return found


def _brief(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if {"value", "low", "high", "n"} <= set(value):
        return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}], n = {value['n']}"
    return {name: _brief(inner) for name, inner in value.items() if name != "by_type"}


def print_versions(rows: list[dict]) -> None:
    """A table of the versions, if there are any."""
    if rows:
        cells = [
            (
                r["name"],
                ", ".join(r["aliases"]),
                r["base"],
                f"{r['trainable_share']:.2%}",
                f"{r['before']:.3f}",
                f"{r['after']:.3f}",
            )
            for r in rows
        ]
        print_table(("version", "aliases", "base", "trainable", "before", "after"), cells)


def _row(v: StoredVersion) -> dict:
    value = {
        when: v.figures.get(when, {}).get("accuracy", {}).get("value", 0.0)
        for when in ("before", "after")
    }
    return {
        "set": "trained",
        "role": "answerer",
        "name": f"{v.name}:{v.number}",
        "available": Path(v.adapter_path).is_dir(),
        "aliases": list(v.aliases),
        "base": v.base_id,
        "sha256": v.sha256,
        "trainable_share": v.figures.get("trainable_share", 1.0),
        **value,
    }


def _stored(database: str | None) -> list[StoredVersion]:
    from svqa.database import open_store
    from svqa.settings import Settings

    url = Settings.load(database=database).database
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return []
    with open_store(url) as store:
        return store.model_versions()


def outcome(version: StoredVersion) -> dict:
    """What `svqa train lora --json` gives."""
    f = version.figures
    return {
        "version": f"{version.name}:{version.number}",
        "path": version.adapter_path,
        "sha256": version.sha256,
        "base": version.base_id,
        "trainable": f["trainable"],
        "trainable_share": f["trainable_share"],
        "before": f["before"],
        "after": f["after"],
        "steps": f["steps"],
        "best_step": f["best_step"],
        "seconds": version.seconds,
        "peak_memory_bytes": version.peak_memory_bytes,
        "warnings": f["warnings"],
    }
