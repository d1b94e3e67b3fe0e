"""NExT-QA open-ended: captions -> `EvidenceAnswerer` -> WUPS, exact and semantic match.

Xiao et al. 2021, arXiv:2105.08276; the rules are those of `eval_oe.py` in doc-doc/NExT-OE: words
are lemmas without stop words, counts and yes / no (DC, DB) are right or wrong, everything else is
WUPS. An abstention is a wrong answer. The captions are ready-made, written by a far larger
vision-language model. Published WUPS of HGA, trained on the set, on the full validation set: 21.48.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from svqa.answering.evidence import EvidenceAnswerer
from svqa.errors import UsageError
from svqa.evaluation.benchmark_files import read_object, read_table
from svqa.evaluation.nextqa import read_captions
from svqa.json_lines import Mistake, refuse
from svqa.language.wordnet import WordNet, load_wordnet
from svqa.metrics.answers import normalise
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups
from svqa.metrics.wups import wups
from svqa.models.base import TextEncoder
from svqa.records import Progress, Question

RIGHT_OR_WRONG = ("DC", "DB")
_COLUMNS = ("video", "question", "answer", "qid", "type")
Values = dict[str, float]


def read_open_questions(path: str | Path) -> list[Question]:
    """-> the questions of a NExT-OE csv file by video, `id` is `video_qid`.

    Raises UsageError for a missing column, and with every line that asks a question again.
    """
    rows, first = read_table(path, _COLUMNS, "NExT-OE"), dict[tuple[str, str], int]()
    known = [(line, first.setdefault((row["video"], row["qid"]), line)) for line, row in rows]
    refuse(Path(path), (Mistake(n, f"asks again what line {k} asks") for n, k in known if k != n))
    questions = [
        Question(
            row["question"],
            (),
            row["video"],
            (row["answer"],),
            type=row["type"],
            id=f"{row['video']}_{row['qid']}",
        )
        for _, row in rows
    ]
    return sorted(questions, key=lambda question: question.video)


def read_open_predictions(path: str | Path, questions: Sequence[Question]) -> list[str]:
    """-> another model's stored answers, `{video: {qid: answer}}`, in the order of `questions`."""
    stored, found = read_object(path, "{video: {question number: answer}}"), []
    for question in questions:
        of_video = stored.get(question.video)
        number = question.id.removeprefix(f"{question.video}_")
        answer = of_video.get(number) if isinstance(of_video, dict) else None
        if not isinstance(answer, str):
            raise UsageError(f"{path} has no answer to question '{question.id}'.")
        found.append(answer)
    return found


def run_nextoe(
    annotations: str | Path,
    captions: str | Path,
    *,
    sentences: TextEncoder,
    predictions: str | Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> EvalResult:
    """WUPS and its companions, overall and by type, beside what never looks and a stored model.

    Without WordNet the rows of WUPS are left out and the fingerprint's `wups` says why.
    """
    questions, passages = read_open_questions(annotations), read_captions(captions)
    answerer, answers, answered = EvidenceAnswerer(sentences), [], []
    for done, question in enumerate(questions, 1):
        if not passages.get(question.video):
            raise UsageError(f"{captions} has no captions of video '{question.video}'.")
        answer = answerer.answer(question, passages[question.video])
        answers.append("" if answer.abstained else answer.text)
        answered.append(float(not answer.abstained))
        if progress is not None:
            progress("questions", done, len(questions))
    wordnet, why = _wordnet()
    rows = open_values(questions, answers, sentences, wordnet)
    others = {"most frequent answer by type": frequent_answers(questions)}
    if predictions is not None:
        others["stored"] = read_open_predictions(predictions, questions)
    videos, kinds = [q.video for q in questions], [q.type for q in questions]
    return EvalResult(
        len(questions),
        {**_figures(rows, videos, seed), "answered": bootstrap_over_groups(answered, videos, seed)},
        _by_type(rows, videos, kinds, seed),
        {
            name: _figures(open_values(questions, told, sentences, wordnet), videos, seed)
            for name, told in others.items()
        },
        {
            "benchmark": "nextqa-oe",
            "annotations_sha256": hashlib.sha256(Path(annotations).read_bytes()).hexdigest(),
            "captions_sha256": hashlib.sha256(Path(captions).read_bytes()).hexdigest(),
            "model": answerer.model_id,
            "seed": seed,
            "wups": why,
        },
        tuple(
            {"id": q.id, "video": q.video, "type": q.type, "answer": told, **row}
            for q, told, row in zip(questions, answers, rows, strict=True)
        ),
    )


def open_values(
    questions: Sequence[Question],
    answers: Sequence[str],
    sentences: TextEncoder,
    wordnet: WordNet | None,
) -> list[Values]:
    """-> each answer's values; "" is wrong everywhere."""
    references, rows = [question.answers[0] for question in questions], []
    near = _similarities(answers, references, sentences)
    for question, told, right, cosine in zip(questions, answers, references, near, strict=True):
        row = {
            "exact_match": float(normalise(told) == normalise(right)),
            "semantic_similarity": cosine,
        }
        if wordnet is not None:
            row = {**wups_values(question.type, told, right, wordnet), **row}
        rows.append(row)
    return rows


def wups_values(kind: str, told: str, reference: str, wordnet: WordNet) -> Values:
    """-> WUPS with threshold 0 (`wups`) and 0.9 (`wups_09`) of one answer."""
    answer, right = wordnet.lemmas(told), wordnet.lemmas(reference)
    if kind in RIGHT_OR_WRONG:
        same = float(bool(told.strip()) and answer == right)
        return {"wups": same, "wups_09": same}
    return {
        name: wups(answer, right, wordnet.similarity, threshold=threshold)
        for name, threshold in (("wups", 0.0), ("wups_09", 0.9))
    }


def frequent_answers(questions: Sequence[Question]) -> list[str]:
    """-> the answer that is most frequent in the type, counted on all other videos' questions."""
    all_of: dict[str, Counter[str]] = {}
    own: dict[tuple[str, str], Counter[str]] = {}
    for q in questions:
        all_of.setdefault(q.type, Counter())[q.answers[0]] += 1
        own.setdefault((q.type, q.video), Counter())[q.answers[0]] += 1
    found = []
    for q in questions:
        left = all_of[q.type] - own[q.type, q.video]
        # by name where two are as frequent: the order of the file must not decide
        found.append(min(left, key=lambda answer: (-left[answer], answer), default=""))
    return found


def _similarities(
    answers: Sequence[str], references: Sequence[str], sentences: TextEncoder
) -> list[float]:
    """`svqa.metrics.answers.semantic_similarity` of each pair, every text encoded once."""
    texts = list(dict.fromkeys([*answers, *references]))
    at, vectors = {text: i for i, text in enumerate(texts)}, sentences.encode_text(texts)
    return [
        float(np.clip(vectors[at[told]] @ vectors[at[right]], 0.0, 1.0)) if told.strip() else 0.0
        for told, right in zip(answers, references, strict=True)
    ]


def _wordnet() -> tuple[WordNet | None, str]:
    try:
        return load_wordnet(), "WordNet 3.0"
    except UsageError as error:
        return None, str(error)


def _figures(rows: Sequence[Values], videos: Sequence[str], seed: int) -> dict[str, Figure]:
    return {n: bootstrap_over_groups([row[n] for row in rows], videos, seed) for n in rows[0]}


def _by_type(
    rows: Sequence[Values], videos: Sequence[str], kinds: Sequence[str], seed: int
) -> Mapping[str, dict[str, Figure]]:
    """For C, T, D and for each of their finer types."""
    coarse, fine = np.array([kind[0] for kind in kinds]), np.array(kinds)
    found = {}
    for of in (coarse, fine):
        for kind in sorted(set(of.tolist())):
            at = np.flatnonzero(of == kind).tolist()
            found[kind] = _figures([rows[i] for i in at], [videos[i] for i in at], seed)
    return found
