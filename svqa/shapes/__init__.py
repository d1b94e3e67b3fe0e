"""A small world whose every answer is known.

Scene -> frames, sound, captions, boxes, tracks, questions.

>>> import numpy as np
>>> from svqa.shapes import Balance, frame_caption, frame_questions, render, sample_scene
>>> rng = np.random.default_rng(0)
>>> scene = sample_scene(rng)  # sample_still(rng, objects=1) is fast, for single frames
>>> render(scene, [0.5, 1.0], width_px=64)
FrameBatch(2 frames of 64 x 64, 0.50 s .. 1.00 s)
>>> frame_caption(scene, 0.5)
'a yellow circle, a green circle, a blue square and a purple triangle'
>>> frame_questions(scene, 0.5, rng, Balance())[0].text
'is there an orange triangle?'
"""

from __future__ import annotations

import lazy_loader

# what others may use, and where it lives, is in `__init__.pyi`
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
