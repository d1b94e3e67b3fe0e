"""`svqa models list`, `show`, `pull`, `promote`.

Which models there are, what they need, which is the champion.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from svqa.cli.output import Database, Json, flat_rows, print_json, print_table, say
from svqa.cli.versions import Key, brief, print_versions, version_in_full, version_rows

models_app = typer.Typer(no_args_is_help=True, help="The models: which there are, what they need.")


def register(app: typer.Typer) -> None:
    """Add the group `models`."""
    app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(database: Database = None, json: Json = False) -> None:
    """Every model of every set: what it does, its licence, its size, whether it is here.

    Then those of no set, those that other packages add, and the trained versions.
    """
    from svqa.models.zoo import added_models, describe, known_sets, named_models

    of_sets = [m for name in known_sets() for m in describe(name)]
    rows = [asdict(m) for m in (*of_sets, *named_models(), *added_models())]
    trained = version_rows(database)
    if json:
        print_json(rows + trained)
        return
    columns = ("set", "role", "name", "licence", "MB", "here")
    print_table(
        columns,
        [
            (
                r["set"],
                r["role"],
                r["name"],
                r["licence"],
                f"{(r['size_bytes'] or 0) / 1e6:.1f}",
                "yes" if r["available"] else "no",
            )
            for r in rows
        ],
    )
    print_versions(trained)


@models_app.command("show")
def show_model(
    name: Annotated[
        str, typer.Argument(help="A model, a model set, or a version (name:number, name@champion).")
    ],
    database: Database = None,
    json: Json = False,
) -> None:
    """One model, every model of a set, or one trained version, with its source and checksum.

    --json gives every field.
    """
    from svqa.models.zoo import describe

    rows = version_in_full(name, database) or [asdict(m) for m in describe(name)]
    if json:
        print_json(rows)
        return
    if len({row["name"] for row in rows}) > 1:
        columns = ("role", "name", "licence", "source", "MB", "here", "sha256 of its files")
        print_table(columns, [_model_row(row) for row in rows])
        return
    sets = ", ".join(dict.fromkeys(row["set"] for row in rows))  # of one model in several
    row = {**brief(rows[0]), "set": sets}
    print_table(("", row["name"]), [i for i in flat_rows(row) if i[0] != "name"])


def _model_row(row: dict) -> tuple:
    sums = ", ".join(sum_[:12] for sum_ in (row["sha256"] or {}).values()) or "-"
    size, here = f"{(row['size_bytes'] or 0) / 1e6:.1f}", "yes" if row["available"] else "no"
    return row["role"], row["name"], row["licence"], row["source"], size, here, sums


@models_app.command("pull")
def pull_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="`hub` (what that set loads), names, org/name."),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="A branch, tag or commit, for one model.")
    ] = None,
    json: Json = False,
) -> None:
    """Fetch models of the hub once, into its cache; size and licence of each are said before.

    The only command that uses the network by itself.
    """
    from svqa.models.hub import pull

    chosen = None if not names or names == ["hub"] else names
    brought = pull(chosen, revision=revision, say=say)
    if json:
        print_json(brought)
        return
    print_table(
        ("model", "commit", "files"),
        [(n, e.get("commit", ""), len(e.get("files", {}))) for n, e in brought.items()],
    )


@models_app.command()
def promote(
    version: Key,
    alias: Annotated[str, typer.Option(help="The name to point at it.")] = "champion",
    questions: Annotated[
        str | None, typer.Option(help="Ask both now, about the test rows of this file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Whatever the verdict.")] = False,
    database: Database = None,
    json: Json = False,
) -> None:
    """Make a version the champion, if it is better than the champion now.

    Never on an undecided comparison.
    """
    from svqa.database import open_store
    from svqa.settings import Settings
    from svqa.training.promote import promote as decide

    with open_store(Settings.load(database=database).database) as store:
        done = decide(store, version, alias=alias, force=force, questions=questions).to_json()
    print_json(done) if json else print_table(("what", "value"), list(done.items()))
