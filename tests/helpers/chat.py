"""Chat models of the smallest sizes, of the architectures that people use, made where a test asks.

All share a byte-level tokenizer and a template of their own; their weights are random, or learnt
in some seconds to say what the prompt says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from svqa.answering import chat_turns, show, write_reply
from svqa.answering.chat_prompt import RULES
from svqa.models import ChatTurn, LocalChatModel
from svqa.records import Evidence, FrameBatch, Question

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'image' %}IMAGE{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<pad>", "<|im_start|>", "<|im_end|>", "<image>", "<begin>", "<end>", "<video>"]
PAD, START, END, IMAGE, BEGIN_IMAGE, END_IMAGE, VIDEO = range(7)
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
TEXT = {
    **SIZES,
    "num_key_value_heads": 1,
    "pad_token_id": PAD,
    "bos_token_id": START,
    "eos_token_id": END,
    "initializer_range": 0.3,
}
COLOURS, THINGS = ("red", "blue"), ("a dog", "a chair", "We see nothing that is sure.")
RGB = {"red": (200, 20, 20), "blue": (20, 20, 200)}
KINDS = ("words", "smolvlm", "qwen2.5-vl", "qwen3-vl", "internvl")


def write_tiny_chat(kind: str, folder: Path, *, seed: int = 0) -> Path:
    """`kind`: one of `KINDS`."""
    torch.manual_seed(seed)
    model, processor = {
        "words": _words,
        "smolvlm": _smolvlm,
        "qwen2.5-vl": _qwen25,
        "qwen3-vl": _qwen3,
        "internvl": _internvl,
    }[kind](_tokenizer())
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(**names: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    pieces.train_from_iterator(
        [
            RULES,
            '{"answer": "a", "lines": [1], "frames": [], "sure": 1.0} Question: Evidence: frame',
        ],
        trainers.BpeTrainer(
            vocab_size=500,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<pad>",
        chat_template=TEMPLATE,
        extra_special_tokens=names,
    )


def _words(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**TEXT, vocab_size=len(tokenizer))), tokenizer


def _smolvlm(_: Any) -> tuple[Any, Any]:
    from transformers import (
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessor,
        SmolVLMProcessor,
        SmolVLMVideoProcessor,
    )

    tokenizer = _tokenizer(
        image_token="<image>",
        fake_image_token="<begin>",
        global_image_token="<end>",
        video_token="<video>",
        end_of_utterance_token="<|im_end|>",
    )
    edge = {"longest_edge": 32}
    config = SmolVLMConfig(
        text_config={**TEXT, "model_type": "llama", "vocab_size": len(tokenizer)},
        vision_config={**SIZES, "image_size": 32, "patch_size": 8},
        image_token_id=IMAGE,
        scale_factor=2,
        pad_token_id=PAD,
    )
    video = SmolVLMVideoProcessor(
        max_image_size=edge, video_sampling={"fps": 1, "max_frames": 8, "video_size": edge}
    )
    images = SmolVLMImageProcessor(size=edge, max_image_size=edge)
    template = TEMPLATE.replace("IMAGE", "<image>")
    processor = SmolVLMProcessor(images, tokenizer, video, image_seq_len=4, chat_template=template)
    return SmolVLMForConditionalGeneration(config), processor


def _qwen25(_: Any) -> tuple[Any, Any]:
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
        Qwen2VLImageProcessor,
        Qwen2VLVideoProcessor,
    )

    tokenizer = _tokenizer(image_token="<image>", video_token="<video>")
    config = Qwen2_5_VLConfig(
        text_config={
            **TEXT,
            "vocab_size": len(tokenizer),
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [4, 2, 2],
            },
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 8,
            "fullatt_block_indexes": [1],
            "window_size": 32,
        },
        **_picture_tokens(),
    )
    images = {"patch_size": 8, "min_pixels": 256, "max_pixels": 1024}
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(**images),
        tokenizer,
        Qwen2VLVideoProcessor(**images),
        chat_template=TEMPLATE.replace("IMAGE", "<begin><image><end>"),
    )
    return Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen3(_: Any) -> tuple[Any, Any]:
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = _tokenizer(
        image_token="<image>",
        video_token="<video>",
        vision_start_token="<begin>",
        vision_end_token="<end>",
    )
    config = Qwen3VLConfig(
        text_config={
            **TEXT,
            "head_dim": 16,
            "vocab_size": len(tokenizer),
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [4, 2, 2],
                "mrope_interleaved": True,
            },
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 8,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        **_picture_tokens(),
    )
    images = {"patch_size": 8, "size": {"shortest_edge": 256, "longest_edge": 1024}}
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessor(**images),
        tokenizer,
        Qwen3VLVideoProcessor(patch_size=8),
        chat_template=TEMPLATE.replace("IMAGE", "<begin><image><end>"),
    )
    return Qwen3VLForConditionalGeneration(config), processor


def _internvl(_: Any) -> tuple[Any, Any]:
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
    )

    tokenizer = _tokenizer(
        start_image_token="<begin>",
        end_image_token="<end>",
        context_image_token="<image>",
        video_token="<video>",
    )
    config = InternVLConfig(
        text_config={**TEXT, "model_type": "qwen2", "vocab_size": len(tokenizer)},
        vision_config={**SIZES, "image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=IMAGE,
    )
    size = {"height": 32, "width": 32}
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size=size, crop_to_patches=False),
        tokenizer,
        InternVLVideoProcessor(size=size),
        image_seq_length=4,
        chat_template=TEMPLATE.replace("IMAGE", "<image>"),
    )
    return InternVLForConditionalGeneration(config), processor


def _picture_tokens() -> dict[str, int]:
    return {
        "image_token_id": IMAGE,
        "video_token_id": VIDEO,
        "vision_start_token_id": BEGIN_IMAGE,
        "vision_end_token_id": END_IMAGE,
    }


def teach(folder: Path, lessons: Sequence[tuple[Sequence[ChatTurn], str]], *, steps: int) -> float:
    """Train all of a tiny model on these prompts and replies, loss on the replies alone.

    -> the last loss. The folder then holds what was learnt.
    """
    chat = LocalChatModel.from_pretrained(folder)
    torch.manual_seed(0)
    model = chat.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    prepared = []
    for turns, reply in lessons:
        inputs = chat.inputs(turns)
        said = [*chat.tokenizer(reply, add_special_tokens=False)["input_ids"], END]
        asked = inputs["input_ids"].shape[1]
        ids = torch.cat([inputs["input_ids"], torch.tensor([said])], 1)
        labels = ids.clone()
        labels[:, :asked] = -100
        whole = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
        prepared.append({**whole, "labels": labels})
    for step in range(steps):
        loss = model(**prepared[step % len(prepared)]).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.eval().save_pretrained(folder)
    return float(loss.detach())


def write_red_or_blue(folder: Path) -> Path:
    """A tiny SmolVLM that learnt, in ten seconds, to say which of two colours it sees.

    It replies in the form, and cites the first frame.
    """
    rng = np.random.default_rng(0)
    lessons = []
    for i in range(60):
        colour, frames, lines = COLOURS[i % 2], 1 + i % 8, i % 5
        level = np.array(RGB[colour]) + rng.normal(0, 12, (frames, 48, 64, 3))
        pixels = np.clip(level, 0, 255).astype(np.uint8)
        seen = [
            Evidence("v", "v.mp4", 5.0 * n, 5.0 * n + 5, 0.5, "caption", THINGS[(i + n) % 3])
            for n in range(lines)
        ]
        shown = show(seen, FrameBatch(pixels, np.arange(frames) + 0.5))
        asked = ("What colour is it?", "Which colour is seen?")[i // 2 % 2]
        turns = chat_turns(Question(asked), shown)
        lessons.append((turns, write_reply(colour, [], [1], 0.9)))
    loss = teach(write_tiny_chat("smolvlm", folder), lessons, steps=300)
    assert loss < 0.05, "the lesson was not learnt"
    return folder


def write_film(path: Path, colour: str, *, seconds: int = 6) -> Path:
    """A film of one colour, with a little noise so that no two frames are alike."""
    import av

    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for _ in range(10 * seconds):
            level = np.array(RGB[colour]) + rng.normal(0, 4, (64, 96, 3))
            frame = av.VideoFrame.from_ndarray(np.clip(level, 0, 255).astype(np.uint8))
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path
