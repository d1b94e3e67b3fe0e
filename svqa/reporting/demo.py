"""`make demo`: a real video, four questions, the seconds each answer rests on, a report to open."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.errors import SvqaError, VideoNotFound

if TYPE_CHECKING:
    from rich.console import Console

    from svqa.pipeline.library import Library

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = (
    "What happens in the video?",
    "When does the bow tie appear?",
    "How many people are there at the end?",
    "What is the horse eating?",
)


def run(out_dir: Path, questions: Sequence[str] = QUESTIONS) -> Path:
    """Ingest the demo film, ask, print, run the quickstart notebook -> the report's index."""
    from rich.console import Console

    import svqa
    from svqa.reporting.demo_video import make_demo_video

    console = Console()
    clip = make_demo_video(out_dir / "reel.mp4")
    console.rule("[bold]SmartVisionQA[/]: ask a video a question", align="left")
    console.print("Loading the models (offline, on the CPU) ...", style="dim")
    with svqa.open_library(f"sqlite:///{out_dir / 'demo.db'}") as library:
        _ingest(library, clip, console)
        _ask(library, clip, questions, console)
        film = _film_page(library, clip, out_dir)
    console.print("Running notebooks/00_quickstart.ipynb for the report ...", style="dim")
    return _report(out_dir, film)


def _ingest(library: Library, clip: Path, console: Console) -> None:
    begin = time.perf_counter()
    with _progress(console) as progress:
        (report,) = library.ingest(clip, progress=progress)
    if report.status == "failed":
        raise VideoNotFound(f"{clip.name} could not be read: {report.note}")
    if report.status == "already":
        console.print(f"{clip.name} is in the library already: nothing to do.")
        return
    seconds = time.perf_counter() - begin
    console.print(f"{clip.name}: {report.duration_s:.1f} s of video ingested in {seconds:.1f} s.")


def _ask(library: Library, clip: Path, questions: Sequence[str], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("question", "answer", "rests on", "found there", show_lines=True)
    for question in questions:
        answer = library.ask(question, video=clip)
        spans = "\n".join(f"{e.start_s:.1f} - {e.end_s:.1f} s" for e in answer.evidence) or "-"
        texts = "\n".join(e.text for e in answer.evidence) or answer.reason or "-"
        table.add_row(Text(question), Text(answer.text, style="bold"), Text(spans), Text(texts))
    console.print(table)


def _film_page(library: Library, clip: Path, out_dir: Path) -> dict[str, str]:
    """Write the page that plays the film with its questions; -> its card for the index."""
    from svqa.reporting.page import film_card
    from svqa.viewer import data_uri, export_page, pictures_at, thumbnail_s

    page = export_page(library, library.find(clip), out_dir / "film.html")
    asked = library.store.queries(len(QUESTIONS), video=library.find(clip).id)
    shown = next((q for q in reversed(asked) if q.evidence), asked[-1])
    seconds = [thumbnail_s(e) for e in shown.evidence[-1:]]
    (picture,) = map(data_uri, pictures_at(clip, seconds).values()) if seconds else [""]
    title = "Play the film, see what each answer rests on"
    return film_card(page, title, shown.question, shown.answer, picture)


def _report(out_dir: Path, film: dict[str, str]) -> Path:
    from svqa.reporting.notebooks import run_notebook
    from svqa.reporting.page import build_index

    run = run_notebook(ROOT / "notebooks" / "00_quickstart.ipynb", out_dir)
    return build_index([run], out_dir, films=[film])


@contextmanager
def _progress(console: Console) -> Iterator[Any]:
    """A callback `(path, seconds done, seconds in all)` with a bar, drawn on a terminal only."""
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("analysing the video", total=None)
        yield lambda path, done_s, total_s: bars.update(
            task, completed=min(done_s, total_s), total=total_s
        )


def main() -> int:
    """Run the demo into `reports/`; -> the exit code."""
    begin = time.perf_counter()
    try:
        index = run(ROOT / "reports")
    except (SvqaError, ImportError) as error:
        print(f"svqa demo: {type(error).__name__}: {error}", file=sys.stderr)
        return getattr(error, "exit_code", 1)
    print(f"\nDone in {time.perf_counter() - begin:.0f} s. Open the report: {index.as_uri()}")
    print("Your own video: .venv/bin/svqa ask 'What happens here?' --video PATH")
    return 0


if __name__ == "__main__":
    sys.exit(main())
