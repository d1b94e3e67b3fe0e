"""ImageNet labels -> svqa/models/data/conse_label_vectors.safetensors, which the package ships.

Run again when `conse.describe` or the labels change.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from svqa.models.conse import describe
from svqa.models.labels import imagenet_labels
from svqa.models.minilm import MiniLM

OUT = Path(__file__).parents[2] / "svqa" / "models" / "data" / "conse_label_vectors.safetensors"


def arguments() -> argparse.ArgumentParser:
    """-> the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.conse_tuning.make_label_vectors", description=__doc__
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="file to write (default: the one that is shipped)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Encode a description of every label and write the vectors in float16."""
    given = arguments().parse_args(argv)
    vectors = MiniLM.from_pretrained().encode_text([describe(label) for label in imagenet_labels()])
    save_file({"vectors": vectors.astype(np.float16)}, given.out)
    print(f"{vectors.shape} -> {given.out}, {given.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
