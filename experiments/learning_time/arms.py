"""The base that sees a sequence of frames, and the arms that teach it time: `fine_tune` throughout.

The base is the shipped BLIP, taught with its vision frozen where things are at each second of a
video, and never asked about direction, order, changes or when. From it start full fine-tuning of
all but the vision, and low-rank updates; beside them stands what never looks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.learning_time.task import FRAMES, write_places, write_times
from svqa.database import open_store
from svqa.database.stored_records import StoredVersion
from svqa.records import Progress
from svqa.shapes.balance import gist
from svqa.training import fine_tune, read_examples
from svqa.training.base_models import find_base
from svqa.training.dataset import Example
from svqa.training.lora import BASE
from svqa.training.promote import ask

TRAIN_SEED, VAL_SEED, TEST_SEED = 71_000, 72_000, 73_000  # of the videos
NEVER_LOOKS, BEFORE = "never looks", "before"  # what is not trained: the floor, and the base
ARMS: dict[str, dict[str, Any]] = {
    "full": {"use_lora": False, "freeze_vision": True, "learning_rate": 7e-4},
    "LoRA, all linear": {"preset": "blip-text-linear", "learning_rate": 3e-3},
    "LoRA, q/v": {"preset": "blip-text-qv", "learning_rate": 3e-3},
}
RARELY = 5  # an answer that followed the same words less often is no habit


@dataclass(frozen=True)
class Plan:
    """How much: videos to train, validate and test on; epochs of base and arms.

    `exam_steps` lie between two exams.
    """

    train_videos: int = 1500
    val_videos: int = 40
    test_videos: int = 400
    base_epochs: int = 1
    epochs: int = 12
    batch_size: int = 64
    rank: int = 8
    exam_steps: int = 100


def make_base(
    work: Path, plan: Plan, *, device: str = "cpu", progress: Progress | None = None
) -> StoredVersion:
    """-> the version that knows places at named seconds, trained if it is not there yet."""
    work.mkdir(parents=True, exist_ok=True)
    with open_store(_database(work)) as store:
        known = store.model_versions("places")
    if known:
        return known[-1]
    train, val = (
        write_places(work / f"{kind}-{videos}", seed=seed, videos=videos)
        for kind, seed, videos in (
            ("train", TRAIN_SEED, plan.train_videos),
            ("val", VAL_SEED, plan.val_videos),
        )
    )
    version = fine_tune(
        train,
        val,
        plan.base_epochs,
        use_lora=False,
        freeze_vision=True,
        frames=FRAMES,
        base=BASE,
        learning_rate=7e-4,
        name="places",
        **_common(work, plan, seed=0, device=device, progress=progress),
    )
    assert version is not None
    return version


def run_arm(
    arm: str,
    seed: int,
    work: Path,
    plan: Plan,
    *,
    device: str = "cpu",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train one arm from the base and test it on fresh videos -> a row with a digit a question.

    `seed` is that of the order of questions and of the update's first weights; every seed learns
    from the same videos and is tested on the same, so that what differs between them is the seed.
    """
    base = make_base(work, plan)
    settings = {"rank": plan.rank, "alpha": 4 * plan.rank, **ARMS[arm]}
    version = fine_tune(
        times_file(work, "train", plan),
        times_file(work, "val", plan),
        plan.epochs,
        settings.pop("use_lora", True),
        base=base.adapter_path,
        name=arm.replace(", ", "-").replace(" ", "-").replace("/", ""),
        **_common(work, plan, seed=seed, device=device, progress=progress),
        **settings,
    )
    assert version is not None
    return {
        "arm": arm,
        "seed": seed,
        "trainable": version.figures["trainable"],
        "trainable_share": version.figures["trainable_share"],
        "seconds": round(version.seconds, 1),
        "steps": version.figures["steps"],
        "best_step": version.figures["best_step"],
        "curve": version.figures["curve"]["exams"],
        "base_sha256": version.base_sha256,
        "values": _values(version, work, plan, device),
    }


def before_row(work: Path, plan: Plan, *, device: str = "cpu") -> dict[str, Any]:
    """The base as it is, on the same test: it knows places, and has heard none of these words."""
    base = make_base(work, plan)
    return {
        "arm": BEFORE,
        "seed": 0,
        "trainable_share": 0.0,
        "base_sha256": find_base(base.adapter_path).sha256,
        "values": _values(base, work, plan, device),
    }


def never_looks_row(work: Path, plan: Plan) -> dict[str, Any]:
    """What knows the habits of the training answers, and no picture, on the same test."""
    guess = never_looks(read_examples(times_file(work, "train", plan)))
    values = [guess(e.question) in e.answers for e in test_examples(work, plan)]
    return {
        "arm": NEVER_LOOKS,
        "seed": 0,
        "trainable_share": 0.0,
        "base_sha256": "",
        "values": _coded(values),
    }


def never_looks(train: Sequence[Example]):
    """-> question -> the likeliest answer by its words: the same words, else those of its form.

    Of two things that are named, the one that came first more often among things of such kinds.
    """
    exact: dict[str, Counter] = defaultdict(Counter)
    form: dict[str, Counter] = defaultdict(Counter)
    for e in train:
        options = _named(e.question)
        for answer in e.answers:
            said = str(options.index(answer)) if answer in options else answer
            exact[e.question][said] += 1
            form[gist(e.question)][said] += 1

    def guess(question: str) -> str:
        same = exact[question]
        known = same if same.total() >= RARELY else form[gist(question)]
        best = known.most_common(1)[0][0] if known else ""
        options = _named(question)
        return options[int(best or 0)] if options else best

    return guess


def times_file(work: Path, kind: str, plan: Plan) -> Path:
    """The question file of a kind: two rounds of each type to learn from, one to test."""
    seed, videos = {
        "train": (TRAIN_SEED, plan.train_videos),
        "val": (VAL_SEED, plan.val_videos),
        "test": (TEST_SEED, plan.test_videos),
    }[kind]
    rounds, every = (2, 3) if kind == "train" else (1, 1)
    folder = work / f"{kind}-{videos}"
    if (folder / "times.jsonl").is_file():
        return folder / "times.jsonl"
    return write_times(folder, seed=seed, videos=videos, rounds=rounds, replay_every=every)


def test_examples(work: Path, plan: Plan) -> list[Example]:
    """What every arm is tested on."""
    return read_examples(times_file(work, "test", plan), split="test")


def _named(question: str) -> list[str]:
    """`which happens first: A or B?` -> [A, B]; nothing of another question."""
    return question.rstrip("?").split(": ")[1].split(" or ") if " first: " in question else []


def _common(
    work: Path, plan: Plan, *, seed: int, device: str, progress: Progress | None
) -> dict[str, Any]:
    return {
        "batch_size": plan.batch_size,
        "questions_per_picture": 8,
        "patience": 99,
        "save_steps": plan.exam_steps,
        "evaluate_steps": plan.exam_steps,
        "seed": seed,
        "out": work / "models",
        "database": _database(work),
        "cache": work / "cache",
        "device": device,
        "progress": progress,
    }


def _values(version: StoredVersion, work: Path, plan: Plan, device: str) -> str:
    """How right a version is about each question of the test."""
    test = test_examples(work, plan)
    return _coded(ask(version, test, cache=work / "asked", device=device))


def _database(work: Path) -> str:
    return f"sqlite:///{work / 'study.db'}"


def _coded(values: Sequence[float]) -> str:
    """A digit a question: everything here is right or wrong."""
    return "".join(str(int(v)) for v in values)
