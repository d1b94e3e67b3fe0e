"""P6: frames embedded beside the raw forward pass; P8: the fastest way to run it that is safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.harness import Benchmark, Case, Measured
from svqa.media import Sampling, read_frames
from svqa.reporting.sample_clips import real_clip

FRAMES, SIDE_PX, LONG_PX = 24, 224, 640
SAFE_COSINE = 0.99
ROUNDS = 9
EMBED = Benchmark(
    "P6",
    f"{FRAMES} frames of 640 px -> vectors",
    "the network alone, its input ready, same batch",
    0.95,
    higher_is_better=True,
)
BACKEND = Benchmark(
    "P8",
    f"the fastest backend whose vectors keep a cosine of {SAFE_COSINE}",
    "torch, float32, a frame at a time",
    3.5,
    higher_is_better=True,
)
BENCHMARKS = (EMBED, BACKEND)


@contextmanager
def suite(wanted: Sequence[str]) -> Iterator[Iterator[Case | Measured]]:
    """Yields P6 and P8, of the encoder of the `offline` set on frames of two real clips."""
    with TemporaryDirectory() as folder:
        yield _cases(Path(folder), wanted)


def _cases(folder: Path, wanted: Sequence[str]) -> Iterator[Case | Measured]:
    import torch

    from svqa.models.conse import ConseEncoder

    frames = np.concatenate(
        [
            read_frames(
                real_clip(name), Sampling.every(0.3), size_px=(LONG_PX, 360), batch=FRAMES
            ).pixels[: FRAMES // 2]
            for name in ("bigbuckbunny.mp4", "bikes.mp4")
        ]
    )
    encoder = ConseEncoder.from_pretrained()
    tagger = encoder._tagger
    ready = [network_input(frame) for frame in frames]

    def ours() -> np.ndarray:
        tagger._known.clear()
        return encoder.encode_frames(frames)

    def theirs() -> list[tuple[torch.Tensor, ...]]:
        return [tagger._run(x) for x in ready]

    if "P6" in wanted:
        yield Case(EMBED, ours, theirs, lambda mine, raw: len(mine) == len(raw))
    if "P8" in wanted:
        yield _fastest(encoder, ready, ours(), folder)


def network_input(frame: np.ndarray):
    """(H, W, 3) uint8 -> (1, 3, 224, 224) float32, channels last, as the encoder prepares it."""
    import torch

    from svqa.media.geometry import fit_frame
    from svqa.models.imagenet import MEAN, STD

    x = torch.from_numpy(fit_frame(frame, SIDE_PX)[None]).float().sub_(MEAN).div_(STD)
    return x.permute(0, 3, 1, 2)


def _fastest(encoder, ready: list, right: np.ndarray, folder: Path) -> Measured:
    """Each backend on some frames, in turn: its speed over torch's, and its least cosine.

    Told in seconds of a core: what else the machine does takes none of them.
    """
    import torch

    net = encoder._tagger._net
    backends = {"torch": _torch(net), **_compiled(net, ready[0]), **_onnx(net, ready, folder)}
    seconds: dict[str, list[float]] = {name: [] for name in backends}
    for _ in range(ROUNDS):
        for name, run in backends.items():
            begin = time.process_time()
            for x in ready[:4]:
                run(x)
            seconds[name].append(time.process_time() - begin)
    found = {}
    for name, run in backends.items():
        vectors = _vectors(encoder, [run(x) for x in ready])
        ratios = [b / a for a, b in zip(seconds[name], seconds["torch"], strict=True)]
        cosine = float((vectors * right).sum(1).min())
        found[name] = {"ratio": float(np.median(ratios)), "cosine": cosine}
    safe = {name: f for name, f in found.items() if f["cosine"] >= SAFE_COSINE}
    best = max(safe, key=lambda name: safe[name]["ratio"])
    floor_s, flops = _floor(net, ready[0])
    limit = float(np.median(seconds["torch"])) / 4 / floor_s
    notes = {"backend": best, "backends": found, "flops": flops, "limit": limit}
    return Measured(BACKEND, found[best]["ratio"], notes | {"threads": torch.get_num_threads()})


def _vectors(encoder, features: list) -> np.ndarray:
    """Feature maps (1, 1280, 7, 7) of every frame -> (T, 384), as the encoder makes them."""
    import torch

    from svqa.models.conse import TEMPERATURE, TOP_K, sharpen

    with torch.inference_mode():
        pooled = torch.cat([torch.as_tensor(f).float().mean((2, 3)) for f in features])
        shares = encoder._tagger._net.classifier(pooled).softmax(-1).numpy()
    vectors = sharpen(shares, top_k=TOP_K, temperature=TEMPERATURE) @ encoder._label_vectors
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _torch(net) -> Callable:
    import torch

    return torch.inference_mode()(net)


def _compiled(net, x) -> dict[str, Callable]:
    """`torch.compile` with its weights frozen; bfloat16 as it is."""
    import copy

    import torch
    import torch._inductor.config as inductor

    half = copy.deepcopy(net).to(torch.bfloat16)
    found = {"torch bfloat16": torch.inference_mode()(lambda x: half(x.to(torch.bfloat16)))}
    with inductor.patch(freezing=True):
        compiled = torch.no_grad()(torch.compile(copy.deepcopy(net)))
        try:
            compiled(x)
        except Exception:  # it needs a compiler of C++, which not every machine has
            return found
    return {"torch.compile": compiled, **found}


def _onnx(net, ready: list, folder: Path) -> dict[str, Callable]:
    """ONNX Runtime in float32, and with 8 bits calibrated on half of the frames."""
    import onnxruntime
    import torch
    from onnxruntime.quantization import QuantType, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader

    from svqa.models.network_runtime import convert

    plain, small = folder / "plain.onnx", folder / "int8.onnx"
    convert(net, ready[0].contiguous(), plain)

    class Rows(CalibrationDataReader):
        rows = iter([{"x": x.contiguous().numpy()} for x in ready[::2]])

        def get_next(self):
            return next(self.rows, None)

    kinds = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    quantize_static(plain, small, Rows(), per_channel=True, reduce_range=True, **kinds)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    found = {}
    for name, path in (("ONNX Runtime", plain), ("ONNX Runtime int8", small)):
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        found[name] = lambda x, session=session: session.run(None, {"x": x.contiguous().numpy()})[0]
    return found


def _floor(net, x) -> tuple[float, int]:
    """-> the seconds that the network's multiplications take at this core's fastest, their number.

    Its fastest is that of a product of two matrices of 1024 x 1024, in the same run.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        net(x)
    flops = int(counter.get_total_flops())
    a, times = torch.randn(1024, 1024), []
    for _ in range(ROUNDS):
        begin = time.process_time()
        a @ a
        times.append(time.process_time() - begin)
    return flops / (2 * 1024**3 / min(times)), flops
