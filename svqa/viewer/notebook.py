"""An answer, moments or a video -> HTML for a notebook: pictures, seconds, words, no script.

The pictures are read from the film when they are shown; where it is gone there are words alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from svqa.database import StoredVideo
from svqa.records import Answer, Evidence
from svqa.viewer.document import thumbnail_s
from svqa.viewer.pictures import data_uri, pictures_at

MOST_CARDS, FILM_PICTURES = 6, 5
_TEMPLATE = """\
<div style="font-family: sans-serif; max-width: 60em">
{%- if title %}<p style="font-size: 1.15em; margin: .2em 0"><b>{{ title }}</b></p>{% endif %}
{%- if said %}<p style="opacity: .75; margin: .2em 0">{{ said }}</p>{% endif %}
<div style="display: flex; flex-wrap: wrap; gap: .6em">
{%- for card in cards %}
<figure style="margin: 0; width: 11em">
{%- if card.picture %}<img src="{{ card.picture }}" alt="{{ card.seconds }} of {{ card.film }}"
 style="width: 100%; border-radius: 4px">{% endif %}
<figcaption style="font-size: .85em"><b>{{ card.seconds }}</b> {{ card.film }}<br>
{{ card.text }}</figcaption></figure>
{%- endfor %}</div>
{%- if more %}<p style="opacity: .75">and {{ more }} more</p>{% endif %}</div>"""


def as_html(value: Answer | Evidence | StoredVideo | Sequence[Evidence]) -> str:
    """-> a piece of HTML; every text in it is escaped."""
    if isinstance(value, StoredVideo):
        return _render(Path(value.path).name, _about(value), _film_cards(value))
    if isinstance(value, Evidence):
        return _render("", "", _cards([value]))
    if isinstance(value, Answer):
        sure = "" if value.abstained else f"score {value.score:.2f}, "
        said = " ".join(filter(None, (value.reason, f"({sure}{value.model_id})")))
        return _render(value.text, said, _cards(value.evidence), len(value.evidence))
    title = "" if value else "No moment was found."
    return _render(title, "", _cards(value), len(value))


def _render(title: str, said: str, cards: list[dict[str, str | None]], of: int = 0) -> str:
    import jinja2

    template = jinja2.Environment(autoescape=True).from_string(_TEMPLATE)
    return template.render(title=title, said=said, cards=cards, more=max(0, of - len(cards)))


def _cards(found: Sequence[Evidence]) -> list[dict[str, str | None]]:
    shown = found[:MOST_CARDS]
    pictures = {
        path: pictures_at(path, [thumbnail_s(e) for e in shown if e.path == path])
        for path in {e.path for e in shown}
    }
    return [
        {
            "seconds": f"{e.start_s:.1f}-{e.end_s:.1f} s",
            "film": Path(e.path).name,
            "text": e.text,
            "picture": _uri(pictures[e.path].get(thumbnail_s(e))),
        }
        for e in shown
    ]


def _film_cards(video: StoredVideo) -> list[dict[str, str | None]]:
    edges = np.linspace(0.0, video.duration_s, FILM_PICTURES + 1)
    times_s = ((edges[1:] + edges[:-1]) / 2).tolist()
    pictures = pictures_at(video.path, times_s)
    return [
        {"seconds": f"{t:.1f} s", "film": "", "text": "", "picture": _uri(pictures.get(t))}
        for t in times_s
    ]


def _about(video: StoredVideo) -> str:
    size = f"{video.duration_s:.1f} s, {video.width_px} x {video.height_px} px, {video.status}"
    return f"{size}. {video.note}" if video.note else size


def _uri(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else data_uri(jpeg)
