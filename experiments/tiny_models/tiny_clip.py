"""A small untrained CLIP: its vocabulary, its sizes, and how its first layer is initialised."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer, models, trainers
from torch.nn import functional
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

from svqa.shapes.scene import DIRECTIONS
from svqa.shapes.truth import EMPTY, LABELS

IMAGE_PX, PATCH_PX, WIDTH, TOKENS = 72, 12, 96, 96


def make_processor(texts: Sequence[str]) -> CLIPProcessor:
    """A CLIPProcessor with a byte-pair vocabulary learnt from `texts`: a token a word of the world.

    The letters that end words are numbered here: the trainer would number them in the order of a
    hash, and one seed would begin with other numbers in every process.
    """
    ends = ["<|startoftext|>", "<|endoftext|>"]
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.pre_tokenizer = CLIPTokenizer().backend_tokenizer.pre_tokenizer
    extra = [word for word in (*LABELS, *DIRECTIONS, EMPTY) for _ in range(50)]
    last = sorted(
        {
            f"{word[-1]}</w>"
            for text in (*texts, *extra)
            for word in re.findall(r"\w+|[^\w\s]", text)
        }
    )
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=[*ends, *last],
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator([*texts, *extra], trainer)
    state = json.loads(learner.to_str())["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split()) for m in state["merges"]]
    tokenizer = CLIPTokenizer(vocab=state["vocab"], merges=merges, model_max_length=TOKENS)
    images = CLIPImageProcessor(
        size={"height": IMAGE_PX, "width": IMAGE_PX},
        do_center_crop=False,
        image_mean=[0.5] * 3,
        image_std=[0.25] * 3,
    )
    return CLIPProcessor(image_processor=images, tokenizer=tokenizer)


def new_model(tokenizer: CLIPTokenizer) -> CLIPModel:
    """CLIP, 96 wide: four layers of vision on 6 x 6 patches, two of text."""
    tower = {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_attention_heads": 4,
        "projection_dim": WIDTH,
    }
    text = {
        **tower,
        "num_hidden_layers": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {**tower, "num_hidden_layers": 4, "image_size": IMAGE_PX, "patch_size": PATCH_PX}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH))


@torch.no_grad()
def whiten_patches(embeddings: torch.nn.Module, pixels: torch.Tensor) -> None:
    """Set the patch embedding to the principal components of `pixels (N, H, W, 3)`, whitened.

    At random weights nearly all of a patch's variance is its brightness, and shapes are learnt far
    later.
    """
    images = (pixels.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    patches = functional.unfold(images, PATCH_PX, stride=PATCH_PX).transpose(1, 2).flatten(0, 1)
    centre = patches.mean(dim=0)
    strength, direction = torch.linalg.eigh(torch.cov((patches - centre).T))
    strength, direction = strength[-WIDTH:], direction[:, -WIDTH:]
    turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH))[0]
    weight = turn @ (direction / (strength + 1e-3 * strength.max()).sqrt()).T
    embeddings.patch_embedding.weight.copy_(weight.view_as(embeddings.patch_embedding.weight))
    embeddings.position_embedding.weight[1:] -= weight @ centre
