"""Repository -> pages of the site that are not in `docs/`: README and its like, and the API.

MkDocs calls the functions below while it builds. An API page lists what a folder's face offers, so
it is never behind the code; links that leave `docs/` lead to a copy of the file in the site.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES = {  # page of the site: file of the repository
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "third-party.md": "THIRD_PARTY.md",
}
COPIED = {".json", ".ipynb", ".cff", ".py", ".txt"}  # other files are named, not linked
OPTIONS = """
    options:
      heading: "{heading}"
      toc_label: "{label}"
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The API pages go below the last entry of the navigation."""
    config.nav[-1] = {"API": [{face: f"api/{face}.md"} for face in faces()]}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie elsewhere, and the API."""
    for name, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    for face in faces():
        files.append(File.generated(config, f"api/{face}.md", content=api_page(face)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links of the repository -> links of the site."""
    here = page.file.src_uri
    origin = ROOT / PAGES.get(here, f"docs/{here}")

    def link(found: re.Match) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        path = Path(os.path.normpath(origin.parent / target))
        inside = _page_of(path, config, files)
        if inside is None:
            return text if text.startswith("`") else f"{text} (`{path.relative_to(ROOT)}`)"
        return f"[{text}]({os.path.relpath(inside, Path(here).parent)}{anchor})"

    return re.sub(
        r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)",
        link,
        _pictures(markdown, here),
    )


def faces() -> dict[str, dict[str, str]]:
    """-> {folder of the package: {exported name: module it lives in}}, the package itself first."""
    stubs = sorted((ROOT / "svqa").rglob("__init__.pyi"), key=lambda p: len(p.parts))
    return {_dotted(stub.parent): dict(_exported(stub)) for stub in stubs}


def api_page(face: str) -> str:
    """-> Markdown of a face: what it is, then every name it offers, as mkdocstrings reads it."""
    known = faces()
    init = ROOT / face.replace(".", "/") / "__init__.py"
    about = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
    parts = [f"# {face}", re.sub(r"(?m)^(?=>>> )", "    ", about)]
    constants = sorted(name for name in known[face] if name.isupper())
    if constants:
        listed = ", ".join(f"`{name}` (`{known[face][name]}`)" for name in constants)
        parts.append(f"Constants: {listed}.")
    for name in sorted(set(known[face]) - set(constants), key=str.lower):
        home = known[face][name]
        while name in known.get(home, {}):  # a face that hands on another face's name
            home = known[home][name]
        options = OPTIONS.format(heading=f"{face}.{name}", label=name)
        parts.append(f"::: {home}.{name}{options}")
    return "\n\n".join(parts) + "\n"


def _exported(stub: Path) -> Iterator[tuple[str, str]]:
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield from ((a.name, f"{_dotted(stub.parent)}.{node.module}") for a in node.names)


def _dotted(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT).parts)


def _page_of(path: Path, config: MkDocsConfig, files: Files) -> str | None:
    """-> where a file of the repository is in the site; None where it is not."""
    name = path.relative_to(ROOT).as_posix()
    for page, source in PAGES.items():
        if name == source:
            return page
    if name.startswith("docs/"):
        return name.removeprefix("docs/")
    if not path.is_file() or path.suffix not in COPIED:
        return None
    uri = f"repository/{name}"
    if uri not in files.src_uris:
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return uri


def _pictures(markdown: str, here: str) -> str:
    """Pictures of pages that come from the repository's root lie in `docs/` there."""
    return markdown.replace("](docs/img/", "](img/") if here in PAGES else markdown
