"""Question and passages -> an answer that names, quotes, or abstains and says why.

It names what was seen and quotes what was heard.

The answerer looks at no pixels: it reads captions and transcript, decides what the question asks
for, finds the lines that support an answer, and keeps them as evidence. Every answer's `score` is
in [0, 1]: the support of the best line (see `passages.support`), which is no probability, or for a
choice the softmax of the options' scores, which on NExT-QA (fitted on one half of the videos,
measured on the other) is off by 0.03 on average.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from svqa.answering.answer_extraction import (
    name_from,
)
from svqa.answering.citations import cite, clock, stretch
from svqa.answering.line_answers import (
    MIN_SUPPORT,
    MIN_YES,
    colour_told,
    count_told,
    likeness,
    nearest_kind,
    numbered_items,
    order_of,
    overview_of,
    quote,
    reading_for,
)
from svqa.answering.option_scoring import score_options
from svqa.answering.sentence_scoring import Lines, read_passages, support
from svqa.language.question_parser import (
    ParsedQuestion,
    asks_about_speech,
    asks_about_text,
    parse_question,
    plain,
    speaker_of,
    spoken_about,
    statement_of,
)
from svqa.language.tokenization import content_stems, stem, words
from svqa.models.base import Answerer, TextEncoder
from svqa.records import Answer, Evidence, FrameBatch, Question

MAX_NO = 0.42  # a "no" needs that nothing comes near; between the two the answerer abstains
# of the softmax over options; fitted on one half of the NExT-QA videos: 0.098, on the other: 0.102
TEMPERATURE = 0.10
_NOTHING = "Nothing was seen or heard to answer from: no caption and no speech."
NOT_FOUND = "I could not find this in the video."
_COLOUR = frozenset(("color", "colour"))
_ACTION = re.compile(r"^(?!We (see|may|probably)\b).*\b\w{3,}ing\b")
_SEEN_ONLY = frozenset(("see", "probabl", "perhap", "may", "we"))
_NOBODY_LOOKED = (
    "Nothing comes near it, but captions say what is there, not what is not: no model that could "
    "have told looked for it."
)
_OVERVIEW = frozenset(
    "happen go video show see clip describ scene pictur thing content footag hear record".split()
)


class EvidenceAnswerer(Answerer):
    """Answers from captions (`kind` caption) and utterances (`kind` speech).

    Needs a sentence encoder, no pictures.

    >>> answerer = EvidenceAnswerer(MiniLM.from_pretrained())  # doctest: +SKIP
    >>> answerer.answer(Question("what animal is this"), passages).text  # doctest: +SKIP
    'A brown bear'
    """

    def __init__(self, sentences: TextEncoder):
        self.sentences = sentences
        self.model_id = f"evidence+{sentences.model_id}"

    def answer(
        self, question: Question, passages: Sequence[Evidence], frames: FrameBatch | None = None
    ) -> Answer:
        """`passages` in any order, those without words passed over.

        Of options one is chosen if there are words.
        """
        begin = time.perf_counter()
        told = [p for p in passages if p.kind != "visual" and p.text.strip()]
        lines = read_passages(told, self.sentences)
        # after those that the lines are from: what boxes show, for who asks what happens
        passages = told + [p for p in passages if p.kind == "visual" and p.text.strip()]
        if not len(lines) and (question.options or not _asks_for_all(question.text)):
            answer = self._abstain(_NOTHING)
        elif question.options:
            answer = self._choose(plain(question.text), question.options, lines, passages)
        else:
            answer = self._respond(plain(question.text), lines, passages)
        return replace(answer, latency_ms=1000 * (time.perf_counter() - begin))

    def _respond(self, text: str, lines: Lines, passages: Sequence[Evidence]) -> Answer:
        form = parse_question(text)
        if asks_about_text(text) and form.kind in ("open", "said"):
            reading = reading_for(text, lines, self.sentences)
            if isinstance(reading, str):
                return self._abstain(reading)
            said = self._answer("", reading.score, reading.found, lines[lines.written], passages)
            return replace(said, text=f'The picture reads: "{reading.text}"')
        if asks_about_speech(text):
            lines = lines[lines.spoken]
            if not len(lines):
                return self._abstain("The question is about what is said, and no speech was heard.")
        if form.kind == "either" and form.alternatives[1].split()[0] == "after":
            order = order_of(text, lines, self.sentences)
            if isinstance(order, str):
                return self._abstain(order)
            return self._answer(order.text, order.score, order.found, lines, passages)
        if form.kind == "either":
            chosen = self._choose(text, form.alternatives, lines, passages)
            return replace(chosen, option=None)
        ways = {"yes_no": self._yes_no, "count": self._count, "when": self._when}
        ways["said"] = self._quote
        return ways.get(form.kind, self._name)(text, form, lines, passages)

    def _choose(
        self, text: str, options: Sequence[str], lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        scores = score_options(text, options, lines, self.sentences)
        shares = np.exp((scores - scores.max()) / TEMPERATURE)
        best = int(np.argmax(scores))
        found = support(lines, f"{text} {options[best]}", self.sentences)
        return self._answer(
            options[best], float(shares[best] / shares.sum()), found, lines, passages, option=best
        )

    def _name(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        if _asks_for_all(form.main):
            acts = [bool(_ACTION.search(line)) for line in lines.texts]
            if "doing" not in words(text):
                return self._overview(lines, passages)
            if not any(acts):
                return self._abstain(
                    "The question is about what is done, and no caption names an action."
                )
            return self._overview(lines[np.array(acts)], passages[: lines.owners.max() + 1])
        found = support(lines, text, self.sentences)
        if stem(form.focus) in _COLOUR:
            return self._colour(form, found, lines, passages)
        if form.focus and form.kind == "open":
            if kind := nearest_kind(form.focus, lines, self.sentences, found):
                return self._at(kind.text, kind.found, kind.score, lines, passages)
            if form.focus == "person":
                return self._abstain("No caption names a person who does that.")
        best = int(np.argmax(found))
        if found[best] < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines, passages)
        if lines.written[best] or lines.spoken[best]:
            reads = f'The picture reads: "{lines.texts[best]}"'
            said = reads if lines.written[best] else f'Someone says: "{quote(lines, best)}"'
            return self._answer(said, found[best], found, lines, passages)
        name = name_from(lines.texts[best], form)
        if set(content_stems(name)) - _SEEN_ONLY <= set(content_stems(text)):
            return self._abstain(
                f'The closest caption, "{lines.texts[best]}", says no more than the question.',
                float(found[best]),
            )
        return self._at(name, found, found[best], lines, passages)

    def _colour(
        self, form: ParsedQuestion, found: np.ndarray, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        told = colour_told(form, found, lines)
        if told is None:
            weak = self._too_weak(found, MIN_SUPPORT, lines, passages)
            return replace(weak, reason=f"No caption names its colour. {weak.reason}")
        return self._at(told.text, told.found, told.score, lines, passages)

    def _at(
        self, name: str, found: np.ndarray, score: float, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        """A name, "A brown bear"; its seconds are those of the evidence, never part of the text.

        It rests only on lines that say the name.
        """
        named = frozenset(content_stems(name))
        found = np.where([named <= stems for stems in lines.stems], found, 0)
        return self._answer(_sentence_case(name), score, found, lines, passages)

    def _overview(self, lines: Lines, passages: Sequence[Evidence]) -> Answer:
        """A question without content ("what happens") gets all of the film, part by part."""
        told = overview_of(lines, passages)
        if told is not None:
            return Answer(told.text, told.score, self.model_id, evidence=told.evidence)
        if not len(lines):
            return self._abstain(_NOTHING)
        best = int(np.argmax(lines.sureness))
        return self._abstain(f'Nothing was seen surely; the closest is "{lines.texts[best]}".')

    def _quote(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        about, who = spoken_about(text), speaker_of(text)
        if who and not any(set(content_stems(who)) & stems for stems in lines.stems):
            return self._abstain(
                f"Nothing that was said names a {who}: whose voice it is, is open."
            )
        found = support(lines, about, self.sentences) if about else np.linspace(1, 0.9, len(lines))
        best = int(np.argmax(found))
        if found[best] < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines, passages)
        return self._answer(
            f'Someone says: "{quote(lines, best)}"', found[best], found, lines, passages
        )

    def _when(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        found = support(lines, spoken_about(text) or statement_of(text), self.sentences)
        if found.max() < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines, passages)
        answer = self._answer("", found.max(), found, lines, passages)
        start_s, end_s = stretch(found, lines)
        if (
            len(lines) > 1
            and start_s <= lines.spans[:, 0].min()
            and end_s >= lines.spans[:, 1].max()
        ):
            return self._abstain(
                f'"{answer.evidence[0].text}" fits all of the video alike: no second stands out.',
                answer.score,
            )
        return replace(answer, text=f"At {clock(start_s, end_s)}")

    def _count(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        found = support(lines, statement_of(text), self.sentences)
        told = numbered_items(form.focus, lines) or count_told(form.focus, found, lines)
        if told is None:
            weak = self._too_weak(found, MIN_SUPPORT, lines, passages)
            what = form.focus or "there are"
            return replace(weak, reason=f"Nothing says how many {what}. {weak.reason}")
        return self._answer(told.text, told.score, told.found, lines, passages)

    def _yes_no(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        about = spoken_about(text) if asks_about_speech(text) else statement_of(text)
        if not about:
            return self._answer("yes", 1.0, np.ones(len(lines)), lines, passages)
        found = likeness(about, lines, self.sentences)
        best = found.max()
        if best >= MIN_YES:
            return self._answer("yes", best, found, lines, passages)
        weak = self._too_weak(found, MIN_YES, lines, passages)
        if best > MAX_NO:
            return weak
        return replace(weak, reason=f"{_NOBODY_LOOKED} {weak.reason}")

    def _answer(
        self,
        text: str,
        score: float,
        found: np.ndarray,
        lines: Lines,
        passages: Sequence[Evidence],
        option: int | None = None,
    ) -> Answer:
        cited, sure = cite(found, lines, passages), float(np.clip(score, 0, 1))
        return Answer(text, sure, self.model_id, option=option, evidence=cited)

    def _too_weak(
        self, found: np.ndarray, needed: float, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        best = int(np.argmax(found))
        what = "heard" if lines.spoken[best] else "seen"
        start_s, end_s = lines.spans[best]
        return self._abstain(
            f'The closest thing {what} is "{lines.texts[best]}" at {clock(start_s, end_s)}, '
            f"which matches by {found[best]:.2f}; {needed:.2f} or more is needed.",
            float(found[best]),
        )

    def _abstain(self, reason: str, score: float = 0.0) -> Answer:
        return Answer(NOT_FOUND, score, self.model_id, abstained=True, reason=reason)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _asks_for_all(text: str) -> bool:
    return set(content_stems(plain(text))) <= _OVERVIEW
