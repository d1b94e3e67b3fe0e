from __future__ import annotations

import numpy as np

from svqa.records import Detection
from svqa.temporal import layout_vectors


def box(
    left: float, top: float, *, t_s: float = 0.0, label: str = "cat", score: float = 1.0
) -> Detection:
    return Detection(label, score, (left, top, left + 20, top + 20), t_s, "test")


def laid_out(*boxes: Detection, t_s=(0.0,), cells: int = 6) -> np.ndarray:
    return layout_vectors(boxes, np.array(t_s), width_px=120, height_px=120, cells=cells)


def test_a_box_lights_the_cell_it_is_in_whatever_it_is():
    for row, column in ((0, 0), (2, 5), (5, 1)):
        here = laid_out(box(column * 20, row * 20))
        assert here.shape == (1, 36) and here[0].argmax() == row * 6 + column
        np.testing.assert_array_equal(here, laid_out(box(column * 20, row * 20, label="dog")))


def test_boxes_add_up_and_others_times_are_left_out():
    two = laid_out(box(0, 0), box(100, 100, score=0.5), box(40, 40, t_s=9.0))
    np.testing.assert_allclose(two, laid_out(box(0, 0)) + 0.5 * laid_out(box(100, 100)), rtol=1e-6)
    assert not laid_out(box(0, 0), t_s=(1.0, 2.0)).any()


def test_near_places_are_alike_and_far_ones_are_not():
    a, near, far = (laid_out(box(left, 0))[0] for left in (0, 10, 100))
    cosine = lambda x, y: x @ y / np.linalg.norm(x) / np.linalg.norm(y)  # noqa: E731
    assert cosine(a, near) > 0.8 and cosine(a, far) < 0.1


def test_the_pictures_own_sides_are_the_scale():
    wide = layout_vectors([box(110, 40)], np.array([0.0]), width_px=240, height_px=100)
    np.testing.assert_allclose(
        wide, layout_vectors([box(50, 50)], np.array([0.0]), width_px=120, height_px=120), atol=1e-6
    )
