"""ImageNet labels -> svqa/models/data/conse_label_vectors.safetensors.

Run again when `conse.describe` or the labels change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from svqa.models.conse import describe
from svqa.models.labels import imagenet_labels
from svqa.models.minilm import MiniLM

OUT = Path(__file__).parents[2] / "svqa" / "models" / "data" / "conse_label_vectors.safetensors"

if __name__ == "__main__":
    vectors = MiniLM.from_pretrained().encode_text([describe(label) for label in imagenet_labels()])
    save_file({"vectors": vectors.astype(np.float16)}, OUT)
    print(f"{vectors.shape} -> {OUT.stat().st_size} bytes")
