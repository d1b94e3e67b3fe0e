"""Speech, text in the picture, captions or chapters of a film -> subtitles, WebVTT or SubRip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from svqa.database import Store
from svqa.errors import UsageError, unknown_name
from svqa.records import Caption, TextBox, Utterance

LANES = ("speech", "text", "captions", "chapters")
FORMATS = ("vtt", "srt")


def subtitles(store: Store, video: str, lane: str, kind: str) -> str:
    """-> the text of a subtitle file (`vtt` or `srt`) of one lane of a film.

    Chapters are the film's shots, each with what the caption at its beginning says. Raises
    UsageError for an unknown lane, or one in which nothing was found.
    """
    import pysubs2

    if kind not in FORMATS:
        raise UsageError(unknown_name("format", kind, FORMATS))
    file = pysubs2.SSAFile()
    for start_s, end_s, text in _lines(store, video, lane):
        event = pysubs2.SSAEvent(round(1000 * start_s), round(1000 * end_s))
        event.plaintext = _escaped(text)
        file.append(event)
    if not len(file):
        raise UsageError(f"Nothing of the kind '{lane}' was found in {video}.")
    file.sort()
    return file.to_string(kind)


def _lines(store: Store, video: str, lane: str) -> list[tuple[float, float, str]]:
    if lane == "chapters":
        return _chapters(store, video)
    readers: dict[str, Callable[[str], Sequence[Caption | Utterance | TextBox]]] = {
        "speech": store.utterances,
        "text": store.text_boxes,
        "captions": store.captions,
    }
    if lane not in readers:
        raise UsageError(unknown_name("lane", lane, LANES))
    return [(line.start_s, line.end_s, line.text) for line in readers[lane](video)]


def _chapters(store: Store, video: str) -> list[tuple[float, float, str]]:
    captions = store.captions(video)
    told = []
    for number, shot in enumerate(store.shots(video), start=1):
        said = [c.text for c in captions if c.start_s < shot.end_s and shot.start_s < c.end_s]
        told.append((shot.start_s, shot.end_s, said[0] if said else f"Shot {number}"))
    return told


def _escaped(text: str) -> str:
    """Words that are no markup: in both formats `<` opens a tag, and `{` one of SubStation's."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("{", "(").replace("}", ")").replace("-->", "→")
