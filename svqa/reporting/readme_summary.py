"""Committed measurements -> ten lines of results: what, from what, how good, beside what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from svqa.reporting.markdown import count, percent, read_json, table_text
from svqa.reporting.next_tables import CAPTIONED
from svqa.reporting.results import figure_text
from svqa.reporting.scale_tables import SHOWN_EF

COLUMNS = ("measured", "answered from", "result", "beside it")
_METHOD = "question words + meaning + words (the method)"


def summary_table(root: Path) -> str:
    """-> a Markdown table, one line a committed measurement that is there."""
    rows = []
    for names, row in ROWS:
        found = [data for name in names for data in read_json(root, name)]
        if len(found) == len(names):
            measured, source, result, beside = row(*found)
            rows.append((f"[{measured}]({names[0]})", source, result, beside))
    return table_text(COLUMNS, rows)


def _real_films(data: dict[str, Any]) -> tuple[str, ...]:
    no, never = (data["baselines"][name] for name in ("no to everything", "never answers"))
    traps = count(data["by_type"]["trap"]["right"])
    return (
        f"{data['n']} questions about {data['fingerprint']['films']} real films",
        "pixels and sound, `svqa ask` (films and questions are others', not in this repository)",
        f"right {percent(data['right'])}, wrong {percent(data['wrong'])}, abstained "
        f"{percent(data['abstained'])} %; {traps} of the {count(data['right'])} right are traps "
        "refused",
        f"no to everything: right {percent(no['right'])}, wrong {percent(no['wrong'])} %; "
        f"never answering: right {percent(never['right'])} %",
    )


def _nextqa(data: dict[str, Any]) -> tuple[str, ...]:
    named = {row["name"]: row["accuracy"] for row in data["rows"]}
    (method,) = (figure for name, figure in named.items() if name.startswith("the method:"))
    return (
        f"NExT-QA, {data['n']:,} questions, right",
        CAPTIONED.removeprefix("from "),
        f"{percent(method)} %",
        f"HGA, a trained video model: {percent(named['stored'])} %; words found in the captions: "
        f"{percent(named['words found in the captions'])} %",
    )


def _nextgqa(data: dict[str, Any]) -> tuple[str, ...]:
    named = {row["method"]: row["iou"] for row in data["rows"]}
    return (
        f"NExT-GQA, {data['n']:,} questions, mIoU",
        f"{CAPTIONED.removeprefix('from ')}; a table and two weights are fitted on other videos",
        f"{percent(named[_METHOD])} %",
        f"question words alone: {percent(named['question words alone'])} %; whole video: "
        f"{percent(named['whole video'])} %; a span by lot: {percent(named['random span'])} %",
    )


def _end_to_end(data: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"shapes world, {data['n']} questions, right",
        "videos drawn by this project, every answer known, `svqa ask`",
        f"{percent(data['accuracy'])} %",
        f"another video: {percent(data['baselines']['another video']['accuracy'])} %; an option "
        f"by lot: {percent(data['baselines']['chance']['accuracy'])} %",
    )


def _seconds(told: dict[str, Any], boxes: dict[str, Any]) -> tuple[str, ...]:
    """What `svqa ask` finds from file, and what boxes alone do, looked at five times as often."""
    metric = "iou_at_05"
    floors = {n: of[metric] for n, of in told["baselines"].items() if metric in of}
    floor = max(floors, key=lambda name: floors[name]["value"])
    best = max(boxes["baselines"], key=lambda name: boxes["baselines"][name]["all"]["value"])
    return (
        "shapes world, seconds found at IoU >= 0.5",
        f"`svqa ask` from file, {told['n']} questions; beside it the boxes of a detector trained "
        f"there at ten looks a second, not `svqa ask`, {boxes['n']} questions about events",
        f"`svqa ask` {percent(told[metric])} %; boxes {percent(boxes['span IoU>=0.5'])} %",
        f"for `svqa ask` {floor}: {percent(floors[floor])} %; for boxes {best}: "
        f"{percent(boxes['baselines'][best]['all'])} %",
    )


def _order(data: dict[str, Any]) -> tuple[str, ...]:
    asked = "filmed again, CLIP"
    return (
        f"a motion told from its reverse, {data['n']} videos",
        "frames of the shapes world, order-aware vectors",
        f"{percent(data[asked])} %",
        f"mean of the frames: {percent(data['baselines']['mean'][asked])} %; with other things in "
        f"the film: {percent(data['other things, CLIP'])} %",
    )


def _speech(data: dict[str, Any]) -> tuple[str, ...]:
    floors = {name: row["recall@1"] for name, row in data["baselines"].items()}
    best = max(floors, key=lambda name: floors[name]["value"])
    return (
        f"a spoken sentence found by its meaning, {data['n']}, recall@1",
        "real pictures under sentences of a speech synthesiser",
        f"{percent(data['recall@1'])} %",
        f"{best}: {percent(floors[best])} %",
    )


def _learning_time(data: dict[str, Any]) -> tuple[str, ...]:
    arms = data["summary"]
    full, floor = (arms[name] for name in ("full", "never looks"))
    lora = [
        f"; LoRA, {100 * arm['trainable_share']:.1f} % of the weights: "
        f"{percent(arm['direction'])} %"
        for name, arm in arms.items()
        if name.startswith("LoRA, all linear")
    ]
    above = full["order"]["low"] > floor["order"]["value"]
    order = "learnt" if above else "not learnt"
    return (
        f"which way things move, learnt from {data['base']['frames']} frames as a sequence",
        "questions about time in the shapes world, a base that knew places in named frames",
        f"{percent(full['direction'])} % (seeds: {len(full['seeds'])}); what comes first: "
        f"{percent(full['order'])} %, {order}",
        f"who never looks: {percent(floor['direction'])} %, what comes first "
        f"{percent(floor['order'])} %{''.join(lora)}",
    )


def _index(data: dict[str, Any]) -> tuple[str, ...]:
    row = next(r for r in data["recall"] if (r["ef_search"], r["k"]) == (SHOWN_EF, 10))
    return (
        f"HNSW index of {data['rows']:,} vectors, recall of the exact 10 nearest, "
        f"{data['queries']} queries, ef_search {SHOWN_EF}",
        "vectors drawn to lie like those of videos",
        f"{percent(row['recall'])} %",
        "the exact answer is the reference",
    )


def _speed(data: dict[str, Any]) -> tuple[str, ...]:
    row = next(r for r in data["rows"] if r["id"] == "P2.250")
    met = sum(r["met"] for r in data["rows"])
    return (
        "time to read one frame a second, over decord's",
        "a real clip at 720p",
        figure_text({key: row["ratio"][key] for key in ("value", "low", "high")}),
        f"{met} of {len(data['rows'])} aims of speed are met",
    )


ROWS: tuple[tuple[tuple[str, ...], Callable[..., tuple[str, ...]]], ...] = (
    (("experiments/real_films/result.json",), _real_films),
    (("experiments/nextqa_ablation/result.json",), _nextqa),
    (("experiments/nextgqa_ablation/result.json",), _nextgqa),
    (("experiments/shapes_end_to_end/result.json",), _end_to_end),
    (
        ("experiments/shapes_end_to_end/result.json", "experiments/shapes_grounding/result.json"),
        _seconds,
    ),
    (("experiments/shapes_temporal_order/result.json",), _order),
    (("experiments/speech_retrieval/result.json",), _speech),
    (("experiments/learning_time/result.json",), _learning_time),
    (("benchmarks/hnsw_recall.json",), _index),
    (("benchmarks/result.json",), _speed),
)
