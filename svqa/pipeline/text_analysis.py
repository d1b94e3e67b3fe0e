"""Pictures of a chunk -> the lines of text in them, each with the seconds during which it is there.

Reading takes seconds a picture and needs the file's own size, so one picture of a segment is read,
the one that is held longest, and a second one where it is held too and shows other words; none that
is a picture that was read before. Where else the lines can be seen is found without reading
(`text_seconds`), so that their seconds are those of the words and not those of the segment.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from svqa.media import Sampling, stream_frames
from svqa.models.base import TextReader
from svqa.pipeline.near_duplicates import is_same
from svqa.pipeline.standing_frames import SAME_S
from svqa.pipeline.text_seconds import TextTracks
from svqa.records import Segment, TextBox, TextLine


@dataclass(frozen=True)
class SegmentText:
    """All that can be read in a segment, a line a row, in reading order."""

    text: str
    start_s: float
    end_s: float


@dataclass
class _Look:
    """A picture (its row) in whose segment it was chosen, and the row that was read for it."""

    row: int
    read: int
    lines: list[TextLine] = field(default_factory=list)
    size_px: tuple[int, int] = (1, 1)  # of the picture that was read
    rows: list[int] = field(default_factory=list)  # in which the lines can be seen


def read_text(
    path: str,
    reader: TextReader,
    t_s: np.ndarray,
    small: np.ndarray,
    shows: np.ndarray,
    segments: Sequence[Segment],
    *,
    pixels: np.ndarray,
    decoder: str = "pyav",
) -> tuple[list[TextBox], list[SegmentText]]:
    """-> the lines, each once with all its seconds, and the text of each segment that has any.

    `t_s (T,)`, `small (T, h, w, 3)`, `shows (T,)`, `pixels (T, H, W, 3)`: seconds, thumbnails,
    repetitions (`near_duplicates`) and pictures of the chunk's frames. The lines of one moment are
    in reading order, boxes in pixels of the displayed frame.
    """
    ends = np.array([segment.end_s for segment in segments])
    owner = np.minimum(np.searchsorted(ends, t_s, side="right"), len(segments) - 1)
    tracks = TextTracks(pixels, shows)
    taken = np.zeros(len(t_s), bool)  # the pictures whose lines are known
    looks: list[_Look] = []
    for second in (False, True):
        fresh: list[_Look] = []
        for number, segment in enumerate(segments):
            inside = np.flatnonzero(owner == number)
            if second:
                known = [shows[look.row] for look in looks if owner[look.row] == number]
                inside = inside[~np.isin(shows[inside], known)]
            row = _held_longest(t_s, shows, inside, segment, least=2 if second else 1)
            if row is not None:
                same = (k.read for k in (*looks, *fresh) if is_same(small[row], small[k.row]))
                fresh.append(_Look(row, next(same, row)))
        if second:
            for look in looks:
                _give_up(look, np.isin(shows, [shows[k.row] for k in fresh]), taken)
        _read(path, reader, t_s, [*looks, *fresh], decoder)
        for look in fresh:
            inside = np.flatnonzero(owner == owner[look.row])
            _follow(tracks, look, inside, taken)
            if look.lines and len(look.rows) == 1:
                # letters over a picture that moves are not found again: somewhere in the segment
                before, after = _free_around(look, inside, taken)
                look.rows = [*before, look.row, *after]
                taken[look.rows] = True
        looks = sorted((*looks, *fresh), key=lambda look: look.row)
        for look in looks:  # into the segments around, where nothing else is written
            _follow(tracks, look, np.arange(len(t_s)), taken)
    for row in np.flatnonzero(~taken).tolist():  # what was read and comes again
        alike = (look for look in looks if is_same(small[row], small[look.row]))
        if not taken[row] and (seen := next(alike, None)):
            again = _Look(row, seen.read, seen.lines, seen.size_px)
            _follow(tracks, again, np.arange(len(t_s)), taken)
            looks.append(again)
    looks.sort(key=lambda look: look.row)
    return _told(looks, t_s, owner, segments, reader.model_id)


def in_reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """Row by row from the top, each from left to right.

    A line is in the row whose first line its middle lies beside.
    """
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: line.xyxy_px[1] + line.xyxy_px[3]):
        middle = (line.xyxy_px[1] + line.xyxy_px[3]) / 2
        if rows and rows[-1][0].xyxy_px[1] <= middle < rows[-1][0].xyxy_px[3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.xyxy_px[0])]


def _held_longest(
    t_s: np.ndarray, shows: np.ndarray, inside: np.ndarray, segment: Segment, *, least: int
) -> int | None:
    """-> of the rows `inside` the one whose picture is there longest, `least` times or oftener.

    Of equals, the one nearest to the segment's middle.
    """
    if not len(inside):
        return None
    held = np.array([(shows[inside] == shows[row]).sum() for row in inside])
    far = np.abs(t_s[inside] - (segment.start_s + segment.end_s) / 2)
    best = np.lexsort((far, -held))[0]
    return int(inside[best]) if held[best] >= least else None


def _read(
    path: str, reader: TextReader, t_s: np.ndarray, looks: Sequence[_Look], decoder: str
) -> None:
    """Give the looks that have not been read their lines; one picture at a time is in memory."""
    known = {look.read: look for look in looks if look.rows}
    rows = sorted({look.read for look in looks} - set(known))
    times_s = [float(t_s[row]) for row in rows]
    shown: list[tuple[float, list[TextLine], tuple[int, int]]] = []
    if times_s:
        with stream_frames(
            path,
            Sampling.at(times_s),
            size_px=None,
            start_s=times_s[0],
            batch=1,
            decoder=decoder,
        ) as frames:
            for batch in frames:
                lines = in_reading_order(reader.read(batch.pixels[0]))
                height, width = batch.pixels.shape[1:3]
                shown.append((float(batch.t_s[0]), lines, (width, height)))
    starts = np.array([t for t, _, _ in shown])  # a picture stands until the next one
    for look in looks:
        if look.read in known:
            look.lines, look.size_px = known[look.read].lines, known[look.read].size_px
        elif shown:
            at = np.searchsorted(starts, float(t_s[look.read]) + SAME_S, side="right") - 1
            _, look.lines, look.size_px = shown[max(0, int(at))]


def _follow(tracks: TextTracks, look: _Look, rows: np.ndarray, taken: np.ndarray) -> None:
    """Add those of `rows` around a look in which its lines can be seen and no other's are."""
    before, after = _free_around(look, rows, taken)
    seen = {look.row, *look.rows}
    for ahead in (before[::-1], after):
        seen.update(tracks.reach(look.row, look.lines, ahead, look.size_px))
    look.rows = sorted(seen)
    taken[look.rows] = True


def _give_up(look: _Look, rows: np.ndarray, taken: np.ndarray) -> None:
    """Take from a look the `rows` (T,) that are read themselves, and all that lies beyond them."""
    taken[look.rows] = False
    before, after = _run_around(look.row, set(look.rows) - set(np.flatnonzero(rows).tolist()))
    look.rows = [*before, look.row, *after]
    taken[look.rows] = True


def _free_around(look: _Look, rows: np.ndarray, taken: np.ndarray) -> tuple[list[int], list[int]]:
    """-> of `rows` those before and after a look's own, up to the next that another one has."""
    return _run_around(look.row, set(rows[~taken[rows]].tolist()) | set(look.rows))


def _run_around(row: int, rows: set[int]) -> tuple[list[int], list[int]]:
    """-> those of `rows` that follow each other without a gap up to `row`, and from it on."""
    before, after = (
        list(itertools.takewhile(rows.__contains__, itertools.count(row + step, step)))
        for step in (-1, 1)
    )
    return before[::-1], after


def _told(
    looks: Sequence[_Look],
    t_s: np.ndarray,
    owner: np.ndarray,
    segments: Sequence[Segment],
    model_id: str,
) -> tuple[list[TextBox], list[SegmentText]]:
    """Looks in the order of time -> their lines with seconds, and all that a segment shows."""
    boxes: list[TextBox] = []
    texts: dict[int, dict[str, None]] = {}
    for look in looks:
        first, last = look.rows[0], look.rows[-1]
        begins = first == 0 or owner[first - 1] != owner[first]
        ends = last + 1 == len(t_s) or owner[last + 1] != owner[last]
        start_s = segments[owner[first]].start_s if begins else float(t_s[first])
        end_s = segments[owner[last]].end_s if ends else float(t_s[last + 1])
        _add(boxes, look.lines, start_s, end_s, model_id)
        for number in np.unique(owner[look.rows]).tolist():
            texts.setdefault(number, {}).update(dict.fromkeys(line.text for line in look.lines))
    return boxes, [
        SegmentText("\n".join(texts[number]), segment.start_s, segment.end_s)
        for number, segment in enumerate(segments)
        if texts.get(number)
    ]


def _add(
    boxes: list[TextBox], lines: Sequence[TextLine], start_s: float, end_s: float, model_id: str
) -> None:
    """Lines -> new boxes, or more seconds for those that go on and say the same."""
    going_on = [i for i, box in enumerate(boxes) if box.end_s == start_s]
    for line in lines:
        same = next((i for i in going_on if boxes[i].text == line.text), None)
        if same is None:
            boxes.append(TextBox(line.text, start_s, end_s, line.score, line.xyxy_px, model_id))
        else:
            going_on.remove(same)
            best = max(boxes[same].score, line.score)
            boxes[same] = replace(boxes[same], end_s=end_s, score=best)
