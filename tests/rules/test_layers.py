"""An import only points left: every import of every module, against the table of levels in
docs/architecture.md.
"""

from __future__ import annotations

import re

from tests.helpers.imports import REPOSITORY, imports, modules


def levels_of_the_table() -> dict[str, int]:
    """-> dotted module name -> level, from docs/architecture.md; the longest prefix counts."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (.+) \|$", text, re.MULTILINE)
    return {
        f"svqa.{name.replace('/', '.')}": int(level)
        for level, names in rows
        for name in re.findall(r"`([\w/]+)`", names)
    }


LEVELS = levels_of_the_table()
FACE = {
    "svqa",
    "svqa.evaluation",
}  # a package's own `__init__`: it offers names of its modules and is nobody's foundation
NO_TORCH = (
    "svqa.database",
    "svqa.temporal",
    "svqa.retrieval",
    "svqa.records",
    "svqa.metrics.answers",
)
NATIVE_DECODERS = ("av", "decord")


def level_of(name: str) -> int | None:
    """-> the level of a module, or of the module that holds an imported name; None where nobody
    gave it one.
    """
    known = [
        prefix
        for prefix in LEVELS
        if name == prefix or name.startswith((prefix + ".", prefix + "_"))
    ]
    return LEVELS[max(known, key=len)] if known else None


def folder_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def wrong_imports(module: str, source: str) -> list[str]:
    """-> what is wrong with the imports of `module`, one sentence each."""
    own, found = level_of(module), []
    if own is None:
        return [f"{module} has no level: add it to the table in docs/architecture.md"]
    for line, name in imports(source):
        if name == "svqa" and own < LEVELS["svqa.reporting"]:
            found.append(f"{module}:{line} imports the face, which stands on everything")
        if not name.startswith("svqa.") or name in ("svqa.__version__", "svqa.evaluation"):
            continue
        other = level_of(name)
        if other is None:
            found.append(f"{module}:{line} imports {name}, which has no level")
        elif other > own or (other == own and own > 0 and folder_of(name) != folder_of(module)):
            found.append(f"{module}:{line} (level {own}) imports {name} (level {other})")
    return found


def sources(*prefixes: str) -> dict[str, str]:
    return {
        n: p.read_text(encoding="utf-8")
        for n, p in modules().items()
        if not prefixes or n.startswith(prefixes)
    }


def test_the_table_has_every_station():
    assert {
        LEVELS[f"svqa.{name}"]
        for name in ("records", "media", "models", "pipeline", "training", "reporting", "cli")
    } == set(range(7))


def test_imports_only_point_left():
    wrong = [
        line
        for name, source in sources().items()
        if name not in FACE
        for line in wrong_imports(name, source)
    ]
    assert wrong == [], "\n".join(wrong)


def test_a_wrong_import_is_caught_wherever_it_hides():
    bad = "def load():\n    from svqa.pipeline.ingest import ingest_video\n"
    assert wrong_imports("svqa.database.store", bad) == [
        "svqa.database.store:2 (level 1) imports svqa.pipeline.ingest.ingest_video (level 3)"
    ]
    assert wrong_imports("svqa.media.video", "import svqa.temporal.windows"), (
        "two folders of one level do not meet"
    )
    assert wrong_imports("svqa.models.blip", "import svqa"), "the face stands on everything"
    assert wrong_imports("svqa.evaluation.new", ""), "a module without a level"
    assert (
        wrong_imports(
            "svqa.media.video",
            "from svqa.media import decoders\nfrom svqa.records import FrameBatch",
        )
        == []
    )


def test_rows_and_vectors_never_import_torch():
    for name, source in sources(*NO_TORCH).items():
        found = [
            n
            for _, n in imports(source)
            if n.split(".")[0] in ("torch", "transformers", "torchvision")
        ]
        assert found == [], f"{name} imports {found}"


def test_models_never_see_a_database():
    for name, source in sources("svqa.models").items():
        found = [n for _, n in imports(source) if n.startswith(("sqlalchemy", "svqa.database"))]
        assert found == [], f"{name} imports {found}"


def test_decoder_libraries_are_imported_by_the_modules_of_the_worker_only():
    allowed = ("svqa.media.", "svqa.shapes.render", "benchmarks.harness")
    for name, source in sources().items():
        native = [n for _, n in imports(source) if n.split(".")[0] in NATIVE_DECODERS]
        assert not native or name.startswith(allowed), f"{name} imports {native}"
