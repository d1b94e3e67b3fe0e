"""A dot a model and group, with its whole interval, in the model's colour."""

from __future__ import annotations

import pytest

from svqa.reporting import plots


def drawn(series):
    from matplotlib.figure import Figure as Canvas

    ax = plots.dots_by_group(Canvas().subplots(), series, unit="right [%]")
    ends = [tuple(s[:, 0].round(6)) for c in ax.containers for s in c[2][0].get_segments()]
    return ax, sorted(ends)


def test_every_model_has_a_dot_in_every_group_with_its_interval():
    frozen, full = (
        {"order": (5, 4, 7), "place": (90, 88, 91)},
        {"order": (50, 40, 60), "place": (80, 79, 82)},
    )
    ax, ends = drawn({"frozen": frozen, "full": full})
    assert ends == [(4, 7), (40, 60), (79, 82), (88, 91)]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "order",
        "place",
    ] and ax.get_xlabel() == "right [%]"
    assert [c[0].get_color() for c in ax.containers] == [
        plots.colour_of("frozen"),
        plots.colour_of("full"),
    ]


def test_one_model_stands_on_the_line_and_a_wrong_interval_is_refused():
    ax, _ = drawn({"full": {"order": (5, 4, 7)}})
    assert ax.containers[0][0].get_ydata().tolist() == [0]
    with pytest.raises(ValueError, match="low <= value"):
        drawn({"full": {"order": (5, 6, 7)}})
