"""Films with sentences spoken over them -> retrieval of what was said, with and without speech.

Three films of a minute (a rabbit, a street, a man in a car, three times over). In each, six
sentences are spoken at known seconds by a speech synthesiser (espeak-ng, which has to be
installed); a query asks for one of them in other words. Right is a first hit that overlaps the
seconds in which it is spoken. The same library without its transcript is the other arm.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.command import counted, percent, points, study_arguments, write_result
from svqa.cli.progress import progress_bars
from svqa.errors import UsageError
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.pipeline.library import Library, open_library
from svqa.records import Evidence, Progress
from svqa.reporting.demo_video import make_demo_video
from svqa.reporting.sample_clips import ffmpeg
from svqa.temporal.hierarchy import segments_of

FIRST_S, EVERY_S, ROUNDS = 2.0, 9.0, 3
SENTENCES = (  # what is spoken, and how it is asked for
    (
        "The train to Hamburg leaves from platform nine at half past seven.",
        "departure time of a railway journey",
    ),
    (
        "Please turn off your phone before the concert begins.",
        "silence your mobile device at a musical performance",
    ),
    (
        "My grandmother bakes bread every Sunday morning.",
        "an old relative makes a loaf at the weekend",
    ),
    (
        "The doctor said that my knee will heal in six weeks.",
        "a medical prognosis about a leg injury",
    ),
    ("We need more rain or the harvest will be lost.", "drought threatens the crops of farmers"),
    ("The thief climbed through the kitchen window at midnight.", "a burglar breaks into a house"),
    ("Two plus two makes four, and four times three is twelve.", "simple arithmetic"),
    (
        "The ship sank in a storm near the coast of Norway.",
        "a vessel went down at sea in bad weather",
    ),
    ("Her new dress is made of red silk from China.", "an item of clothing and its fabric"),
    ("The bank will raise the interest rate again in March.", "news about money and finance"),
    ("Our cat sleeps on the radiator all winter long.", "a pet that likes warm places"),
    ("The minister resigned after the election was lost.", "a politician steps down"),
    ("Add three eggs and a spoon of sugar to the flour.", "a recipe for baking a cake"),
    ("The telescope found a planet that looks like Earth.", "an astronomical discovery"),
    ("He broke the world record in swimming last night.", "an athlete's achievement in the water"),
    ("The museum shows paintings by Rembrandt until May.", "an art exhibition"),
    ("Lock the door and leave the key under the mat.", "where to find what opens the house"),
    ("The teacher gave us homework for the holidays.", "schoolwork during the vacation"),
)


@dataclass(frozen=True)
class SpokenSentence:
    """`query` asks for what is said in `[start_s, end_s)`."""

    query: str
    start_s: float
    end_s: float


def run_speech(
    reel: Path, folder: Path, *, seed: int = 0, progress: Progress | None = None
) -> EvalResult:
    """-> recall@1 of the moment in which something is said, by all modalities and without speech.

    Intervals over sentences. `reel`: a film without speech, repeated and spoken over in `folder`.
    Raises UsageError without espeak-ng.
    """
    share = len(SENTENCES) // ROUNDS
    films = [
        make_film(reel, folder, number, SENTENCES[number * share : (number + 1) * share])
        for number in range(ROUNDS)
    ]
    arms = {"with speech": True, "without speech": False}
    hits: dict[str, list[float]] = {}
    for name, speech in arms.items():
        with open_library(f"sqlite:///{folder}/{speech}.db", speech=speech, boxes=False) as library:
            hits[name] = [
                hit
                for path, spoken in counted(films, f"films {name}", progress)
                for hit in _hits(library, path, spoken)
            ]
            models = dict(library.models.model_ids)
    groups = range(len(hits["with speech"]))
    chance = [
        float(np.mean([_overlap(s, q) for s in segments_of(EVERY_S * share + FIRST_S)]))
        for _, sp in films
        for q in sp
    ]
    lift = np.subtract(hits["with speech"], hits["without speech"])
    figure = lambda values: {"recall@1": bootstrap_over_groups(values, groups, seed)}  # noqa: E731
    return EvalResult(
        len(groups),
        {**figure(hits["with speech"]), "lift": figure(lift)["recall@1"]},
        {},
        {"without speech": figure(hits["without speech"]), "random": figure(chance)},
        {
            "films": len(films),
            "seed": seed,
            "synthesiser": synthesiser_version(),
            "models": models,
        },
    )


def synthesiser() -> str:
    """-> the path of espeak-ng. Raises UsageError with what to do without it."""
    voice = shutil.which("espeak-ng")
    if voice is None:
        raise UsageError(
            "espeak-ng, which speaks the sentences, is not installed. Run: apt-get "
            "install espeak-ng"
        )
    return voice


def synthesiser_version() -> str:
    """-> `espeak-ng 1.51`: another version speaks otherwise, and other words are understood."""
    said = subprocess.run([synthesiser(), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"\d+(\.\d+)+", said.stdout)
    return f"espeak-ng {found.group() if found else 'unknown'}"


def make_film(
    reel: Path, folder: Path, number: int, sentences: Sequence[tuple[str, str]]
) -> tuple[Path, list[SpokenSentence]]:
    """-> a film of `reel` repeated, with the sentences spoken over it, and when each is spoken."""
    voice = synthesiser()
    inputs, delays, spoken = [], [], []
    for i, (sentence, query) in enumerate(sentences):
        path, start_s = folder / f"{number}-{i}.wav", FIRST_S + i * EVERY_S
        subprocess.run([voice, "-s", "150", "-w", str(path), sentence], check=True)
        with wave.open(str(path)) as sound:
            spoken.append(
                SpokenSentence(query, start_s, start_s + sound.getnframes() / sound.getframerate())
            )
        inputs += ["-i", str(path)]
        delays.append(f"[{i + 1}:a]adelay={round(1000 * start_s)}:all=1[a{i}];")
    mixed = (
        "".join(f"[a{i}]" for i in range(len(sentences)))
        + f"amix=inputs={len(sentences)}:normalize=0,apad[a]"
    )
    out, length_s = folder / f"film-{number}.mp4", FIRST_S + EVERY_S * len(sentences)
    repeated = ["-stream_loop", str(ROUNDS), "-i", str(reel), *inputs]
    tracks = ["-filter_complex", "".join(delays) + mixed, "-map", "0:v", "-map", "[a]"]
    run = [ffmpeg(), "-v", "error", "-y", *repeated, *tracks]
    run += ["-t", str(length_s), "-c:v", "copy", str(out)]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL)
    return out, spoken


def _hits(library: Library, path: Path, spoken: Sequence[SpokenSentence]) -> list[float]:
    (report,) = library.ingest(path)
    found = [library.search(q.query, video=report.video, k=1)[0] for q in spoken]
    return [float(_overlap(hit, q)) for hit, q in zip(found, spoken, strict=True)]


def _overlap(moment: Evidence, spoken: SpokenSentence) -> bool:
    return moment.start_s < spoken.end_s and spoken.start_s < moment.end_s


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    return (
        f"With the transcript {percent(result['recall@1'])} of {result['n']} spoken sentences are "
        "found by a paraphrase, without it "
        f"{percent(result['baselines']['without speech']['recall@1'])}: {points(result['lift'])} "
        f"(spoken by {result['fingerprint']['synthesiser']})."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--reel", type=Path, help="a film without speech (default: the film of `make demo`)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write."""
    given = arguments().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, progress_bars() as progress:
        reel = given.reel or make_demo_video(Path(folder) / "reel.mp4")
        result = run_speech(reel, Path(folder), progress=progress)
    write_result(result, given.out, finding)


if __name__ == "__main__":
    main()
