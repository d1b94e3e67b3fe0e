"""What a library gives, a film's rows, the trail -> a table of pandas, for CSV and Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from svqa.database import Store, StoredQuery, StoredVideo
from svqa.errors import UsageError, unknown_name
from svqa.records import Evidence

if TYPE_CHECKING:
    import pandas as pd

BOX = ("left_px", "top_px", "right_px", "bottom_px")


def table(store: Store, name: str, video: str | None = None) -> pd.DataFrame:
    """-> one of `TABLES`, of one film or of all; a row a caption, box, question and so on.

    Raises UsageError for an unknown name.
    """
    import pandas as pd

    if name not in TABLES:
        raise UsageError(unknown_name("table", name, TABLES))
    films = [v for v in store.videos() if video is None or v.id == video]
    if name == "videos":
        return as_table(films)
    if name == "questions":
        return pd.DataFrame(_questions(store, video))
    rows = [
        {"video": film.id, "path": film.path, **_flat(record)}
        for film in films
        for record in TABLES[name](store)(film.id)
    ]
    return pd.DataFrame(rows)


def as_table(records: Iterable[Any]) -> pd.DataFrame:
    """What a library gives -> a table with a row each: `videos()`, a search, `store.queries()`.

    Also an answer's evidence, and captions, boxes and lines of the store. What a moment's score was
    made of is in columns `parts.NAME`.
    """
    import pandas as pd

    return pd.DataFrame([_flat(record) for record in records])


def _flat(record: Any) -> dict[str, Any]:
    row = asdict(record)
    if isinstance(record, StoredVideo):
        row["settings"] = str(dict(record.settings))
    if isinstance(record, Evidence):
        row.pop("statements")
        row.update({f"parts.{name}": value for name, value in row.pop("parts").items()})
    if isinstance(record, StoredQuery):
        for name in ("options", "videos"):
            row[name] = "; ".join(row[name])
        row["models"] = record.models.get("answerer", "")
        row["evidence"] = "; ".join(f"{e.start_s:.2f}-{e.end_s:.2f}" for e in record.evidence)
        row.pop("usage")
    if (box := row.pop("xyxy_px", None)) is not None:
        row.update(zip(BOX, box, strict=True))
    return row


def _questions(store: Store, video: str | None) -> Iterable[dict[str, Any]]:
    said = {c.query: c for c in store.corrections()}
    for query in store.queries(1_000_000, video=video)[::-1]:
        correction = said.get(query.id)
        yield {
            **_flat(query),
            "verdict": correction.verdict if correction else "",
            "should_be": correction.answer if correction else "",
        }


TABLES: dict[str, Callable[[Store], Callable[[str], Iterable[Any]]]] = {
    "videos": lambda store: lambda video: (),
    "questions": lambda store: lambda video: (),
    "shots": lambda store: store.shots,
    "segments": lambda store: store.segments,
    "captions": lambda store: store.captions,
    "speech": lambda store: store.utterances,
    "text": lambda store: store.text_boxes,
    "boxes": lambda store: store.detections,
}
