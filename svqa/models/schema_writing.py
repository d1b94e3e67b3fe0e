"""A JSON schema and a model that was read a prompt -> an object of that form, word by word.

The form is written for the model, which only chooses where the schema leaves a choice: the words of
a string, one of the numbers that are allowed. So a model of any size replies in the form; what it
says there is its own. What is written is split into tokens where its own tokeniser would split it,
so that a model which learnt such replies meets them as it learnt them.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

import torch

Steps = Generator[list[int], torch.Tensor, Any]  # tokens to be read -> (V,) what follows them

MOST_WORDS = 48  # tokens of a string
MOST_CITED = 3  # numbers of a list
SHARES = [f"{tenth / 10:.1f}" for tenth in range(11)]
_ENDS = '"\n{}\\'


class SchemaWriter:
    """Writes what a schema of strings, lists of whole numbers and numbers from 0 to 1 asks for.

    It reads nothing itself: it yields tokens and is sent what follows them, so that several can be
    read together. `logits (V,)`: what follows the prompt.
    """

    def __init__(self, logits: torch.Tensor, tokenizer: Any, ends: Iterable[int]):
        self._follows, self._tokenizer, self._stops = logits, tokenizer, frozenset(ends)
        # tokens that stand for a picture or a turn are nobody's words
        self._marks = sorted(set(tokenizer.all_special_ids) - self._stops)
        # chosen and not read yet, and the words after it, which are split when a choice follows
        self._ids: list[int] = []
        self._text = ""
        self.written = 0  # tokens

    def write(self, schema: Mapping[str, Any]) -> Steps:
        """-> JSON of an object with every property of the schema, in its order."""
        made: dict[str, Any] = {}
        properties = schema["properties"]
        for name, of in properties.items():
            self._text += ("{" if not made else " ") + json.dumps(name) + ": "
            end = "}" if len(made) + 1 == len(properties) else ","
            if "const" in of:
                made[name] = of["const"]
                self._text += json.dumps(of["const"], ensure_ascii=False) + end
            elif of["type"] == "string":
                self._text += '"'
                made[name] = yield from self._string()
                self._text += f'"{end}'
            elif of["type"] == "array":
                made[name] = yield from self._numbers(of, end)
            else:
                share = yield from self._pick([share + end for share in SHARES])
                made[name] = float(share[:-1])
        return json.dumps(made, ensure_ascii=False)

    def _string(self) -> Steps:
        ids: list[int] = []
        text = ""
        while len(ids) < MOST_WORDS:
            logits = (yield from self._logits()).clone()
            logits[self._marks] = -torch.inf
            best = int(logits.argmax())
            said = self._tokenizer.decode([*ids, best])
            end = next((i for i, c in enumerate(said) if c in _ENDS), -1)
            if best in self._stops or end >= 0:
                return (said[:end] if end >= 0 else text).strip()
            ids, text = [*ids, best], said
            self._ids.append(best)
        return text.strip()

    def _numbers(self, of: Mapping[str, Any], end: str) -> Steps:
        most = min(of.get("maxItems", MOST_CITED), MOST_CITED)
        left = list(range(of["items"]["minimum"], of["items"]["maximum"] + 1)) if most else []
        found: list[int] = []
        begin, empty = "[", [f"[]{end}"] if not left or not of.get("minItems") else []
        while left:
            more = [f"{begin}{n}," for n in left] if len(found) + 1 < most and left[1:] else []
            all_ = [*empty, *(f"{begin}{n}]{end}" for n in left), *more]
            chosen = yield from self._pick(all_)
            if chosen in empty:
                return []
            found.append(int(chosen.strip("[], }")))
            left.remove(found[-1])
            if chosen not in more:
                return found
            begin, empty = " ", []
        self._text += empty[0]
        return found

    def _pick(self, texts: Sequence[str]) -> Steps:
        """-> the likeliest of these texts to come next, token by token where they differ."""
        left = {text: self._split(self._text + text) for text in texts}
        self._text, at = "", 0
        while len(left) > 1:
            following = sorted({ids[at] for ids in left.values() if len(ids) > at})
            if len(following) > 1:
                logits = (yield from self._logits())[torch.tensor(following)]
                following = [following[int(logits.argmax())]]
            left = {t: ids for t, ids in left.items() if len(ids) > at and ids[at] == following[0]}
            self._ids.append(following[0])
            at += 1
        ((text, ids),) = left.items()
        self._ids += ids[at:]
        return text

    def _split(self, text: str) -> list[int]:
        return self._tokenizer(text, add_special_tokens=False)["input_ids"]

    def _logits(self) -> Steps:
        """What comes next, once all that was written so far is read."""
        ids = [*self._ids, *self._split(self._text)] if self._text else self._ids
        if ids:
            self._follows = yield ids
            self.written += len(ids)
        self._ids, self._text = [], ""
        return self._follows
