"""A file of questions about any videos -> how often a library answers right and finds the seconds.

Every figure stands beside its baselines.

The file is the project's own format (`svqa.questions`), the one that fine-tuning reads, so what a
version learnt on one split is measured on another. Answers and seconds are those of `svqa ask`: the
first moment of its evidence is the span that was found, all of them in order are the ranking.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from svqa.errors import UsageError
from svqa.evaluation.output_quality import METRIC, value_of
from svqa.evaluation.question_set import QuestionSet
from svqa.media import is_object, refuse_url
from svqa.metrics.grounding import Span, grounding_values, ranking_values
from svqa.metrics.results import EvalResult, Figure, bootstrap_over_groups
from svqa.pipeline.library import Library
from svqa.records import Answer, Progress, Question
from svqa.temporal.moments import candidate_spans, expected_moments
from svqa.temporal.prior import load_prior

Values = Mapping[str, float]
Said = Counter[tuple[str, str]]  # (answer, video) -> how often
SPAN_METRICS = (
    *("iou", "iou_at_03", "iou_at_05", "iou_at_07"),
    *("iop", "hit_at_1", "recall_at_5", "reciprocal_rank"),
)


def run_questions(
    library: Library, asked: QuestionSet, *, seed: int = 0, progress: Progress | None = None
) -> EvalResult:
    """-> `accuracy`, `answered`, and for marked spans `iou` (mIoU), `iou_at_05`, `hit_at_1` ...

    Videos that the library lacks are ingested first. An abstention counts as wrong and is told by
    `answered`; words must match a reference exactly, options are chosen. Each question is also
    asked about the next video of the file (`another video`). Baselines that never look: `blind`
    (the commonest answer to these words in the other videos, or else to its type), `majority` (to
    its type), `chance` (where there are options: one of them, or of the answers to its type in the
    other videos, drawn by lot); for seconds `random`, `whole video`, `question
    words` and `shuffled time`. Intervals are over videos. Raises UsageError for a video that cannot
    be read.
    """
    videos = ingest_asked(library, asked.questions)
    names, duration_s = (
        list(videos),
        {name: library.store.find_video(video).duration_s for name, video in videos.items()},
    )
    lengths_s = [duration_s[q.video] for q in asked.questions]
    said: list[Answer] = []
    elsewhere: list[Answer] = []
    for first in range(0, len(asked.questions), library.together):
        part = asked.questions[first : first + library.together]
        said += library.ask_all([replace(q, video=videos[q.video]) for q in part])
        if len(names) > 1:
            others = [names[(names.index(q.video) + 1) % len(names)] for q in part]
            moved = zip(part, others, strict=True)
            elsewhere += library.ask_all([replace(q, video=videos[other]) for q, other in moved])
        if progress:
            progress("questions", first + len(part), len(asked.questions))
    rows = [_values(q, answer) for q, answer in zip(asked.questions, said, strict=True)]
    baselines = {**_habits(asked.questions), **_places(asked.questions, said, lengths_s, seed)}
    if elsewhere:
        baselines["another video"] = [
            _values(q, answer) for q, answer in zip(asked.questions, elsewhere, strict=True)
        ]
    groups = [q.video for q in asked.questions]
    kinds = np.array([q.type for q in asked.questions])
    return EvalResult(
        len(rows),
        _figures(rows, groups, seed),
        {
            str(k): _figures(*_of(rows, groups, kinds == k), seed)
            for k in sorted(set(kinds.tolist()))
            if k
        },
        {name: _figures(values, groups, seed) for name, values in baselines.items()},
        {
            **asked.fingerprint,
            "models": dict(library.models.model_ids),
            "every_s": library.settings.every_s,
            "seed": seed,
        },
        tuple(map(_row, asked.questions, said, rows)),
    )


def ingest_asked(
    library: Library, questions: Sequence[Question], *, progress: Progress | None = None
) -> dict[str, str]:
    """Take in the videos that are asked about -> {video as the file names it: its id}.

    In the file's order.

    Done before, this costs next to nothing. Raises UsageError, with the reasons, where a video
    cannot be read.
    """
    names = list(dict.fromkeys(q.video for q in questions))
    paths = [name for name in names if is_object(name) or Path(name).is_file()]
    reports = dict(
        zip(paths, library.ingest(*paths, progress=progress) if paths else (), strict=True)
    )
    failed = [
        f"{name}: {report.note}" for name, report in reports.items() if report.status == "failed"
    ]
    if failed:
        raise UsageError(
            f"{len(failed)} of {len(names)} videos cannot be read, nothing was measured. "
            f"{'; '.join(failed[:5])}"
        )
    for name in names:
        if name not in reports:
            refuse_url(name)
    return {
        name: reports[name].video if name in reports else library.store.find_video(name).id
        for name in names
    }


def _values(question: Question, answer: Answer) -> dict[str, float]:
    """One question's metrics; those of seconds only where seconds are marked."""
    values = {
        METRIC: value_of(answer, question.answers, METRIC),
        "answered": float(not answer.abstained),
    }
    if question.spans:
        values |= _span_values([(e.start_s, e.end_s) for e in answer.evidence], question.spans)
    return values


def _span_values(ranked: Sequence[Span], marked: Sequence[Span]) -> dict[str, float]:
    """`SPAN_METRICS` of the spans found, best first; a span stands for its middle in the ranking.

    None found is 0.
    """
    if not ranked:
        return dict.fromkeys(SPAN_METRICS, 0.0)
    found = {
        **grounding_values(ranked[0], marked),
        **ranking_values([sum(s) / 2 for s in ranked], marked),
    }
    return {name: found[name] for name in SPAN_METRICS}


def _habits(questions: Sequence[Question]) -> dict[str, list[Values]]:
    """What those get who know the answers of the other videos and look at none."""
    by_words: dict[str, Said] = defaultdict(Counter)
    by_type: dict[str, Said] = defaultdict(Counter)
    for q in questions:
        by_words[q.text.lower()][q.answers[0], q.video] += 1
        by_type[q.type][q.answers[0], q.video] += 1
    blind, majority = [], []
    for q in questions:
        usual = _commonest(by_type[q.type], q)
        blind.append(_guess(_commonest(by_words[q.text.lower()], q) or usual, q))
        majority.append(_guess(usual, q))
    baselines = {"blind": blind, "majority": majority}
    if any(q.options for q in questions):
        baselines["chance"] = [_by_lot(q, by_type[q.type]) for q in questions]
    return baselines


def _by_lot(question: Question, counts: Said) -> Values:
    """What a guess is worth on average: an option, or an answer that its type has elsewhere."""
    among = question.options or {a for a, video in counts if video != question.video}
    right = sum(value_of(guess, question.answers, METRIC) for guess in among)
    return {METRIC: right / max(1, len(among))}


def _commonest(counts: Said, question: Question) -> str | None:
    """The commonest answer in other videos, None where there is none.

    Among the options where there are any.
    """
    elsewhere: Counter[str] = Counter()
    for (answer, video), count in counts.items():
        if video != question.video and (not question.options or answer in question.options):
            elsewhere[answer] += count
    return elsewhere.most_common(1)[0][0] if elsewhere else None


def _guess(answer: str | None, question: Question) -> Values:
    return {METRIC: value_of(answer, question.answers, METRIC) if answer else 0.0}


def _places(
    questions: Sequence[Question], said: Sequence[Answer], lengths_s: Sequence[float], seed: int
) -> dict[str, list[Values]]:
    """What spans get that were found without a look.

    By lot, all of the video, by the question's words, and the found ones moved by lot.
    """
    rng, prior = np.random.default_rng(seed), load_prior()
    baselines: dict[str, list[Values]] = {
        name: [] for name in ("random", "whole video", "question words", "shuffled time")
    }
    for question, answer, end_s in zip(questions, said, lengths_s, strict=True):
        if not question.spans:
            for rows in baselines.values():
                rows.append({})
            continue
        candidates = candidate_spans(end_s)
        spans, weights = prior.spans(question.text, end_s)
        nothing = np.empty(0)
        words = expected_moments(
            nothing, nothing, end_s=end_s, spans=spans, weights=weights, content_weight=0.0, k=5
        )
        moved = [_moved((e.start_s, e.end_s), end_s, rng) for e in answer.evidence]
        for name, ranked in (
            ("random", [tuple(c) for c in candidates[rng.permutation(len(candidates))[:5]]]),
            ("whole video", [(0.0, end_s)]),
            ("question words", [(m.start_s, m.end_s) for m in words]),
            ("shuffled time", moved),
        ):
            baselines[name].append(_span_values(ranked, question.spans))
    return baselines if any(q.spans for q in questions) else {}


def _moved(span: Span, end_s: float, rng: np.random.Generator) -> Span:
    """A span of the same length, anywhere in the video."""
    length_s = min(span[1], end_s) - span[0]
    start_s = rng.uniform(0, max(end_s - length_s, 0.0))
    return start_s, start_s + length_s


def _of(
    rows: Sequence[Values], groups: Sequence[str], chosen: np.ndarray
) -> tuple[list[Values], list[str]]:
    at = np.flatnonzero(chosen).tolist()
    return [rows[i] for i in at], [groups[i] for i in at]


def _figures(rows: Sequence[Values], groups: Sequence[str], seed: int) -> dict[str, Figure]:
    """Every metric's mean over the questions that have it."""
    found = {}
    for name in (METRIC, "answered", *SPAN_METRICS):
        having = [i for i, row in enumerate(rows) if name in row]
        if having:
            found[name] = bootstrap_over_groups(
                [rows[i][name] for i in having], [groups[i] for i in having], seed
            )
    return found


def _row(question: Question, answer: Answer, values: Values) -> dict[str, object]:
    seconds = [[e.start_s, e.end_s] for e in answer.evidence[:5]]
    return {
        "id": question.id,
        "video": question.video,
        "type": question.type,
        "question": question.text,
        "answer": question.answers[0],
        "said": answer.text,
        "by": answer.model_id,
        "seconds": seconds,
        **values,
    }
