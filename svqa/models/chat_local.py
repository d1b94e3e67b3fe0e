"""Words and pictures -> a reply, by a language model with or without eyes that runs here.

Loaded through `AutoModelForImageTextToText` (SmolVLM2, Qwen2.5-VL, Qwen3-VL, InternVL) or
`AutoModelForCausalLM` (words only), with the chat template that came with it. Pictures are given
one by one after the text of their second: of a video input some processors average the times, and
others ignore them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import TemplateError
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from svqa.errors import ModelError
from svqa.models.chat_model import ChatModel, ChatPart, ChatReply, ChatTurn, as_picture
from svqa.models.joint_reader import write_together
from svqa.models.model_folder import read_json_object
from svqa.models.prefix_reader import PrefixReader, ReadPrompt
from svqa.models.pretrained import load_pretrained, locate
from svqa.models.schema_writing import SchemaWriter, Steps

SMALL = 1_000_000_000  # parameters; below, a model without eyes is told all in few words
MOST_PX = 512  # long side of a picture: its tokens grow with its area


class LocalChatModel(ChatModel):
    """Greedy, in the form that is asked for; what it read last is kept for the next question."""

    weighs = True
    together = 8

    def __init__(self, model: Any, processor: Any, *, model_id: str, most_px: int = MOST_PX):
        self.model, self.processor, self.model_id = model.eval(), processor, model_id
        self.tokenizer = getattr(processor, "tokenizer", processor)
        self.sees = hasattr(processor, "image_processor")
        self.brief = not self.sees and model.num_parameters() < SMALL
        if hasattr(getattr(processor, "image_processor", None), "do_image_splitting"):
            processor.image_processor.do_image_splitting = (
                False  # a tile costs as much as a picture
            )
        self.most_px = most_px
        self._reader = PrefixReader(self.model, _picture_ids(processor, self.model.config))
        self._lock = threading.RLock()  # who asks several weighs options on the way

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        *,
        revision: str | None = None,
        device: str = "cpu",
        dtype: Any = None,
        **options: Any,
    ) -> LocalChatModel:
        """A folder or a pulled hub name -> the model. Nothing is downloaded, no code of it is run.

        `dtype`: float32 on a CPU and bfloat16 elsewhere unless told. Raises WeightsMissing,
        WeightsCorrupt, UsageError (float16 on a CPU).
        """
        kind = read_json_object(locate(path_or_id, revision=revision).folder / "config.json")
        sees = kind.get("model_type") in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
        found = load_pretrained(
            AutoModelForImageTextToText if sees else AutoModelForCausalLM,
            AutoProcessor if sees else AutoTokenizer,
            path_or_id,
            revision=revision,
            device=device,
            dtype=dtype or ("float32" if device == "cpu" else "bfloat16"),
        )
        return cls(found.model, found.processor, model_id=found.model_id, **options)

    def reply(self, turns: Sequence[ChatTurn], schema: Mapping[str, Any]) -> ChatReply:
        """An object of the schema, always; `reused` says what the last question had read before."""
        with self._lock:
            return self._reply(turns, schema)

    def replies(
        self, asked: Iterable[tuple[Sequence[ChatTurn], Mapping[str, Any]]]
    ) -> list[ChatReply]:
        """Prompts are read one after the other, each with what it shares with the one before kept.

        Then all replies are written together, a pass of the model for all of them at a time.
        """
        read: list[ReadPrompt] = []
        writers: list[SchemaWriter] = []
        steps: list[Steps] = []
        counts: list[tuple[int, int]] = []
        alone: dict[int, ChatReply] = {}
        with self._lock:
            for i, (turns, schema) in enumerate(asked):
                inputs = self.inputs(turns)
                reused = self._reader.read(inputs)
                if not self._reader.can_be_kept:  # a cache with a window, say: one by one
                    alone[i] = self._reply(turns, schema)
                    continue
                read.append(self._reader.kept())
                writers.append(SchemaWriter(read[-1].logits, self.tokenizer, self._ends()))
                steps.append(writers[-1].write(schema))
                counts.append((inputs["input_ids"].shape[1], reused))
            texts = write_together(self.model, read, steps) if read else []
        made = iter(
            ChatReply(text, n, writer.written, reused)
            for text, writer, (n, reused) in zip(texts, writers, counts, strict=True)
        )
        return [alone[i] if i in alone else next(made) for i in range(len(read) + len(alone))]

    def _reply(self, turns: Sequence[ChatTurn], schema: Mapping[str, Any]) -> ChatReply:
        inputs = self.inputs(turns)
        reused = self._reader.read(inputs)
        writer = SchemaWriter(self._reader.logits, self.tokenizer, self._ends())
        steps = writer.write(schema)
        try:
            ids = next(steps)
            while True:
                self._reader.feed(ids)
                ids = steps.send(self._reader.logits)
        except StopIteration as end:
            return ChatReply(end.value, inputs["input_ids"].shape[1], writer.written, reused)

    def weigh(self, turns: Sequence[ChatTurn], replies: Sequence[str]) -> np.ndarray:
        """The prompt is read once, and all replies in one batch after it."""
        ids = [self.tokenizer(r, add_special_tokens=False)["input_ids"] for r in replies]
        with self._lock:
            self._reader.read(self.inputs(turns))
            return np.array(self._reader.weigh(ids))

    def inputs(self, turns: Sequence[ChatTurn]) -> dict[str, Any]:
        """-> the tokens of the conversation up to where the reply begins, and its pictures."""
        try:
            made = self._templated(turns)
        except TemplateError:  # a template without a place for rules: they begin what is asked
            rules, first, *others = turns
            made = self._templated([ChatTurn("user", (*rules.parts, "\n", *first.parts)), *others])
        made = made.to(self.model.device)
        return {
            name: value.to(self.model.dtype) if value.is_floating_point() else value
            for name, value in made.items()
        }

    def _templated(self, turns: Sequence[ChatTurn]) -> Any:
        if not getattr(self.processor, "chat_template", None):
            raise ModelError(f"{self.model_id} came without a chat template: it is no chat model.")
        talk = [{"role": t.role, "content": self._content(t.parts)} for t in turns]
        return self.processor.apply_chat_template(
            talk, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )

    def _content(self, parts: Sequence[ChatPart]) -> str | list[dict[str, Any]]:
        if not self.sees:
            return "".join(p for p in parts if isinstance(p, str))
        return [
            {"type": "text", "text": p}
            if isinstance(p, str)
            else {"type": "image", "image": as_picture(p, self.most_px)}
            for p in parts
        ]

    def _ends(self) -> set[int]:
        config = self.model.generation_config
        ends = config.eos_token_id if config is not None else None
        ends = ends if isinstance(ends, list) else [ends]
        return {e for e in (*ends, self.tokenizer.eos_token_id) if e is not None}


def _picture_ids(processor: Any, config: Any) -> list[int]:
    """The tokens that stand for a picture, under any of the names they go by."""
    names = ("image_token_id", "image_token_index")
    found = (getattr(of, name, None) for of in (processor, config) for name in names)
    return sorted({int(i) for i in found if i is not None})
