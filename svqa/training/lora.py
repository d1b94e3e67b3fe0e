"""Question files -> a fine-tuned model as a version, with what it gained: `fine_tune`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.database import open_store
from svqa.database.stored_records import StoredVersion
from svqa.errors import ModelError, UnknownParameter, UsageError, unknown_name
from svqa.models.disk_cache import DEFAULT_BYTES, DiskCache
from svqa.models.frame_sequence import add_time_code
from svqa.profiling.provenance import commit_and_dirty, hardware, package_versions
from svqa.records import Progress
from svqa.settings import Settings
from svqa.training import validation
from svqa.training.base_models import Base, find_base, load_base
from svqa.training.batches import plain
from svqa.training.dataset import Example, data_sha256
from svqa.training.fine_tuning_run import FineTuningRun, Job
from svqa.training.kinds import kind_of
from svqa.training.leaks import refuse_shared
from svqa.training.loop import State
from svqa.training.presets import add_lora, turn_on_checkpointing
from svqa.training.recipe import Recipe, check_precision
from svqa.training.versions import load_peft, store_version, version_home

if TYPE_CHECKING:
    from accelerate import Accelerator

BASE = "shapes/blip-vqa"
NEVER_BETTER = (
    "No exam was better than the one before training: the version answers as what it began from. "
    "More questions, other settings or a larger base may help."
)


def fine_tune(
    train_data_path: str | Path,
    val_data_path: str | Path,
    num_epochs: int = 3,
    use_lora: bool = True,
    *,
    base: str | Path = BASE,
    name: str | None = None,
    parent: str | None = None,
    types: Sequence[str] = (),
    out: str | Path = "models",
    database: str | None = None,
    cache: str | Path | None = None,
    cache_bytes: int = DEFAULT_BYTES,
    device: str | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> StoredVersion | None:
    """Fine-tune a model that answers, on a file of questions -> the new version.

    The files are JSON or JSONL (`svqa.questions`).

    `base`: a BLIP (`shapes/blip-vqa`), which looks, or a chat model that reads (`smollm2`); or a
    folder, or a pulled hub name of either. A chat model learns to answer from lines: those of a
    row's `evidence`, or what a search finds where the video was ingested into `database`.
    `settings` are those of `Recipe` (rank, preset, batch_size, precision ...). `parent`: a version
    (`name:2`) whose update is trained further. The folder goes to `out`, the row to `database`. The
    same call after Ctrl-C or a kill goes on from the last checkpoint, to the same result. With
    `accelerate launch`, every process calls this; all but the first get None.

    Raises UsageError with every mistake of the files and its line, before anything is loaded; for
    an unknown preset or fp16 on a CPU; WeightsMissing, WeightsCorrupt, ModelError (a parent of
    another base), UnknownParameter.

    >>> version = fine_tune("train.jsonl", "val.jsonl", base="smollm2")  # doctest: +SKIP
    >>> version.figures["after"]["accuracy"]  # doctest: +SKIP
    {'value': 0.71, 'low': 0.66, 'high': 0.76, 'n': 400}
    """
    unknown = set(settings) - set(Recipe.__dataclass_fields__) - {"epochs", "use_lora"}
    if unknown:
        raise UnknownParameter(unknown_name("setting", min(unknown), Recipe.__dataclass_fields__))
    Recipe(epochs=num_epochs, use_lora=use_lora, **settings)  # wrong settings before all work
    url = Settings.load(database=database).database
    found = find_base(base)
    kind = kind_of(found.folder)
    recipe = Recipe(epochs=num_epochs, use_lora=use_lora, **{"preset": kind.preset, **settings})
    kind.check(recipe)
    train, val = (
        kind.read(p, split=s, types=types, database=url)
        for p, s in ((train_data_path, "train"), (val_data_path, "val"))
    )
    refuse_shared(train, val)
    accelerator = _accelerator(recipe, device)
    say = say if accelerator.is_main_process else _nothing
    with open_store(url) as store:
        older = store.model_version(parent) if parent else None
        model, processor = _model(recipe, found, older)
        job = Job(
            recipe,
            found,
            str(base),
            older,
            train,
            val,
            Path(out),
            name or _default_name(found, use_lora),
        )
        version_home(out, job.name)  # before the work: a wrong name is told at once
        where = DiskCache(cache or job.out / ".cache", cache_bytes)
        work = kind.run(job, model, processor, accelerator, progress, where)
        work.look(say)
        state, memory = work.train()
        if state.best_step == 0:
            work.warnings.append(NEVER_BETTER)
            say(NEVER_BETTER)
        if not accelerator.is_main_process:
            return None
        version = store_version(
            store, job.out, _record(job, work, state, memory), lambda to: work.write(to, state)
        )
    shutil.rmtree(job.folder, ignore_errors=True)
    return version


def fine_tune_blip(
    train_data_path: str | Path,
    val_data_path: str | Path,
    num_epochs: int = 3,
    use_lora: bool = True,
    **options: Any,
) -> StoredVersion | None:
    """`fine_tune`, whose base is a BLIP unless another is named."""
    return fine_tune(train_data_path, val_data_path, num_epochs, use_lora, **options)


def _nothing(text: str) -> None:
    """Said by the first process alone."""


def _default_name(base: Base, use_lora: bool) -> str:
    return f"{base.id.split('/')[-1]}-{'lora' if use_lora else 'full'}"


def _accelerator(recipe: Recipe, device: str | None) -> Accelerator:
    """Raises UsageError for fp16 on a CPU."""
    import torch
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    if device not in (None, "cpu", "cuda"):
        raise UsageError(unknown_name("device", device, ("cpu", "cuda")))
    on_cpu = device == "cpu" or not torch.cuda.is_available()
    if device == "cuda" and on_cpu:
        raise UsageError(
            "There is no GPU here that torch can use. Leave the device out, or say cpu."
        )
    check_precision(recipe.precision, "cpu" if on_cpu else "cuda")
    # a run before this one, in the same process, may have had another precision
    AcceleratorState._reset_state()
    precision = "no" if recipe.precision == "fp32" else recipe.precision
    return Accelerator(
        mixed_precision=precision, gradient_accumulation_steps=recipe.accumulation, cpu=on_cpu
    )


def _model(recipe: Recipe, base: Base, parent: StoredVersion | None) -> tuple[Any, Any]:
    """-> the model with what is to be trained trainable, and its processor."""
    import torch

    if parent is not None:
        model, processor = _continued(recipe, base, parent)
    else:
        model, processor = load_base(base.folder)
        new = recipe.frames > 0 and _add_time_code(model, recipe)
        if recipe.freeze_vision:
            model.vision_model.requires_grad_(False)
        if recipe.use_lora:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(recipe.seed)
                model = add_lora(
                    model,
                    recipe.preset,
                    rank=recipe.rank,
                    alpha=recipe.alpha,
                    dropout=recipe.dropout,
                    base_id=base.id,
                    whole=("time_code",) if new else (),
                )
    if recipe.checkpointing:
        turn_on_checkpointing(plain(model))
    return model.train(), processor


def _add_time_code(model: Any, recipe: Recipe) -> bool:
    """-> whether the model's time code is new.

    Beside an update it begins at nothing, so that nothing changes before the first step; where
    every weight is trained it is learnt sooner from a start that tells the seconds apart.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return add_time_code(model, recipe.frames, strength=0.0 if recipe.use_lora else 0.5)


def _continued(recipe: Recipe, base: Base, parent: StoredVersion) -> tuple[Any, Any]:
    """Raises ModelError where the parent's update is of another kind than the recipe's."""
    for field in ("use_lora", "preset", "rank", "alpha", "frames"):
        was = parent.settings.get(field, 0)  # versions of before there were sequences have none
        if was != getattr(recipe, field):
            raise ModelError(
                f"{parent.name}:{parent.number} has {field} = {was}, this run "
                f"{getattr(recipe, field)}: its update cannot be trained further like that. Give "
                "the same, or start without a parent."
            )
    if not recipe.use_lora:
        raise ModelError(
            f"{parent.name}:{parent.number} is a whole model: give its folder as the base instead."
        )
    return load_peft(parent, base=base.folder, trainable=True)


def _record(job: Job, work: FineTuningRun, state: State, peak_bytes: int) -> StoredVersion:
    """Everything there is to know about the run, but number, path and hash."""
    commit, dirty = commit_and_dirty()
    val_sha256 = data_sha256(job.val)
    settings = {
        **job.recipe.to_dict(),
        "base": job.base_name,
        "model_type": "vqa",
        "reads": work.reads,
        "val_sha256": val_sha256,
    }
    return StoredVersion(
        name=job.name,
        parent=job.parent.number if job.parent else None,
        base_id=job.base.id,
        base_revision=job.base.revision,
        base_sha256=job.base.sha256,
        adapter_path="",
        sha256="",
        data_sha256=data_sha256(job.train, job.val),
        settings=settings,
        seed=job.recipe.seed,
        commit=commit,
        dirty=dirty,
        packages=package_versions(),
        hardware=hardware(str(work.accelerator.device)),
        seconds=state.seconds,
        peak_memory_bytes=peak_bytes,
        figures=_figures(job, work, state),
    )


def _figures(job: Job, work: FineTuningRun, state: State) -> dict[str, Any]:
    seed = job.recipe.seed
    return {
        "before": validation.figures(state.before, job.val, seed=seed),
        "after": validation.figures(state.best, job.val, seed=seed),
        "trainable": work.trainable,
        "parameters": work.parameters,
        "trainable_share": work.share,
        "steps": state.step,
        "best_step": state.best_step,
        "cached_features": work.cached,
        "warnings": work.warnings,
        "train_examples": len(job.train),
        "val_examples": len(job.val),
        "train_videos": _groups(job.train),
        "val_videos": _groups(job.val),
        "curve": {"exams": state.exams, "last_loss": state.losses[-1]},
        "per_question": {
            "before": state.before,
            "after": state.best,
            "videos": [e.group for e in job.val],
        },
    }


def _groups(examples: Sequence[Example]) -> int:
    return len({e.group for e in examples})
