"""Which models work together: the sets by name, each a row; adding a model is adding a row.

Nothing is imported before its use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from svqa.models.checkpoint import SHIPPED
from svqa.models.hub import HUB_MODELS
from svqa.settings import ROLES as ROLES


@dataclass(frozen=True)
class ModelSpec:
    """How a member is made, and the `model_id` it will carry.

    So a set has its ids before anything is loaded.

    `target` is `module:Class`. With `parts` the class is called with these members of the same set;
    with `given`, its `from_given(given, device=...)` or the function itself; without, its
    `from_pretrained(source, revision=..., device=...)`. `weights` are names of
    `svqa.models.weights.WEIGHTS`.
    """

    model_id: str
    target: str
    parts: tuple[str, ...] = ()
    source: str | None = None
    revision: str | None = None
    weights: tuple[str, ...] = ()
    licence: str = ""
    given: Any = None


def _shipped(name: str, target: str) -> ModelSpec:
    return ModelSpec(
        f"shapes/{name}", target, source=str(SHIPPED / name), licence="AGPL-3.0-or-later"
    )


def _pulled(name: str, target: str) -> ModelSpec:
    model = HUB_MODELS[name]
    return ModelSpec(model.repo_id, target, source=model.repo_id, licence=model.licence)


_LOG_MEL = ModelSpec("log-mel-40", "svqa.models.log_mel_encoder:LogMelEncoder")  # needs no weights

MODEL_SETS: dict[str, dict[str, ModelSpec]] = {
    "offline": {
        "tagger": ModelSpec(
            "efficientnet-lite0@1",
            "svqa.models.imagenet:ImageNetTagger",
            weights=("efficientnet-lite0",),
        ),
        "sentences": ModelSpec(
            "minilm-l6-v2@1", "svqa.models.minilm:MiniLM", weights=("minilm-l6-v2",)
        ),
        "remembered": ModelSpec(
            "minilm-l6-v2@1", "svqa.models.remembered_texts:RememberedTexts", parts=("sentences",)
        ),
        "encoder": ModelSpec(
            "conse-efficientnet-lite0-minilm@1",
            "svqa.models.conse:ConseEncoder",
            parts=("tagger", "sentences"),
        ),
        "captioner": ModelSpec(
            "tags-efficientnet-lite0@1", "svqa.models.tags:TagCaptioner", parts=("tagger",)
        ),
        "everyday": ModelSpec(
            "ssd-mobilenet-v2-coco@1",
            "svqa.models.ssd:SsdDetector",
            weights=("ssd-mobilenet-v2-coco",),
        ),
        "classes": ModelSpec(
            "cam-efficientnet-lite0@1", "svqa.models.tags:CamDetector", parts=("tagger",)
        ),
        "detector": ModelSpec(
            "ssd-mobilenet-v2-coco@1+cam-efficientnet-lite0@1",
            "svqa.models.ssd:DetectorUnion",
            parts=("everyday", "classes"),
        ),
        "transcriber": ModelSpec(
            "whisper-base-int8@1",
            "svqa.models.whisper:WhisperTranscriber",
            weights=("whisper-base",),
        ),
        "sounds": _LOG_MEL,
        "reader": ModelSpec(
            "pp-ocrv6-small@1",
            "svqa.models.ocr:RapidOcrReader",
            weights=("pp-ocrv6-small",),
        ),
        "answerer": ModelSpec(
            "evidence+minilm-l6-v2@1",
            "svqa.answering.evidence:EvidenceAnswerer",
            parts=("remembered",),
        ),
    },
    "shapes": {
        "encoder": _shipped("clip", "svqa.models.clip:ClipEncoder"),
        "captioner": _shipped("blip-captioner", "svqa.models.blip:BlipCaptioner"),
        "detector": _shipped("yolo", "svqa.models.yolo:YoloDetector"),
        "sounds": _LOG_MEL,
        "answerer": _shipped("blip-vqa", "svqa.models.blip:BlipAnswerer"),
    },
    "hub": {
        "encoder": _pulled("siglip2-base-patch16-224", "svqa.models.clip:ClipEncoder"),
        "sentences": ModelSpec(
            "minilm-l6-v2@1", "svqa.models.minilm:MiniLM", weights=("minilm-l6-v2",)
        ),
        "captioner": _pulled("blip-image-captioning-base", "svqa.models.blip:BlipCaptioner"),
        "detector": _pulled("dfine-small-coco", "svqa.models.detr:DetrDetector"),
        "reader": ModelSpec(
            "pp-ocrv6-small@1",
            "svqa.models.ocr:RapidOcrReader",
            weights=("pp-ocrv6-small",),
        ),
        "transcriber": ModelSpec(
            "whisper-base-int8@1",
            "svqa.models.whisper:WhisperTranscriber",
            weights=("whisper-base",),
        ),
        "sounds": _pulled("clap-htsat-unfused", "svqa.models.clap:ClapEncoder"),
        "answerer": _pulled("SmolVLM2-256M-Video-Instruct", "svqa.answering.chat:ChatAnswerer"),
    },
}

# models of no set, by the names under which they can take a role, each with that role
NAMED: dict[str, tuple[str, ModelSpec]] = {
    "smollm2": (
        "answerer",
        ModelSpec(
            "smollm2-135m-instruct-q4@1",
            "svqa.answering.chat:ChatAnswerer",
            source="smollm2",
            weights=("smollm2-135m-instruct",),
            licence="Apache-2.0",
        ),
    ),
    "yolov7": (
        "detector",
        ModelSpec(
            "yolov7-coco@1",
            "svqa.models.yolov7:Yolov7Detector",
            weights=("yolov7-coco",),
            licence="GPL-3.0",
        ),
    ),
}
