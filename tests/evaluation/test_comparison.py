"""Models side by side: same inputs, errors contained, one correction for all pairs.

And no winner that was not shown.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from svqa.database import StoredVersion, open_store
from svqa.errors import DifferentFingerprints, ModelError, UnknownModel, UsageError
from svqa.evaluation import (
    ModelComparator,
    ModelRegistry,
    ModelType,
    Run,
    compare_runs,
    read_question_set,
    read_run,
    run_set,
    words_of,
)
from svqa.evaluation.model_names import evidence_set
from svqa.metrics import compare_all, digest, ranking
from svqa.models import Answerer
from svqa.records import Answer, FrameBatch, Question
from tests.cli.test_cli import svqa
from tests.helpers.database import fresh_url

ROWS = 40
QUESTIONS = [
    Question(f"Is there a dog, {i}?", video=f"v{i // 4}.mp4", answers=("yes",)) for i in range(ROWS)
]
TRUTH = ["yes"] * ROWS


def number_of(question: Question) -> int:
    return int(question.text.split()[-1].rstrip("?"))


class Terse(Answerer):
    """Answers as it was taught; abstains on every fifth question."""

    model_id = "terse@1"
    made = 0

    def __init__(self):
        Terse.made += 1

    def answer(self, question, passages, frames=None) -> Answer:
        silent = number_of(question) % 5 == 0
        return Answer(
            "" if silent else "Yes.", 0.5, self.model_id, abstained=silent, latency_ms=7.0
        )


@pytest.fixture
def comparator() -> ModelComparator:
    registry = ModelRegistry()
    registry.register_model(ModelType.VQA, "always yes", lambda question: "yes")
    registry.register_model(
        ModelType.VQA, "mostly no", lambda question: "yes" if number_of(question) % 4 == 0 else "no"
    )
    registry.register_model(ModelType.VQA, "terse", Terse)
    return ModelComparator(registry)


def broken(question: Question) -> str:
    if number_of(question) < 10:
        raise KeyError(question.video)
    return "yes"


def test_a_model_is_made_at_its_first_use_and_kept(comparator):
    Terse.made = 0
    assert "terse" in comparator.registry.names("vqa") and Terse.made == 0
    for _ in range(2):
        assert comparator.registry.load("vqa", "terse")(QUESTIONS[1]).text == "Yes."
    assert Terse.made == 1
    comparator.registry.register_model("vqa", "by factory", factory=lambda: str.upper)
    assert comparator.registry.load("vqa", "by factory")("a") == "A"
    comparator.registry.register_model("vqa", "by name", "builtins:len")
    assert comparator.registry.load("vqa", "by name")("abc") == 3


@pytest.mark.slow
def test_model_sets_appear_by_the_roles_they_have():
    registry = ModelRegistry()
    assert {"offline", "shapes", "hub"} <= set(registry.names(ModelType.VQA))
    assert "shapes" not in registry.names(ModelType.TRANSCRIPTION)
    vectors = registry.load("embedding", "offline")("a dog")
    assert vectors.shape == (384,) and np.linalg.norm(vectors) == pytest.approx(1, abs=1e-5)


def test_wrong_names_and_wrong_models_are_refused_with_what_is_known(comparator):
    with pytest.raises(UnknownModel, match="Did you mean 'terse'"):
        comparator.registry.load("vqa", "tersed")
    with pytest.raises(UsageError, match="transcription"):
        comparator.registry.names("talking")
    with pytest.raises(UsageError, match="one of them"):
        comparator.registry.register_model("vqa", "nothing")
    comparator.registry.register_model("vqa", "a thing", factory=lambda: 3)
    with pytest.raises(ModelError, match="cannot be called"):
        comparator.registry.load("vqa", "a thing")


def test_stored_versions_appear_and_an_adapter_says_what_is_missing(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/v.db") as store:
        made = {
            "base_id": "shapes/blip-vqa",
            "base_revision": "",
            "base_sha256": "0" * 64,
            "adapter_path": str(tmp_path),
        }
        data = {
            "sha256": "1" * 64,
            "data_sha256": "2" * 64,
            "settings": {"model_type": "vqa"},
            "seed": 0,
            "figures": {},
        }
        machine = {
            "commit": "",
            "dirty": False,
            "packages": {},
            "hardware": "cpu",
            "seconds": 1.0,
            "peak_memory_bytes": 1,
        }
        store.add_model_version(StoredVersion("blip-shapes", **made, **data, **machine))
        registry = ModelRegistry()
        assert "blip-shapes:1" in registry.names("vqa", store=store)
        assert "blip-shapes:1" not in registry.names("detection", store=store)
        with pytest.raises(ModelError, match="adapter to shapes/blip-vqa"):
            registry.load("vqa", "blip-shapes:1", store=store)
        registry.use_version_loader(lambda version: lambda question: version.number)
        assert registry.load("vqa", "blip-shapes:1", store=store)("?") == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_comparison_is_scored_paired_and_stored(comparator, kind, tmp_path):
    with open_store(fresh_url(kind, tmp_path)) as store:
        found = comparator.compare_models(
            ModelType.VQA,
            QUESTIONS,
            ["always yes", "mostly no", "terse"],
            store=store,
            references=TRUTH,
        )
        assert [run.quality.value for run in found.runs] == [1.0, 0.25, 0.8]
        assert found.runs[2].latency_ms == 7.0  # an answer tells its own time
        assert found.side_by_side()[1] == {
            "always yes": "yes",
            "mostly no": "no",
            "terse": found.runs[2].outputs[1],
        }
        assert (found.ranking.winner, found.ranking.verdict) == ("always yes", "better")
        assert [p.found.videos for p in found.pairs] == [10] * 3 and all(
            p.holm_p >= p.found.p for p in found.pairs
        )
        (kept,) = store.comparisons(model_type="vqa")
        assert (
            kept.id == found.stored.id
            and kept.models == ("always yes", "mostly no", "terse")
            and kept.verdict == "better"
        )
        assert (
            kept.result == json.loads(json.dumps(found.stored.result))
            and kept.fingerprint["seed"] == 0
        )
        # from the database alone
        best = ModelComparator(comparator.registry).get_best_model("vqa", store=store)
        assert best == found.ranking


def test_a_failing_model_is_counted_and_stops_nothing(comparator):
    comparator.registry.register_model("vqa", "broken", broken)
    comparator.registry.register_model(
        "vqa", "cannot be made", factory=Path("/no/such/weights").read_bytes
    )
    found = comparator.compare_models(
        "vqa", QUESTIONS, ["broken", "cannot be made", "always yes"], references=TRUTH
    )
    broken_run, unmade, good = found.runs
    assert (
        len(broken_run.errors) == 10
        and broken_run.errors[0].startswith("KeyError")
        and broken_run.outputs[0] is None
    )
    assert broken_run.quality.value == 0.75 and broken_run.outputs[10] == "yes"
    assert len(unmade.errors) == ROWS and unmade.quality.value == 0 and unmade.latency_ms is None
    assert good.errors == {} and found.stored.result["models"][0]["errors"] == 10


def test_the_best_is_named_only_where_that_was_shown(comparator):
    comparator.registry.register_model(
        "vqa", "once wrong", lambda question: "no" if number_of(question) == 3 else "yes"
    )
    comparator.compare_models(
        "vqa", QUESTIONS[:12], ["always yes", "once wrong"], references=TRUTH[:12]
    )
    undecided = comparator.get_best_model(ModelType.VQA, metric="accuracy")
    assert (undecided.winner, undecided.verdict) == (None, "undecided")
    assert (
        "always yes - once wrong is +0.083" in undecided.reason
        and "could have shown" in undecided.reason
    )
    comparator.registry.register_model("vqa", "another yes", lambda question: "Yes!")
    comparator.compare_models("vqa", QUESTIONS, ["always yes", "another yes"], references=TRUTH)
    # equal on ten videos: too few to call them so
    assert comparator.get_best_model("vqa").verdict == "undecided"


def test_constraints_choose_among_what_fits(comparator):
    comparator.compare_models(
        "vqa", QUESTIONS, ["always yes", "mostly no", "terse"], references=TRUTH
    )
    assert comparator.get_best_model("vqa", constraints={"latency_ms": 200}).winner == "always yes"
    only = comparator.get_best_model("vqa", constraints=["latency_ms >= 6.5", "accuracy >= 0.5"])
    assert (only.winner, only.verdict) == ("terse", "unopposed")
    assert comparator.get_best_model("vqa", constraints="accuracy >= 2").winner is None
    with pytest.raises(UsageError, match="latency_ms <= 200"):
        comparator.get_best_model("vqa", constraints="fast please")
    with pytest.raises(UsageError, match="Did you mean 'memory_mb'"):
        comparator.get_best_model("vqa", constraints={"memory_gb": 1})
    with pytest.raises(UsageError, match="captioning"):
        comparator.get_best_model("captioning")


def test_one_video_decides_nothing(comparator):
    found = comparator.compare_models(
        "vqa", QUESTIONS[:4], ["always yes", "mostly no"], references=TRUTH[:4]
    )
    assert (
        found.pairs == ()
        and found.ranking.winner is None
        and "not compared on enough videos" in found.ranking.reason
    )


def test_vectors_and_boxes_are_scored_by_a_function_and_passports_tell_inputs_apart():
    registry, seen = (
        ModelRegistry(),
        FrameBatch(np.zeros((2, 4, 4, 3), np.uint8), np.array([0.0, 1.0])),
    )
    registry.register_model("detection", "blind", lambda frames: [])
    registry.register_model("detection", "counts", lambda frames: list(frames.t_s))
    as_many = {"references": [2] * 9, "score": lambda boxes, n: len(boxes) == n}
    found = ModelComparator(registry).compare_models(
        "detection", [seen] * 9, ["blind", "counts"], **as_many
    )
    assert found.ranking.winner == "counts" and found.metric == "accuracy"
    other = FrameBatch(seen.pixels + 1, seen.t_s)
    assert digest([seen]) == digest([seen]) != digest([other])


def test_what_an_output_says():
    assert words_of(Answer("a dog", 0.1, "m", abstained=True)) == "" and words_of(None) == ""
    assert words_of([Answer("a dog", 0.1, "m"), "runs"]) == "a dog runs"


def test_holm_takes_back_what_one_of_many_comparisons_would_claim():
    rng = np.random.default_rng(3)
    videos = np.arange(60)
    base = rng.random(60) < 0.5
    values = {"base": base.astype(float)}
    gained = base.copy()
    gained[np.flatnonzero(~base)[:6]] = True
    values["gained"] = gained.astype(float)
    alone = compare_all(values, videos)[0]
    assert alone.verdict == "better" and 0.02 < alone.found.p < 0.05
    for i in range(3):
        values[f"other {i}"] = (rng.random(60) < 0.5).astype(float)
    among = compare_all(values, videos)[0]
    assert (
        among.found.p == alone.found.p
        and among.holm_p > 0.05
        and (among.verdict, among.winner) == ("undecided", None)
    )


def test_of_equivalent_models_the_first_preferred_is_named():
    values = {"a": [1.0, 0.0] * 150, "b": [1.0, 0.0] * 150}
    rows = [pair.to_json() for pair in compare_all(values, np.arange(300))]
    assert ranking({"a": 0.5, "b": 0.5}, rows, prefer=["b", "a"]).winner == "b"


def result_file(path, fingerprint: dict, right=lambda i: True, n: int = ROWS):
    rows = [
        {"id": f"q{i}", "video": f"v{i // 4}", "right": 1, "chosen": int(right(i))}
        for i in range(n)
    ]
    path.write_text(json.dumps({"n": n, "fingerprint": fingerprint, "per_question": rows}))
    return path


def test_different_passports_are_refused_with_the_field(tmp_path):
    a = read_run(result_file(tmp_path / "a.json", {"captions_sha256": "1", "model": "x"}))
    b = read_run(result_file(tmp_path / "b.json", {"captions_sha256": "2", "model": "y"}))
    with pytest.raises(DifferentFingerprints, match="`captions_sha256` is '1' and '2'"):
        compare_runs([a, b])
    with pytest.raises(DifferentFingerprints, match="share no field"):
        compare_runs([a, Run("c", a.values, a.videos, {"model": "x"})])
    with pytest.raises(DifferentFingerprints, match="answered other questions, for example 'q0'"):
        compare_runs([a, Run("c", dict(list(a.values.items())[1:]), a.videos, a.fingerprint)])


def test_stored_predictions_take_the_passport_of_the_questions_they_agree_with(tmp_path):
    header = "video,question,answer,qid,type,a0,a1,a2,a3,a4\n"
    (tmp_path / "mc.csv").write_text(
        header + "".join(f"v{i},why,1,0,CW,a,b,c,d,e\n" for i in range(8))
    )
    (tmp_path / "hga.json").write_text(
        json.dumps({f"v{i}_0": {"prediction": i % 2, "answer": 1} for i in range(8)})
    )
    asked = read_question_set(tmp_path / "mc.csv")
    run = read_run(tmp_path / "hga.json", asked)
    assert run.quality().value == 0.5 and run.fingerprint == asked.fingerprint
    (tmp_path / "bad.json").write_text(
        json.dumps({f"v{i}_0": {"prediction": 1, "answer": 2} for i in range(8)})
    )
    with pytest.raises(UsageError, match="with the answer 'b'"):
        read_run(tmp_path / "bad.json", asked)
    with pytest.raises(UsageError, match="--questions"):
        read_run(tmp_path / "hga.json")
    other = Run(
        "a run",
        run.values,
        run.videos,
        {"annotations_sha256": "another file", "benchmark": "nextqa-mc"},
    )
    with pytest.raises(DifferentFingerprints, match="annotations_sha256"):
        compare_runs([run, other])


def test_registered_models_answer_a_file_of_questions(comparator, tmp_path):
    rows = [{"video": q.video, "question": q.text, "answers": ["yes", "yeah"]} for q in QUESTIONS]
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = read_question_set(tmp_path / "q.jsonl")
    runs = [
        run_set(name, asked, store=None, comparator=comparator)
        for name in ("always yes", "mostly no")
    ]
    found = compare_runs(runs)
    assert found.stored.verdict == "better" and found.stored.result["winner"] == "always yes"
    assert found.stored.fingerprint == asked.fingerprint and found.pairs[0].found.difference == 0.75
    (tmp_path / "q.jsonl").write_text('{"video": "a.mp4", "question": "why?"}')
    with pytest.raises(UsageError, match="line 1: needs either `answer`"):
        read_question_set(tmp_path / "q.jsonl")


@pytest.mark.slow
def test_the_command_compares_result_files_and_keeps_the_comparison(tmp_path):
    a = result_file(tmp_path / "a.json", {"split": "val"}, n=100)
    b = result_file(tmp_path / "b.json", {"split": "val"}, right=lambda i: i % 2, n=100)
    found = json.loads(svqa("compare", a, b, "--json", cwd=tmp_path).stdout)
    assert (
        found["difference"] == 0.5
        and (found["verdict"], found["winner"]) == ("better", "a")
        and found["low"] > 0
    )
    assert found["n"] == 100 and found["videos"] == 25 and found["fingerprint"] == {"split": "val"}
    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        assert [c.models for c in store.comparisons()] == [("a", "b")]
    said = svqa("compare", a, b, cwd=tmp_path).stdout
    assert "better: a is better than b" in said and "+50.0" in said
    c = result_file(tmp_path / "c.json", {"split": "test"})
    assert "`split` is 'val' and 'test'" in svqa("compare", a, c, cwd=tmp_path, expect=2).stderr
    assert "--questions" in svqa("compare", a, "offline", cwd=tmp_path, expect=2).stderr


def test_the_published_predictions_have_their_published_accuracy(shared_data):
    """Parity: HGA's stored answers give 48.62 % on the 2,427 questions at hand."""
    asked = read_question_set(shared_data / "nextqa" / "nextqa_mc.csv")
    run = read_run(shared_data / "nextqa" / "hga_predictions.json", asked)
    assert len(run.values) == 2427 and round(100 * run.quality().value, 2) == 48.62
    assert len(set(run.videos.values())) == 280


@pytest.mark.slow
def test_one_command_sets_a_published_model_against_the_evidence_answerer(shared_data, tmp_path):
    """From captions and stored predictions to a stored verdict.

    Here on four videos of the benchmark.
    """
    data = shared_data / "nextqa"
    header, *rows = (data / "nextqa_mc.csv").read_text(encoding="utf-8").splitlines()
    videos = sorted({row.split(",")[0] for row in rows})[:4]
    rows = [row for row in rows if row.split(",")[0] in videos]
    (tmp_path / "mc.csv").write_text("\n".join([header, *rows]))
    files = (
        data / "hga_predictions.json",
        "--questions",
        "mc.csv",
        "--captions",
        data / "captions_1fps.json.gz",
    )
    found = json.loads(svqa("compare", "offline", *files, "--json", cwd=tmp_path).stdout)
    assert (found["a"], found["b"], found["n"], found["videos"]) == (
        "offline",
        "hga_predictions",
        len(rows),
        4,
    )
    assert {"annotations_sha256", "captions_sha256", "benchmark"} <= set(found["fingerprint"])
    assert found["models"][0]["accuracy"]["value"] > 0.25 and found["winner"] in (None, "offline")
    with open_store(f"sqlite:///{tmp_path}/svqa.db") as store:
        assert store.comparisons()[0].verdict == found["verdict"]


def test_an_answerer_is_given_the_evidence_of_the_set_beside_it():
    """Two sets beside it: whose should it be? Inputs that bring theirs show it to everybody."""
    alone = [Question("what is it", video="a.mp4")]
    assert evidence_set(["mine:1", "shapes"], alone) == "shapes"
    assert evidence_set(["mine:1", "smollm2"], alone) is None
    assert evidence_set(["offline", "shapes"], alone) == "offline", "two whole sets, side by side"
    assert evidence_set(["offline", "shapes", "yes"], alone, registered=["yes"]) == "offline"
    with pytest.raises(UsageError, match="'mine:1' is an answerer, and 'offline' and 'shapes' are"):
        evidence_set(["offline", "mine:1", "shapes"], alone)
    frames = FrameBatch(np.zeros((1, 8, 8, 3), np.uint8), np.zeros(1))
    assert evidence_set(["offline", "mine:1", "shapes"], [(alone[0], [], frames)]) == "offline"
    by_name = [{"question": "what is it", "frames": frames}]
    assert evidence_set(["offline", "mine:1", "shapes"], by_name) == "offline"
    with pytest.raises(UsageError, match="one of them at a time"):
        evidence_set(["offline", "m:1", "shapes"], [{"question": "what", "video": "a.mp4"}])
