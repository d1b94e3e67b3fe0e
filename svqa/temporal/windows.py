"""Frame vectors and their times -> vectors that know what came before and after.

Everything takes `values (N, D)` and `t_s (N,)`, seconds in increasing order, and sums in float64,
so the running sums agree with adding up every window by hand. Windows are in seconds, not frames:
the sampling rate changes nothing.
"""

from __future__ import annotations

import math

import numpy as np

_EDGE_S = 1e-9  # a frame exactly on the window's edge is inside, whatever the rounding of its time
# running sums of weights further apart than e^16 would lose the small ones to rounding
_MAX_LOG_WEIGHT = 16.0


def slide_mean(values: np.ndarray, t_s: np.ndarray, *, window_s: float) -> np.ndarray:
    """-> (N, D) float32: mean of the frames within `window_s / 2` of each frame.

    Both edges are included. O(N).

    >>> vectors, t_s = np.array([[0.0], [3.0], [6.0]]), np.array([0.0, 1.0, 2.0])
    >>> slide_mean(vectors, t_s, window_s=2.0).ravel().tolist()
    [1.5, 3.0, 4.5]
    """
    values, t_s = _checked(values, t_s)
    low, high = _window(t_s, window_s)
    return (_running_sum(values, low, high) / (high - low)[:, None]).astype(np.float32)


def slide_exponential(values: np.ndarray, t_s: np.ndarray, *, half_life_s: float) -> np.ndarray:
    """-> (N, D) float32: mean of each frame and those before it.

    A frame `half_life_s` older weighs half. O(N).

    Looks back only, so it can run while a video is still arriving.
    """
    values, t_s = _checked(values, t_s)
    if not half_life_s > 0:
        raise ValueError(f"half_life_s must be > 0, got {half_life_s}")
    decay = 0.5 ** (np.diff(t_s, prepend=t_s[:1]) / half_life_s)
    out = np.empty(values.shape)
    total, weight = np.zeros(values.shape[1:]), 0.0
    for i in range(len(values)):
        total = total * decay[i] + values[i]
        weight = weight * decay[i] + 1.0
        out[i] = total / weight
    return out.astype(np.float32)


def slide_attention(
    values: np.ndarray,
    t_s: np.ndarray,
    query: np.ndarray,
    *,
    window_s: float,
    temperature: float = 0.1,
) -> np.ndarray:
    """-> (N, D) float32: window means in which a frame weighs exp(frame . query / temperature).

    O(N).

    query: (D,). A frame that looks like the query speaks for its window; a large temperature gives
    `slide_mean`. Raises ValueError where the weights are so far apart (e^16) that running sums
    would no longer be exact.
    """
    values, t_s = _checked(values, t_s)
    low, high = _window(t_s, window_s)
    if not len(values):
        return values.astype(np.float32)
    logits = values @ np.asarray(query, np.float64) / temperature
    if np.ptp(logits) > _MAX_LOG_WEIGHT:
        least = temperature * np.ptp(logits) / _MAX_LOG_WEIGHT
        raise ValueError(
            f"weights differ by e^{np.ptp(logits):.0f}, at most e^{_MAX_LOG_WEIGHT:.0f} is exact: "
            f"use a temperature of at least {least:.2g}, not {temperature}"
        )
    weight = np.exp(logits - logits.max())[:, None]
    return (_running_sum(weight * values, low, high) / _running_sum(weight, low, high)).astype(
        np.float32
    )


def deltas(values: np.ndarray, t_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-> (change, magnitude): change per second since the frame before, and its length.

    (N, D) float32 and (N,) float32.

    The first frame has no past: its change is 0.
    """
    values, t_s = _checked(values, t_s)
    change = np.zeros(values.shape)
    change[1:] = np.diff(values, axis=0) / np.diff(t_s)[:, None]
    return change.astype(np.float32), np.linalg.norm(change, axis=1).astype(np.float32)


def context_aware(
    values: np.ndarray, t_s: np.ndarray, *, near_s: float = 2.0, sharpness: float = 16.0
) -> np.ndarray:
    """-> (N, D) float32: each frame averaged with the frames near it in time that look like it.

    A neighbour dt seconds away weighs exp(-(dt / near_s)^2 / 2) times max(cosine, 0)^sharpness, so
    smoothing stops at a shot boundary instead of running across it; two pictures of one encoder are
    rarely less alike than 0.8, which at the default sharpness counts 0.03. Neighbours up to 3
    near_s count. O(N K), K frames in that reach. Tomasi and Manduchi 1998 (bilateral filter), over
    time instead of the picture.
    """
    values, t_s = _checked(values, t_s)
    if not near_s > 0:
        raise ValueError(f"near_s must be > 0, got {near_s}")
    unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    total, weight = values.copy(), np.ones(len(values))
    for step in range(1, len(values)):
        gap_s = t_s[step:] - t_s[:-step]
        close = np.flatnonzero(gap_s <= 3 * near_s)
        if not len(close):
            break
        left, right = close, close + step
        alike = np.clip(np.einsum("nd,nd->n", unit[left], unit[right]), 0, None) ** sharpness
        w = np.exp(-0.5 * (gap_s[close] / near_s) ** 2) * alike
        total[left] += w[:, None] * values[right]
        total[right] += w[:, None] * values[left]
        weight[left] += w
        weight[right] += w
    return (total / weight[:, None]).astype(np.float32)


def order_moments(values: np.ndarray, t_s: np.ndarray | None = None) -> np.ndarray:
    """-> (2, D) float32: how the vectors drift over the stretch.

    By the odd Legendre polynomials P1 and P3 of time.

    Time is scaled to [-1, 1]; rows are the mean of sqrt(2k + 1) P_k(time) (value - mean) for k = 1
    (from first to last) and k = 3 (an S). Both are odd: reversing the frames flips their sign
    exactly. `t_s` None means evenly spaced.
    """
    values = np.asarray(values, np.float64)
    t_s = np.arange(len(values), dtype=np.float64) if t_s is None else t_s
    values, t_s = _checked(values, t_s)
    if not len(values):
        raise ValueError("order needs at least one frame, got none")
    reach_s = (t_s[-1] - t_s[0]) / 2
    x = (t_s - (t_s[0] + t_s[-1]) / 2) / reach_s if reach_s > 0 else np.zeros(len(t_s))
    basis = np.stack([math.sqrt(3) * x, math.sqrt(7) * (5 * x**3 - 3 * x) / 2])
    # (2, N) (N, D) -> (2, D)
    return (basis @ (values - values.mean(axis=0)) / len(values)).astype(np.float32)


def order_aware(
    values: np.ndarray,
    t_s: np.ndarray | None = None,
    *,
    order_weight: float = 1.0,
    least_drift: float = 0.01,
) -> np.ndarray:
    """-> (3 D,) float32, length 1: what is seen, and in which order.

    It tells a video from its reverse.

    The first D numbers are the mean direction, the other 2 D the `order_moments`, each block of
    length 1 before `order_weight` is applied (frames of one video differ little, so unscaled the
    drift would drown in the mean). Drift under `least_drift` of the mean's length counts
    proportionally less: noise of a still picture is not an order. The product of two such vectors
    is (cosine of means + order_weight^2 cosine of drifts) / (1 + order_weight^2), and reversing one
    of them flips the sign of the second term only.
    """
    mean = np.asarray(values, np.float64).mean(axis=0)
    drift = order_moments(values, t_s).astype(np.float64).ravel()
    length = max(float(np.linalg.norm(mean)), 1e-12)
    drift = drift / max(float(np.linalg.norm(drift)), least_drift * length)
    out = np.concatenate([mean / length, order_weight * drift])
    return (out / max(float(np.linalg.norm(out)), 1e-12)).astype(np.float32)


def _checked(values: np.ndarray, t_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, t_s = np.asarray(values, np.float64), np.asarray(t_s, np.float64)
    if values.ndim != 2 or t_s.shape != (len(values),):
        raise ValueError(f"values must be (N, D) with t_s (N,), got {values.shape} and {t_s.shape}")
    if np.any(np.diff(t_s) <= 0):
        raise ValueError("t_s must be strictly increasing seconds; sort the frames by time first")
    return values, t_s


def _window(t_s: np.ndarray, window_s: float) -> tuple[np.ndarray, np.ndarray]:
    if not window_s >= 0:
        raise ValueError(f"window_s must be >= 0 seconds, got {window_s}")
    reach_s = window_s / 2 + _EDGE_S
    return np.searchsorted(t_s, t_s - reach_s, side="left"), np.searchsorted(
        t_s, t_s + reach_s, side="right"
    )


def _running_sum(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return total[high] - total[low]
