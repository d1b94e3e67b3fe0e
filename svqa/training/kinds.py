"""A base's folder -> what kind of model is trained: what it reads, how it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svqa.errors import UsageError
from svqa.training.base_models import BLIP, READS, SEES, sort_of
from svqa.training.dataset import Example, read_examples
from svqa.training.fine_tuning_run import FineTuningRun, Job
from svqa.training.recipe import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator

    from svqa.models.disk_cache import DiskCache
    from svqa.records import Progress


class Kind(ABC):
    """`preset`: which layers LoRA takes unless told."""

    preset: str

    def check(self, recipe: Recipe) -> None:
        """Raises UsageError for a setting that means nothing to this kind."""
        return

    @abstractmethod
    def read(
        self, path: str | Path, *, split: str, types: Sequence[str], database: str
    ) -> Sequence[Example]:
        """A question file -> checked examples."""

    @abstractmethod
    def run(
        self,
        job: Job,
        model: Any,
        processor: Any,
        accelerator: Accelerator,
        progress: Progress | None,
        cache: DiskCache,
    ) -> FineTuningRun:
        """-> the job, ready to be trained."""


class Blip(Kind):
    """Answers about a picture, in a few words."""

    preset = "blip-text-qv"

    def read(
        self, path: str | Path, *, split: str, types: Sequence[str], database: str
    ) -> Sequence[Example]:
        """Each row with its picture's file."""
        return read_examples(path, split=split, types=types)

    def run(
        self,
        job: Job,
        model: Any,
        processor: Any,
        accelerator: Accelerator,
        progress: Progress | None,
        cache: DiskCache,
    ) -> FineTuningRun:
        """Pictures are decoded into `cache`."""
        from svqa.training.blip_run import BlipRun

        return BlipRun(job, model, processor, accelerator, progress, cache)


class Chat(Kind):
    """Reads lines, and answers in words or by an option."""

    preset = "decoder-qv"
    sees = False

    def check(self, recipe: Recipe) -> None:
        """It sees no sequence, and its vision is never trained."""
        if recipe.frames or recipe.freeze_vision:
            raise UsageError("frames and freeze_vision are settings of a BLIP; this base chats.")

    def read(
        self, path: str | Path, *, split: str, types: Sequence[str], database: str
    ) -> Sequence[Example]:
        """Each row with what it is shown, its own or as a search finds it in `database`."""
        from svqa.training.chat_samples import LibraryEvidence, read_chat_examples

        with LibraryEvidence(database) as find:
            return read_chat_examples(path, split=split, types=types, find=find, sees=self.sees)

    def run(
        self,
        job: Job,
        model: Any,
        processor: Any,
        accelerator: Accelerator,
        progress: Progress | None,
        cache: DiskCache,
    ) -> FineTuningRun:
        """Frames, where it sees any, are decoded into `cache`."""
        from svqa.training.chat_run import ChatRun

        return ChatRun(job, model, processor, accelerator, progress, cache)


class SeeingChat(Chat):
    """Reads lines and sees frames."""

    preset = "chat-qv"
    sees = True


def kind_of(folder: Path) -> Kind:
    """-> of a base's folder. Raises UsageError for one that cannot be trained here."""
    kinds: dict[str, type[Blip | Chat]] = {BLIP: Blip, READS: Chat, SEES: SeeingChat}
    return kinds[sort_of(folder)]()
