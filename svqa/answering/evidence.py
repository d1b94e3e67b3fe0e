"""Question and passages -> an answer that names, quotes, or abstains and says why.

The answerer looks at no pixels: it reads captions and transcript, decides what the question asks
for, finds the lines that support an answer, and keeps them as evidence. Every answer's `score` is
in [0, 1]: the support of the best line (see `passages.support`), which is no probability, or for a
choice the softmax of the options' scores, which on NExT-QA (fitted on one half of the videos,
measured on the other) is off by 0.03 on average.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from svqa.answering.answer_extraction import name_or_reason
from svqa.answering.citations import (
    NOTHING,
    acting,
    are_settings,
    asks_for_a_name,
    asks_for_all,
    asks_for_an_end,
    asks_for_setting,
    cite,
    clock,
    closest,
    in_turn,
    overview_of,
    quote,
    row_that_tells,
    stretch,
)
from svqa.answering.line_answers import (
    COLOUR,
    MIN_SUPPORT,
    MIN_YES,
    Reading,
    asks_for_reading,
    colour_told,
    count_told,
    likeness,
    name_tag,
    nearest_kind,
    numbered_items,
    order_of,
    person_named,
    reading_for,
    setting_told,
    whether_any_is_read,
)
from svqa.answering.option_scoring import score_options
from svqa.answering.sentence_scoring import Lines, read_passages, support
from svqa.language.caption_templates import with_article
from svqa.language.question_parser import (
    ParsedQuestion,
    asks_about_speech,
    ordinal_of,
    parse_question,
    plain,
    speaker_of,
    spoken_about,
    statement_of,
)
from svqa.language.tokenization import content_stems, stem, words
from svqa.models.base import Answerer, TextEncoder
from svqa.records import Answer, Evidence, FrameBatch, Question

NEAR = 0.42  # below it nothing that was told comes near what is asked about
# of the softmax over options; fitted on one half of the NExT-QA videos: 0.098, on the other: 0.102
TEMPERATURE = 0.10
MIN_SHARE = 0.60  # of the softmax over two settings, to which all of a film leans
NOT_FOUND = "I could not find this in the video."
_NO_ACTION = "The question is about what is done, and no caption names an action."
_LEANS = "No line names either; all that is seen leans to it with {:.2f} of 1."
_NOBODY_LOOKED = (
    "Nothing comes near it, but captions say what is there, not what is not: no model that could "
    "have told looked for it."
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
        if not len(lines) and (question.options or not asks_for_all(question.text)):
            answer = self._abstain(NOTHING)
        elif question.options:
            answer = self._choose(plain(question.text), question.options, lines, passages)
        else:
            answer = self._respond(plain(question.text), lines, passages)
        return replace(answer, latency_ms=1000 * (time.perf_counter() - begin))

    def _respond(self, text: str, lines: Lines, passages: Sequence[Evidence]) -> Answer:
        form = parse_question(text)
        if asks_for_reading(text, form, lines):
            reading = reading_for(text, lines, self.sentences)
            return self._told(reading, lines[lines.written], passages)
        if form.focus == "person" or asks_for_a_name(text):
            return self._who(text, form, lines, passages)
        if asks_about_speech(text):
            lines = lines[lines.spoken]
            if not len(lines):
                return self._abstain("The question is about what is said, and no speech was heard.")
        if form.kind == "either" and form.alternatives[1].split()[0] == "after":
            return self._told(order_of(text, lines, self.sentences), lines, passages)
        if form.kind == "either":
            chosen = self._choose(text, form.alternatives, lines, passages)
            near = max(support(lines, a, self.sentences).max() for a in form.alternatives)
            leans = are_settings(form.alternatives) and chosen.score >= MIN_SHARE
            if near < MIN_SUPPORT and not leans:
                return self._abstain("Nothing seen or heard comes near either.", chosen.score)
            weak = "" if near >= MIN_SUPPORT else _LEANS.format(chosen.score)
            return replace(chosen, option=None, reason=weak)
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
        share = float(shares[best] / shares.sum())
        return replace(self._answer(options[best], share, found, lines, passages), option=best)

    def _name(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        if form.kind == "where" and asks_for_setting(form.main):
            return self._told(setting_told(lines), lines, passages)
        doing, whole = "doing" in words(text), asks_for_all(form.main)
        if whole and not doing:
            return self._overview(lines, passages)
        acts = acting(lines) if doing else np.ones(len(lines), dtype=bool)
        if not acts.any():
            return self._abstain(_NO_ACTION)
        if whole:
            return self._overview(lines[acts], passages[: lines.owners.max() + 1])
        found = np.where(acts, support(lines, text, self.sentences), 0)
        if stem(form.focus) in COLOUR:
            return self._colour(form, found, lines, passages)
        kinds = form.kind == "open" and form.focus
        if kinds and (kind := nearest_kind(text, kinds, lines, self.sentences, found)):
            return self._at(kind.text, kind.found, kind.score, lines, passages)
        best = int(np.argmax(found))
        if found[best] < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines)
        if lines.written[best] or lines.spoken[best]:
            reads = f'The picture reads: "{row_that_tells(text, lines, best)}"'
            said = reads if lines.written[best] else f'Someone says: "{quote(lines, best)}"'
            return self._answer(said, found[best], found, lines, passages)
        name, reason = name_or_reason(lines.texts[best], form, text)
        if reason:
            return self._abstain(reason, float(found[best]))
        return self._at(name, found, found[best], lines, passages)

    def _who(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        """By a caption or a name tag; what is said or read otherwise names nobody that is seen."""
        if told := person_named(text, lines, self.sentences):
            return self._at(told.text, told.found, told.score, lines, passages)
        return self._told(name_tag(form, lines, passages), lines, passages)

    def _colour(
        self, form: ParsedQuestion, found: np.ndarray, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        told = colour_told(form, found, lines)
        if told is None:
            weak = self._too_weak(found, MIN_SUPPORT, lines)
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
        return self._answer(f"{name[:1].upper()}{name[1:]}", score, found, lines, passages)

    def _overview(self, lines: Lines, passages: Sequence[Evidence]) -> Answer:
        """A question without content ("what happens") gets all of the film, part by part."""
        told = overview_of(lines, passages)
        if isinstance(told, str):
            return self._abstain(told)
        return Answer(told.text, told.score, self.model_id, evidence=told.evidence)

    def _quote(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        about, who = spoken_about(text), speaker_of(text)
        if who and not any(set(content_stems(who)) & stems for stems in lines.stems):
            return self._abstain(
                f"Nothing that was said names {with_article(who)}: whose voice it is, is open."
            )
        order = in_turn(lines, ordinal_of(text))
        found = support(lines, about, self.sentences) if about else order
        if found.max() < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines)
        if about and ordinal_of(text):
            found = np.where(found >= MIN_SUPPORT, order, 0)
        best = int(np.argmax(found))
        return self._answer(
            f'Someone says: "{quote(lines, best)}"', found[best], found, lines, passages
        )

    def _when(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        if asks_for_an_end(text) and not asks_about_speech(text):
            return self._abstain("Captions tell what is there, not when something ends.")
        found = support(lines, spoken_about(text) or statement_of(text), self.sentences)
        if found.max() < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines)
        answer = self._answer("", found.max(), found, lines, passages)
        start_s, end_s = stretch(found, lines)
        first_s, last_s = lines.spans[:, 0].min(), lines.spans[:, 1].max()
        if len(lines) > 1 and start_s <= first_s and end_s >= last_s:
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
            weak = self._too_weak(found, MIN_SUPPORT, lines)
            return replace(
                weak, reason=f"Nothing says how many {form.focus or 'there are'}. {weak.reason}"
            )
        return self._answer(told.text, told.score, told.found, lines, passages)

    def _yes_no(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        if (reading := whether_any_is_read(text, lines)) is not None:
            return self._told(reading, lines, passages)
        about = spoken_about(text) if asks_about_speech(text) else statement_of(text)
        if not about:
            return self._answer("yes", 1.0, np.ones(len(lines)), lines, passages)
        found = likeness(about, lines, self.sentences)
        best = found.max()
        if best >= MIN_YES:
            return self._answer("yes", best, found, lines, passages)
        weak = self._too_weak(found, MIN_YES, lines)
        if best > NEAR:
            return weak
        return replace(weak, reason=f"{_NOBODY_LOOKED} {weak.reason}")

    def _told(self, reading: Reading | str, lines: Lines, passages: Sequence[Evidence]) -> Answer:
        if isinstance(reading, str):
            return self._abstain(reading)
        return self._answer(reading.text, reading.score, reading.found, lines, passages)

    def _answer(
        self, text: str, score: float, found: np.ndarray, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        cited, sure = cite(found, lines, passages), float(np.clip(score, 0, 1))
        return Answer(text, sure, self.model_id, evidence=cited)

    def _too_weak(self, found: np.ndarray, needed: float, lines: Lines) -> Answer:
        return self._abstain(closest(found, needed, lines), float(found.max()))

    def _abstain(self, reason: str, score: float = 0.0) -> Answer:
        return Answer(NOT_FOUND, score, self.model_id, abstained=True, reason=reason)
