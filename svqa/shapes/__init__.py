"""A small world whose every answer is known.

Scene -> frames, sound, captions, boxes, tracks, questions.

>>> rng = np.random.default_rng(0)
>>> scene = sampling.sample_scene(rng)              # or sampling.sample_still(rng, objects=1): fast, for single frames
>>> frames = render.render(scene, [0.5, 1.0], width_px=64)
>>> truth.frame_caption(scene, 0.5)
>>> questions.frame_questions(scene, 0.5, rng, balance.Balance())
"""

from __future__ import annotations

import lazy_loader

# what others may use, and where it lives, is in `__init__.pyi`
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
