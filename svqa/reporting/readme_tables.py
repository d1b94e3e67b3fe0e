"""Committed measurements -> docs/results.md: real films, NExT-QA, sound, LoRA, speed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from svqa.reporting.known_tables import known_tables
from svqa.reporting.markdown import Table, count, difference, percent, read_json
from svqa.reporting.next_tables import next_tables
from svqa.reporting.results import figure_text
from svqa.reporting.shapes_tables import shapes_tables


def measured_tables(root: Path) -> Iterator[Table]:
    """A table for every committed measurement that is there, in the order of docs/results.md."""
    makers = (_real_films, next_tables, known_tables, shapes_tables, _modalities)
    for make in (*makers, _lora, _learning_time, _comparison, _index, _speed):
        yield from make(root)


def _real_films(root: Path) -> Iterator[Table]:
    """All questions beside baselines without the film, then counts by type of question."""
    source = "experiments/real_films/result.json"
    for data in read_json(root, source):
        films = data["fingerprint"]["films"]
        shown = ("right", "wrong", "abstained", "net")
        named = {"**`svqa ask`**, the `offline` set": data}
        lot = data["search_by_lot"]
        drawn = f"the same, its search drawn by lot ({len(lot['seeds'])} draws); with the search "
        named |= {f"{drawn}{difference(lot['difference']['right'])} right": lot["by_lot"]}
        named |= {f"baseline: {name}": of for name, of in data["baselines"].items()}
        yield Table(
            f"{data['n']} questions a person might type about {films} real films, from the pixels "
            "and the sound (films and questions of others, not in this repository), in %",
            source,
            ("answered by", "right", "wrong", "abstained", "net (right - wrong)"),
            tuple((name, *(percent(of[key]) for key in shown)) for name, of in named.items()),
        )
        yield Table(
            "The same questions by type, how many",
            source,
            ("type", "right", "wrong", "abstained", "of"),
            tuple(
                (kind, *(count(of[key]) for key in shown[:3]), str(of["right"]["n"]))
                for kind, of in data["by_type"].items()
            ),
        )


def _modalities(root: Path) -> Iterator[Table]:
    """What hearing adds to seeing.

    On the small world, and on real films with sentences spoken over them.
    """
    rows = []
    for data in read_json(root, "experiments/shapes_fusion/result.json"):
        arms = data["by_type"]["concat, all videos"]
        rows.append(
            (
                "shapes: what happens while a tone sounds",
                percent(arms["picture alone"]),
                percent(arms["picture + sound"]),
                percent(data["lift"]),
                str(data["n"]),
            )
        )
    for data in read_json(root, "experiments/speech_retrieval/result.json"):
        rows.append(
            (
                "sentences of a speech synthesiser over real films, by their meaning; "
                f"random {percent(data['baselines']['random']['recall@1'])}",
                percent(data["baselines"]["without speech"]["recall@1"]),
                percent(data["recall@1"]),
                percent(data["lift"]),
                str(data["n"]),
            )
        )
    if rows:
        columns = ("moment asked for", "picture alone", "with sound", "lift", "n")
        yield Table(
            "What hearing adds: recall@1 of the moment, in %", "experiments", columns, tuple(rows)
        )


def _lora(root: Path) -> Iterator[Table]:
    """What fine-tuning on time questions gains, as a share of full's, and what it forgets."""
    for data in read_json(root, "experiments/lora/result.json"):
        arms = sorted(data["summary"].items(), key=lambda arm: ", rank" in arm[0])
        types = ("direction", "order", "changes")
        rows = [
            (
                f"baseline: {name}" if name in ("frozen", "answer prior") else name,
                f"{100 * arm['trainable_share']:.1f}",
                *(percent(arm[kind]) for kind in types),
                percent(arm["learnt"]),
                percent(arm.get("recovered_above_baseline")),
                percent(arm["kept"]),
                percent(arm.get("lost")),
                str(len(arm["seeds"])),
            )
            for name, arm in arms
        ]
        n = max(arm["learnt"]["n"] for _, arm in arms)
        title = (
            f"LoRA: direction, order and changes learnt from frame grids, up to {n:,} "
            "questions an arm, intervals over the videos of all seeds, in %"
        )
        columns = (
            "arm",
            "trainable",
            *types,
            "all three",
            "of full's gain above who never looks",
            "one-frame questions",
            "lost of them",
            "seeds",
        )
        yield Table(title, "experiments/lora/result.json", columns, tuple(rows))


def _learning_time(root: Path) -> Iterator[Table]:
    """The same of a model that sees a sequence of frames, by type of question."""
    source = "experiments/learning_time/result.json"
    for data in read_json(root, source):
        types = ("direction", "order", "changes", "when")
        rows = [
            (
                f"baseline: {name}" if name in ("before", "never looks") else name,
                f"{100 * arm['trainable_share']:.1f}",
                *(percent(arm[kind]) for kind in types),
                percent(arm.get("recovered_above_floor", {}).get("learnt")),
                percent(arm["kept"]),
                percent(arm.get("lost")),
                str(len(arm["seeds"])),
            )
            for name, arm in data["summary"].items()
        ]
        full = data["summary"]["full"]
        over = "videos and seeds" if len(full["seeds"]) > 1 else "videos, of one seed"
        title = (
            f"Time learnt from {data['base']['frames']} frames as a sequence, "
            f"{full['learnt']['n']:,} questions on videos that nothing was trained on, intervals "
            f"over {over}, in %"
        )
        above = "of full's gain above who never looks"
        columns = ("arm", "trainable", *types, above, "one-frame questions", "lost of them")
        yield Table(title, source, (*columns, "seeds"), tuple(rows))


def _comparison(root: Path) -> Iterator[Table]:
    """How often the comparison calls two models different, whose truth is known."""
    source = "experiments/comparison_simulation/result.json"
    for data in read_json(root, source):
        asked = list(data["paired"])
        shown = {
            "paired test over videos: called different": ("paired", "called different"),
            "paired test over videos: interval holds the truth": (
                "paired",
                "interval holds the truth",
            ),
            "baseline: paired test over questions": ("paired", "by questions alone"),
            "sequential A/B test, read after every video: decided": ("sequential", "decided"),
            "baseline: the same reading with a fixed test": ("sequential", "naive"),
        }
        rows = [
            (label, *(percent(data[part][case][key]) for case in asked))
            for label, (part, key) in shown.items()
        ]
        title = (
            f"False-positive rate and power on {data['videos']} simulated videos, "
            f"{data['paired'][asked[0]]['called different']['n']:,} runs each, in %"
        )
        yield Table(title, source, ("test", *asked), tuple(rows))
        yield from _few_and_rare(data, source)


def _few_and_rare(data: Mapping, source: str) -> Iterator[Table]:
    """The comparison where it is hardest: few videos, rare differences, unequal arms."""
    rows = []
    for n in sorted({*data["coverage"], *data["rare"]}, key=int):
        few, rare, rarer = (data[part].get(n) for part in ("coverage", "rare", "rarer"))
        rows.append(
            (
                n,
                percent(few["interval holds the truth"]) if few else "",
                percent(few["called different"]) if few else "",
                percent(rare["called equivalent"]) if rare else "",
                percent(rare["by resampling alone"]) if rare else "",
                percent(rarer["called equivalent"]) if rarer else "",
                percent(rarer["by resampling alone"]) if rarer else "",
            )
        )
    columns = (
        "videos",
        "interval holds the truth",
        "equal models called different",
        f"{100 * data['world']['rare']:g} points apart, called equivalent",
        "by resampling alone",
        f"{100 * data['world']['rarer']:g} points apart, called equivalent",
        "by resampling alone",
    )
    title = (
        "The paired comparison by videos, simulated, in %; models apart by so many points differ "
        f"in so many per cent of the videos and are alike elsewhere, the margin is "
        f"{100 * data['world']['margin']:g} points"
    )
    yield Table(title, source, columns, tuple(rows))
    yield _promotion(data, source)
    arms = [
        (
            f"{row['share_b']:.0%}",
            f"{row['level']:.0%}",
            percent(row["decided"]),
            percent(row["naive"]),
        )
        for row in data["arms"]
    ]
    title = "The A/B test between equal models, read after each of 300 videos, in %"
    named = ("asked of B", "both right", "decided", "baseline: a fixed test")
    yield Table(title, source, named, tuple(arms))


def _promotion(data: Mapping, source: str) -> Table:
    """How often the best of several checkpoints is promoted that is no better, and that is."""
    gaps = sorted({row["gap"] for row in data["promotion"]})
    by = {(row["exams"], row["gap"]): row for row in data["promotion"]}
    rows = [
        (
            str(exams),
            *(percent(by[exams, gap]["promoted"]) for gap in gaps),
            percent(by[exams, 0.0]["without correction"]),
        )
        for exams in sorted({row["exams"] for row in data["promotion"]})
    ]
    columns = [f"{100 * gap:g} points better" if gap else "equal to its base" for gap in gaps]
    title = (
        "`svqa models promote` on the questions that chose the checkpoint, "
        f"{data['videos']} simulated videos, {data['promotion'][0]['promoted']['n']:,} trainings "
        "each: promoted, in %"
    )
    named = ("exams", *columns, "baseline: equal, the choice not corrected for")
    return Table(title, source, named, tuple(rows))


def _index(root: Path) -> Iterator[Table]:
    """What an approximate index loses."""
    for data in read_json(root, "benchmarks/hnsw_recall.json"):
        rows = [
            (f"{row['ef_search']}", f"{row['k']}", percent(row["recall"])) for row in data["recall"]
        ]
        title = (
            f"pgvector's HNSW, {data['rows']:,} x {data['dim']} like those of videos: recall "
            "of the exact answer, in %"
        )
        yield Table(title, "benchmarks/hnsw_recall.json", ("ef_search", "k", "recall"), tuple(rows))


def _speed(root: Path) -> Iterator[Table]:
    """Ratios against the best known way, each beside its aim, met or not."""
    for data in read_json(root, "benchmarks/result.json"):
        rows = []
        for row in data["rows"]:
            ratio = dict(row["ratio"])
            if ratio["n"] == 1:
                ratio.pop("low"), ratio.pop("high")
            met = "yes" if row["met"] else "**no**"
            rows.append(
                (
                    row["id"],
                    f"{row['what']} / {row['against']}",
                    figure_text(ratio),
                    row["aim"],
                    met,
                )
            )
        machine = data["hardware"]
        title = (
            f"Speed as ratios, measured in turn on {machine['cores']} cores "
            "(`python -m benchmarks`)"
        )
        yield Table(
            title,
            "benchmarks/result.json",
            ("id", "this / that", "ratio", "aim", "met"),
            tuple(rows),
        )
