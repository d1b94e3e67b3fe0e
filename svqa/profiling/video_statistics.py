"""A stored video -> what its ingest cost and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from svqa.database.store import Store
    from svqa.database.stored_records import StoredVideo


@dataclass(frozen=True)
class VideoStatistics(Mapping[str, Any]):
    """What ingesting a video cost and what came of it; read like a record or like a mapping.

    `processing`: seconds by stage (`stage_s`), all of them (`total_s`), seconds of video a second
    (`real_time_factor`), rows and bytes. `quality`: captions (words, variety), confidence of boxes
    and captions (count, quartiles), and the questions that named this video (asked, shares answered
    and abstained, latency percentiles). None: nothing measured.
    """

    video: str
    path: str
    status: str
    processing: Mapping[str, Any]
    quality: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """`statistics["processing"]["frames"]`; a nested name may be joined by dots."""
        value: Any = vars(self)
        for part in name.split("."):
            value = value[part]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))

    def __str__(self) -> str:
        """A line a figure, nested names joined by dots."""
        rows = list(flat(vars(self)))
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {_text(value)}" for name, value in rows)


def video_statistics(store: Store, video: StoredVideo) -> VideoStatistics:
    """A store and one of its videos -> what it cost and gave."""
    processing, quality = _processing(store, video), _quality(store, video.id)
    return VideoStatistics(video.id, video.path, video.status, processing, quality)


def flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """A nested mapping -> (name joined by dots, value) of every leaf."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Nearest rank, so that it is a value that occurred; None for no values."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)] if ordered else None


def _text(value: Any) -> str:
    if value is None:
        return "not measured"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _processing(store: Store, video: StoredVideo) -> dict[str, Any]:
    measured = store.metrics(video.id)
    stages = {name: value for name, value in measured.items() if name.endswith("_s")}
    total_s = stages.pop("total_s", None) or sum(stages.values()) or None
    return {
        "duration_s": video.duration_s,
        "stage_s": stages,
        "total_s": total_s,
        "real_time_factor": video.duration_s / total_s if total_s else None,
        "frames": video.frames,
        "frames_skipped": measured.get("frames_skipped"),
        "segments": video.segments,
        "shots": len(store.shots(video.id)),
        "file_bytes": video.size_bytes,
        "vector_bytes": store.vector_bytes(video.id),
    }


def _quality(store: Store, video: str) -> dict[str, Any]:
    captions, boxes, outcomes = (
        store.captions(video),
        store.detections(video),
        store.outcomes(video),
    )
    words = [word for caption in captions for word in caption.text.lower().split()]
    asked = [o for o in outcomes if o.kind == "ask"]
    return {
        "captions": {
            "n": len(captions),
            "words_mean": len(words) / len(captions) if captions else None,
            "distinct_share": len({c.text for c in captions}) / len(captions) if captions else None,
            "vocabulary": len(set(words)),
        },
        "caption_confidence": _spread([c.score for c in captions]),
        "box_confidence": _spread([b.score for b in boxes]),
        "utterances": len(store.utterances(video)),
        "text_lines": len(store.text_boxes(video)),
        "questions": {
            "n": len(asked),
            "answered_share": sum(not o.abstained for o in asked) / len(asked) if asked else None,
            "abstained_share": sum(o.abstained for o in asked) / len(asked) if asked else None,
            "latency_ms": {
                f"p{p}": percentile([o.latency_ms for o in outcomes], p) for p in (50, 90, 99)
            },
        },
    }


def _spread(scores: Sequence[float]) -> dict[str, float | int | None]:
    return {"n": len(scores), **{f"p{p}": percentile(scores, p) for p in (25, 50, 75)}}
