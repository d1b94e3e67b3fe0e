"""A database and a model set, together.

What `svqa.open_library` gives, and the three verbs on it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any

from svqa.database import Store, StoredVideo, newest_per_file, open_store
from svqa.errors import NotIngested, UsageError, unknown_name
from svqa.media import is_object, refuse_url
from svqa.models.zoo import ModelSet
from svqa.notebook_html import view
from svqa.pipeline import ask as asking, ingest as ingesting, search as searching
from svqa.pipeline.ask_together import ask_in_parts
from svqa.pipeline.chosen_models import chosen_models
from svqa.pipeline.ingest import IngestReport
from svqa.pipeline.ingest_jobs import ingest_here
from svqa.pipeline.ingest_ray import ingest_on_ray
from svqa.pipeline.search_cache import SearchCache
from svqa.pipeline.video_files import find_videos
from svqa.records import Answer, Moments, Progress, Question, Waveform
from svqa.settings import Settings

ENGINES = ("local", "ray")
ADDRESSED_BYTES = 5_000_000_000  # seen at an ingest of a short film: 4.4e9, of which 0.9e9 resident


class Library:
    """Videos that can be searched and asked. Use it as a context manager, or `close()` it.

    >>> with open_library("sqlite:///svqa.db") as library:          # doctest: +SKIP
    ...     library.ingest("bears.mp4")
    ...     library.ask("What animal is this?", video="bears.mp4").text
    """

    def __init__(self, store: Store, models: ModelSet, settings: Settings):
        self.store, self.models, self.settings = store, models, settings
        self.cache = SearchCache()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"Library({self.store.url}, models={self.settings.models}, {len(self.videos())} videos)"
        )

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def videos(self) -> list[StoredVideo]:
        """The videos that can be asked with this model set: the newest ingest of each file."""
        match = {"models": self._taken_in_with()}
        return newest_per_file(self.store.videos(settings_match=match))

    def find(self, video: str | Path) -> StoredVideo:
        """The newest ingest of a video by this model set: its id, its path or its file's name."""
        ids = self._scope(video)
        return next(v for v in self.videos() if v.id == ids[-1])

    def ingest(
        self,
        *paths: str | Path,
        progress: Progress | None = None,
        jobs: int | EllipsisType | None = ...,
        share_models: bool | None = None,
        engine: str = "local",
        address: str | None = None,
    ) -> list[IngestReport]:
        """Take in files and folders; one report a file, a bad one does not stop the others.

        `jobs`: how many at once, each in a process of its own (`ingest_jobs` says what a script has
        to look like then); one by one without it; None: as many as cores and memory allow.
        `share_models`: in threads with one set of models instead; without it just on a GPU. With
        `engine="ray"` `jobs` are actors of the cluster at `address`: without it one a CPU.
        """
        if engine not in ENGINES:
            raise UsageError(unknown_name("engine", engine, ENGINES))
        files = find_videos(paths).files
        if isinstance(jobs, int) and jobs < 1:
            raise UsageError(f"jobs must be at least 1, got {jobs}.")
        options: dict[str, Any] = {"settings": self.settings, "progress": progress}
        if engine == "ray":
            options |= {"address": address, "jobs": None if jobs is ... else jobs}
            return ingest_on_ray(self.store, self.models, files, **options)
        options |= {"jobs": 1 if jobs is ... else jobs, "share_models": share_models}
        return ingest_here(self.store, self.models, files, **options)

    def search(
        self,
        text: str,
        *,
        video: str | None = None,
        level: str = "segment",
        k: int = 5,
        sound: Waveform | str | None = None,
    ) -> Moments:
        """The `k` best moments for a description, and for an example of what is heard.

        In one video (path or id) or all.

        `sound`: the example, or words for it where the set's sound encoder reads words.
        """
        begin = time.perf_counter()
        videos = self._scope(video)
        best = searching.search(
            self.store,
            self.models,
            text,
            videos=videos,
            level=level,
            k=k,
            cache=self.cache,
            sound=sound,
        )
        found = Moments(best)
        latency_ms = 1000 * (time.perf_counter() - begin)
        named = videos if video is not None else ()
        if self.store.read_only:
            return found
        self.store.add_query(
            text,
            kind="search",
            models=self.models.model_ids,
            latency_ms=latency_ms,
            evidence=found,
            videos=named,
        )
        return found

    def ask(
        self,
        question: str,
        *,
        video: str | Path | None = None,
        options: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Answer:
        """Answer from one video, or from all of them.

        A video is an id, or a path, which is ingested first if needed.
        """
        videos = self.to_be_asked(video, progress)
        answer = asking.ask(
            self.store, self.models, question, videos=videos, options=options, cache=self.cache
        )
        answer.came_from(self)
        return answer

    @property
    def together(self) -> int:
        """How many questions the answerer is best asked at once: 1 where that gains nothing."""
        return self.models.answerer.together

    def ask_all(
        self, questions: Sequence[Question], *, progress: Progress | None = None
    ) -> list[Answer]:
        """`ask` each of the questions, of which `together` are answered at a time.

        `Question.video` is a path or an id; without it all videos are asked. Raises as `ask` does,
        with nothing answered of those that were asked together with the wrong one.
        """
        return ask_in_parts(self, questions, progress)

    def view(self, film: str | Path | StoredVideo | Answer) -> Any:
        """A film to play, click and ask in a notebook; of an answer, the one it is about.

        Needs the extra `notebooks`. `close()` of what is returned ends the serving of the film.
        """
        return view(self, film)

    def to_be_asked(self, video: str | Path | None, progress: Progress | None) -> list[str]:
        """The ids that are asked; a film that is new is ingested first."""
        if video is None or not (is_object(video) or Path(video).is_file()):
            return self._scope(video)
        if is_object(video) and any(v.path == video for v in self.videos()):
            return self._scope(video)  # its store is not asked
        how: dict[str, Any] = {"settings": self.settings, "progress": progress}
        return [ingesting.ingest_video(self.store, self.models, video, **how).video]

    def _scope(self, video: str | Path | None) -> list[str]:
        """A path, an id or None -> ids of the videos that are asked."""
        if video is None:
            ids = self.cache.ids(self.store, lambda: [v.id for v in self.videos()])
            if not ids:
                raise NotIngested(
                    f"No video in {self.store.url} yet. Run: svqa ingest PATH {self._flags()}"
                )
            return ids
        refuse_url(str(video), but_objects=True)
        found = self.store.find_video(str(video))
        same = [v.id for v in self.videos() if v.sha256 == found.sha256]
        if not same:
            raise NotIngested(
                f"'{video}' was not ingested with '{self._taken_in_with()}'. Run: svqa ingest "
                f"{found.path} {self._flags()}"
            )
        return same

    def _taken_in_with(self) -> str:
        return self.settings.taken_in_with(self.models.model_ids)

    def _flags(self) -> str:
        """What an ingest with these models is told."""
        others = [
            f"--model {r}={s}" for r, s in self.settings.replaced().items() if r != "answerer"
        ]
        return " ".join((f"--models {self.settings.models}", *others))


def open_library(
    database: str | None = None, models: str | None = None, *, make: bool = True, **settings: Any
) -> Library:
    """Open (and create or migrate) a database with a model set.

    With `make=False` one that is not there is not created: raises NotIngested. Further names are
    those of `svqa.settings.Settings`: `answerer`, `captioner` and the other roles take a model in
    place of the set's own (`svqa.models.model_spec` says how one is named). What was taken in can
    be asked with any answerer. Raises UsageError, UnknownModel, WeightsMissing.

    >>> open_library("sqlite:///svqa.db", every_s=1.0)   # doctest: +SKIP
    """
    chosen = Settings.load(database=database, models=models, **settings)
    _check_room()
    store = open_store(chosen.database, make=make)
    try:
        return Library(store, chosen_models(chosen, store), chosen)
    except BaseException:
        store.close()
        raise


def _check_room() -> None:
    """Raises UsageError where this process may address less memory than the models' libraries map.

    Native code that gets none ends the process.
    """
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < ADDRESSED_BYTES:
        raise UsageError(
            f"This process may address {limit / 1e9:.1f} GB (ulimit -v), and the models' libraries "
            f"alone map {ADDRESSED_BYTES / 1e9:.0f} GB, most of it never touched. Run: ulimit -v "
            "unlimited. To limit what is used, limit the resident memory, in a cgroup."
        )


def ingest(
    *paths: str | Path,
    database: str | None = None,
    models: str | None = None,
    jobs: int | None = 1,
    **settings: Any,
) -> list[IngestReport]:
    """`open_library(...).ingest(*paths)` in one call."""
    with open_library(database, models, **settings) as library:
        return library.ingest(*paths, jobs=jobs)


def search(
    text: str,
    *,
    video: str | None = None,
    level: str = "segment",
    k: int = 5,
    database: str | None = None,
    models: str | None = None,
    **settings: Any,
) -> Moments:
    """`open_library(...).search(text)` in one call."""
    with open_library(database, models, **settings) as library:
        return library.search(text, video=video, level=level, k=k)


def ask(
    question: str,
    *,
    video: str | Path | None = None,
    options: Sequence[str] = (),
    database: str | None = None,
    models: str | None = None,
    **settings: Any,
) -> Answer:
    """`open_library(...).ask(question)` in one call."""
    with open_library(database, models, **settings) as library:
        return library.ask(question, video=video, options=options)
