"""Names of modules that were -> an ImportError that says where they are now, for one release."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

MOVED = {
    "svqa.server.served_files": "svqa.viewer.served_files",
    "svqa.cli.admin": "svqa.cli.models",
    "svqa.cli.research": "svqa.cli.report_commands",
    "svqa.cli.verbs": "svqa.cli.library_commands",
    "svqa.database.rows": "svqa.database.stored_records",
    "svqa.evaluation.ab_test": "svqa.metrics.ab_testing",
    "svqa.evaluation.answers": "svqa.metrics.answers",
    "svqa.evaluation.benchmarks": "svqa.evaluation.question_file",
    "svqa.evaluation.calibration": "svqa.metrics.calibration",
    "svqa.evaluation.grounding": "svqa.metrics.grounding",
    "svqa.evaluation.machine": "svqa.profiling.machine",
    "svqa.evaluation.nextgqa_ablation": "experiments.nextgqa_ablation.run",
    "svqa.evaluation.nextqa_ablation": "experiments.nextqa_ablation.run",
    "svqa.evaluation.pairs": "svqa.metrics.pairwise",
    "svqa.evaluation.passport": "svqa.metrics.fingerprint",
    "svqa.evaluation.performance": "svqa.profiling.performance",
    "svqa.evaluation.results": "svqa.metrics.results",
    "svqa.evaluation.shapes_asked": "experiments.shapes_end_to_end.run",
    "svqa.evaluation.shapes_fusion": "experiments.shapes_fusion.run",
    "svqa.evaluation.shapes_looking": "experiments.shapes_frame_selection.run",
    "svqa.evaluation.shapes_main": "experiments.command",
    "svqa.evaluation.shapes_moments": "svqa.evaluation.shapes_grounding",
    "svqa.evaluation.shapes_order": "experiments.shapes_temporal_order.run",
    "svqa.evaluation.shapes_ways": "experiments.shapes_frame_strategies.run",
    "svqa.evaluation.simulation": "experiments.comparison_simulation.run",
    "svqa.evaluation.speech_retrieval": "experiments.speech_retrieval.run",
    "svqa.evaluation.speed": "benchmarks.harness",
    "svqa.evaluation.speed_cases": "benchmarks.cases",
    "svqa.evaluation.speed_cases.answers": "benchmarks.cases.answers",
    "svqa.evaluation.speed_cases.clips": "svqa.reporting.sample_clips",
    "svqa.evaluation.speed_cases.index": "benchmarks.cases.index",
    "svqa.evaluation.speed_cases.ingest": "benchmarks.cases.ingest",
    "svqa.evaluation.speed_cases.media": "benchmarks.cases.media",
    "svqa.evaluation.speed_cases.retrieval": "benchmarks.cases.retrieval",
    "svqa.evaluation.speed_cases.start": "benchmarks.cases.start",
    "svqa.evaluation.speed_cases.store": "benchmarks.cases.store",
    "svqa.evaluation.speed_cases.timer": "benchmarks.cases.timer",
    "svqa.evaluation.speed_cases.train": "benchmarks.cases.train",
    "svqa.evaluation.speed_index": "benchmarks.hnsw_recall",
    "svqa.evaluation.statistics": "svqa.metrics.statistics",
    "svqa.evaluation.timing": "svqa.profiling.timing",
    "svqa.media.plan": "svqa.media.decode_plan",
    "svqa.media.wholeness": "svqa.media.truncation",
    "svqa.models.blip_video": "svqa.models.frame_strategies",
    "svqa.models.choose": "svqa.answering.option_scoring",
    "svqa.models.evidence": "svqa.answering.evidence",
    "svqa.models.log_mel": "svqa.models.log_mel_encoder",
    "svqa.models.naming": "svqa.answering.answer_extraction",
    "svqa.models.passages": "svqa.answering.sentence_scoring",
    "svqa.models.question_form": "svqa.language.question_parser",
    "svqa.models.wording": "svqa.language.caption_templates",
    "svqa.models.words": "svqa.language.tokenization",
    "svqa.pipeline.analyse": "svqa.pipeline.analysis",
    "svqa.pipeline.cuts": "svqa.pipeline.shot_boundaries",
    "svqa.pipeline.events": "svqa.answering.event_grounding",
    "svqa.pipeline.hearing": "svqa.pipeline.audio_analysis",
    "svqa.pipeline.looking": "svqa.pipeline.frame_selection",
    "svqa.pipeline.memory": "svqa.pipeline.malloc_trim",
    "svqa.pipeline.moments": "svqa.answering.question_scope",
    "svqa.pipeline.side_by_side": "svqa.pipeline.concurrent_work",
    "svqa.pipeline.shelf": "svqa.pipeline.search_cache",
    "svqa.pipeline.stopwatch": "svqa.profiling.timing",
    "svqa.pipeline.telling": "svqa.answering.event_answers",
    "svqa.reporting.measured": "svqa.reporting.readme_tables",
    "svqa.reporting.reel": "svqa.reporting.demo_video",
    "svqa.retrieval.fuse": "svqa.retrieval.rank_fusion",
    "svqa.shapes.card": "svqa.training.curve_card",
    "svqa.shapes.evaluate": "svqa.evaluation.shapes_questions",
    "svqa.shapes.lessons": "experiments.tiny_models.training_samples",
    "svqa.shapes.questions": "svqa.shapes.scene_questions",
    "svqa.shapes.teachers": "experiments.tiny_models.objectives",
    "svqa.shapes.tiny_blip": "experiments.tiny_models.tiny_blip",
    "svqa.shapes.tiny_clip": "experiments.tiny_models.tiny_clip",
    "svqa.shapes.train_blip": "experiments.tiny_models.train_blip",
    "svqa.shapes.train_clip": "experiments.tiny_models.train_clip",
    "svqa.shapes.train_yolo": "experiments.tiny_models.train_yolo",
    "svqa.shapes.views": "experiments.tiny_models.views",
    "svqa.temporal.changes": "svqa.temporal.track_events",
    "svqa.temporal.layout": "svqa.temporal.spatial_maps",
    "svqa.temporal.lives": "svqa.temporal.tracks",
    "svqa.temporal.sound": "svqa.temporal.log_mel",
    "svqa.training.attention": "experiments.lora.attention",
    "svqa.training.card": "svqa.training.model_card",
    "svqa.training.examine": "svqa.training.validation",
    "svqa.training.experiment": "experiments.lora.run",
    "svqa.training.pictures": "svqa.training.feature_cache",
    "svqa.training.provenance": "svqa.profiling.provenance",
    "svqa.training.rows": "svqa.questions",
    "svqa.training.shapes_results": "experiments.lora.summary",
    "svqa.training.shapes_task": "experiments.lora.task",
    "svqa.training.step_memory": "experiments.lora.step_memory",
    "svqa.training.work": "svqa.training.fine_tuning_run",
}
# names in faces: a `from` import of one asks the finder as well, as it might be a module
RENAMED = {"svqa.pipeline.lines_about": "svqa.pipeline.shown_about"}


def point_to_new_homes() -> None:
    """An import of a former name raises an ImportError that says what to import instead."""
    if not any(isinstance(finder, _MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(_MovedModules())  # asked only where no other finder knows the name


class _MovedModules(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """None for every name but those of `MOVED` and `RENAMED`."""
        if fullname in RENAMED:
            raise ImportError(f"'{fullname}' is '{RENAMED[fullname]}' now.", name=fullname)
        if fullname not in MOVED:
            return
        home = MOVED[fullname]
        package = ".".join(home.split(".")[:2])
        if home.startswith("svqa."):
            where = f"'{home}'; its public names are in '{package}'"
        else:
            where = f"'{home}', which is not installed: run it from a checkout"
        # no ModuleNotFoundError: `from package import name` would swallow that
        raise ImportError(f"'{fullname}' moved to {where}.", name=fullname)
