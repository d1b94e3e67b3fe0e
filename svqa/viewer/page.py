"""A film of a library and its questions -> one page that plays it, with nothing to fetch.

Scripts and styles are inside and allowed by their hashes alone; the film lies beside the page, or
inside it on request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from svqa.database import StoredQuery, StoredVideo
from svqa.errors import UsageError, VideoNotFound
from svqa.media import is_object
from svqa.pipeline import Library, scores_over_time
from svqa.records import Evidence
from svqa.viewer.bundle import page_style, viewer_script
from svqa.viewer.document import MOST_EVIDENCE, Picture, thumbnail_s, view_document
from svqa.viewer.pictures import data_uri, pictures_at
from svqa.viewer.served_files import MEDIA_TYPES

HERE = Path(__file__).parent
MOST_EMBEDDED_BYTES = 200_000_000  # of a film inside a page: browsers hold all of it in memory


def export_page(
    library: Library,
    video: StoredVideo,
    out: str | Path,
    *,
    embed: bool = False,
    questions: int = 20,
) -> Path:
    """Write the page of a film with the last `questions` that were asked about it; -> its path.

    The film is copied beside the page unless it lies there, or put into it with `embed`. Raises
    UsageError where another file is in the way, or the film is too large to be put in.
    """
    out = Path(out)
    src = _embedded(video) if embed else _beside(video, out)
    asked = last_asked(library.store.queries(10 * questions, video=video.id), questions)
    document = view_document(
        library.store,
        video,
        asked,
        src=src,
        picture=_pictures_of(asked),
        scores=lambda text: scores_over_time(
            library.store, library.models, text, video=video.id, cache=library.cache
        ),
    )
    out.write_text(_page(document, embed=embed), encoding="utf-8")
    return out


def last_asked(queries: Sequence[StoredQuery], most: int) -> list[StoredQuery]:
    """Queries, newest first -> the last asking of each question, oldest first."""
    newest: dict[tuple[str, tuple[str, ...]], StoredQuery] = {}
    for query in queries:
        if query.kind == "ask":
            newest.setdefault((query.question, query.options), query)
    return list(newest.values())[:most][::-1]


def _pictures_of(asked: Sequence[StoredQuery]) -> Picture:
    """-> the picture of each piece of evidence as a data URI; each film is read once."""
    shown = [e for query in asked for e in query.evidence[:MOST_EVIDENCE]]
    found = {
        path: pictures_at(path, [thumbnail_s(e) for e in shown if e.path == path])
        for path in {e.path for e in shown}
    }

    def picture(evidence: Evidence) -> str | None:
        data = found[evidence.path].get(thumbnail_s(evidence))
        return None if data is None else data_uri(data)

    return picture


def _page(document: dict[str, Any], *, embed: bool) -> str:
    import jinja2
    from markupsafe import Markup

    # `<` would end the block that holds the data; the rest is what JSON and HTML disagree about
    data = json.dumps(document, allow_nan=False).replace("<", "\\u003c")
    style = page_style()
    script = viewer_script()
    media = "data:" if embed else "'self'"
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        f"img-src data:; media-src {media}; base-uri 'none'; form-action 'none'"
    )
    where = "inside this file" if embed else "beside it"
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        (HERE / "page.html").read_text(encoding="utf-8")
    )
    return template.render(
        title=document["film"]["name"],
        policy=policy,
        style=Markup(style),
        script=Markup(script),
        data=Markup(data),
        said=f"Made by svqa. Nothing here is fetched from anywhere; the film lies {where}.",
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _refuse_object(video: StoredVideo) -> None:
    if is_object(video.path):
        raise VideoNotFound(
            f"'{video.path}' is in an object store, and a page plays a file. `svqa serve` plays it "
            "from there."
        )


def _beside(video: StoredVideo, out: Path) -> str:
    _refuse_object(video)
    film, copy = Path(video.path), out.parent / Path(video.path).name
    if not film.is_file():
        raise VideoNotFound(f"'{film}' is not where it was when it was taken in: put it back.")
    if copy.exists() and not copy.samefile(film):
        if copy.stat().st_size != film.stat().st_size:
            raise UsageError(f"'{copy}' is in the way of the film: another file of that name.")
    elif not copy.exists():
        shutil.copyfile(film, copy)
    return quote(copy.name)


def _embedded(video: StoredVideo) -> str:
    _refuse_object(video)
    film = Path(video.path)
    if not film.is_file():
        raise VideoNotFound(f"'{film}' is not where it was when it was taken in: put it back.")
    if video.size_bytes > MOST_EMBEDDED_BYTES:
        raise UsageError(
            f"'{film.name}' has {video.size_bytes / 1e6:.0f} MB, and a page holds at most "
            f"{MOST_EMBEDDED_BYTES / 1e6:.0f}: leave it beside the page, without --embed."
        )
    kind = MEDIA_TYPES.get(film.suffix.lower(), "video/mp4")
    return data_uri(film.read_bytes(), kind)
