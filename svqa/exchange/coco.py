"""The boxes of films -> a data set in COCO's format: a picture a second that was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from svqa.database import Store, StoredVideo


def coco_boxes(store: Store, videos: Sequence[StoredVideo]) -> dict[str, Any]:
    """-> `images`, `categories` and `annotations`, numbered from 1, boxes as x, y, width, height.

    A picture is named after its film and its second, which are in it too (`video`, `t_s`).
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    categories: dict[str, int] = {}
    for video in videos:
        pictures: dict[float, int] = {}
        for box in store.detections(video.id):
            if box.t_s not in pictures:
                pictures[box.t_s] = len(images) + 1
                images.append(_image(video, box.t_s, len(images) + 1))
            left, top, right, bottom = box.xyxy_px
            annotation = {
                "id": len(annotations) + 1,
                "image_id": pictures[box.t_s],
                "category_id": categories.setdefault(box.label, len(categories) + 1),
                "bbox": [left, top, right - left, bottom - top],
                "area": (right - left) * (bottom - top),
                "iscrowd": 0,
                "score": box.score,
            }
            if box.track_id is not None:
                annotation["track_id"] = box.track_id
            annotations.append(annotation)
    return {
        "info": {"description": "Boxes that svqa found; not checked by people."},
        "images": images,
        "categories": [{"id": number, "name": name} for name, number in categories.items()],
        "annotations": annotations,
    }


def _image(video: StoredVideo, t_s: float, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": f"{Path(video.path).stem}-{t_s:.3f}.jpg",
        "width": video.width_px,
        "height": video.height_px,
        "video": video.path,
        "t_s": t_s,
    }
