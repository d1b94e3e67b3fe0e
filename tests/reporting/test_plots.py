"""What is drawn is what was given: spans, boxes, and every interval to both its ends."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas

import svqa.reporting as plots
from svqa.records import Answer, Detection, Evidence, FrameBatch, Segment

matplotlib.use("Agg")


def axes():
    return Canvas().subplots()


def evidence(start_s, end_s, score=1.0, kind="visual") -> Evidence:
    return Evidence("v", "v.mp4", start_s, end_s, score, kind)


def box(t_s, track_id=None, label="red star", xyxy_px=(20.0, 30.0, 60.0, 70.0)):
    return Detection(label, 0.5, xyxy_px, t_s, "m", track_id)


def intervals(ax) -> list[tuple[float, float]]:
    """-> (low, high) of every horizontal error bar, sorted."""
    lines = [np.asarray(line.get_xdata(), float) for line in ax.lines if line.get_ls() != "None"]
    ends = [(float(x.min()), float(x.max())) for x in (x[~np.isnan(x)] for x in lines) if len(x)]
    return sorted((low, high) for low, high in ends if low < high)


def row_names(ax) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def test_the_timeline_draws_each_span_where_it_is():
    answer = Answer("yes", 0.9, "m", evidence=(evidence(2, 4),))
    found = [evidence(2, 4), evidence(6, 7, 0.5, "speech")]
    shots = [Segment(0, 12, "shot")]
    ax = plots.timeline_strip(axes(), duration_s=12, shots=shots, evidence=found, answer=answer)
    boxes = [c.get_paths()[0].get_extents() for c in ax.collections]
    assert [(b.x0, b.x1) for b in boxes] == [(0, 12), (2, 4), (6, 7), (2, 4)]
    assert ax.get_xlim() == (0, 12) and "[s]" in ax.get_xlabel()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["visual", "speech"]


def test_bars_and_forest_draw_the_whole_interval():
    rows = {"offline": (0.5, 0.4, 0.7), "blind": (0.3, 0.2, 0.35)}
    bars = plots.bars_with_intervals(axes(), rows, unit="share right")
    assert intervals(bars) == [(0.2, 0.35), (0.4, 0.7)]
    assert sorted(bar.get_width() for bar in bars.patches if bar.get_width()) == [0.3, 0.5]
    assert row_names(bars) == ["offline", "blind"] and bars.get_xlabel() == "share right"
    assert intervals(plots.forest(axes(), rows)) == [(0.2, 0.35), (0.4, 0.7)]
    for draw in (plots.bars_with_intervals, plots.forest):
        with pytest.raises(ValueError, match="low <= value <= high"):
            draw(axes(), {"a": (0.5, 0.6, 0.7)})
        assert intervals(draw(axes(), {})) == []


def test_a_forest_fills_the_dot_of_a_difference_that_leaves_out_zero_and_writes_its_numbers():
    ax = plots.forest(axes(), {"sure": (4.0, 1.0, 7.0), "open": (1.0, -2.0, 4.0)}, margin=2)
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces == [plots.EVIDENCE, "white"]
    assert [t.get_text() for t in ax.texts] == ["+4.0 [+1.0, +7.0]", "+1.0 [-2.0, +4.0]"]


def test_every_model_has_a_dot_in_every_group_with_its_interval():
    series = {
        "frozen": {"order": (5, 4, 7), "place": (90, 88, 91)},
        "full": {"order": (50, 40, 60), "place": (80, 79, 82)},
    }
    ax = plots.dots_by_group(axes(), series, unit="right [%]")
    assert intervals(ax) == [(4, 7), (40, 60), (79, 82), (88, 91)]
    assert row_names(ax) == ["order", "place"] and ax.get_xlabel() == "right [%]"
    handles, names = ax.get_legend_handles_labels()
    assert names == ["frozen", "full"]
    colours = [matplotlib.colors.to_hex(handle.get_color()) for handle in handles]
    assert colours == [plots.colour_of(name) for name in names]
    with pytest.raises(ValueError, match="low <= value"):
        plots.dots_by_group(axes(), {"full": {"order": (5, 6, 7)}})


def test_values_and_baselines_stand_each_on_its_row_and_a_bar_leads_from_the_best_baseline():
    rows = {"colour": (0.9, 0.8, 1.0), "order": (0.5, 0.4, 0.6)}
    baselines = {"blind": {"order": 0.45, "colour": 0.2}, "chance": {"order": 0.5}}
    ax = plots.values_with_baselines(axes(), rows, baselines, label="shapes")
    assert intervals(ax) == [(0.4, 0.6), (0.8, 1.0)]
    marks, *bars = ax.collections
    assert sorted(map(tuple, marks.get_offsets().tolist())) == [(0.2, 0), (0.45, 1), (0.5, 1)]
    ends = [bar.get_segments()[0][:, 0].tolist() for bar in bars]
    assert ends == [[0.2, 0.9], [0.5, 0.5]] and row_names(ax) == ["colour", "order"]
    assert ax.get_legend_handles_labels()[1] == ["shapes", "blind", "chance"]


def test_reliability_draws_what_was_right_against_what_was_stated():
    ax = plots.reliability(axes(), [0.2, 0.8], [(0.1, 0.0, 0.2), (0.7, 0.6, 0.9)], label="offline")
    diagonal, line = ax.lines[:2]
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert line.get_xydata().tolist() == [[0.2, 0.1], [0.8, 0.7]]
    bars = [s for c in ax.collections if hasattr(c, "get_segments") for s in c.get_segments()]
    assert sorted(s[:, 1].tolist() for s in bars) == [[0.0, 0.2], [0.6, 0.9]]


def test_a_similarity_map_has_its_cuts_and_ticks_at_their_seconds():
    t_s = np.arange(0.0, 8.0, 0.5)
    ax = plots.similarity_map(axes(), np.eye(16), t_s, cuts_s=[4.0], lowest=-0.5)
    (mesh,) = ax.collections
    assert mesh.get_clim() == (-0.5, 1)
    assert ax.lines[0].get_xdata()[0] == 8.5, "the middle of the cell of 4 s"
    ticks = dict(zip((t.get_text() for t in ax.get_xticklabels()), ax.get_xticks(), strict=True))
    assert ticks["4"] == 8.5 and "[s]" in ax.get_xlabel()
    with pytest.raises(ValueError, match=r"\(3, 3\)"):
        plots.similarity_map(axes(), np.eye(2), np.arange(3.0))


def test_a_model_has_one_colour_everywhere():
    assert plots.colour_of("offline") == plots.colour_of("offline: conse + tags")
    assert plots.colour_of("my-model") == plots.colour_of("my-model")
    names = ("offline", "shapes", "hub", "lora", "full", "frozen", "blind")
    assert len({plots.colour_of(name) for name in names}) == len(names)


def test_a_box_is_drawn_around_what_it_holds_in_its_tracks_colour():
    ax = plots.frame_with_boxes(axes(), np.zeros((100, 200, 3), np.uint8), [box(0.0, 2)])
    rim, line = (patch.get_bbox().extents.tolist() for patch in ax.patches)
    assert rim == line == [18, 28, 62, 72], "a hundredth of the width outside"
    edge = matplotlib.colors.to_hex(ax.patches[1].get_edgecolor())
    assert edge == plots.colour_of_track(2) != plots.colour_of_track(1)
    assert [t.get_text() for t in ax.texts] == ["2"]


def test_the_name_of_a_box_at_the_right_edge_stays_in_the_frame():
    at_left, at_right = box(0.0), box(0.0, xyxy_px=(150.0, 30.0, 190.0, 70.0))
    frame = np.zeros((100, 200, 3), np.uint8)
    ax = plots.frame_with_boxes(axes(), frame, [at_left, at_right], names=True)
    assert [t.get_text() for t in ax.texts] == ["red star 0.50"] * 2
    assert [t.get_ha() for t in ax.texts] == ["left", "right"]


def test_a_track_is_a_row_that_breaks_where_its_label_changes_or_it_was_not_seen():
    seen = [
        box(0.0, 1),
        box(0.5, 1),
        box(1.0, 1, "blue star"),
        box(3.0, 1, "blue star"),
        box(0.5, 2, "green circle"),
    ]
    ax = plots.tracks_over_time(axes(), seen, duration_s=4.0)
    drawn = [c.get_paths()[0].get_extents() for c in ax.collections]
    assert [(e.x0, e.x1) for e in drawn] == [(0, 1), (1, 1.5), (3, 3.5), (0.5, 1)]
    names = ["red star", "blue star", "blue star", "green circle"]
    assert [t.get_text() for t in ax.texts] == names
    assert row_names(ax) == ["track 1", "track 2"] and "[s]" in ax.get_xlabel()


def test_thumbnails_are_one_a_frame_with_a_title_each():
    batch = FrameBatch(np.zeros((2, 4, 6, 3), np.uint8), np.array([0.0, 0.5]))
    fig = plots.thumbnails(Canvas(), batch)
    assert [ax.get_title() for ax in fig.axes] == ["0.0 s", "0.5 s"]
    with pytest.raises(ValueError, match="2 frames, 1 titles"):
        plots.thumbnails(Canvas(), batch, ["one"])
