"""Tiny, randomly initialised checkpoints of every architecture, written where a test asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipImageProcessor,
    BlipProcessor,
)

WORDS = (
    "a the is what colour where red blue green circle square yes no left right in of ? how "
    "many are there two"
).split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"]


def tiny_processor(*, enc: str = "[ENC]") -> BlipProcessor:
    vocab = {word: i for i, word in enumerate([*SPECIAL[:-1], enc, *WORDS])}
    tokenizer = BertTokenizer(
        vocab=vocab, bos_token="[DEC]", extra_special_tokens={"enc_token": enc}
    )
    return BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer)


def tiny_config() -> BlipConfig:
    # wide, so that random models have opinions
    shared = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "initializer_range": 0.2,
    }
    text = {
        **shared,
        "vocab_size": len(SPECIAL) + len(WORDS),
        "max_position_embeddings": 32,
        "bos_token_id": 5,
        "pad_token_id": 0,
        "sep_token_id": 3,
        "eos_token_id": 3,
    }
    return BlipConfig(
        vision_config={**shared, "image_size": 32, "patch_size": 16},
        text_config=text,
        initializer_range=0.2,
    )


def write_tiny(kind: str, folder: Path, *, seed: int = 0) -> Path:
    """`kind`: `captioner` or `vqa`."""
    torch.manual_seed(seed)
    model = {"captioner": BlipForConditionalGeneration, "vqa": BlipForQuestionAnswering}[kind](
        tiny_config()
    )
    model.save_pretrained(folder)
    tiny_processor().save_pretrained(folder)
    return folder


def pictures(count: int, *, seed: int = 0, height: int = 40, width: int = 56) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def write_tiny_video_lm(folder: Path, *, seed: int = 0) -> Path:
    """A SmolVLM2 of the smallest sizes.

    SigLIP-like vision, a Llama of two layers, and a byte-level tokenizer trained on one sentence.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        PreTrainedTokenizerFast,
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessor,
        SmolVLMProcessor,
        SmolVLMVideoProcessor,
    )

    names = {
        "video_token": "<video>",
        "image_token": "<image>",
        "fake_image_token": "<fake_token_around_image>",
        "global_image_token": "<global-img>",
        "end_of_utterance_token": "<end_of_utterance>",
    }
    special = [
        "<pad>",
        "<|im_start|>",
        "<end_of_utterance>",
        "<image>",
        "<fake_token_around_image>",
        "<global-img>",
        "<video>",
    ]
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer, pieces.decoder = (
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        decoders.ByteLevel(),
    )
    pieces.train_from_iterator(
        ["User: what colour is it? red or blue Assistant: Frame from 00:01:"],
        trainers.BpeTrainer(
            vocab_size=300,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        bos_token="<|im_start|>",
        eos_token="<end_of_utterance>",
        pad_token="<pad>",
        extra_special_tokens=names,
    )
    shared = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text = {
        **shared,
        "model_type": "llama",
        "num_key_value_heads": 1,
        "vocab_size": len(tokenizer),
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "initializer_range": 0.3,
    }
    torch.manual_seed(seed)
    config = SmolVLMConfig(
        text_config=text,
        vision_config={**shared, "image_size": 32, "patch_size": 8},
        image_token_id=3,
        scale_factor=2,
        pad_token_id=0,
    )
    SmolVLMForConditionalGeneration(config).save_pretrained(folder)
    edge = {"longest_edge": 32}
    video = SmolVLMVideoProcessor(
        max_image_size=edge, video_sampling={"fps": 1, "max_frames": 8, "video_size": edge}
    )
    images = SmolVLMImageProcessor(size=edge, max_image_size=edge)
    SmolVLMProcessor(images, tokenizer, video, image_seq_len=4).save_pretrained(folder)
    return folder
