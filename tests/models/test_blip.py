"""BLIP: the fast way against the slow obvious way.

Every frame encoded once, against the library's own `generate`.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import BlipConfig, BlipForQuestionAnswering

from svqa.errors import UsageError
from svqa.models import (
    BestFrame,
    BlipAnswerer,
    BlipCaptioner,
    FrameCache,
    FrameGrid,
    FrameStrategy,
    WeightedVote,
    encode_question,
    frame_grid,
    frame_memory,
)
from svqa.models.blip_parts import QUESTIONS_A_FRAME, by_length_and_frame, encode_questions
from svqa.models.frame_cache import frame_key
from svqa.models.frame_strategies import Reply, retrieval_weights, spread
from svqa.records import Evidence, FrameBatch, Question, Segment
from tests.helpers.blip import pictures, tiny_config, tiny_processor, write_tiny

QUESTIONS = [
    Question(text)
    for text in (
        "what colour is the circle?",
        "is there a red square?",
        "how many are there?",
        "where is the blue square in the circle?",
    )
]


@pytest.fixture(scope="module")
def answerer(tmp_path_factory) -> BlipAnswerer:
    return BlipAnswerer.from_pretrained(write_tiny("vqa", tmp_path_factory.mktemp("vqa")))


@pytest.fixture(scope="module")
def captioner(tmp_path_factory) -> BlipCaptioner:
    return BlipCaptioner.from_pretrained(
        write_tiny("captioner", tmp_path_factory.mktemp("captioner")), max_tokens=8
    )


def slow_answer(answerer: BlipAnswerer, picture: np.ndarray, question: Question) -> str:
    pixels = answerer.processor.image_processor(
        [picture], return_tensors="pt", input_data_format="channels_last"
    ).pixel_values
    ids = torch.tensor([answerer._question_ids(question.text)])
    made = answerer.model.generate(
        input_ids=ids, pixel_values=pixels, max_new_tokens=answerer.max_tokens, do_sample=False
    )
    return answerer.processor.tokenizer.decode(made[0], skip_special_tokens=True).strip()


def next_word_logp(
    answerer: BlipAnswerer, picture: np.ndarray, text: str, said: list[int]
) -> torch.Tensor:
    """Log probability of each token after the first, by the three parts called plainly."""
    pixels = answerer.processor.image_processor(
        [picture], return_tensors="pt", input_data_format="channels_last"
    ).pixel_values
    with torch.inference_mode():
        features = answerer.model.vision_model(pixel_values=pixels).last_hidden_state
        asked = answerer.model.text_encoder(
            input_ids=torch.tensor([answerer._question_ids(text)]), encoder_hidden_states=features
        ).last_hidden_state
        logits = answerer.model.text_decoder(
            input_ids=torch.tensor([said]), encoder_hidden_states=asked
        ).logits
    return logits.log_softmax(-1)[0, :-1].gather(-1, torch.tensor(said[1:])[:, None])[:, 0]


def test_cached_answers_equal_the_uncached_path(answerer):
    frames = pictures(4)
    slow = [slow_answer(answerer, frame, q) for frame in frames for q in QUESTIONS]
    pairs = [(frame, q) for frame in frames for q in QUESTIONS]
    first = answerer.reply(*zip(*pairs, strict=True))
    again = answerer.reply(*zip(*pairs, strict=True))
    assert [r.text for r in first] == slow
    assert again == first
    assert len(set(slow)) > 4, "a model that says one thing to everything would prove nothing"


def test_each_frame_is_encoded_once(answerer):
    seen = []
    hook = answerer.model.vision_model.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    frames = pictures(2, seed=11)
    for question in QUESTIONS:
        answerer.reply(frames, [question] * 2)
    answerer.reply([frames[0].copy()] * 3, [Question("is it red?", options=("yes", "no"))] * 3)
    hook.remove()
    assert sum(seen) == 2


def test_a_batch_never_changes_an_answer(answerer):
    frames, asked = list(pictures(6, seed=3)), [QUESTIONS[i % 4] for i in range(6)]
    together = answerer.reply(frames, asked)
    alone = [answerer.reply([f], [q])[0] for f, q in zip(frames, asked, strict=True)]
    assert [r.text for r in together] == [r.text for r in alone]
    assert [r.score for r in together] == pytest.approx([r.score for r in alone], rel=1e-4)


def test_questions_start_with_enc_and_answers_with_dec(answerer):
    heard = []
    hooks = [
        part.register_forward_pre_hook(
            lambda _, args, kwargs: heard.append(kwargs["input_ids"]), with_kwargs=True
        )
        for part in (answerer.model.text_encoder.embeddings, answerer.model.text_decoder)
    ]
    answerer.reply(pictures(1), [QUESTIONS[0]])
    for hook in hooks:
        hook.remove()
    words = answerer.processor.tokenizer
    assert words.convert_ids_to_tokens(heard[0][0])[:3] == ["[ENC]", "what", "colour"]
    assert words.convert_ids_to_tokens(heard[1][0]) == ["[DEC]"]


def test_a_published_vocabulary_without_enc_gets_the_id_after_dec(answerer):
    published = BlipAnswerer(answerer.model, tiny_processor(enc="unused"), model_id="x")
    assert (
        published._question_ids("is it red?")[0]
        == answerer.model.config.text_config.bos_token_id + 1
    )


def test_memory_of_a_frame_replaces_the_frame_exactly(answerer):
    model, ids = answerer.model, torch.tensor([answerer._question_ids(QUESTIONS[0].text)])
    features = torch.randn(1, 5, 32)
    with torch.inference_mode():
        slow = model.text_encoder(input_ids=ids, encoder_hidden_states=features).last_hidden_state
        fast = encode_question(model, ids, frame_memory(model, features))
    assert torch.equal(slow, fast)


def test_questions_that_share_frames_are_encoded_as_each_by_itself(answerer):
    model = answerer.model
    ids = torch.tensor([answerer._question_ids(q.text) for q in QUESTIONS[:1]]).repeat(5, 1)
    ids[:, 2] = torch.arange(20, 25)  # five different questions of one length
    with torch.inference_mode():
        one, other = frame_memory(model, torch.randn(2, 5, 32)).unbind()
        shared = [one, one, one, other, one]
        slow = encode_question(model, ids, torch.stack(shared))
        fast = encode_questions(model, ids, shared)
    assert torch.allclose(slow, fast, atol=1e-5)
    assert not torch.allclose(fast[2:3], fast[3:4], atol=1e-3)


def test_a_batch_holds_few_frames_and_many_questions_about_each():
    ids = [[0] * (5 if i % 2 else 6) for i in range(40)]
    frames = [f"frame {i % 4}" for i in range(40)]
    batches = list(by_length_and_frame(ids, frames, 2))
    assert sorted(i for batch in batches for i in batch) == list(range(40))
    for batch in batches:
        seen = [frames[i] for i in batch]
        assert len({len(ids[i]) for i in batch}) == 1 and len(set(seen)) <= 2
        assert len(batch) <= 2 * QUESTIONS_A_FRAME and seen == sorted(seen)
    assert len(batches) < 40 / 2


def test_the_score_is_the_geometric_mean_of_token_probabilities(answerer):
    question, words = QUESTIONS[1], answerer.processor.tokenizer
    brief = BlipAnswerer(answerer.model, answerer.processor, model_id="brief", max_tokens=3)
    said = [
        (p, r, words(r.text).input_ids[1:-1])
        for p in pictures(8)
        for r in brief.reply([p], [question])
    ]
    # the others said a special token, which no text shows
    whole = [(p, r, ids) for p, r, ids in said if len(ids) == 3]
    assert whole
    for picture, reply, ids in whole:
        logp = next_word_logp(answerer, picture, question.text, [5, *ids])
        assert reply.score == pytest.approx(float(logp.mean().exp()), rel=1e-4)


def test_options_are_weighed_by_the_mean_so_length_earns_nothing(answerer):
    picture, options = pictures(1, seed=5)[0], ("red", "red red red red", "blue circle")
    chosen = answerer.reply([picture], [Question("what is it?", options=options)])[0]
    means = [
        float(
            next_word_logp(
                answerer,
                picture,
                "what is it?",
                [5, *answerer.processor.tokenizer(o).input_ids[1:]],
            ).mean()
        )
        for o in options
    ]
    assert chosen.option == int(np.argmax(means)) and chosen.score == pytest.approx(
        np.exp(max(means)), rel=1e-4
    )


def test_captions_equal_the_librarys_own(captioner):
    frames = pictures(3, seed=7)
    pixels = captioner.processor.image_processor(
        list(frames), return_tensors="pt", input_data_format="channels_last"
    ).pixel_values
    slow = captioner.model.generate(pixel_values=pixels, max_new_tokens=8, do_sample=False)
    texts = [
        t.strip()
        for t in captioner.processor.tokenizer.batch_decode(slow, skip_special_tokens=True)
    ]
    assert [r.text for r in captioner.describe(frames)] == texts


def test_a_segment_is_captioned_from_its_middle_frame_and_an_empty_one_not_at_all(captioner):
    frames = FrameBatch(pictures(5), np.arange(5) * 1.0)
    made = captioner.caption(frames, [Segment(0, 3), Segment(3, 3.9), Segment(10, 15)])
    assert [(c.start_s, c.end_s) for c in made] == [(0, 3), (3, 3.9)]
    assert [c.text for c in made] == [r.text for r in captioner.describe(frames.pixels[[1, 3]])]
    assert all(0 < c.score <= 1 and c.model_id == captioner.model_id for c in made)


def test_the_cache_keeps_its_budget_and_drops_the_oldest():
    cache, value = FrameCache(max_bytes=250), torch.zeros(25)  # 100 bytes each
    for name in "abc":
        cache.put(("m", name), value)
        cache.get(("m", "a"))
    assert (
        cache.size_bytes == 200
        and cache.get(("m", "b")) is None
        and cache.get(("m", "a")) is not None
    )
    cache.put(("m", "huge"), torch.zeros(1000))
    assert cache.get(("m", "huge")) is None and len(cache) == 2


def test_without_a_budget_answers_stay_the_same(answerer):
    poor = BlipAnswerer(
        answerer.model, answerer.processor, model_id="poor", cache=FrameCache(max_bytes=0)
    )
    frames = pictures(3, seed=9)
    assert poor.reply(frames, QUESTIONS[:3]) == answerer.reply(frames, QUESTIONS[:3])
    assert len(poor.cache) == 0


def test_a_frame_is_known_by_its_pixels_and_its_model(answerer):
    a, b = pictures(2)
    assert frame_key(a) == frame_key(a.copy()) != frame_key(b)
    assert frame_key(a) != frame_key(a.reshape(a.shape[1], a.shape[0], 3)), (
        "the same bytes in another shape"
    )
    shared = FrameCache()
    other_config = tiny_config()
    torch.manual_seed(1)
    other = BlipAnswerer(
        BlipForQuestionAnswering(other_config), tiny_processor(), model_id="other", cache=shared
    )
    first = BlipAnswerer(answerer.model, answerer.processor, model_id="first", cache=shared)
    assert first.reply([a], QUESTIONS[:1]) != other.reply([a], QUESTIONS[:1])
    assert len(shared) == 2


class Echo:
    """Answers with the brightness of the picture.

    What a way looked at can be read from what it says.
    """

    def reply(self, pixels, questions):
        return [
            Reply("dark" if p.mean() < 100 else "bright", 0.5 if p.mean() < 100 else 0.9)
            for p in pixels
        ]


def grey(*levels: int) -> FrameBatch:
    pixels = np.stack([np.full((4, 6, 3), level, np.uint8) for level in levels])
    return FrameBatch(pixels, np.arange(len(levels)) * 1.0)


def passage(start_s: float, end_s: float, score: float) -> Evidence:
    return Evidence("v", "v.mp4", start_s, end_s, score, "visual")


def test_best_frame_is_the_retrieved_one_and_without_retrieval_the_middle_one():
    frames = grey(0, 0, 255, 0, 0)
    assert BestFrame().decide(Echo(), QUESTIONS[0], frames, np.ones(5)).rows == (2,)
    weights = retrieval_weights(frames.t_s, [passage(3.0, 4.0, 0.7), passage(0.0, 1.0, 0.2)])
    assert weights.tolist() == [0.2, 0, 0, 0.7, 0]
    assert BestFrame().decide(Echo(), QUESTIONS[0], frames, weights).rows == (3,)


def test_the_vote_counts_retrieval_times_the_models_own_score():
    frames = grey(0, 0, 255)
    even = WeightedVote().decide(Echo(), QUESTIONS[0], frames, np.ones(3))
    assert even.reply.text == "dark" and even.rows == (0, 1)  # 0.5 + 0.5 against 0.9
    assert even.reply.score == pytest.approx(1.0 / 1.9)
    trusted = WeightedVote().decide(Echo(), QUESTIONS[0], frames, np.array([1.0, 1.0, 2.0]))
    assert trusted.reply.text == "bright" and trusted.rows == (2,)


def test_a_grid_reads_left_to_right_then_down():
    frames = grey(10, 20, 30, 40)
    picture = frame_grid(frames.pixels, columns=2)
    assert picture.shape == (8, 12, 3)
    assert [picture[0, 0, 0], picture[0, -1, 0], picture[-1, 0, 0], picture[-1, -1, 0]] == [
        10,
        20,
        30,
        40,
    ]
    seen = []
    model = Echo()
    model.reply = lambda pixels, questions: (seen.extend(pixels), Echo().reply(pixels, questions))[
        1
    ]
    verdict = FrameGrid().decide(model, QUESTIONS[0], grey(0, 10, 20, 30, 40, 50, 60), np.ones(7))
    assert verdict.rows == (0, 2, 4, 6) and seen[0][0, 0, 0] == 0 and seen[0][-1, -1, 0] == 60
    with pytest.raises(ValueError, match="rows of 2"):
        frame_grid(frames.pixels[:3], columns=2)


def test_spread_takes_the_best_and_spaces_equals_over_time():
    assert spread(np.ones(8), 4) == [1, 3, 5, 7]
    assert spread(np.array([0, 3.0, 1, 1, 1, 2]), 3) == [1, 3, 5]
    assert spread(np.array([0, 0, 1.0]), 3) == [2]


def test_an_answer_carries_its_evidence_and_abstains_without_frames(answerer):
    frames = FrameBatch(pictures(4), np.arange(4) * 1.0)
    held = passage(1.0, 3.0, 0.9)
    answer = answerer.answer(QUESTIONS[0], [passage(3.5, 4.0, 0.1), held], frames)
    assert (
        answer.evidence == (held,)
        and answer.text
        and answer.model_id == answerer.model_id
        and answer.latency_ms > 0
    )
    alone = answerer.answer(QUESTIONS[0], [], frames)
    assert [(e.start_s, e.end_s) for e in alone.evidence] == [(2.0, 3.0)]
    nothing = answerer.answer(QUESTIONS[0], [held], None)
    assert nothing.abstained and "frames" in nothing.reason


@pytest.mark.parametrize(
    "way", [BestFrame(), WeightedVote(3), FrameGrid(2, 2)], ids=lambda w: type(w).__name__
)
def test_every_way_answers_free_and_with_options(answerer, way: FrameStrategy):
    asker = BlipAnswerer(answerer.model, answerer.processor, model_id="x", way=way)
    frames = FrameBatch(pictures(5), np.arange(5) * 0.5)
    assert asker.answer(QUESTIONS[0], [], frames).text
    chosen = asker.answer(Question("is it red?", options=("yes", "no")), [], frames)
    assert chosen.option in (0, 1) and chosen.text == ("yes", "no")[chosen.option]


def test_one_picture_a_question(answerer):
    with pytest.raises(UsageError, match="2 pictures and 1 questions"):
        answerer.reply(pictures(2), QUESTIONS[:1])


@pytest.mark.slow
def test_full_size_blip_vqa_base_has_the_published_shape():
    """The configuration's defaults are BLIP-VQA base.

    384 px, patches of 16, 12 layers, 30,524 words.
    """
    torch.manual_seed(0)
    with torch.device("meta"):
        model = BlipForQuestionAnswering(BlipConfig())
    assert sum(p.numel() for p in model.parameters()) == 361_230_140
    assert model.vision_model.embeddings.position_embedding.shape == (1, 577, 768)
    features = torch.empty(1, 577, 768, device="meta")
    assert frame_memory(model, features).shape == (1, 12, 2, 8, 577, 96)


@pytest.mark.slow
def test_full_size_answers_from_the_cache_equal_those_of_the_library():
    """Random weights of the real size.

    One frame takes 42.6 MB of cache, and the second question sees the same.
    """
    from benchmarks.cases.answers import TEXTS, full_size

    base = full_size()
    frame = pictures(1, height=90, width=160)[0]
    base.reply([frame], [Question(TEXTS[0])])
    assert base.cache.size_bytes == 12 * 2 * 577 * 768 * 4
    assert base.reply([frame], [Question(TEXTS[1])])[0].text == slow_answer(
        base, frame, Question(TEXTS[1])
    )
    assert (base.cache.hits, base.cache.misses) == (1, 1)
