"""Found seconds and the seconds people marked -> temporal IoU, IoP, hit@1, recall@k, MRR. Pure.

A question may have several marked spans; a found span is held against the one it fits best (the
maximum, as the official NExT-GQA code does; Xiao et al. 2024, arXiv:2309.01327). IoP alone can be
gamed by tiny spans: show IoU beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

Span = tuple[float, float]


def temporal_iou(found: Span, marked: Sequence[Span]) -> float:
    """Seconds in both / seconds in either, the best over `marked`.

    Half-open spans in seconds; 0 without overlap.

    >>> temporal_iou((0.0, 10.0), [(5.0, 15.0), (90.0, 99.0)])
    0.3333333333333333
    """
    return max(
        _overlap_s(found, m) / max(_length_s(found) + _length_s(m) - _overlap_s(found, m), 1e-12)
        for m in _some(marked)
    )


def temporal_iop(found: Span, marked: Sequence[Span]) -> float:
    """Seconds in both / seconds of the found span (its "precision"), the best over `marked`.

    >>> temporal_iop((0.0, 10.0), [(5.0, 15.0)])
    0.5
    """
    return max(_overlap_s(found, m) / max(_length_s(found), 1e-12) for m in _some(marked))


def inside(t_s: float, marked: Sequence[Span]) -> bool:
    """Whether a moment lies in one of the marked spans, both ends included.

    Hit@1 where `t_s` is the best frame's time.
    """
    return any(start_s <= t_s <= end_s for start_s, end_s in _some(marked))


def recall_at_k(relevant: Sequence[bool], k: int) -> float:
    """1.0 if any of the first k ranked items is right, else 0.0.

    `relevant`: whether each item is right, best first.

    >>> recall_at_k([False, True], 1), recall_at_k([False, True], 2)
    (0.0, 1.0)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    return float(any(relevant[:k]))


def reciprocal_rank(relevant: Sequence[bool]) -> float:
    """1 / rank of the first right item, ranks from 1; 0.0 where none is right. Its mean is the MRR.

    >>> reciprocal_rank([False, True, True])
    0.5
    """
    return next((1.0 / rank for rank, right in enumerate(relevant, start=1) if right), 0.0)


def grounding_values(found: Span, marked: Sequence[Span]) -> dict[str, float]:
    """The measures of one question: IoU, IoP, whether each reaches 0.3 and 0.5, IoU 0.7.

    `iou`, `iou_at_03`, `iou_at_05`, `iou_at_07`, `iop`, `iop_at_03`, `iop_at_05`: means over
    questions are the published mIoU, IoU@0.3 (R@1 at it, where one span is found) and so on.
    """
    iou, iop = temporal_iou(found, marked), temporal_iop(found, marked)
    return {
        "iou": iou,
        "iou_at_03": float(iou >= 0.3),
        "iou_at_05": float(iou >= 0.5),
        "iou_at_07": float(iou >= 0.7),
        "iop": iop,
        "iop_at_03": float(iop >= 0.3),
        "iop_at_05": float(iop >= 0.5),
    }


def ranking_values(order_t_s: Sequence[float], marked: Sequence[Span]) -> dict[str, float]:
    """One question's `hit_at_1`, `recall_at_5` and `reciprocal_rank`.

    Of frame times ranked best first.
    """
    relevant = [inside(t, marked) for t in order_t_s]
    return {
        "hit_at_1": recall_at_k(relevant, 1),
        "recall_at_5": recall_at_k(relevant, 5),
        "reciprocal_rank": reciprocal_rank(relevant),
    }


def _overlap_s(a: Span, b: Span) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def _length_s(span: Span) -> float:
    return max(0.0, span[1] - span[0])


def _some(marked: Sequence[Span]) -> Sequence[Span]:
    if not len(marked):
        raise ValueError(
            "a question without marked spans cannot be scored; leave it out and say how many were"
        )
    return marked
