"""Imports point down, between folders and inside them.

Levels from the table in docs/architecture.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tests.helpers.imports import REPOSITORY, faces, imports, module_of, modules


def levels_of_the_table() -> dict[str, int]:
    """The table under "Levels": the documentation is the rule."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE)
    return {
        f"svqa.{name}": int(level)
        for level, names in rows
        for name in re.findall(r"`(\w+)`", names)
    }


LEVELS, KNOWN, FACES = levels_of_the_table(), modules(), faces()
NO_TORCH = tuple(
    f"svqa.{name}"
    for name in ("database", "temporal", "retrieval", "language", "metrics", "records", "questions")
)
NATIVE_DECODERS = ("av", "decord")
NOT_INSTALLED = ("benchmarks", "experiments", "tests")


def folder_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def wrong_imports(module: str, source: str) -> list[str]:
    """-> what is wrong with the imports of `module`, one sentence each."""
    own, found = LEVELS.get(folder_of(module)), []
    if own is None:
        return [f"{module} has no level: add it to the table in docs/architecture.md"]
    for line, name in imports(source):
        if name.split(".")[0] in NOT_INSTALLED:
            found.append(f"{module}:{line} imports {name}, which is not installed with the package")
        if name == "svqa" and own < LEVELS["svqa.reporting"]:
            found.append(f"{module}:{line} imports the face, which stands on everything")
        if not name.startswith("svqa.") or name == "svqa.__version__":
            continue
        other = LEVELS.get(folder_of(module_of(name, KNOWN, FACES)))
        if other is None:
            found.append(f"{module}:{line} imports {name}, which has no level")
        elif other > own or (other == own and folder_of(name) != folder_of(module) and own > 0):
            found.append(f"{module}:{line} (level {own}) imports {name} (level {other})")
    return found


def circles(arrows: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """-> groups of modules that reach each other, by the transitive closure of `arrows`."""
    reach = {name: set(targets) for name, targets in arrows.items()}
    for middle in reach:
        for targets in reach.values():
            if middle in targets:
                targets |= reach[middle]
    groups = {
        frozenset(other for other in reach[name] if name in reach.get(other, ()))
        for name in reach
        if name in reach[name]
    }
    return sorted(sorted(group) for group in groups)


def arrows_of(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """-> module -> the modules it imports, faces seen through."""
    return {
        name: {
            target
            for _, imported in imports(source)
            if (target := module_of(imported, KNOWN, FACES)) in sources and target != name
        }
        for name, source in sources.items()
    }


def sources(*prefixes: str) -> dict[str, str]:
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in KNOWN.items()
        if not prefixes or name.startswith(prefixes)
    }


def without_faces() -> dict[str, str]:
    """A face (the package's and each folder's `__init__`) is nobody's foundation."""
    return {name: source for name, source in sources().items() if name not in FACES}


def test_the_table_has_every_station():
    stations = {folder_of(name) for name in KNOWN if name != "svqa"}
    assert stations == set(LEVELS), "each folder and top-level module has one level"


def test_imports_only_point_down():
    wrong = [
        line for name, source in without_faces().items() for line in wrong_imports(name, source)
    ]
    assert wrong == [], "\n".join(wrong)


def test_no_files_import_each_other_in_a_circle():
    assert circles(arrows_of(without_faces())) == []


def test_a_circle_is_found_inside_a_folder_and_through_a_face():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    planted = without_faces() | {
        "svqa.temporal.prior": "from svqa.temporal import rerank_with_question",
    }
    assert ["svqa.temporal.prior", "svqa.temporal.rerank"] in circles(arrows_of(planted))


def test_a_wrong_import_is_caught_wherever_it_hides():
    bad = "def load():\n    from svqa.pipeline.ingest import ingest_video\n"
    (found,) = wrong_imports("svqa.database.store", bad)
    assert found.startswith("svqa.database.store:2 (level 1) imports svqa.pipeline.ingest")
    assert wrong_imports("svqa.media.video", "import svqa.metrics.answers"), "two of one level"
    assert wrong_imports("svqa.models.blip", "import svqa"), "the face stands on everything"
    assert wrong_imports("svqa.models.blip", "from svqa import Library"), "also by a name of it"
    assert wrong_imports("svqa.unknown.new", ""), "a folder without a level"
    assert wrong_imports("svqa.cli.shapes", "import experiments.lora.run"), "not installed"
    fine = "from svqa.media import decoders\nfrom svqa.records import FrameBatch"
    assert wrong_imports("svqa.media.video", fine) == []


def test_what_another_folder_uses_is_in_the_face():
    missing = []
    for name, source in without_faces().items():
        for line, imported in imports(source):
            owner, _, attribute = imported.rpartition(".")
            package = folder_of(owner)
            if package not in FACES or package == folder_of(name) or owner == "svqa":
                continue
            if FACES[package].get(attribute) != module_of(imported, KNOWN, FACES):
                missing.append(f"{name}:{line} imports {imported}, not in {package}")
    assert missing == [], "\n".join(missing)


def test_rows_vectors_and_words_never_import_torch():
    for name, source in sources(*NO_TORCH).items():
        heavy = [n for _, n in imports(source) if n.split(".")[0] in ("torch", "transformers")]
        assert heavy == [], f"{name} imports {heavy}"


def test_models_never_see_a_database():
    for name, source in sources("svqa.models").items():
        found = [n for _, n in imports(source) if n.startswith(("sqlalchemy", "svqa.database"))]
        assert found == [], f"{name} imports {found}"


def test_decoder_libraries_are_imported_by_the_modules_of_the_worker_only():
    allowed = ("svqa.media.", "svqa.shapes.render")
    for name, source in sources().items():
        native = [n for _, n in imports(source) if n.split(".")[0] in NATIVE_DECODERS]
        assert not native or name.startswith(allowed), f"{name} imports {native}"
