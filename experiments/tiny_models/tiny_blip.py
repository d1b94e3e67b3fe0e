"""A small untrained BLIP: its vocabulary, its sizes, and how its first layer is initialised.

The first layer starts as a whitening of patches (PCA), which lets shapes, a small part of the
variance, be seen at all, and positions start as sines and cosines as strong as the patches: at
their usual size the position of an object is never learnt.
"""

from __future__ import annotations

import re

import torch
from transformers import BertTokenizer, BlipConfig, BlipImageProcessor, BlipProcessor

from experiments.tiny_models import training_samples as world
from experiments.tiny_models.training_samples import PATCHES, SIZE_PX

WIDTH = 128
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]")


def world_processor() -> BlipProcessor:
    """A WordPiece tokenizer of the world's words, and pictures of 96 px; the same in every process.

    Its vocabulary is written down, not trained: a trainer breaks ties by chance, and the same seed
    would then begin with other numbers for the same words.
    """
    words = sorted(
        {word for text in world.corpus() for word in re.findall(r"\w+|[^\w\s]", text.lower())}
    )
    letters = sorted({letter for word in words for letter in word})
    pieces = dict.fromkeys([*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *words])
    vocab = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = BertTokenizer(
        vocab=vocab, bos_token="[DEC]", extra_special_tokens={"enc_token": "[ENC]"}
    )
    return BlipProcessor(BlipImageProcessor(size={"height": SIZE_PX, "width": SIZE_PX}), tokenizer)


def blip_config(processor: BlipProcessor, *, text_layers: int) -> BlipConfig:
    """BLIP, 128 wide: 4 layers of vision on 8 x 8 patches."""
    tokenizer = processor.tokenizer
    shared = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_attention_heads": 4}
    vision = {
        **shared,
        "num_hidden_layers": 4,
        "image_size": SIZE_PX,
        "patch_size": SIZE_PX // PATCHES,
        "initializer_range": 0.04,
    }
    text = {
        **shared,
        "num_hidden_layers": text_layers,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 64,
        "initializer_range": 0.04,
        "bos_token_id": tokenizer.bos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
    }
    return BlipConfig(vision_config=vision, text_config=text, initializer_range=0.04)


@torch.no_grad()
def whiten_patches(vision, pixels: torch.Tensor) -> None:
    """Set the patch embedding to the principal components of patches, scaled to equal variance."""
    embed = vision.embeddings.patch_embedding
    side = embed.kernel_size[0]
    patches = (
        pixels.unfold(2, side, side)
        .unfold(3, side, side)
        .permute(0, 2, 3, 1, 4, 5)
        .flatten(3)
        .flatten(0, 2)
    )
    mean = patches.mean(0)
    variance, axes = torch.linalg.eigh(torch.cov((patches - mean).T))
    variance, axes = variance.flip(0)[:WIDTH], axes.flip(1)[:, :WIDTH]
    # a rotation, so that no channel holds one component alone
    mix = torch.linalg.qr(torch.randn(WIDTH, WIDTH))[0]
    weight = mix @ (axes / (variance + 1e-3 * variance[0]).sqrt()).T
    embed.weight.copy_(weight.view_as(embed.weight))
    embed.bias.copy_(-weight @ mean)


@torch.no_grad()
def wave_positions(vision) -> None:
    """Set the positions of patches to sines and cosines of row and column (Vaswani et al. 2017)."""
    where = vision.embeddings.position_embedding
    cycles = torch.logspace(-4, -1, WIDTH // 4, base=2)  # a patch: from a sixteenth to half
    row, column = (
        2 * torch.pi * x.flatten()[:, None] * cycles
        for x in torch.meshgrid(torch.arange(PATCHES), torch.arange(PATCHES), indexing="ij")
    )
    where[0, 1:] = torch.cat([row.sin(), row.cos(), column.sin(), column.cos()], dim=1)
