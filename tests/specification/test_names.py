"""The names of the project's specification are reached from the faces and take what it passes."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from svqa.database import init_db, open_store
from svqa.errors import UsageError
from svqa.evaluation import ModelType, metrics_service, model_comparator, model_registry
from svqa.temporal import create_multimodal_embedding, rerank_with_temporal_coherence
from svqa.training import fine_tune_blip
from tests.helpers.database import ingest, video_info

NAMES = {
    "TestVisionQA": "test_caption_generation test_question_answering test_answer_quality "
    "test_performance_timing test_gpu_utilization",
    "TestObjectDetection": "test_basic_detection test_confidence_threshold test_detection_format",
    "TestAdvancedEmbeddings": "test_visual_embedding test_text_embedding test_multimodal_fusion "
    "test_temporal_embeddings test_hierarchical_embeddings test_similarity_computation "
    "test_temporal_reranking",
    "TestMetrics": "test_memory_tracking test_processing_timer test_answer_quality_evaluation",
    "TestIntegration": "test_full_video_qa_pipeline",
}


def test_the_nineteen_tests_have_their_names():
    found = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    wanted = {name: set(tests.split()) for name, tests in NAMES.items()}
    assert sum(map(len, wanted.values())) == 19
    assert {name: tests - found.get(name, set()) for name, tests in wanted.items()} == {
        name: set() for name in NAMES
    }


def test_functions_are_reached_from_the_faces():
    for function in (
        init_db,
        metrics_service.track_processing_time,
        metrics_service.evaluate_answer_quality,
        create_multimodal_embedding,
        rerank_with_temporal_coherence,
        fine_tune_blip,
    ):
        assert callable(function)


@pytest.fixture
def colour_models():
    """Two registered functions: one that looks at the picture, one that does not."""

    def mean_colour(image, question):
        return ("red", "green", "blue")[int(np.asarray(image).mean(axis=(0, 1)).argmax())]

    names = ["mean colour", "always blue"]
    model_registry.register_model(ModelType.VQA, names[0], mean_colour)
    model_registry.register_model(ModelType.VQA, names[1], lambda given: "blue")
    return names


def test_one_dictionary_is_one_input(colour_models):
    image = Image.new("RGB", (32, 24), (250, 20, 20))
    inputs = {"image": image, "question": "What is this?"}
    found = model_comparator.compare_models(ModelType.VQA, inputs, model_names=colour_models)
    assert found.side_by_side() == [{"mean colour": "red", "always blue": "blue"}]
    assert all(run.errors == {} for run in found.runs)


def test_a_model_set_is_asked_about_one_picture(tmp_path):
    image = Image.new("RGB", (96, 96), (120, 120, 120))
    image.save(tmp_path / "grey.png")
    for given in (image, np.asarray(image), tmp_path / "grey.png"):
        inputs = {"image": given, "question": "What is this?", "options": ["a wall", "a parade"]}
        (row,) = model_comparator.compare_models("vqa", inputs, ["shapes"]).side_by_side()
        assert row["shapes"].option in (0, 1), "with options, the likelier one"


def test_an_unknown_name_in_the_dictionary_is_an_error_that_lists_the_known(colour_models):
    found = model_comparator.compare_models("vqa", {"picture": 1, "question": "?"}, ["shapes"])
    assert "image" in found.runs[0].errors[0] and "picture" in found.runs[0].errors[0]


def test_the_best_model_by_accuracy_and_by_latency(colour_models):
    pictures = [Image.new("RGB", (8, 8), colour) for colour in ((250, 0, 0), (0, 250, 0)) * 10]
    truth = ["red", "green"] * 10
    model_comparator.compare_models(
        ModelType.VQA,
        [{"image": picture, "question": "Which colour?"} for picture in pictures],
        model_names=colour_models,
        references=truth,
        videos=list(range(20)),
    )
    best = model_comparator.get_best_model(ModelType.VQA, metric="accuracy")
    assert (best.winner, best.verdict) == ("mean colour", "better")
    quickest = model_comparator.get_best_model(ModelType.VQA, metric="latency")
    assert (quickest.winner, quickest.verdict) == ("always blue", "least")
    by_rule = model_comparator.get_best_model("vqa", "latency_ms", "accuracy >= 0.5")
    assert (by_rule.winner, by_rule.verdict) == ("mean colour", "unopposed")
    with pytest.raises(UsageError, match="were compared by"):
        model_comparator.get_best_model(ModelType.TRANSCRIPTION, metric="latency")


def test_video_statistics_print_readably_and_read_like_a_mapping(tmp_path):
    with open_store(f"sqlite:///{tmp_path / 'svqa.db'}") as store:
        video = ingest(store, video_info("b.mp4", digit="b"))
        found = metrics_service.get_video_statistics(store, video)
    assert found["processing"]["frames"] == found["processing.frames"] == found.processing["frames"]
    assert dict(found)["status"] == found.status == "ready" and len(found) == len(list(found)) == 5
    assert found.get("no such figure") is None
    lines = str(found).splitlines()
    assert any(line.split() == ["processing.frames", "120"] for line in lines)
    assert any(line.startswith("processing.total_s") and "not measured" in line for line in lines)
