"""The shipped BLIP captioner and answerer on videos from a seed that no training uses."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from svqa.evaluation import draw_frame_questions, evaluate_frame_questions
from svqa.metrics import evaluate_answer_quality
from svqa.models import SHIPPED, BlipAnswerer, BlipCaptioner, FrameGrid, WeightedVote
from svqa.records import Evidence, FrameBatch, Question, Segment
from svqa.shapes import FRAME_TYPES, SHAPES, frame_caption, render, scene_of, steady_times

SEED, VIDEOS = 777_000, 12


@pytest.fixture(scope="module")
def captioner() -> BlipCaptioner:
    return BlipCaptioner.from_pretrained(SHIPPED / "blip-captioner")


@pytest.fixture(scope="module")
def answerer() -> BlipAnswerer:
    return BlipAnswerer.from_pretrained(SHIPPED / "blip-vqa")


@pytest.fixture(scope="module")
def scenes():
    return [scene_of(SEED, i) for i in range(VIDEOS)]


class TestVisionQA:
    def test_caption_generation(self, captioner, scenes):
        """Every shape in sight, by colour and kind."""
        right = []
        for scene in scenes:
            t_s = steady_times(scene)[5]
            caption = captioner.caption(
                render(scene, [t_s], width_px=128), [Segment(t_s, t_s + 1)]
            )[0]
            assert caption.model_id == "shapes/blip-captioner" and 0 < caption.score <= 1
            right.append(caption.text == frame_caption(scene, t_s))
        assert np.mean(right) >= 0.75

    def test_question_answering(self, answerer, scenes):
        """What is there, asked about the right frame, in the model's own words."""
        asked = [a for a in draw_frame_questions(scenes, SEED) if a.question.type in FRAME_TYPES]
        pixels = [render(scenes[a.video], [a.t_s], width_px=128).pixels[0] for a in asked]
        replies = answerer.reply(pixels, [a.record() for a in asked])
        right = [reply.text == a.question.answer for reply, a in zip(replies, asked, strict=True)]
        assert {a.question.type for a in asked} == set(FRAME_TYPES)
        assert len(asked) >= 40 and np.mean(right) >= 0.95

    def test_answer_quality(self, answerer, scenes):
        """The project's own measure of an answer, on one that is right and one that is not."""
        scene = scenes[0]
        t_s = steady_times(scene)[5]
        frames = render(scene, [t_s], width_px=128)
        seen = scene.at(t_s)[0]
        article = "an" if seen.colour == "orange" else "a"
        said = answerer.answer(Question(f"is there {article} {seen.name}?"), [], frames).text
        assert evaluate_answer_quality(said, "yes").exact_match == 1.0
        assert evaluate_answer_quality(said, "seven").exact_match == 0.0
        # who says yes to everything is wrong about what is not there, and about a colour
        named = {shape.name for shape in scene.at(t_s)}
        absent = next(f"green {kind}" for kind in SHAPES if f"green {kind}" not in named)
        denied = answerer.answer(Question(f"is there a {absent}?"), [], frames).text
        assert evaluate_answer_quality(denied, "no").exact_match == 1.0
        assert [shape.shape for shape in scene.at(t_s)].count(seen.shape) == 1, "it is the one"
        colour = answerer.answer(Question(f"what colour is the {seen.shape}?"), [], frames).text
        assert evaluate_answer_quality(colour, seen.colour).exact_match == 1.0

    @pytest.mark.slow
    def test_time_questions_need_more_than_a_frame(self, answerer):
        """Accuracy by type, with its baselines.

        What one frame can tell is answered, what needs time is not.
        """
        result = evaluate_frame_questions(answerer, videos=60, seed=SEED)
        assert result.metrics["time questions"].value <= 0.65
        assert result.metrics["one-frame questions"].value >= 0.95
        assert set(result.baselines) == {"blind", "majority", "chance", "middle frame", "shuffled"}
        for kind in FRAME_TYPES:
            assert result.by_type[kind]["right frame"].value >= 0.85
            assert (
                result.by_type[kind]["right frame"].value > result.baselines["shuffled"][kind].value
            )
        assert json.dumps(result.to_json())

    def test_a_moment_is_found_by_the_frames_that_were_retrieved(self, answerer, scenes):
        """A shape that leaves: the answer follows the retrieved seconds.

        All three ways give one.
        """
        scene = next(s for s in scenes if any(a.span[1] < 7 for a in s.actors))
        gone = min(a.span[1] for a in scene.actors)
        frames = render(scene, np.arange(0, 8, 0.5), width_px=128)
        leaver = min(scene.actors, key=lambda a: a.span[1]).name_at(gone)
        question = Question(f"is there {'an' if leaver.startswith('o') else 'a'} {leaver}?")
        for truth, start_s, end_s in (
            ("yes", max(0.0, gone - 1.5), gone - 0.2),
            ("no", gone + 0.2, gone + 1.0),
        ):
            answer = answerer.answer(
                question, [Evidence("v", "v.mp4", start_s, end_s, 0.5, "visual")], frames
            )
            assert answer.text == truth
        for way in (WeightedVote(), FrameGrid()):
            other = BlipAnswerer(
                answerer.model, answerer.processor, model_id="x", way=way, cache=answerer.cache
            )
            assert other.answer(question, [], frames).text

    def test_size_and_batch_do_not_change_an_answer(self, answerer, scenes):
        t_s = [steady_times(s)[5] for s in scenes]
        asked = [Question("how many objects are there?")] * len(scenes)
        small, large = (
            [render(s, [t], width_px=w).pixels[0] for s, t in zip(scenes, t_s, strict=True)]
            for w in (128, 256)
        )
        together = [r.text for r in answerer.reply(small, asked)]
        assert together == [answerer.reply([p], asked[:1])[0].text for p in small]
        assert (
            np.mean(
                [a == b.text for a, b in zip(together, answerer.reply(large, asked), strict=True)]
            )
            >= 0.9
        )

    def test_performance_timing(self, answerer, scenes, record_property):
        """The second question about the same frame reuses what was seen.

        The times are recorded, not judged.
        """
        frames = FrameBatch(render(scenes[1], [2.0], width_px=160).pixels, np.array([2.0]))
        cache = answerer.cache
        hits, misses = cache.hits, cache.misses
        first = answerer.answer(Question("how many objects are there?"), [], frames)
        second = answerer.answer(Question("how many stars are there?"), [], frames)
        record_property("first_ms", round(first.latency_ms, 2))
        record_property("second_ms", round(second.latency_ms, 2))
        assert first.latency_ms > 0 and second.latency_ms > 0
        assert (cache.hits - hits, cache.misses - misses) == (1, 1)

    def test_gpu_utilization(self, record_property):
        """On a GPU the answers are the same and its memory is used.

        Elsewhere the test says that there is none.
        """
        import torch

        if not torch.cuda.is_available():
            record_property("gpu", "no GPU")
            pytest.skip("no GPU on this machine")
        before = torch.cuda.memory_allocated()
        answerer = BlipAnswerer.from_pretrained(SHIPPED / "blip-vqa", device="cuda")
        frames = render(scene_of(SEED, 0), [1.0], width_px=128)
        started = time.perf_counter()
        answer = answerer.answer(Question("how many objects are there?"), [], frames)
        record_property("gpu", torch.cuda.get_device_name())
        record_property("gpu_ms", round(1000 * (time.perf_counter() - started), 2))
        record_property("gpu_bytes", torch.cuda.max_memory_allocated() - before)
        assert torch.cuda.max_memory_allocated() > before
        assert (
            answer.text
            == BlipAnswerer.from_pretrained(SHIPPED / "blip-vqa")
            .answer(Question("how many objects are there?"), [], frames)
            .text
        )


@pytest.mark.parametrize("name", ["blip-captioner", "blip-vqa"])
def test_a_shipped_checkpoint_is_small_and_has_its_card(name):
    folder = SHIPPED / name
    assert sum(p.stat().st_size for p in folder.iterdir()) < 9 * 2**20
    figures = json.loads((folder / "metrics.json").read_text())["figures"]
    card = (folder / "README.md").read_text()
    assert all(f"{f['value']:.3f}" in card for f in figures.values())
    assert not list(folder.glob("*.bin")) and not list(folder.glob("*.pt"))
