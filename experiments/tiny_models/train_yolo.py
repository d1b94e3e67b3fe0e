"""Seed -> a YOLO11 of the smallest useful scale, trained on freshly drawn shapes; its accuracy.

Own loop around ultralytics' loss: its trainer wants files on disk and reaches for the network.
bfloat16 is left out on purpose: convolutions this narrow ran eight times slower with it on a CPU.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import torch

from experiments.tiny_models.views import View, draw_crowds, draw_views, scene_pool, view_pixels
from svqa.metrics.results import Figure, bootstrap_over_groups
from svqa.models.checkpoint import write_checksums
from svqa.models.yolo import YoloDetector, build, save
from svqa.records import Detection, Progress
from svqa.shapes.render import frame_times, render
from svqa.shapes.sampling import scene_of
from svqa.shapes.truth import LABELS, boxes, tracks
from svqa.training.curve_card import save_curve, write_card

CONFIG = {
    "architecture": "yolo11",
    "scale": [0.5, 0.125, 1024],
    "image_px": 96,
    "names": list(LABELS),
}
STEPS = 6000
EVALUATION_SEED = 90_001
_TEXT = """
A YOLO11 an eighth as wide as the full design, for the 24 kinds of coloured shapes of the shapes
world. It shows that the detector's code works and lets tests run without a download; on real video
it finds nothing that means anything. It knows upright, unoccluded shapes of two sizes on
backgrounds of little colour.
"""


def train(
    out: str | Path,
    seed: int = 0,
    *,
    steps: int = STEPS,
    batch: int = 16,
    progress: Progress | None = None,
) -> dict:
    """Train, evaluate and write the checkpoint folder `out` -> its metrics; 20 CPU minutes."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    torch.manual_seed(seed)
    network = build(CONFIG)
    curve = fit(network, np.random.default_rng([seed, 1]), steps, batch=batch, progress=progress)
    minutes = (time.process_time() - began) / 60
    save(network, CONFIG, folder)
    save_curve(folder, curve, title="Tiny YOLO11 on the shapes world")
    figures = evaluate(YoloDetector.from_pretrained(folder), EVALUATION_SEED)
    metrics = {
        "seed": seed,
        "evaluation_seed": EVALUATION_SEED,
        "steps": steps,
        "batch": batch,
        "cpu_minutes": round(minutes, 1),
        "optimizer": "AdamW 2e-3, cosine, 5e-4 decay",
        "parameters": sum(p.numel() for p in network.parameters()),
        "data": "three in four pictures hold up to ten still shapes, the others are moments of "
        "videos; half are recoded as JPEG",
    }
    write_card(
        folder,
        title="Tiny YOLO11 of the shapes world",
        text=_TEXT,
        metrics=metrics,
        figures=figures,
    )
    write_checksums(folder)
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def evaluate(detector: YoloDetector, seed: int, *, videos: int = 200) -> dict[str, Figure]:
    """-> mAP50 on two frames a second, and the share of shapes that keep one track id at ten.

    Tracks are followed in every second video: they cost five times the frames.
    """
    found, true, kept, of_video = [], [], [], []
    for index in range(videos):
        scene = scene_of(seed, index)
        clip = render(scene, frame_times(10), width_px=128)
        sparse = clip[2::5]  # 0.2, 0.7 ...: never on the instant of an event
        found.append(_by_frame(detector.detect(sparse, min_score=0.01), sparse.t_s))
        true.append([boxes(scene, t_s, width_px=128) for t_s in sparse.t_s])
        if index % 2:
            continue
        tracked = detector.track(clip)
        kept += [keeps_one_id(life, tracked) for life in tracks(scene, clip.t_s, width_px=128)]
        of_video += [index] * len(scene.actors)
    return {
        "mAP50": mean_average_precision(found, true),
        "tracks with one id": bootstrap_over_groups(kept, of_video, seed=0),
    }


def mean_average_precision(found: list, true: list, *, resamples: int = 200) -> Figure:
    """mAP at IoU 0.5 by torchmetrics (COCO); its interval by ultralytics' over resampled videos.

    Both arguments: a list of videos, each a list of frames, each a list of `Detection`.
    """
    from torchmetrics.detection import MeanAveragePrecision

    metric = MeanAveragePrecision(iou_thresholds=[0.5])
    for seen, known in zip(found, true, strict=True):
        metric.update([_tensors(f) for f in seen], [_tensors(f) for f in known])
    value = float(metric.compute()["map_50"])
    stats = [_matches(seen, known) for seen, known in zip(found, true, strict=True)]
    rng = np.random.default_rng(0)
    draws = [
        _map50([stats[i] for i in rng.integers(len(stats), size=len(stats))])
        for _ in range(resamples)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return Figure(
        value,
        min(value, float(low)),
        max(value, float(high)),
        sum(len(f) for video in true for f in video),
    )


def keeps_one_id(life: list[Detection], tracked: list[Detection]) -> bool:
    """Whether one id, and no other, covers (IoU >= 0.5) nine tenths of a shape's frames or more."""
    ids = []
    for box in life:
        rivals = [(_iou(box, other), other.track_id) for other in tracked if other.t_s == box.t_s]
        best = max(rivals, default=(0.0, None))
        ids.append(best[1] if best[0] >= 0.5 else None)
    seen = {i for i in ids if i is not None}
    return len(seen) == 1 and ids.count(None) <= 0.1 * len(ids)


def fit(
    network: torch.nn.Module,
    rng: np.random.Generator,
    steps: int,
    *,
    batch: int,
    progress: Progress | None = None,
) -> list[dict]:
    """Train `network` in place, with a cosine schedule -> rows of the curve."""
    from ultralytics.cfg import get_cfg

    pool = scene_pool(rng, 400)
    network.to(memory_format=torch.channels_last).train()
    network.args = get_cfg()
    matrices = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    curve: list[dict] = []
    for step in range(1, steps + 1):
        views = draw_crowds(rng, batch - batch // 4) + draw_views(rng, batch // 4, pool=pool)
        loss, parts = network.loss(
            _targets(views, view_pixels(views, rng, width_px=CONFIG["image_px"]))
        )
        optimizer.zero_grad()
        loss.sum().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
        schedule.step()
        if step % 25 == 0 or step == steps:
            box, label, edge = (round(float(p), 4) for p in parts.values())
            curve.append({"step": step, "box loss": box, "class loss": label, "edge loss": edge})
        if progress:
            progress("steps", step, steps)
    network.eval()
    return curve


def _pace(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / 60) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _targets(views: list[View], pixels: np.ndarray) -> dict[str, torch.Tensor]:
    rows = []
    for index, (scene, t_s) in enumerate(views):
        for box in boxes(scene, t_s, width_px=1):
            x0, y0, x1, y1 = box.xyxy_px
            rows.append(
                (index, LABELS.index(box.label), (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)
            )
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    # channels last in memory, as drawn
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return {"img": images, "batch_idx": table[:, 0], "cls": table[:, 1:2], "bboxes": table[:, 2:]}


def _by_frame(found: list[Detection], t_s: np.ndarray) -> list[list[Detection]]:
    return [[d for d in found if d.t_s == t] for t in t_s]


def _tensors(frame: list[Detection]) -> dict[str, torch.Tensor]:
    return {
        "boxes": torch.tensor([d.xyxy_px for d in frame], dtype=torch.float32).reshape(-1, 4),
        "scores": torch.tensor([d.score for d in frame], dtype=torch.float32),
        "labels": torch.tensor([LABELS.index(d.label) for d in frame], dtype=torch.int64),
    }


def _matches(seen: list, known: list) -> tuple[np.ndarray, ...]:
    """One video -> right (N, 1) bool, score (N,), label (N,) of the found, labels of the true."""
    right, score, label = [], [], []
    for found, true in zip(seen, known, strict=True):
        left = list(true)
        for box in sorted(found, key=lambda d: -d.score):
            best = max(
                (t for t in left if t.label == box.label), key=lambda t: _iou(t, box), default=None
            )
            hit = best is not None and _iou(best, box) >= 0.5
            if hit:
                left.remove(best)
            right.append(hit), score.append(box.score), label.append(LABELS.index(box.label))
    there = [LABELS.index(t.label) for frame in known for t in frame]
    return (
        np.array(right, bool).reshape(-1, 1),
        np.array(score),
        np.array(label, int),
        np.array(there, int),
    )


def _map50(stats: list[tuple[np.ndarray, ...]]) -> float:
    from ultralytics.utils.metrics import ap_per_class

    return float(
        ap_per_class(*(np.concatenate(part) for part in zip(*stats, strict=True)))[5][:, 0].mean()
    )


def _iou(one: Detection, two: Detection) -> float:
    a, b = one.xyxy_px, two.xyxy_px
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
