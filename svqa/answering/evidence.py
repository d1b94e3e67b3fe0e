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
    colour_of,
    count_in,
    name_from,
    nearest_phrases,
    with_bracket,
)
from svqa.answering.citations import cite, clock, clock_span
from svqa.answering.option_scoring import score_options
from svqa.answering.sentence_scoring import Lines, read_passages, support
from svqa.language.question_parser import (
    ParsedQuestion,
    asks_about_speech,
    parse_question,
    plain,
    spoken_about,
    statement_of,
)
from svqa.language.tokenization import content_stems, stem, words
from svqa.models.base import Answerer, TextEncoder
from svqa.records import Answer, Evidence, FrameBatch, Question

# answers 79 % of NExT-QA questions from their own captions, 15 % from another video's
MIN_SUPPORT = 0.40
# nearness of a phrase to the sort of thing asked for: a bear is 0.52 from "animal", a river 0.34
MIN_KIND = 0.45
MIN_YES = 0.50  # a "yes" needs the thing itself, not something like it
MIN_SAME = 0.80  # two phrases this near mean one thing: a car and an automobile
MAX_NO = 0.42  # a "no" needs that nothing comes near; between the two the answerer abstains
# of the softmax over options; fitted on one half of the NExT-QA videos: 0.098, on the other: 0.102
TEMPERATURE = 0.10
NOT_FOUND = "I could not find this in the video."
_COLOUR = frozenset(("color", "colour"))
_ACTION = re.compile(r"^(?!We (see|may|probably)\b).*\b\w{3,}ing\b")
# A vector tells a kind from what is not of it (a bear is an animal), but not two of a kind apart (a
# dog is near a cat).
_KINDS = frozenset(
    "animal vehicle instrument food fruit vegetable clothing furniture tool building plant".split()
)
_OVERVIEW = frozenset(
    "happen go video show see clip describ scene pictur thing content footag hear".split()
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
        passages = [p for p in passages if p.kind != "visual" and p.text.strip()]
        lines = read_passages(passages, self.sentences)
        if not len(lines):
            answer = self._abstain(
                "Nothing was seen or heard to answer from: no caption and no speech."
            )
        elif question.options:
            answer = self._choose(plain(question.text), question.options, lines, passages)
        else:
            answer = self._respond(plain(question.text), lines, passages)
        return replace(answer, latency_ms=1000 * (time.perf_counter() - begin))

    def _respond(self, text: str, lines: Lines, passages: Sequence[Evidence]) -> Answer:
        form = parse_question(text)
        if asks_about_speech(text):
            lines = lines[lines.spoken]
            if not len(lines):
                return self._abstain("The question is about what is said, and no speech was heard.")
        if form.kind == "either":
            chosen = self._choose(text, form.alternatives, lines, passages)
            return replace(chosen, option=None)
        ways = {
            "yes_no": self._yes_no,
            "count": self._count,
            "when": self._when,
            "said": self._quote,
        }
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
        if set(content_stems(form.main)) <= _OVERVIEW:
            acts = "doing" in words(text)
            told = (
                lines[np.array([bool(_ACTION.search(line)) for line in lines.texts])]
                if acts
                else lines
            )
            if not len(told):
                return self._abstain(
                    "The question is about what is done, and no caption names an action."
                )
            return self._overview(told, passages)
        found = support(lines, text, self.sentences)
        if stem(form.focus) in _COLOUR:
            return self._colour(form, found, lines, passages)
        if form.focus and form.kind == "open":
            kind = frozenset(content_stems(form.focus))
            near, phrases = nearest_phrases(lines.texts, form.focus, self.sentences, beyond=kind)
            near = near * lines.sureness
            if near.max() >= MIN_KIND:
                best = int(np.argmax(np.where(near >= MIN_KIND, near + found, 0)))
                fit = np.where(near >= MIN_KIND, (near + found) / 2, 0)
                return self._at(
                    with_bracket(phrases[best], lines.texts[best]), fit, near[best], lines, passages
                )
        best = int(np.argmax(found))
        if found[best] < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines, passages)
        if lines.spoken[best]:
            return self._answer(
                f'Someone says: "{lines.texts[best]}"', found[best], found, lines, passages
            )
        return self._at(name_from(lines.texts[best], form), found, found[best], lines, passages)

    def _colour(
        self, form: ParsedQuestion, found: np.ndarray, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        thing = frozenset(content_stems(form.main)) - {stem(w) for w in words(form.focus)}
        colours = [colour_of(line, thing) for line in lines.texts]
        told = np.array([bool(colour) for colour in colours])
        if not told.any():
            weak = self._too_weak(found, MIN_SUPPORT, lines, passages)
            return replace(weak, reason=f"No caption names its colour. {weak.reason}")
        found = np.where(told, found, 0)
        return self._at(colours[int(np.argmax(found))], found, found.max(), lines, passages)

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
        """A question without content ("what happens") gets the line most like all the others."""
        seen = lines[~lines.spoken] if (~lines.spoken).any() else lines
        typical = np.clip(seen.vectors @ seen.vectors.mean(axis=0), 0, 1) * seen.sureness
        text = seen.texts[int(np.argmax(typical))].rstrip(". ")
        return self._at(text, typical, typical.max(), seen, passages)

    def _quote(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        about = spoken_about(text)
        found = support(lines, about, self.sentences) if about else np.linspace(1, 0.9, len(lines))
        best = int(np.argmax(found))
        if found[best] < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines, passages)
        return self._answer(
            f'Someone says: "{lines.texts[best]}"', found[best], found, lines, passages
        )

    def _when(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        found = support(lines, spoken_about(text) or statement_of(text), self.sentences)
        if found.max() < MIN_SUPPORT:
            return self._too_weak(found, MIN_SUPPORT, lines, passages)
        answer = self._answer("", found.max(), found, lines, passages)
        return replace(answer, text=f"At {clock_span(answer.evidence)}")

    def _count(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        found = support(lines, statement_of(text), self.sentences)
        counts = [count_in(line, form.focus) for line in lines.texts]
        told = [c for c in counts if c is not None]
        if not told:
            weak = self._too_weak(found, MIN_SUPPORT, lines, passages)
            return replace(
                weak, reason=f"Nothing says how many {form.focus or 'there are'}. {weak.reason}"
            )
        values, votes = np.unique(told, return_counts=True)
        number = int(values[np.argmax(votes)])
        agreeing = np.array([c == number for c in counts])
        return self._answer(
            str(number), votes.max() / votes.sum(), np.where(agreeing, found, 0), lines, passages
        )

    def _yes_no(
        self, text: str, form: ParsedQuestion, lines: Lines, passages: Sequence[Evidence]
    ) -> Answer:
        about = spoken_about(text) if asks_about_speech(text) else statement_of(text)
        if not about:
            return self._answer("yes", 1.0, np.ones(len(lines)), lines, passages)
        found = support(lines, about, self.sentences)
        if 1 <= len(content_stems(about)) <= 2:
            near, phrases = nearest_phrases(lines.texts, about, self.sentences)
            told = np.array([content_stems(about)[-1] in stems for stems in lines.stems])
            is_kind = words(about)[-1].removesuffix("s") in _KINDS
            only_kind = np.array([bool(_KINDS & set(words(phrase)[-1:])) for phrase in phrases])
            found = np.maximum(found, near * lines.sureness)
            if not is_kind:  # "an animal" does not say that it is a dog
                said = told | (near >= MIN_SAME) & ~only_kind
                found = np.where(said, found, np.minimum(found, MIN_YES - 0.01))
        best = found.max()
        if best >= MIN_YES:
            return self._answer("yes", best, found, lines, passages)
        weak = self._too_weak(found, MIN_YES, lines, passages)
        if best > MAX_NO:
            return weak
        reason = (
            f"'No' means that it was not seen or heard, not that it did not happen. {weak.reason}"
        )
        return Answer("no", min(0.5, 1 - best), self.model_id, reason=reason)

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
