"""The style of every figure: a seaborn theme, and one colour a model, modality and track."""

from __future__ import annotations

import zlib

INK, SOFT, LINE, EVIDENCE = "#1b2328", "#5c676f", "#d9d6cd", "#d9552b"
KIND_COLOURS = {
    "visual": "#0f6e84",
    "caption": "#7a4fa3",
    "speech": "#c98a12",
    "text": "#2f8f4e",
}
_GREY = "#9aa3a9"  # whatever sees nothing of the video
MODEL_COLOURS = {
    "offline": "#0f6e84",
    "shapes": "#c98a12",
    "hub": "#7a4fa3",
    "lora, q/v": "#86b93b",
    "lora": "#2f8f4e",
    "full": "#b03a5b",
    "frozen": "#5c676f",
    **dict.fromkeys(
        ("blind", "never looks", "answer prior", "baseline", "chance", "random"), _GREY
    ),
}
TRACK_COLOURS = ("#d9552b", "#0f6e84", "#7a4fa3", "#2f8f4e", "#b03a5b", "#3b6fb6")
_OTHERS = ("#3b6fb6", "#8a5a2b", "#4f8f8b", "#a8489c", "#6b7a1e", "#c0533f")


def use_style() -> None:
    """Give every figure of this process the report's theme: readable type, few lines, sharp."""
    import seaborn as sns

    sns.set_theme(
        context="notebook",
        style="ticks",
        palette=[*MODEL_COLOURS.values()][:7],
        rc={
            "figure.figsize": (9, 3.6),
            "figure.dpi": 110,
            "savefig.dpi": 160,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "font.size": 10.5,
            "text.color": INK,
            "axes.labelcolor": SOFT,
            "axes.labelsize": 10.5,
            "axes.edgecolor": LINE,
            "axes.linewidth": 0.9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "axes.titlesize": 12,
            "axes.titlepad": 10,
            "xtick.color": SOFT,
            "ytick.color": SOFT,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "grid.color": "#eeece6",
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "image.cmap": "viridis",
            "svg.hashsalt": "svqa",
        },
    )


def colour_of(model: str) -> str:
    """The colour of a model in every figure: by the known name in `model`, else by its checksum."""
    for name, colour in MODEL_COLOURS.items():
        if name in model.lower():
            return colour
    return _OTHERS[zlib.crc32(model.encode()) % len(_OTHERS)]


def colour_of_track(track_id: int | None) -> str:
    """The colour of a track in every picture of a video; the first, where there is no track."""
    return TRACK_COLOURS[((track_id or 1) - 1) % len(TRACK_COLOURS)]
