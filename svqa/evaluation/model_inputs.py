"""`{"image": ..., "question": ...}` -> the input that a model of its type takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from svqa.errors import UsageError, unknown_name
from svqa.records import FrameBatch, Question

_KNOWN = ("question", "options", "video", "passages", "image", "frames", "text", "sound")


def input_of(given: Any) -> Any:
    """-> what the models of `svqa.models.base` are called with; anything but a dictionary as it is.

    `question` with `image` or `frames`: `(Question, passages, FrameBatch)`, else the `Question`
    alone (or with its `passages`); without a question the frames, the `text` or the `sound`. Raises
    UsageError for a name that is not known, and for a dictionary that holds none of these.

    >>> input_of({"question": "What is this?", "video": "bears.mp4"}).video
    'bears.mp4'
    """
    if not isinstance(given, Mapping):
        return given
    for name in given:
        if name not in _KNOWN:
            raise UsageError(unknown_name("input", str(name), _KNOWN))
    frames = given.get("frames")
    if given.get("image") is not None:
        frames = FrameBatch(_pixels(given["image"])[None], np.zeros(1))
    if given.get("question") is not None:
        return _asked(given, frames)
    for value in (frames, given.get("text"), given.get("sound")):
        if value is not None:
            return value
    raise UsageError(
        f"An input needs one of {', '.join(_KNOWN)}, got {', '.join(given) or 'none'}."
    )


def by_name(function: Callable) -> Callable[[Any], Any]:
    """A function of one input -> the same, given a dictionary's values by name where it takes them.

    >>> by_name(lambda image, question: question)({"image": None, "question": "What is this?"})
    'What is this?'
    """

    def call(given: Any) -> Any:
        if isinstance(given, Mapping) and _takes(function, given):
            return function(**given)
        return function(given)

    return call


def _takes(function: Callable, given: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(function).bind(**given)
    except (TypeError, ValueError):  # other parameters, or none that can be read
        return False
    return True


def _asked(given: Mapping[str, Any], frames: FrameBatch | None) -> Any:
    question = given["question"]
    if not isinstance(question, Question):
        options, video = tuple(given.get("options") or ()), str(given.get("video") or "")
        question = Question(str(question), options=options, video=video)
    if frames is not None:
        return question, given.get("passages") or [], frames
    return (question, given["passages"]) if given.get("passages") else question


def _pixels(image: Any) -> np.ndarray:
    """A path, a PIL image or an array -> (H, W, 3) uint8 RGB."""
    from PIL import Image

    from svqa.media.pictures import picture_pixels, read_picture

    if isinstance(image, str | Path):
        return read_picture(image)
    if isinstance(image, Image.Image):
        return picture_pixels(image)
    pixels = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8:
        raise UsageError(
            "An image is a path, a PIL image or (H, W, 3) uint8 RGB, got "
            f"{type(image).__name__} {pixels.shape} {pixels.dtype}."
        )
    return pixels
