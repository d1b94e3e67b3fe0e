"""Two versions' answers to the same questions -> whether the newer one is to be the champion."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from svqa.database.stored_records import StoredComparison, StoredVersion
from svqa.errors import DifferentFingerprints, SvqaError
from svqa.metrics.statistics import MARGIN, PairedComparison, compare_paired
from svqa.models.disk_cache import DiskCache
from svqa.models.frame_sequence import frames_of
from svqa.training import validation
from svqa.training.base_models import find_base, load_base
from svqa.training.batches import AnswerLoss, Collate, tokenise
from svqa.training.dataset import Example, data_sha256
from svqa.training.feature_cache import FeatureCache, Pictures, weights_sha256
from svqa.training.kinds import kind_of
from svqa.training.versions import load_plain

if TYPE_CHECKING:
    from svqa.database import Store

# values of the candidate, of whom it is held against, what each is about, and the fingerprint
Values = Sequence[float] | np.ndarray
Judged = tuple[Values, Values, list[str], dict[str, Any]]

CHAMPION = "champion"
ASKED_BYTES = 4 * 2**30  # of what is kept while a model is asked


class NotBetter(SvqaError):
    """The verdict does not speak for the candidate; the alias stays where it is."""


@dataclass(frozen=True)
class Promotion:
    """What was decided: `against` is the champion before, or the base where there was none."""

    candidate: str
    against: str
    alias: str
    promoted: bool
    forced: bool
    comparison: PairedComparison

    def to_json(self) -> dict[str, Any]:
        """-> plain values; the comparison's at the top."""
        return {
            **asdict(self.comparison),
            **{k: v for k, v in asdict(self).items() if k != "comparison"},
        }


def promote(
    store: Store,
    key: str,
    *,
    alias: str = CHAMPION,
    force: bool = False,
    margin: float = MARGIN,
    questions: str | None = None,
) -> Promotion:
    """Point `alias` at the version if it is better than who has it now.

    The comparison is kept in the database.

    Both are judged on the same questions, paired and clustered by video: those of the file
    `questions`, which are asked now, or without it the validation questions, as they were answered
    in training; these also chose the version's checkpoint, so it has to be better at a level
    divided by the number of its exams. Where nobody has the alias, the version is held against its
    base. Raises NotBetter on any verdict but `better` unless forced; DifferentFingerprints where
    the two were validated on different questions; UsageError for an unknown version.
    """
    candidate = store.model_version(key)
    assert candidate.number is not None  # every version that is kept has one
    champion = next((v for v in store.model_versions(candidate.name) if alias in v.aliases), None)
    against = f"{champion.name}:{champion.number}" if champion else candidate.base_id
    mine, theirs, videos, fingerprint = (
        _asked(store, candidate, champion, questions) if questions else _known(candidate, champion)
    )
    exams = 1 if questions else len(candidate.figures["curve"]["exams"])
    found, better = judge(mine, theirs, videos, exams=exams, margin=margin)
    done = Promotion(
        f"{candidate.name}:{candidate.number}",
        against,
        alias,
        better or force,
        force and not better,
        found,
    )
    store.add_comparison(
        StoredComparison(
            "vqa",
            (done.candidate, against),
            "accuracy",
            found.n,
            found.verdict,
            fingerprint,
            done.to_json(),
        )
    )
    if not done.promoted:
        raise NotBetter(_refusal(done))
    store.set_alias(candidate.name, alias, candidate.number)
    return done


def judge(
    mine: Values,
    theirs: Values,
    videos: Sequence | np.ndarray,
    *,
    exams: int,
    margin: float = MARGIN,
) -> tuple[PairedComparison, bool]:
    """-> the paired comparison, and whether it speaks for the candidate, whose values are `mine`.

    `exams`: of how many checkpoints the candidate is the best on these very questions.
    """
    found = compare_paired(mine, theirs, videos, margin=margin, chosen_of=max(1, exams))
    return found, found.verdict == "better" and found.winner == "a"


def _known(candidate: StoredVersion, champion: StoredVersion | None) -> Judged:
    """Values a question, as both answered the same validation questions when they were made."""
    mine = candidate.figures["per_question"]
    fingerprint = {"val_sha256": candidate.settings["val_sha256"], "split": "validation"}
    if champion is None:
        return mine["after"], mine["before"], mine["videos"], fingerprint
    if champion.settings["val_sha256"] != candidate.settings["val_sha256"]:
        raise DifferentFingerprints(
            f"{candidate.name}:{candidate.number} and :{champion.number} were validated on "
            "different questions (val_sha256). Give questions to ask both now: --questions FILE"
        )
    return mine["after"], champion.figures["per_question"]["after"], mine["videos"], fingerprint


def _asked(
    store: Store, candidate: StoredVersion, champion: StoredVersion | None, path: str
) -> Judged:
    """Both are asked now, about the test split of the file (rows without a split count as test)."""
    other = champion or str(candidate.settings["base"])
    kind = kind_of(find_base(str(candidate.settings["base"])).folder)
    examples = kind.read(path, split="test", types=(), database=store.url)
    return (
        ask(candidate, examples),
        ask(other, examples),
        [e.group for e in examples],
        {"questions_sha256": data_sha256(examples), "split": "test"},
    )


def ask(
    who: StoredVersion | str,
    examples: Sequence[Example],
    *,
    cache: str | Path | None = None,
    device: str = "cpu",
) -> np.ndarray:
    """-> (N,) how right a version, or a base, is about each example.

    `cache`: a folder where pictures, and what vision makes of them, are kept for the next that is
    asked; without it for this time only.
    """
    if isinstance(who, StoredVersion):
        model, processor = load_plain(who)
    else:
        model, processor = load_base(find_base(who).folder)
    model.to(device)
    if model.config.model_type != "blip":
        from svqa.training.chat_run import answers_of

        return validation.scores(answers_of(model, processor, examples), examples)
    with tempfile.TemporaryDirectory() as folder:
        kept = DiskCache(cache or folder, ASKED_BYTES)
        return validation.scores(_looking(model, processor, examples, kept), examples)


@torch.no_grad()
def _looking(model: Any, processor: Any, examples: Sequence[Example], cache: DiskCache) -> list:
    """A BLIP's answers about the examples' pictures, each seen once where the cache has room."""
    pictures = Pictures(
        examples,
        size_px=model.config.vision_config.image_size,
        cache=cache,
        frames=frames_of(model),
    )
    pictures.decode()
    seen = FeatureCache(
        pictures, processor, cache=cache, made_by=weights_sha256(model.vision_model)
    )

    def see(pixel_values: torch.Tensor) -> torch.Tensor:
        return model.vision_model(pixel_values=pixel_values.to(model.device)).last_hidden_state

    tokens = tokenise(processor, model.config.text_config, examples)
    collate = Collate(tokens, seen, cached=seen.compute(see))
    loss = AnswerLoss(model, vision_is_frozen=True)
    return validation.generate_answers(loss, collate, range(len(examples)), device=model.device)


def _refusal(done: Promotion) -> str:
    c = done.comparison
    word = "worse" if c.winner == "b" else c.verdict
    return (
        f"{done.candidate} stays without '{done.alias}': against {done.against} the verdict is "
        f"{word} (difference {100 * c.difference:+.1f} points [{100 * c.low:+.1f}, "
        f"{100 * c.high:+.1f}], n = {c.n} questions of {c.videos} videos; {100 * c.detectable:.1f} "
        "points would have shown). Ask more questions (--questions FILE), or promote it all the "
        "same with --force."
    )
