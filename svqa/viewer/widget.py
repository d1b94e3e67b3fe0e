"""A film of a library -> a widget: the viewer in a notebook, in which the film is asked, too.

The browser has the film from a `FilmServer`; questions and corrections come as messages.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from svqa.database import StoredQuery, StoredVideo
from svqa.errors import SvqaError, UsageError
from svqa.pipeline import Library, open_library, scores_over_time
from svqa.records import Answer, Evidence
from svqa.settings import Settings
from svqa.viewer.bundle import viewer_script
from svqa.viewer.document import asked_question, poster_s, thumbnail_s, view_document
from svqa.viewer.film_server import FilmServer
from svqa.viewer.page import last_asked

SHOWN = 20  # questions that were asked before


def film_widget(
    library: Library | None,
    film: str | Path | StoredVideo | Answer,
    *,
    settings: Settings | None = None,
) -> FilmWidget:
    """-> the widget of a film, or of the film that an answer is about, open at that question.

    Without a library one is opened as the settings say, and closed with the widget. Raises
    UsageError for an answer without film or library.
    """
    owned = library is None
    if library is None:
        if settings is None:
            raise UsageError("No library gave this answer. Say which: library.view(answer)")
        library = open_library(**dataclasses.asdict(settings))
    try:
        if isinstance(film, Answer):
            return FilmWidget(library, _film_of(library, film), answer=film, owned=owned)
        video = film if isinstance(film, StoredVideo) else library.find(film)
        return FilmWidget(library, video, owned=owned)
    except BaseException:
        if owned:
            library.close()
        raise


class FilmWidget(anywidget.AnyWidget):
    """A film in a notebook; `close()` it, or end the kernel, and it is served no longer."""

    _esm = viewer_script()
    document = traitlets.Dict().tag(sync=True)
    questions: traitlets.List[Any] = traitlets.List().tag(sync=True)
    opened = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        library: Library,
        video: StoredVideo,
        *,
        answer: Answer | None = None,
        owned: bool = False,
    ):
        self.library, self.video, self._owned = library, video, owned
        self._server = FilmServer(video)
        try:
            super().__init__(**self._shown(answer))
        except BaseException:
            self._server.close()
            raise
        self.on_msg(self._heard)

    def _shown(self, answer: Answer | None) -> dict[str, Any]:
        """-> what the browser is told of the film, its questions, and where it is opened."""
        store, video = self.library.store, self.video
        asked = last_asked(store.queries(10 * SHOWN, video=video.id), SHOWN)
        if answer and answer.number is not None and answer.number not in {q.id for q in asked}:
            asked += store.queries(1, ids=[answer.number])
        document = view_document(
            store,
            video,
            asked,
            src=self._server.film,
            poster=self._server.picture(poster_s(video)),
            picture=self._picture,
            scores=self._scores,
        )
        questions = document.pop("questions")
        opened: dict[str, Any] = {}
        if answer and answer.number is None:  # of a library that keeps nothing
            questions.append(self._unkept("", (), answer))
        if answer:
            opened["question"] = answer.number
            starts_s = [e.start_s for e in answer.evidence if e.video == video.id]
            opened["start_s"] = starts_s[0] if starts_s else 0.0
        return {"document": document, "questions": questions, "opened": opened}

    def __repr__(self) -> str:
        return f"FilmWidget({Path(self.video.path).name})"

    def close(self) -> None:
        """Take the widget away and serve the film no longer."""
        self._server.close()
        if self._owned:
            self.library.close()
        super().close()

    def _heard(self, widget: Any, message: Mapping[str, Any], buffers: Any) -> None:
        """Answer what the viewer asks; the reply names the message that it answers."""
        does: Mapping[Any, Callable[..., dict[str, Any]]]
        does = {"ask": self._ask, "correct": self._correct}
        given = dict(message)
        number, what = given.pop("id", None), given.pop("what", None)
        try:
            self.send({"id": number, **does[what](**given)})
        except (SvqaError, ImportError) as error:
            self.send({"id": number, "error": f"{type(error).__name__}: {error}"})
        except BaseException as error:  # the viewer waits for a reply, whatever happened
            self.send({"id": number, "error": f"{type(error).__name__}: {error}"})
            raise

    def _ask(self, question: str, options: Sequence[str]) -> dict[str, Any]:
        answer = self.library.ask(question, video=self.video.id, options=options)
        if answer.number is None:
            asked = self._unkept(question, options, answer)
        else:
            (query,) = self.library.store.queries(1, ids=[answer.number])
            asked = asked_question(query, picture=self._picture, scores=self._scores)
        self.questions = [*self.questions, asked]
        return {"asked": asked}

    def _correct(
        self, question: int, verdict: str, answer: str, spans: Sequence[tuple[float, float]]
    ) -> dict[str, Any]:
        self.library.store.add_correction(
            question, verdict, answer=answer, spans=spans, video=self.video.id
        )
        said = {"verdict": verdict, "answer": answer, "spans": spans}
        self.questions = [
            {**asked, "correction": said} if asked["id"] == question else asked
            for asked in self.questions
        ]
        return {}

    def _unkept(self, question: str, options: Sequence[str], answer: Answer) -> dict[str, Any]:
        """-> the same as `asked_question` for an answer of which no row was kept."""
        query = StoredQuery(
            id=0,
            kind="ask",
            question=question,
            options=tuple(options),
            answer=answer.text,
            option=answer.option,
            score=answer.score,
            abstained=answer.abstained,
            reason=answer.reason,
            latency_ms=answer.latency_ms,
            models={"answerer": answer.model_id},
            videos=(self.video.id,),
            evidence=answer.evidence,
            created_at=datetime.now(UTC),
        )
        scores = self._scores if question else None
        return {**asked_question(query, picture=self._picture, scores=scores), "id": None}

    def _picture(self, evidence: Evidence) -> str | None:
        own = evidence.video == self.video.id
        return self._server.picture(thumbnail_s(evidence)) if own else None

    def _scores(self, text: str) -> Any:
        library = self.library
        return scores_over_time(
            library.store, library.models, text, video=self.video.id, cache=library.cache
        )


def _film_of(library: Library, answer: Answer) -> StoredVideo:
    """The film of the first evidence, or the one that was asked. Raises UsageError for none."""
    films = [e.video for e in answer.evidence]
    if answer.number is not None:
        films += [v for q in library.store.queries(1, ids=[answer.number]) for v in q.videos]
    if not films:
        raise UsageError("This answer names no film. Name one: library.view('film.mp4').")
    return library.store.find_video(films[0])
