"""Hits of a search -> the frames an answerer is shown, each with how much it is trusted.

Coarse to fine: the segments say which stretches of the video fit, by pictures and by words. A
caption that names all that the question names vouches for the middle of its stretch, which it
describes; elsewhere the frame level says which frame of the stretch fits best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from svqa.database import Store, StoredVideo
from svqa.language.question_parser import parse_question
from svqa.language.tokenization import content_stems
from svqa.media import Sampling, read_frames
from svqa.models.zoo import ModelSet
from svqa.pipeline.search import DEPTH, search
from svqa.pipeline.search_cache import SearchCache
from svqa.records import Evidence, FrameBatch
from svqa.settings import Settings

LOOKS = 8  # frames that are shown, at most
# words that no caption needs to say
_ANYTHING = frozenset(content_stems("object thing something anything"))


def frames_to_show(
    store: Store, models: ModelSet, text: str, stretches: Sequence[Evidence], *, cache: SearchCache
) -> dict[float, Evidence]:
    """-> {second of a frame: its evidence}, in time order, `LOOKS` at most.

    `stretches`: of one video, best first.

    Every stretch shows one frame, which has its score. Then the frames that fit best by their
    picture fill what room is left, for at most half the score of their stretch. No stretch shows no
    frame.
    """
    if not stretches:
        return {}
    seen = search(
        store, models, text, videos=[stretches[0].video], level="frame", k=DEPTH, cache=cache
    )
    named = set(content_stems(text)) - set(content_stems(parse_question(text).focus)) - _ANYTHING
    first: dict[float, Evidence] = {}
    others: dict[float, Evidence] = {}
    for stretch in stretches:
        inside = [f for f in seen if stretch.start_s <= f.start_s < stretch.end_s]  # best first
        if named <= set(content_stems(stretch.text)) or not inside:
            first[(stretch.start_s + stretch.end_s) / 2] = stretch
        else:
            first[inside[0].start_s] = replace(inside[0], score=stretch.score, text=stretch.text)
        others |= {
            f.start_s: replace(f, score=stretch.score * f.score / 2, text=stretch.text)
            for f in inside
        }
    fill = sorted(others.keys() - first.keys(), key=lambda t_s: (-others[t_s].score, t_s))
    kept = [*first, *fill][:LOOKS]
    return {t_s: {**others, **first}[t_s] for t_s in sorted(kept)}


def frames_of(store: Store, video: str, times_s: Sequence[float]) -> FrameBatch:
    """The frames of these seconds, as they are shown."""
    stored = store.find_video(video)
    return frames_as_shown(stored.path, times_s, size_px=shown_px(stored))


def shown_px(stored: StoredVideo) -> int:
    """-> the size in which frames of a video are shown: that in which it was analysed."""
    return int(stored.settings.get("analysis_px") or Settings.analysis_px)


def frames_as_shown(path: str | Path, times_s: Sequence[float], *, size_px: int) -> FrameBatch:
    """-> the frames of these seconds, in their own shape."""
    return read_frames(path, Sampling.at(times_s), size_px=size_px, fit="shrink")
