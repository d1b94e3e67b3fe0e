"""The `hub` set without a hub: each of its checkpoints, tiny, in a cache as `pull` leaves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from svqa.models import HUB_MODELS, SHIPPED, ClipEncoder, coco_categories
from svqa.models.hub import lock_entry, write_lock
from tests.helpers.blip import write_tiny
from tests.helpers.chat import write_tiny_chat

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}


def write_tiny_siglip(folder: Path) -> Path:
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    torch.manual_seed(0)
    tokenizer = ClipEncoder.from_pretrained(SHIPPED / "clip").processor.tokenizer
    config = SiglipConfig(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 16},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16},
    )
    SiglipModel(config).save_pretrained(folder)
    images = SiglipImageProcessor(size={"height": 32, "width": 32})
    SiglipProcessor(images, tokenizer).save_pretrained(folder)
    return folder


def write_tiny_detr(folder: Path, *, kind: str = "d_fine") -> Path:
    """`kind`: `d_fine` or `rt_detr`; eighty names, some of them as another benchmark has them."""
    from transformers import (
        DFineConfig,
        DFineForObjectDetection,
        RTDetrConfig,
        RTDetrForObjectDetection,
        RTDetrImageProcessor,
        RTDetrResNetConfig,
    )

    torch.manual_seed(0)
    names = [category.name for category in coco_categories()]
    names[names.index("couch")] = "sofa"
    shared = {
        "d_model": 32,
        "encoder_hidden_dim": 32,
        "encoder_ffn_dim": 32,
        "decoder_ffn_dim": 32,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "decoder_layers": 2,
        "num_queries": 20,
        "num_denoising": 0,
        "decoder_n_points": [2, 2, 2] if kind == "d_fine" else 2,
        "id2label": dict(enumerate(names)),
        "label2id": {name: i for i, name in enumerate(names)},
        "freeze_backbone_batch_norms": False,
    }
    if kind == "d_fine":
        from transformers import HGNetV2Config

        backbone = HGNetV2Config(
            hidden_sizes=[16, 32, 32, 64],
            stem_channels=[3, 8, 8],
            stage_in_channels=[8, 16, 32, 32],
            stage_mid_channels=[8, 8, 16, 16],
            stage_out_channels=[16, 32, 32, 64],
            stage_num_blocks=[1, 1, 1, 1],
            stage_numb_of_layers=[1, 1, 1, 1],
            out_features=["stage2", "stage3", "stage4"],
        )
        config = DFineConfig(
            **shared,
            backbone_config=backbone,
            encoder_in_channels=[32, 32, 64],
            decoder_in_channels=[32, 32, 32],
        )
        model = DFineForObjectDetection(config)
    else:
        backbone = RTDetrResNetConfig(
            embedding_size=8,
            hidden_sizes=[8, 16, 32, 64],
            depths=[1, 1, 1, 1],
            layer_type="basic",
            out_features=["stage2", "stage3", "stage4"],
        )
        config = RTDetrConfig(
            **shared,
            backbone_config=backbone,
            encoder_in_channels=[16, 32, 64],
            decoder_in_channels=[32, 32, 32],
        )
        model = RTDetrForObjectDetection(config)
    with torch.no_grad():  # a fresh detector is sure of nothing: let this one find something
        for name, bias in model.named_parameters():
            if "class_embed" in name and name.endswith("bias"):
                bias.zero_()
    model.save_pretrained(folder)
    RTDetrImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


def write_hub_cache(cache: Path, lock: Path) -> None:
    """Every repository of the set, as tiny as can be, and the lock file that names their files."""
    from tests.models.test_clap import write_tiny_clap

    writers: dict[str, Callable[[Path], object]] = {
        "siglip2-base-patch16-224": write_tiny_siglip,
        "blip-image-captioning-base": lambda folder: write_tiny("captioner", folder),
        "dfine-small-coco": write_tiny_detr,
        "clap-htsat-unfused": write_tiny_clap,
        "SmolVLM2-256M-Video-Instruct": lambda folder: write_tiny_chat("smolvlm", folder),
    }
    entries = {}
    for name, write in writers.items():
        repo_id = HUB_MODELS[name].repo_id
        folder = cache / f"models--{repo_id.replace('/', '--')}" / "snapshots" / COMMIT
        folder.mkdir(parents=True)
        write(folder)
        entries[repo_id] = lock_entry(folder)
    write_lock(entries, lock)
