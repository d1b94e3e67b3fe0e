"""The cited seconds of an answer -> an edit list: OpenTimelineIO's, which editing programs read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from svqa.database import Store, StoredQuery
from svqa.errors import UsageError

if TYPE_CHECKING:
    import opentimelineio as otio


def evidence_timeline(store: Store, query: StoredQuery) -> otio.schema.Timeline:
    """-> one track with a clip a piece of evidence, in the order of the films' time.

    Each clip names its file and the answer it stands for. Raises UsageError where nothing is cited.
    """
    import opentimelineio as otio

    if not query.evidence:
        raise UsageError(f"Question {query.id} cites no seconds: there is nothing to edit.")
    track = otio.schema.Track(name="evidence", kind=otio.schema.TrackKind.Video)
    for found in sorted(query.evidence, key=lambda e: (e.path, e.start_s, e.end_s)):
        video = store.find_video(found.video)
        rate = video.rate_hz or 25.0

        def time(seconds: float, rate: float = rate) -> otio.opentime.RationalTime:
            return otio.opentime.RationalTime(round(seconds * rate), rate)

        reference = otio.schema.ExternalReference(
            target_url=Path(found.path).absolute().as_uri(),
            available_range=otio.opentime.TimeRange(time(0), time(video.duration_s)),
        )
        span = otio.opentime.TimeRange(time(found.start_s), time(found.end_s - found.start_s))
        clip = otio.schema.Clip(Path(found.path).name, reference, span)
        clip.metadata["svqa"] = {"kind": found.kind, "text": found.text, "score": found.score}
        track.append(clip)
    timeline = otio.schema.Timeline(name=query.question)
    timeline.metadata["svqa"] = {"question": query.question, "answer": query.answer}
    timeline.tracks.append(track)
    return timeline
