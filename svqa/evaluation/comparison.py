"""Models and inputs -> outputs side by side, time, memory, quality, and which model is better.

Each comparison can be kept in the database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from svqa.database.stored_records import StoredComparison
from svqa.errors import UnknownModel, UsageError
from svqa.evaluation.best_model import COSTS, Constraints, best_model
from svqa.evaluation.library_answers import calls
from svqa.evaluation.model_names import evidence_set
from svqa.evaluation.output_quality import METRIC, check_metric, value_of
from svqa.evaluation.registry import ModelRegistry, ModelType, model_registry
from svqa.metrics.fingerprint import digest
from svqa.metrics.pairwise import Pair, Ranking, compare_all, ranking
from svqa.metrics.results import Figure, bootstrap_over_groups
from svqa.metrics.statistics import MARGIN
from svqa.profiling.performance import metrics_service
from svqa.records import Question

if TYPE_CHECKING:
    from svqa.database import Store


@dataclass(frozen=True, eq=False)
class ModelRun:
    """One model on the inputs: an output each, errors by input, time, memory, quality.

    An output is None where the model raised.

    `values (N,)` are in [0, 1], an error counts 0; None without references. `latency_ms` is the
    median of the calls that worked; of an `Answer` it is what the answer tells, so that taking a
    video in is not part of it. Of inputs that a model takes together, each counts its part.
    """

    name: str
    outputs: tuple[Any, ...]
    errors: Mapping[int, str]
    latency_ms: float | None
    peak_grown_bytes: int
    values: tuple[float, ...] | None = None
    quality: Figure | None = None

    def to_json(self, metric: str) -> dict:
        """-> what the database keeps of it: figures, and errors by their text."""
        row = {
            "name": self.name,
            "latency_ms": self.latency_ms,
            "memory_mb": self.peak_grown_bytes / 1e6,
        }
        quality = {metric: self.quality.to_json()} if self.quality else {}
        return {
            **row,
            "errors": len(self.errors),
            "said": sorted(set(self.errors.values())),
            **quality,
        }


@dataclass(frozen=True, eq=False)
class ModelsCompared:
    """Models side by side on the same inputs.

    `ranking`: which is on top; `stored`: what the database keeps of it.
    """

    model_type: ModelType
    metric: str
    runs: tuple[ModelRun, ...]
    pairs: tuple[Pair, ...]
    ranking: Ranking
    stored: StoredComparison

    def side_by_side(self) -> list[dict[str, Any]]:
        """One row an input: `{model name: output}`."""
        return [{run.name: run.outputs[i] for run in self.runs} for i in range(self.stored.n)]


class ModelComparator:
    """Runs models of one type on the same inputs and keeps what came of it.

    >>> registry = ModelRegistry()
    >>> registry.register_model("vqa", "yes", lambda question: "yes")
    >>> registry.register_model("vqa", "no", lambda question: "no")
    >>> comparator, truth = ModelComparator(registry), ["yes"] * 18
    >>> found = comparator.compare_models("vqa", ["a?", "b?"] * 9, ["yes", "no"], references=truth)
    >>> found.ranking.winner
    'yes'
    """

    def __init__(self, registry: ModelRegistry = model_registry):
        self.registry = registry
        self._last: list[StoredComparison] = []

    def compare_models(
        self,
        model_type: ModelType | str,
        inputs: Mapping[str, Any] | Sequence[Any],
        model_names: Sequence[str] | None = None,
        *,
        store: Store | None = None,
        references: Sequence[str | Sequence[str]] | None = None,
        metric: str = METRIC,
        score: Callable[[Any, Any], float] | None = None,
        videos: Sequence | None = None,
        margin: float = MARGIN,
        seed: int = 0,
    ) -> ModelsCompared:
        """Every model (all of the type without names) on every input; one that fails is wrong.

        `inputs`: what each model is asked, one after the other; one dictionary is one input
        (`{"image": image, "question": "What is this?"}`), and a registered function gets its values
        by name where it has parameters of these names.
        `references`: what each output is judged against, by `metric` (`accuracy` or a field of
        `AnswerQuality`) or by `score(output, reference)` in [0, 1], which boxes and vectors need.
        `videos (N,)`: what each input is about; without it the inputs' own `Question.video`.
        `store`: keeps the comparison, and the videos that model sets answer about.
        """
        model_type = ModelType(model_type)
        inputs = [inputs] if isinstance(inputs, Mapping) else inputs
        names = tuple(model_names or self.registry.names(model_type, store=store))
        _check(inputs, names, references, metric if score is None else METRIC)
        videos = (
            list(videos)
            if videos is not None
            else [_video(given, i) for i, given in enumerate(inputs)]
        )
        self.registry.check(names, model_type, store=store)
        judge = score or (lambda output, reference: value_of(output, reference, metric))
        own = self.registry.registered(model_type)
        within = evidence_set(names, inputs, registered=own)
        runs = tuple(
            self.run_model(model_type, name, inputs, store, within=within) for name in names
        )
        if references is not None:
            runs = tuple(_judged(run, references, judge, videos, seed) for run in runs)
        pairs = _pairs(runs, videos, seed, margin) if references is not None else ()
        order = sorted(names, key=lambda name: _cost(next(run for run in runs if run.name == name)))
        rows = [pair.to_json() for pair in pairs]
        stands = ranking({r.name: r.quality.value for r in runs if r.quality}, rows, prefer=order)
        fingerprint = {
            "inputs_sha256": digest(inputs),
            "references_sha256": digest(references),
            "seed": seed,
            "margin": margin,
        }
        result = {"models": [run.to_json(metric) for run in runs], "pairs": rows, **vars(stands)}
        stored = StoredComparison(
            model_type.value, names, metric, len(inputs), stands.verdict, fingerprint, result
        )
        if store is not None:
            stored = dataclasses.replace(stored, id=store.add_comparison(stored))
        self._last.append(stored)
        return ModelsCompared(model_type, metric, runs, pairs, stands, stored)

    def get_best_model(
        self,
        model_type: ModelType | str,
        metric: str = METRIC,
        constraints: Constraints = (),
        *,
        store: Store | None = None,
    ) -> Ranking:
        """The best model of the newest comparison by `metric` that keeps the constraints.

        `metric`: of quality (`accuracy` ...), where the comparison decided it; or `latency_ms`
        (also `latency`) or `memory_mb` (`memory`), of which less is better and which need no
        references: the least measured median is named, of models that failed on no input.
        `constraints`: `{"latency_ms": 200, "memory_mb": 500}` (at most), or in words: `"latency_ms
        <= 200"`, `"accuracy >= 0.5"`. Raises UsageError where nothing of the type was compared by
        that metric.
        """
        kind = ModelType(model_type).value
        metric = COSTS.get(metric, metric)
        own = [c for c in reversed(self._last) if c.model_type == kind]
        kept = own if store is None else store.comparisons(model_type=kind)
        last = next((c for c in kept if any(metric in row for row in c.result["models"])), None)
        if last is None:
            raise UsageError(
                f"No {kind} models were compared by {metric} yet: compare_models(..., "
                "references=...)."
            )
        return best_model(last, metric, constraints)

    def run_model(
        self,
        model_type: ModelType,
        name: str,
        inputs: Sequence[Any],
        store: Store | None = None,
        *,
        within: str | None = None,
    ) -> ModelRun:
        """One model on every input, its errors kept beside its outputs.

        `within`: the set whose evidence an answerer is given. Only an unknown name is raised.
        """
        outputs: list[Any] = []
        errors: dict[int, str] = {}
        spent: list[float] = []
        model: Callable[[Any], Any] | None = None
        with metrics_service.track_memory() as memory:
            try:
                model = self.registry.load(model_type, name, store=store, within=within)
            except UnknownModel:
                raise
            except Exception as error:  # a model that cannot be loaded must not hide the others
                errors = dict.fromkeys(range(len(inputs)), _text(error))
            for output, raised, ms in calls(model, inputs) if model is not None else ():
                if raised is not None:  # nor one that fails on an input
                    errors[len(outputs)] = _text(raised)
                else:
                    spent.append(ms)
                outputs.append(output)
        latency_ms = float(np.median(spent)) if spent else None
        return ModelRun(
            name,
            tuple(outputs or [None] * len(inputs)),
            errors,
            latency_ms,
            memory.peak_grown_bytes,
        )


def _judged(
    run: ModelRun, references: Sequence, judge: Callable, videos: Sequence, seed: int
) -> ModelRun:
    scored = enumerate(zip(run.outputs, references, strict=True))
    values = tuple(
        0.0 if i in run.errors else float(judge(output, reference))
        for i, (output, reference) in scored
    )
    return dataclasses.replace(
        run, values=values, quality=bootstrap_over_groups(values, videos, seed)
    )


def _pairs(
    runs: Sequence[ModelRun], videos: Sequence, seed: int, margin: float
) -> tuple[Pair, ...]:
    if len(set(map(str, videos))) < 2:
        return ()  # one video has no spread to measure: nothing can be decided
    values = {run.name: run.values for run in runs if run.values is not None}
    return compare_all(values, videos, seed=seed, margin=margin)


def _check(
    inputs: Sequence, names: Sequence[str], references: Sequence | None, metric: str
) -> None:
    if not inputs or not names:
        raise UsageError(
            f"A comparison needs inputs and models, got {len(inputs)} and {len(names)}."
        )
    if len(set(names)) < len(names):
        raise UsageError(f"Each model is compared once, got {', '.join(names)}.")
    if references is not None and len(references) != len(inputs):
        raise UsageError(
            f"References go with inputs one to one, got {len(references)} for {len(inputs)} inputs."
        )
    check_metric(metric, hint=" Or give score=, a function of output and reference.")


def _cost(run: ModelRun) -> float:
    return float("inf") if run.latency_ms is None else run.latency_ms


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _video(given: Any, i: int) -> str:
    question = given[0] if isinstance(given, tuple) else given
    return (question.video if isinstance(question, Question) else "") or f"input {i}"


model_comparator = ModelComparator()
