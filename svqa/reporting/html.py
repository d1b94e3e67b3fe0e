"""An executed notebook -> one self-contained page in which nothing can run.

Everything that reaches the page is text that gets escaped, a picture inside the file, or a table
reduced to its cells. A content security policy allows this page's own style (by its hash) and
embedded pictures, nothing else.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
TABLE_TAGS = frozenset("table thead tbody tfoot tr th td caption".split())
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def export_html(executed: str | Path) -> Path:
    """-> the page of an executed notebook, written beside it with the suffix `.html`."""
    import nbformat

    executed = Path(executed)
    notebook = nbformat.read(str(executed), as_version=4)
    title, question = _title_and_question(notebook)
    cells = [
        shown for i, cell in enumerate(notebook.cells) if (shown := _shown(cell, is_first=i == 0))
    ]
    name = executed.parent.name if executed.stem == "notebook" else executed.stem
    page = executed.with_suffix(".html")
    page.write_text(
        render("notebook.html", title=title, question=question, cells=cells, name=name),
        encoding="utf-8",
    )
    return page


def notebook_text(path: str | Path) -> tuple[str, str]:
    """-> (title, question): the first heading of a notebook and the question under it.

    As plain text.
    """
    import nbformat

    return _title_and_question(nbformat.read(str(path), as_version=4))


def pictures(path: str | Path) -> list[str]:
    """-> the pictures of an executed notebook as data URIs.

    Those of cells tagged `thumbnail` come first.
    """
    import nbformat

    cells = [
        cell for cell in nbformat.read(str(path), as_version=4).cells if cell.cell_type == "code"
    ]
    cells.sort(key=lambda cell: "thumbnail" not in cell.metadata.get("tags", ()))
    outputs = [out for cell in cells for out in cell.outputs]
    return [uri for out in outputs if (uri := _picture(out.get("data", {})))]


def render(template: str, **values: Any) -> str:
    """Fill one of the templates; every value is escaped unless a function here made it safe."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8") + _code_style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    return environment.get_template(template).render(style=_safe(style), policy=policy, **values)


def _shown(cell: Any, *, is_first: bool) -> dict | None:
    """A cell -> what the template shows of it; None where there is nothing to show."""
    if cell.cell_type == "markdown":
        text = re.sub(r"\A\s*# .*\n?", "", cell.source) if is_first else cell.source
        return {"kind": "text", "body": _markdown(text)} if text.strip() else None
    if cell.cell_type != "code" or not cell.source.strip():
        return None
    tags = cell.metadata.get("tags", ())
    label = "parameters" if {"parameters", "injected-parameters"} & set(tags) else "code"
    outputs = [part for out in _merged(cell.outputs) for part in _output(out)]
    return {
        "kind": "code",
        "label": label,
        "lines": len(cell.source.splitlines()),
        "code": _code(cell.source),
        "outputs": outputs,
    }


def _merged(outputs: list) -> Iterator[dict]:
    """Neighbouring pieces of one stream as one."""
    pending: dict | None = None
    for out in outputs:
        if out.output_type == "stream" and pending and pending["name"] == out.name:
            pending["text"] += out.text
            continue
        if pending:
            yield pending
        pending = (
            {"output_type": "stream", "name": out.name, "text": out.text}
            if out.output_type == "stream"
            else None
        )
        if pending is None:
            yield out
    if pending:
        yield pending


def _output(out: Any) -> Iterator[dict]:
    kind = out["output_type"]
    if kind == "stream":
        yield {
            "kind": "stderr" if out["name"] == "stderr" else "pre",
            "body": ANSI.sub("", out["text"]).rstrip(),
        }
    elif kind == "error":
        yield {"kind": "stderr", "body": f"{out['ename']}: {out['evalue']}"}
    else:
        yield from _display(out["data"])


def _display(data: dict) -> Iterator[dict]:
    if uri := _picture(data):
        yield {"kind": "picture", "body": uri, "alt": str(data.get("text/plain", "figure"))}
    elif "<t" in (table := _table(str(data.get("text/html", "")))):
        yield {"kind": "table", "body": table}
    elif "text/markdown" in data:
        yield {"kind": "text", "body": _markdown(str(data["text/markdown"]))}
    elif "text/plain" in data:
        yield {"kind": "pre", "body": ANSI.sub("", str(data["text/plain"]))}


def _picture(data: dict) -> str:
    """-> a data URI of the first picture, empty where there is none.

    A script in an SVG does not run inside `<img>`.
    """
    for kind in PICTURES:
        if kind in data:
            content = data[kind] if isinstance(data[kind], str) else "".join(data[kind])
            if kind == "image/svg+xml":
                content = base64.b64encode(content.encode()).decode()
            return f"data:{kind};base64,{re.sub(r'[^A-Za-z0-9+/=]', '', content)}"
    return ""


def _table(html: str) -> Any:
    """HTML -> its table cells, without attributes, styles, links or anything else."""
    import nh3

    spans = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
    return _safe(
        nh3.clean(
            html, tags=set(TABLE_TAGS), attributes=spans, clean_content_tags={"style", "script"}
        )
    )


def _markdown(text: str) -> Any:
    """Markdown -> HTML; raw HTML in it is shown as text.

    Only http(s), mailto and relative links stay links.
    """
    from markdown_it import MarkdownIt

    return _safe(
        MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table").render(text)
    )


def _code(source: str) -> Any:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return _safe(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


@functools.cache
def _code_style() -> str:
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="friendly").get_token_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_token_style_defs(".code")
    return "\n".join([*light, "@media (prefers-color-scheme: dark) {", *dark, "}"])


def _title_and_question(notebook: Any) -> tuple[str, str]:
    text = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    title = re.search(r"^# +(.+)$", text, re.MULTILINE)
    rest = text[title.end() :] if title else text
    paragraph = next((p for p in re.split(r"\n\s*\n", rest) if p.strip()), "")
    plain = (
        re.sub(r"[*_`>]+", "", " ".join(paragraph.split()))
        .strip()
        .removeprefix("Question.")
        .strip()
    )
    question, mark, _ = plain.partition("?")
    return (title.group(1).strip() if title else "Untitled"), question + mark


def _safe(html: str) -> Any:
    from markupsafe import Markup

    return Markup(html)
