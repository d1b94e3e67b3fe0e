"""The cited seconds of an answer -> an edit list, OpenTimelineIO's or one of CMX 3600."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from svqa.database import Store, StoredQuery
from svqa.errors import UsageError
from svqa.media import is_object

if TYPE_CHECKING:
    import opentimelineio as otio

CMX = "cmx_3600"
MOST_WORDS = 120  # characters of a comment


def evidence_timeline(
    store: Store, query: StoredQuery, *, rate_hz: float | None = None
) -> otio.schema.Timeline:
    """-> one track with a clip a piece of evidence, in the order of the films' time.

    Each clip names its file and the answer it stands for. `rate_hz`: of its times, each film's own
    without. Raises UsageError where nothing is cited.
    """
    _need_library()
    import opentimelineio as otio

    if not query.evidence:
        raise UsageError(f"Question {query.id} cites no seconds: there is nothing to edit.")
    track = otio.schema.Track(name="evidence", kind=otio.schema.TrackKind.Video)
    for found in sorted(query.evidence, key=lambda e: (e.path, e.start_s, e.end_s)):
        video = store.find_video(found.video)
        rate = rate_hz or video.rate_hz or 25.0

        def time(seconds: float, rate: float = rate) -> otio.opentime.RationalTime:
            return otio.opentime.RationalTime(round(seconds * rate), rate)

        reference = otio.schema.ExternalReference(
            target_url=_address(found.path),
            available_range=otio.opentime.TimeRange(time(0), time(video.duration_s)),
        )
        begin, end = time(found.start_s), time(found.end_s)
        span = otio.opentime.TimeRange(begin, max(end - begin, otio.opentime.RationalTime(1, rate)))
        clip = otio.schema.Clip(Path(found.path).name, reference, span)
        clip.metadata["svqa"] = {"kind": found.kind, "text": found.text, "score": found.score}
        track.append(clip)
    timeline = otio.schema.Timeline(name=query.question)
    timeline.metadata["svqa"] = {"question": query.question, "answer": query.answer}
    timeline.tracks.append(track)
    return timeline


def _address(path: str) -> str:
    return path if is_object(path) else Path(path).absolute().as_uri()


def evidence_edl(store: Store, query: StoredQuery) -> str:
    """-> the same as a list of CMX 3600, with the words of each piece of evidence as a comment.

    Its times are counted at the rate of timecode that is nearest to that of the first film. Raises
    UsageError where nothing is cited.
    """
    _need_library()
    import opentimelineio as otio

    first = store.find_video(query.evidence[0].video) if query.evidence else None
    rate = otio.opentime.RationalTime.nearest_smpte_timecode_rate((first and first.rate_hz) or 25.0)
    timeline = evidence_timeline(store, query, rate_hz=rate)
    timeline.name = _line(timeline.name)
    for clip in timeline.find_clips():
        clip.name = _line(clip.name)
        clip.metadata[CMX] = {"comments": [_line(clip.metadata["svqa"]["text"]) or "evidence"]}
    try:
        return str(otio.adapters.write_to_string(timeline, adapter_name=CMX, rate=rate))
    except otio.exceptions.NotSupportedError as error:
        needs = "otio-cmx3600-adapter is not installed. Run: pip install 'svqa[exchange]'"
        raise ImportError(f"{needs} ({error})") from None


def _need_library() -> None:
    """Raises ImportError, which says what to install, where OpenTimelineIO is missing."""
    try:
        import opentimelineio  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{error}. Run: pip install 'svqa[exchange]'") from None


def _line(text: str) -> str:
    """Words of a film or a question as one line, which no further entry of the list can hide in."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()[
        :MOST_WORDS
    ]
