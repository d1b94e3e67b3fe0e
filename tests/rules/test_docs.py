"""README and docs are true: code runs, commands and files exist, numbers are the results'."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from svqa.cli.reference import commands as commands_of_the_app
from svqa.models.model_sets import MODEL_SETS
from svqa.questions import FIELDS
from svqa.reporting import readme
from svqa.settings import Settings
from tests.helpers.imports import REPOSITORY
from tests.helpers.links import Links
from tests.rules.test_faces import not_from_a_face

README = REPOSITORY / "README.md"
DOCS = [
    *sorted(REPOSITORY.glob("*.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "experiments").rglob("*.md")),
    REPOSITORY / "reports" / "README.md",
]
GUIDES = [
    README,
    *(REPOSITORY / "docs" / f"your-own-{name}.md" for name in ("video", "questions")),
    REPOSITORY / "docs" / "see-and-share.md",
]
PAGES = sorted((REPOSITORY / "reports" / "sample").rglob("*.html"))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OTHER_VARIABLES = {
    "SVQA_REPORTS",
    "SVQA_SETTINGS",
    "SVQA_ENDPOINT_KEY",
    "SVQA_ENDPOINT_TIMEOUT_S",
}
HISTORY = {"CHANGELOG.md", "moved.md", "architecture.md"}  # these name what was
FLAGS = {" ".join(path): command for path, command in commands_of_the_app()}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(path), re.DOTALL | re.MULTILINE)


def commands(path: Path) -> list[list[str]]:
    """-> the commands of a page's console blocks, as words."""
    lines = [line for block in blocks(path, "console") for line in block.splitlines()]
    return [shlex.split(line[2:], comments=True) for line in lines if line.startswith("$ ")]


def named_commands(text: str) -> list[list[str]]:
    """-> every `svqa ...` of a text: in code between ticks, and at the start of a line of code."""
    inline = re.findall(
        r"`(?:\$ )?(svqa [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    )
    lines = re.findall(r"^(?:\$ |    )(svqa [a-z].*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in [*inline, *lines]]


def wrong_in(words: list[str]) -> list[str]:
    """-> what the command line does not know of one `svqa` command."""
    names = [name for name in FLAGS if words[: len(name.split())] == name.split()]
    if not names:
        groups = {name.rpartition(" ")[0] for name in FLAGS}
        return [] if " ".join(w for w in words if w != "--help") in groups else [" ".join(words)]
    command = FLAGS[max(names, key=len)]
    known = {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)} | {"--help"}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    return [f"{' '.join(words)}: {flag}" for flag in sorted(given - known)]


def test_the_two_commands_and_the_picture_are_seen_at_once():
    lines = text_of(README).splitlines()
    assert len(lines) <= 120
    top = "\n".join(lines[:15])
    assert "make demo" in top and "make test" in top and "](docs/img/answer.png)" in top


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_make_command_has_a_target(path):
    makefile = text_of(REPOSITORY / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", text_of(path)))
    named |= {words[1] for words in commands(path) if words[0] == "make"}
    assert named <= targets


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_command_and_option_that_a_page_names_exists(path):
    if path.name in HISTORY:
        pytest.skip("says what was")
    wrong = [line for words in named_commands(text_of(path)) for line in wrong_in(words)]
    assert wrong == []


def test_a_command_or_option_that_is_not_there_is_seen():
    assert wrong_in(["svqa", "sing"]) == ["svqa sing"]
    assert wrong_in(shlex.split("svqa ask 'why?' --loud")) == ["svqa ask why? --loud: --loud"]
    assert wrong_in(["svqa", "models", "list"]) == [] and wrong_in(["svqa", "eval"]) == []
    assert named_commands("Run `svqa ask x` or\n\n    svqa db stats --json\n") == [
        ["svqa", "ask", "x"],
        ["svqa", "db", "stats", "--json"],
    ]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_extra_set_and_variable_that_a_page_names_exists(path):
    text = text_of(path)
    extras = {e for names in re.findall(r"svqa\[([\w,]+)\]", text) for e in names.split(",")}
    extras |= set(re.findall(r"extra `(\w+)`", text))
    assert extras <= set(PROJECT["optional-dependencies"]) | {"EXTRA"}
    sets = set(re.findall(r"`(\w+)` (?:model )?set\b|--models (\w+)|the set `(\w+)`", text))
    sets_here = set(MODEL_SETS) | set(re.findall(r'MODEL_SETS\["(\w+)"\] =', text))
    assert {name for names in sets for name in names if name} <= sets_here
    known = {f"SVQA_{name.upper()}" for name in Settings.__dataclass_fields__} | OTHER_VARIABLES
    assert set(re.findall(r"SVQA_[A-Z_]*[A-Z]", text)) <= known


def test_a_model_is_said_to_be_in_a_set_only_where_it_is():
    """SmolVLM2, YOLO11 and SigLIP 2 can be pulled; no set has them."""
    for path in DOCS:
        rows = re.findall(r"^\| `(hub|shapes|offline)`(.*)$", text_of(path), re.MULTILINE)
        for name, row in rows:
            ids = " ".join(spec.model_id for spec in MODEL_SETS[name].values()).lower()
            for family in ("smolvlm", "yolo11", "siglip"):
                assert family in ids or family not in row.lower().replace(" ", ""), row


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_command_of_the_guides_runs(tmp_path, real_clips):
    """One after the other in one folder, as a reader would; one that two guides show, once."""
    shutil.copyfile(real_clips["bigbuckbunny"], tmp_path / "kitchen.mp4")
    shown = [tuple(words[1:]) for path in GUIDES for words in commands(path) if words[0] == "svqa"]
    assert len(shown) >= 12
    for words in dict.fromkeys(shown):
        done = subprocess.run(
            [sys.executable, "-m", "svqa", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 0, f"svqa {shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip(), f"svqa {shlex.join(words)} says nothing"


@pytest.mark.slow
@pytest.mark.parametrize("path", GUIDES[:2], ids=lambda path: path.name)
def test_the_python_of_a_guide_runs(path, tmp_path, real_clips):
    shutil.copyfile(real_clips["bigbuckbunny"], tmp_path / "kitchen.mp4")
    assert blocks(path, "python")
    for code in blocks(path, "python"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        assert re.search(r"\d\.\d-\d+\.\d s", done.stdout), "an answer with the seconds it rests on"


def test_the_comparison_page_compares(tmp_path):
    (code,) = blocks(REPOSITORY / "docs/comparison.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("always yes [('always yes', 'always no', 'better')]")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_python_of_a_page_imports_from_faces_only(path):
    if path.name == "CONTRIBUTING.md":
        pytest.skip("its blocks are the package's own modules and tests")
    wrong = [line for code in blocks(path, "python") for line in not_from_a_face(code)]
    assert wrong == []


def test_tables_and_trees_are_what_code_and_committed_results_make():
    assert [path.name for path in readme.stale()] == [], "run: python -m svqa.reporting.readme"


@pytest.mark.slow
def test_the_picture_of_the_readme_is_what_its_command_draws(tmp_path):
    from svqa.reporting.answer_picture import draw_answer

    answer = draw_answer(tmp_path / "answer.png")
    assert not answer.abstained and answer.evidence
    drawn, kept = ((p / "answer.png").read_bytes() for p in (tmp_path, REPOSITORY / "docs/img"))
    assert drawn[:24] == kept[:24], "the same kind of file, as large"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_point_at_files_that_exist(path):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(path))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_of_the_sample_report_lead_somewhere(page):
    links = [link for link in Links(page).found if not link.startswith(("data:", "#", "http"))]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


def test_every_page_has_its_links_counted():
    assert len(PAGES) >= 2 and any(Links(page).found for page in PAGES)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_figures_from_ready_made_captions_say_so(path):
    """Where a figure of theirs stands, it says that a far larger model wrote the captions."""
    for line in text_of(path).splitlines():
        if re.search(r"NExT-G?QA", line) and re.search(r"\d\d\.\d", line) and "arXiv" not in line:
            assert "ready-made captions" in line, line


def test_the_tree_names_everything_at_the_top_of_the_repository():
    tree = text_of(REPOSITORY / "docs/architecture.md").partition("## The tree")[2]
    named = {
        word.strip("/")
        for line in tree.partition("Each module")[0].splitlines()
        if line.startswith("    ")
        for word in line[:26].split()
    }
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= named
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_the_table_of_question_fields_has_them_all():
    page = text_of(REPOSITORY / "docs/your-own-questions.md")
    table = page[page.index("<!-- question-fields:") : page.index("<!-- question-fields: end")]
    rows = [row.split("|")[1] for row in re.findall(r"^\| `.*$", table, re.MULTILINE)]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(FIELDS)


def test_every_declared_package_is_listed_with_its_licence():
    listed = text_of(REPOSITORY / "THIRD_PARTY.md")
    declared = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        declared += extra
    names = {re.split(r"[^\w.-]", text)[0] for text in declared}
    assert [n for n in sorted(names) if not re.search(rf"(?<![\w-]){n}(?![\w-])", listed)] == []


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, part = name.rpartition(".")
    for owner, attribute in ((name, None), (module, part)):
        try:
            found = importlib.import_module(owner)
        except ModuleNotFoundError:
            continue
        if attribute is None or hasattr(found, attribute):
            return True
    return False


def test_every_term_of_the_glossary_that_is_in_code_exists():
    text = text_of(REPOSITORY / "docs/glossary.md")
    named = set(re.findall(r"`((?:svqa|experiments)(?:\.\w+)+)`", text))
    assert len(named) > 50
    assert [name for name in sorted(named) if not exists(name)] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_files_and_names_of_code_that_a_page_names_exist(path):
    text = text_of(path)
    new = set(re.findall(r"New file `([^`]+)`", text))
    folders = "svqa|tests|experiments|benchmarks|docs|notebooks"
    files = set(re.findall(rf"`((?:{folders})/[\w./-]+)`", text)) - new
    assert [name for name in sorted(files) if not (REPOSITORY / name).exists()] == []
    if path.name not in ("CHANGELOG.md", "moved.md"):
        names = set(re.findall(r"`(svqa(?:\.\w+)+)\b", text)) - {"svqa.db"}
        assert [name for name in sorted(names) if not exists(name)] == []
