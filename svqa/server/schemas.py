"""What goes in and out of the routes, as OpenAPI describes it: the shapes of `viewer/src/*.ts`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class AskBody(Strict):
    """A question about one film, or about all; each of `answerers` answers it."""

    question: str = Field(min_length=1, max_length=2000)
    film: str | None = None
    options: list[str] = Field(default=[], max_length=50)
    answerers: list[str] = Field(default=[], max_length=8)


class CorrectionBody(Strict):
    """What is said of an answer; `question` is its number."""

    question: int
    verdict: Literal["right", "wrong"]
    answer: str = Field(default="", max_length=2000)
    spans: list[tuple[float, float]] = Field(default=[], max_length=100)
    film: str | None = None


class Moment(BaseModel):
    """A stretch of a film that a search or an answer points at."""

    start_s: float
    end_s: float
    kind: str
    text: str
    score: float
    film: str
    film_name: str
    picture: str | None


class Correction(BaseModel):
    """The last thing that was said of an answer."""

    verdict: str
    answer: str
    spans: list[tuple[float, float]]


class Curve(BaseModel):
    """How well each stretch fits a question."""

    t_s: list[float]
    value: list[float]


class Asked(BaseModel):
    """A question with its answer; `id` is its number in the audit trail."""

    id: int | None
    question: str
    options: list[str]
    answer: str
    abstained: bool
    reason: str
    model: str
    latency_ms: float
    evidence: list[Moment]
    scores: Curve | None
    correction: Correction | None


class FilmCard(BaseModel):
    """A film of the library."""

    id: str
    name: str
    duration_s: float
    status: str
    note: str
    picture: str


class Films(BaseModel):
    """A page of the library, and how many films there are in all."""

    films: list[FilmCard]
    total: int


class JobState(BaseModel):
    """A film that is being taken in."""

    id: int
    name: str
    status: str
    done_s: float
    of_s: float
    note: str
    film: str


class Number(BaseModel):
    """The number of a row that was written."""

    id: int
