"""A network of torch -> the fastest way to run it on this machine that says the same.

On a processor ONNX Runtime is often one and a half times as fast as torch. Which is faster depends
on the machine, so both are tried once, on the same input, and what was measured is kept beside the
converted network. Eight bits are not among them: without special instructions they gained less than
they lost, a cosine below 0.99 (`python -m benchmarks --only P8`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor, nn

from svqa.models.weights import JOIN_WAIT_S, cache_folder, sha256_of

TORCH, ONNX_RUNTIME = "torch", "onnxruntime"
ROUNDS = 5
SAFE_COSINE = 0.9999  # of what both say of the same input: below it they are not the same network
CLOSE = 1e-2  # and so near their numbers have to be, of the largest
LEAST_GAIN = 1.05
OPSET = 17

Run = Callable[[Tensor], tuple[Tensor, ...]]
_log = logging.getLogger(__name__)
_converting = threading.Lock()  # torch's converter serves one at a time


@dataclass(frozen=True)
class Measurement:
    """Seconds a call of each runtime, how alike their results are, and which was taken.

    >>> str(Measurement({"torch": 0.1, "onnxruntime": 0.05}, 1.0, "onnxruntime", sha256=""))
    'onnxruntime (when first loaded: torch 100 ms, onnxruntime 50 ms, cosine 1.0000)'
    """

    seconds: dict[str, float]
    cosine: float
    chosen: str
    sha256: str  # of the converted network

    def __post_init__(self) -> None:
        seconds = [self.seconds[name] for name in (TORCH, ONNX_RUNTIME)]
        if not (all(math.isfinite(s) and s > 0 for s in seconds) and math.isfinite(self.cosine)):
            raise ValueError(f"no measurement: {self.seconds}, {self.cosine}")
        if self.chosen not in (TORCH, ONNX_RUNTIME):
            raise ValueError(f"no runtime: {self.chosen!r}")

    def __str__(self) -> str:
        took = ", ".join(f"{name} {1000 * s:.0f} ms" for name, s in self.seconds.items())
        return f"{self.chosen} (when first loaded: {took}, cosine {self.cosine:.4f})"


def fastest(net: nn.Module, example: Tensor, *, name: str, cache: Path | None = None) -> Run:
    """`net`, and an input of the size that it will get -> what runs it: a function of such inputs.

    The first axis of an input is free; any other size than the example's is for torch. torch runs
    whatever is not float32 on a processor, and everything where the network cannot be converted or
    kept (a cache that cannot be written). The first call on a machine converts and measures, some
    seconds; `$XDG_CACHE_HOME/svqa/networks` keeps both.

    >>> import tempfile
    >>> net = nn.Conv2d(3, 4, 3).eval()
    >>> run = fastest(net, torch.zeros(1, 3, 8, 8), name="doctest", cache=Path(tempfile.mkdtemp()))
    >>> run(torch.ones(2, 3, 8, 8))[0].shape
    torch.Size([2, 4, 6, 6])
    """
    plain = _by_torch(net)
    if example.device.type != "cpu" or example.dtype != torch.float32:
        return plain
    folder = cache or networks_folder()
    try:
        kept = folder / f"{name.partition('@')[0]}-{_identity(net, example)}"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock", timeout=JOIN_WAIT_S):
            measured = _kept_measurement(kept) or _measure(net, example, kept)
        if measured.chosen == TORCH:
            return plain
        converted = _by_onnx_runtime(kept.with_suffix(".onnx"))
    except Exception as error:  # whatever a converter or a runtime stumbles over: torch can do it
        _log.info("%s is run by torch: %s", name, error)
        return plain
    size = example.shape[1:]

    def run(x: Tensor) -> tuple[Tensor, ...]:
        if x.shape[1:] != size or x.dtype != example.dtype:
            return plain(x)
        try:
            return converted(x)
        except Exception as error:
            _log.info("%s is run by torch: %s", name, error)
            return plain(x)

    return run


def networks_folder() -> Path:
    """Where converted networks are kept, unless told otherwise."""
    return cache_folder().with_name("networks")


def measured_runtimes(cache: Path | None = None) -> dict[str, Measurement]:
    """{name of a network: what was measured for its newest files here}.

    >>> measured_runtimes(Path("nothing/here"))
    {}
    """
    here = (file for file in (cache or networks_folder()).glob("*.json") if file.is_file())
    files = sorted(here, key=lambda f: f.stat().st_mtime)
    found = {file.stem.rpartition("-")[0]: _kept_measurement(file) for file in files}
    return {name: measured for name, measured in found.items() if measured}


def _identity(net: nn.Module, example: Tensor) -> str:
    """-> what the kept files are for: these weights, this size, these versions, this processor."""
    said = hashlib.blake2b(digest_size=8)
    for key, tensor in net.state_dict().items():
        said.update(key.encode())
        said.update(tensor.detach().contiguous().numpy().tobytes())
    also = (
        tuple(example.shape[1:]),
        *(version(package) for package in ("torch", "onnxruntime")),
        torch.backends.cpu.get_cpu_capability(),
        torch.get_num_threads(),
    )
    said.update(repr(also).encode())
    return said.hexdigest()


def _kept_measurement(kept: Path) -> Measurement | None:
    try:
        found = Measurement(**json.loads(kept.with_suffix(".json").read_text("utf-8")))
        whole = found.chosen == TORCH or sha256_of(kept.with_suffix(".onnx")) == found.sha256
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if whole else None


def _measure(net: nn.Module, example: Tensor, kept: Path) -> Measurement:
    """Convert it, time both in turn, and keep what was found."""
    target = kept.with_suffix(".onnx")
    draft = kept.with_suffix(".part")
    try:
        with _converting:
            convert(net, example, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    runs = {TORCH: _by_torch(net), ONNX_RUNTIME: _by_onnx_runtime(target)}
    # some input for which the network says something, the same at every call
    x = torch.from_numpy(
        np.random.default_rng(0).uniform(-1, 1, tuple(example.shape)).astype(np.float32)
    )
    told = list(zip(runs[TORCH](x), runs[ONNX_RUNTIME](x), strict=True))
    # never where one is no number
    same = all(bool((a - b).abs().max() <= CLOSE * a.abs().max()) for a, b in told)
    cosine = min(
        1.0,
        *(
            float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))
            for a, b in told
        ),
    )
    seconds = dict.fromkeys(runs, math.inf)
    for _ in range(ROUNDS):
        for name, run in runs.items():
            begin = time.perf_counter()
            run(x)
            seconds[name] = min(seconds[name], time.perf_counter() - begin)
    gained = seconds[TORCH] / seconds[ONNX_RUNTIME]
    cosine = cosine if math.isfinite(cosine) else -1.0
    better = gained >= LEAST_GAIN and cosine >= SAFE_COSINE and same
    found = Measurement(seconds, cosine, ONNX_RUNTIME if better else TORCH, sha256_of(target))
    draft.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    os.replace(draft, kept.with_suffix(".json"))
    return found


def convert(net: nn.Module, example: Tensor, path: Path) -> None:
    """torch's own converter, the one that needs a second rather than a dozen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sizes become constants: on purpose, see `fastest`
        torch.onnx.export(
            net,
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
        )


def _by_torch(net: nn.Module) -> Run:
    net = net.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(x: Tensor) -> tuple[Tensor, ...]:
        made = net(x.contiguous(memory_format=torch.channels_last))
        return made if isinstance(made, tuple) else (made,)

    return run


def _by_onnx_runtime(path: Path) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # a thread without work sleeps: other models run beside it
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(x: Tensor) -> tuple[Tensor, ...]:
        return tuple(
            torch.from_numpy(y) for y in session.run(None, {"x": x.detach().contiguous().numpy()})
        )

    return run
