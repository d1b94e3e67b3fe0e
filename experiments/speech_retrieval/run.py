"""Real films with sentences spoken over them -> whether what was said is found by its meaning, with
and without listening.

python -m experiments.speech_retrieval.run --reel reel.mp4 --out
experiments/speech_retrieval/result.json

Three films of a minute (a rabbit, a street, a man in a car, three times over). In each, six
sentences are spoken at known seconds by a speech synthesiser (espeak-ng, which has to be
installed); a query asks for one of them in other words. Right is a first hit that overlaps the
seconds in which it is spoken. The same library without its speech is the other arm: the pictures of
a street know nothing of trains to Hamburg.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svqa.errors import UsageError
from svqa.metrics.results import EvalResult, bootstrap_over_groups
from svqa.pipeline.library import Library, open_library
from svqa.reporting.sample_clips import ffmpeg
from svqa.temporal.hierarchy import segments_of

FIRST_S, EVERY_S, ROUNDS = 2.0, 9.0, 3
SAID = (  # what is spoken, and how it is asked for
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
class Spoken:
    """`query` asks for what is said in `[start_s, end_s)`."""

    query: str
    start_s: float
    end_s: float


def run_speech(reel: Path, folder: Path, *, seed: int = 0) -> EvalResult:
    """Recall@1 of the moment in which something is said, by all senses and without speech;
    intervals over sentences.

    `reel`: a film without speech, repeated and spoken over in `folder`. Raises UsageError without
    espeak-ng.
    """
    share = len(SAID) // ROUNDS
    films = [
        make_film(reel, folder, number, SAID[number * share : (number + 1) * share])
        for number in range(ROUNDS)
    ]
    arms = {"with speech": True, "without speech": False}
    hits: dict[str, list[float]] = {}
    for name, speech in arms.items():
        with open_library(f"sqlite:///{folder}/{speech}.db", speech=speech, boxes=False) as library:
            hits[name] = [hit for path, spoken in films for hit in _hits(library, path, spoken)]
            models = dict(library.models.model_ids)
    groups = range(len(hits["with speech"]))
    chance = [
        float(np.mean([_meets(s, q) for s in segments_of(EVERY_S * share + FIRST_S)]))
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
        {"films": len(films), "seed": seed, "models": models},
    )


def make_film(
    reel: Path, folder: Path, number: int, said: Sequence[tuple[str, str]]
) -> tuple[Path, list[Spoken]]:
    """-> a film of `reel` over and over with the sentences spoken over it, and when each one is."""
    voice = shutil.which("espeak-ng")
    if voice is None:
        raise UsageError(
            "espeak-ng, which speaks the sentences, is not installed. Run: apt-get "
            "install espeak-ng"
        )
    inputs, delays, spoken = [], [], []
    for i, (sentence, query) in enumerate(said):
        path, start_s = folder / f"{number}-{i}.wav", FIRST_S + i * EVERY_S
        subprocess.run([voice, "-s", "150", "-w", str(path), sentence], check=True)
        with wave.open(str(path)) as sound:
            spoken.append(
                Spoken(query, start_s, start_s + sound.getnframes() / sound.getframerate())
            )
        inputs += ["-i", str(path)]
        delays.append(f"[{i + 1}:a]adelay={round(1000 * start_s)}:all=1[a{i}];")
    mixed = (
        "".join(f"[a{i}]" for i in range(len(said)))
        + f"amix=inputs={len(said)}:normalize=0,apad[a]"
    )
    out, length_s = folder / f"film-{number}.mp4", FIRST_S + EVERY_S * len(said)
    run = [
        ffmpeg(),
        "-v",
        "error",
        "-y",
        "-stream_loop",
        str(ROUNDS),
        "-i",
        str(reel),
        *inputs,
        "-filter_complex",
        "".join(delays) + mixed,
        "-map",
        "0:v",
        "-map",
        "[a]",
        "-t",
        str(length_s),
        "-c:v",
        "copy",
        str(out),
    ]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL)
    return out, spoken


def _hits(library: Library, path: Path, spoken: Sequence[Spoken]) -> list[float]:
    (report,) = library.ingest(path)
    found = [library.search(q.query, video=report.video, k=1)[0] for q in spoken]
    return [float(_meets(hit, q)) for hit, q in zip(found, spoken, strict=True)]


def _meets(moment, spoken: Spoken) -> bool:
    return moment.start_s < spoken.end_s and spoken.start_s < moment.end_s


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--reel", type=Path, required=True, help="a film without speech, such as `make demo` makes"
    )
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run_speech(given.reel, Path(folder))
    given.out.write_text(json.dumps(result.to_json(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
