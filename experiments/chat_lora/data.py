"""NExT-QA questions and captions -> folds by video, and the lines that a chat model is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from svqa.answering.option_scoring import added_by_options, beyond_boilerplate, standardise
from svqa.answering.sentence_scoring import Lines, read_passages, support
from svqa.evaluation.nextqa import Choice
from svqa.language.question_parser import plain
from svqa.models.base import TextEncoder
from svqa.records import Evidence, Progress

FOLDS = 5
SHOWN = 4  # lines a question


@dataclass(frozen=True)
class Part:
    """Questions that are used alike."""

    name: str
    choices: tuple[Choice, ...]

    @property
    def videos(self) -> list[str]:
        """The video of each question."""
        return [c.question.video for c in self.choices]


def fold_of(video: str) -> int:
    """-> 0 to 4, from the video's name alone."""
    return int(hashlib.sha256(f"fold {video}".encode()).hexdigest(), 16) % FOLDS


def split(
    choices: Sequence[Choice], fold: int, sizes: Mapping[str, int], seed: int
) -> dict[str, Part]:
    """-> `train` and `val` from the videos of four folds, `test` from those of `fold`.

    No video is in two parts; one in six of the four folds' videos is for `val`. Of each part at
    most `sizes[name]` questions, drawn by `seed`.
    """
    rng = np.random.default_rng(seed)
    videos = sorted({c.question.video for c in choices})
    learnt = rng.permutation([v for v in videos if fold_of(v) != fold]).tolist()
    held = set(learnt[: len(learnt) // 6])
    of = {v: "test" if fold_of(v) == fold else "val" if v in held else "train" for v in videos}
    parts = {}
    for name in ("train", "val", "test"):
        mine = [c for c in choices if of[c.question.video] == name]
        kept = sorted(rng.permutation(len(mine))[: sizes[name]].tolist())
        parts[name] = Part(name, tuple(mine[i] for i in kept))
    return parts


def best_lines(choice: Choice, lines: Lines, encoder: TextEncoder) -> list[Evidence]:
    """-> the lines that `EvidenceAnswerer` finds best: for the question, then for each option.

    Each text once, the best first by its score.
    """
    question, options = plain(choice.question.text), choice.question.options
    similar = beyond_boilerplate(lines, encoder) @ added_by_options(question, options, encoder).T
    order = [int(np.argmax(support(lines, question, encoder)))]
    best = similar.argmax(axis=0)
    order += [int(best[k]) for k in np.argsort(-similar.max(axis=0))]
    kept = {lines.texts[i]: i for i in reversed(order)}
    found = sorted(set(kept.values()), key=order.index)[:SHOWN]
    video = choice.question.video
    return [
        Evidence(video, video, *map(float, lines.spans[i]), 1 - n / 100, "caption", lines.texts[i])
        for n, i in enumerate(found)
    ]


def read_all(
    parts: Sequence[Part],
    captions: Mapping[str, Sequence[Evidence]],
    encoder: TextEncoder,
    progress: Progress | None = None,
) -> tuple[dict[str, list[Evidence]], dict[str, np.ndarray]]:
    """-> by question id: the lines shown, and (K,) standardised scores of `EvidenceAnswerer`."""
    from svqa.answering.option_scoring import score_options

    shown, scores = {}, {}
    choices = sorted((c for p in parts for c in p.choices), key=lambda c: c.question.video)
    video, lines = "", None
    for done, choice in enumerate(choices, 1):
        if choice.question.video != video or lines is None:
            video = choice.question.video
            lines = read_passages(captions[video], encoder)
        question, options = plain(choice.question.text), choice.question.options
        shown[choice.question.id] = best_lines(choice, lines, encoder)
        scores[choice.question.id] = standardise(score_options(question, options, lines, encoder))
        if progress is not None:
            progress("lines found", done, len(choices))
    return shown, scores


def write_questions(path: Path, part: Part, shown: Mapping[str, Sequence[Evidence]]) -> Path:
    """Write the part as a question file of svqa, with the lines as `evidence`."""
    rows = [
        {
            "video": c.question.video,
            "question": c.question.text,
            "options": list(c.question.options),
            "answer": c.question.options[c.right],
            "type": c.question.type[0],
            "id": c.question.id,
            "evidence": [
                {"start_s": e.start_s, "end_s": e.end_s, "kind": e.kind, "text": e.text}
                for e in shown[c.question.id]
            ],
        }
        for c in part.choices
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
