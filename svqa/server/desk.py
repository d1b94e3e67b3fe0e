"""What the routes do: films, pictures, moments, answers and corrections of one library."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from svqa.database import StoredQuery, StoredVideo
from svqa.errors import UsageError, unknown_name
from svqa.pipeline import Library, scores_over_time
from svqa.records import Evidence
from svqa.server.intake import Intake
from svqa.viewer import (
    ServedFiles,
    asked_question,
    card,
    last_asked,
    picture_query,
    poster_s,
    thumbnail_s,
    view_document,
)

PAGE = 60  # films
SHOWN = 20  # questions of a film


@dataclass
class Desk:
    """One database with its answerers. Safe to share between threads: models work in turn."""

    libraries: Mapping[str, Library]
    intake: Intake

    def __post_init__(self) -> None:
        self.library = next(iter(self.libraries.values()))
        self.store = self.library.store
        self.files = ServedFiles()
        self.turn = threading.Lock()

    def films(self, offset: int) -> dict[str, Any]:
        """-> a page of the library, newest first."""
        every = self.library.videos()[::-1]
        shown = [self._card(video) for video in every[offset : offset + PAGE]]
        return {"films": shown, "total": len(every)}

    def document(self, film: str) -> dict[str, Any]:
        """-> everything that the viewer draws of a film."""
        video = self.store.find_video(film)
        asked = last_asked(self.store.queries(10 * SHOWN, video=video.id), SHOWN)
        found = view_document(
            self.store,
            video,
            src=f"/api/films/{video.id}/file",
            poster=self._picture(video.id, poster_s(video)),
        )
        found["questions"] = [self._asked(query, video) for query in asked]
        return found

    def search(self, text: str, k: int, film: str | None) -> list[dict[str, Any]]:
        """-> the `k` best moments of a film, or of all."""
        with self.turn:
            found = self.library.search(text, video=film, k=k)
        return [card(e, self._of(e)) for e in found]

    def ask(
        self, question: str, film: str | None, options: Sequence[str], answerers: Sequence[str]
    ) -> list[dict[str, Any]]:
        """-> what each of the answerers says, the usual one where none is named."""
        names = list(dict.fromkeys(answerers)) or list(self.libraries)[:1]
        for name in names:
            if name not in self.libraries:
                raise UsageError(unknown_name("answerer", name, self.libraries))
        video = None if film is None else self.store.find_video(film)
        said = []
        for name in names:
            library = self.libraries[name]
            with self.turn:
                answer = library.ask(question, video=video.id if video else None, options=options)
            assert answer.number is not None, "kept by `ask`"
            (query,) = self.store.queries(1, ids=[answer.number])
            said.append(self._asked(query, video))
        return said

    def correct(
        self,
        question: int,
        verdict: str,
        answer: str,
        spans: Sequence[tuple[float, float]],
        film: str | None,
    ) -> int:
        """Keep what is said of an answer; -> the row's number."""
        video = self.store.find_video(film).id if film else ""
        return self.store.add_correction(question, verdict, answer=answer, spans=spans, video=video)

    def _asked(self, query: StoredQuery, video: StoredVideo | None) -> dict[str, Any]:
        def scores(text: str) -> Any:
            assert video is not None
            with self.turn:
                return scores_over_time(
                    self.store, self.library.models, text, video=video.id, cache=self.library.cache
                )

        said = self.store.corrections([query.id])
        return asked_question(
            query,
            picture=self._of,
            scores=scores if video else None,
            correction=said[0] if said else None,
        )

    def _card(self, video: StoredVideo) -> dict[str, Any]:
        return {
            "id": video.id,
            "name": video.path.rpartition("/")[2],
            "duration_s": video.duration_s,
            "status": video.status,
            "note": video.note,
            "picture": self._picture(video.id, poster_s(video)),
        }

    def _of(self, evidence: Evidence) -> str:
        return self._picture(evidence.video, thumbnail_s(evidence))

    def _picture(self, film: str, t_s: float) -> str:
        return f"/api/films/{quote(film, safe='')}/{picture_query(t_s)}"
