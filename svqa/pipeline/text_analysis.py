"""Pictures of a chunk -> the lines of text in them, each with the seconds during which it is there.

Reading takes seconds a picture and needs the file's own size, so one picture of a segment is read,
the one that is held longest, and only where it is not the picture that was read last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from svqa.media import Sampling, stream_frames
from svqa.models.base import TextReader
from svqa.pipeline.near_duplicates import is_same
from svqa.pipeline.standing_frames import SAME_S
from svqa.records import Segment, TextBox, TextLine


@dataclass(frozen=True)
class SegmentText:
    """All that can be read in a segment, a line a row, in reading order."""

    text: str
    start_s: float
    end_s: float


def read_text(
    path: str,
    reader: TextReader,
    t_s: np.ndarray,
    small: np.ndarray,
    shows: np.ndarray,
    segments: Sequence[Segment],
    *,
    decoder: str = "pyav",
) -> tuple[list[TextBox], list[SegmentText]]:
    """-> the lines, each once with all its seconds, and the text of each segment that has any.

    `t_s (T,)`, `small (T, h, w, 3)`, `shows (T,)`: seconds, thumbnails and repetitions of the
    chunk's frames (`near_duplicates`). The lines of one moment are in reading order, boxes in
    pixels of the displayed frame.
    """
    looks: list[tuple[Segment, int]] = []  # a segment and the row that is read for it
    for segment in segments:
        row = _held_longest(t_s, shows, segment)
        if row is not None:
            again = bool(looks) and is_same(small[row], small[looks[-1][1]])
            looks.append((segment, looks[-1][1] if again else row))
    read = _read(path, reader, sorted({float(t_s[row]) for _, row in looks}), decoder)
    boxes: list[TextBox] = []
    texts: list[SegmentText] = []
    for segment, row in looks:
        lines = read.get(float(t_s[row]), [])
        _add(boxes, lines, segment, reader.model_id)
        if lines:
            text = "\n".join(line.text for line in lines)
            texts.append(SegmentText(text, segment.start_s, segment.end_s))
    return boxes, texts


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


def _held_longest(t_s: np.ndarray, shows: np.ndarray, segment: Segment) -> int | None:
    """-> the segment's row whose picture is there longest; of equals, nearest to the middle."""
    inside = np.flatnonzero((t_s >= segment.start_s) & (t_s < segment.end_s))
    if not len(inside):
        return None
    held = np.array([(shows[inside] == shows[row]).sum() for row in inside])
    far = np.abs(t_s[inside] - (segment.start_s + segment.end_s) / 2)
    return int(inside[np.lexsort((far, -held))[0]])


def _read(
    path: str, reader: TextReader, times_s: Sequence[float], decoder: str
) -> dict[float, list[TextLine]]:
    """-> {second: its lines that count, in reading order}; one picture at a time is in memory."""
    if not times_s:
        return {}
    shown: list[tuple[float, list[TextLine]]] = []
    with stream_frames(
        path,
        Sampling.at(times_s),
        size_px=None,
        start_s=times_s[0],
        batch=1,
        decoder=decoder,
    ) as frames:
        for batch in frames:
            shown.append((float(batch.t_s[0]), in_reading_order(reader.read(batch.pixels[0]))))
    if not shown:
        return {}
    starts = np.array([t_s for t_s, _ in shown])  # a picture stands until the next one
    rows = np.searchsorted(starts, np.asarray(times_s) + SAME_S, side="right") - 1
    return {t_s: shown[max(0, row)][1] for t_s, row in zip(times_s, rows, strict=True)}


def _add(boxes: list[TextBox], lines: Sequence[TextLine], segment: Segment, model_id: str) -> None:
    """Lines of a segment -> new boxes, or more seconds for those that go on and say the same."""
    going_on = [i for i, box in enumerate(boxes) if box.end_s == segment.start_s]
    for line in lines:
        same = next((i for i in going_on if boxes[i].text == line.text), None)
        if same is None:
            start_s, end_s, score = segment.start_s, segment.end_s, line.score
            boxes.append(TextBox(line.text, start_s, end_s, score, line.xyxy_px, model_id))
        else:
            going_on.remove(same)
            best = max(boxes[same].score, line.score)
            boxes[same] = replace(boxes[same], end_s=segment.end_s, score=best)
