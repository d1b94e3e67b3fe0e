"""File -> frames, sound, shots. Decoding happens in a worker process; importing this loads no
decoder, torch or OpenCV.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "probe": "probing",
    "stream_frames": "video",
    "read_frames": "video",
    "FrameStream": "video",
    "Sampling": "sampling",
    "Limits": "limits",
    "read_audio": "audio",
    "stream_audio": "audio",
    "shots": "shot_finders",
    "open_shot_finder": "shot_finders",
    "file_sha256": "files",
    "file_stamp": "files",
    "check_unchanged": "files",
    "FileStamp": "files",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(
            f"module 'svqa.media' has no attribute {name!r}. It has: {', '.join(__all__)}."
        )
    return getattr(import_module(f"svqa.media.{_HOMES[name]}"), name)


def __dir__():
    return __all__
