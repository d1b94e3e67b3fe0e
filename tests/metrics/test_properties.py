"""What must hold of the metrics whatever the numbers are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from svqa.metrics import (
    bootstrap_over_groups,
    holm,
    normalise,
    risk_coverage,
    softmax,
    temporal_iop,
    temporal_iou,
    token_f1,
)

SECONDS = st.floats(0.0, 1e4)
SPANS = st.tuples(SECONDS, st.floats(0.01, 1e3)).map(lambda x: (x[0], x[0] + x[1]))
SHARES = st.floats(0.0, 1.0)


@given(SPANS, SPANS)
def test_temporal_iou_is_symmetric_bounded_and_one_only_with_itself(a, b):
    iou = temporal_iou(a, [b])
    assert 0 <= iou <= 1 and iou == pytest.approx(temporal_iou(b, [a]))
    assert iou <= temporal_iop(a, [b]) + 1e-9, "what both have is no more of either than of one"
    assert temporal_iou(a, [a]) == pytest.approx(1)


@given(SPANS, st.lists(SPANS, min_size=1, max_size=4), SPANS)
def test_one_more_marked_span_never_lowers_the_iou(found, marked, more):
    assert temporal_iou(found, [*marked, more]) >= temporal_iou(found, marked)


@given(st.lists(SHARES, min_size=1, max_size=12))
def test_holm_keeps_the_order_and_never_helps(p_values):
    raw = {str(i): p for i, p in enumerate(p_values)}
    adjusted = holm(raw)
    assert all(p <= adjusted[name] <= min(1, len(raw) * p) or p > 1 for name, p in raw.items())
    by_raw = sorted(raw, key=lambda name: raw[name])
    assert [adjusted[n] for n in by_raw] == sorted(adjusted.values()), "monotone in the raw values"


@given(
    st.lists(st.tuples(SHARES, st.integers(0, 5)), min_size=1, max_size=30),
    st.integers(0, 2**31),
)
def test_an_interval_holds_the_mean_and_stays_within_what_values_can_be(rows, seed):
    values, groups = zip(*rows, strict=True)
    found = bootstrap_over_groups(values, groups, seed, n=200)
    assert found.value == pytest.approx(np.mean(values)) and found.n == len(values)
    assert 0 <= found.low <= found.value + 1e-9 and found.value - 1e-9 <= found.high <= 1
    if len(set(groups)) < 4:  # three videos at their best leave [0.29, 1]
        assert found.high - found.low > 0.7


@given(st.lists(SHARES, min_size=4, max_size=20), st.integers(0, 99))
def test_an_interval_holds_the_mean_and_that_of_the_mirrored_values_is_mirrored(values, seed):
    groups = list(range(len(values)))
    one = bootstrap_over_groups(values, groups, seed, n=300)
    other = bootstrap_over_groups([1 - v for v in values], groups, seed, n=300)
    assert other.low == pytest.approx(1 - one.high) and other.high == pytest.approx(1 - one.low)
    assert one.low - 1e-9 <= one.value <= one.high + 1e-9


@given(st.text(max_size=40), st.text(max_size=40))
def test_token_f1_is_symmetric_and_one_for_the_same_words(a, b):
    assert token_f1(a, b) == pytest.approx(token_f1(b, a))
    if normalise(a):
        assert token_f1(a, a) == 1
    assert 0 <= token_f1(a, b) <= 1


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=1, max_size=8))
def test_softmax_is_a_share_that_does_not_see_a_common_shift(rows):
    logits = np.array(rows)
    shares = softmax(logits)
    np.testing.assert_allclose(shares.sum(axis=-1), 1)
    np.testing.assert_allclose(shares, softmax(logits + 7.5), atol=1e-12)


@given(st.lists(st.tuples(SHARES, st.booleans()), min_size=1, max_size=30))
def test_answering_everything_has_the_risk_of_all_answers(rows):
    scores, right = (np.array(column) for column in zip(*rows, strict=True))
    curve = risk_coverage(scores, right)
    assert curve.coverage[-1] == pytest.approx(1)
    assert curve.risk[-1] == pytest.approx(1 - right.mean())
    assert all(0 <= risk <= 1 and math.isfinite(risk) for risk in curve.risk)
