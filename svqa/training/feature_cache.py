"""Examples -> pictures -> what vision makes of them.

Each is decoded once and, where vision is frozen, seen once.

A question about one second is about that frame; a question about a span, or about a whole video, is
about frames from it in time order: a grid in one picture (IG-VLM, Kim et al. 2024), the way
`FrameGrid` answers, or where the model sees sequences the frames as they are, as `FrameSequence`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from svqa.errors import NoFrames, UsageError
from svqa.media.pictures import read_picture
from svqa.media.sampling import Sampling
from svqa.media.video import read_frames
from svqa.models.disk_cache import DiskCache
from svqa.models.frame_sequence import even_times
from svqa.models.frame_strategies import frame_grid
from svqa.records import Progress
from svqa.training.dataset import Example

COLUMNS = 2  # of the grid, and rows


class Pictures:
    """The different pictures of some examples.

    `row_of (N,)` tells each example's picture, `keys` name their content.

    Pictures are `(H, W, 3) uint8` RGB: files as they are, frames at `size_px` square, grids at the
    same size with cells of half of it; with `frames` above 0, sequences of so many frames at
    `size_px` instead of grids, `(frames, H, W, 3)`. Those of videos are kept in `cache`.
    """

    def __init__(
        self, examples: Sequence[Example], *, size_px: int, cache: DiskCache, frames: int = 0
    ):
        self.size_px, self.cache, self.frames = size_px, cache, frames
        names = [_name(e, size_px, frames) for e in examples]
        self.keys = list(dict.fromkeys(names))
        row = {name: i for i, name in enumerate(self.keys)}
        self.row_of = np.array([row[name] for name in names])
        self._made_from = {
            name: e for name, e in zip(reversed(names), reversed(examples), strict=True)
        }

    def __len__(self) -> int:
        return len(self.keys)

    def decode(self, progress: Progress | None = None) -> None:
        """Decode what is not cached, one pass a video and picture size."""
        missing = defaultdict(list)
        for key, e in self._made_from.items():
            if not e.still and self.cache.get(key) is None:
                missing[e.path].append((key, e))
        for done, (path, wanted) in enumerate(missing.items(), 1):
            for key, pixels in _frames_of(path, wanted, self.size_px, self.frames):
                self.cache.put(key, pixels)
            if progress:
                progress("decoding videos", done, len(missing))

    def source(self, row: int) -> Example:
        """One of the examples that are about this picture."""
        return self._made_from[self.keys[row]]

    def __getitem__(self, row: int) -> np.ndarray:
        """The picture; decoded again if the cache had no room for it."""
        key = self.keys[row]
        e = self._made_from[key]
        if e.still:
            return _read_still(e)
        kept = self.cache.get(key)
        if kept is None:
            kept = next(_frames_of(e.path, [(key, e)], self.size_px, self.frames))[1]
        return kept

    def frames_at(self, row: int) -> np.ndarray:
        """-> (T, H, W, 3): the frames of a sequence, or the one picture."""
        shown = self[row]
        return shown if shown.ndim == 4 else shown[None]

    def frame_count(self, row: int) -> int:
        """How many frames the row's sequence has; 0 of a picture."""
        return self.frames if self._made_from[self.keys[row]].spread else 0

    def seconds(self, rows: Sequence[int]) -> torch.Tensor:
        """`rows` of sequences -> (B, T) float32: when each frame is shown, from the first one."""
        spans = [self._made_from[self.keys[row]].shown_span for row in rows]
        return torch.tensor([even_times((0.0, end - start), self.frames) for start, end in spans])


class FeatureCache:
    """Rows of pictures -> `pixel_values (B, 3, H, W)`, or vision features `(B, P, D)`.

    Features are computed once each.

    Features are only right while `vision` does not change. They are kept under the hash of the
    weights that made them and in the type they were computed in, so that a cached loss is the loss.
    """

    def __init__(
        self,
        pictures: Pictures,
        processor: Any,
        *,
        cache: DiskCache | None = None,
        made_by: str = "",
    ):
        self.pictures, self.processor, self.made_by = pictures, processor, made_by
        self._cache = cache

    @property
    def cache(self) -> DiskCache:
        """Where features are kept. Raises ValueError where there is no such place."""
        if self._cache is None:
            raise ValueError("features are kept in a cache: FeatureCache(..., cache=DiskCache())")
        return self._cache

    def pixels(self, rows: Sequence[int]) -> torch.Tensor:
        """What the processor makes of each picture, and of each frame of sequences, in a row."""
        pixels = [frame for row in rows for frame in self.pictures.frames_at(int(row))]
        made = self.processor.image_processor(
            pixels, return_tensors="pt", input_data_format="channels_last"
        )
        return made.pixel_values

    def features(self, rows: Sequence[int]) -> torch.Tensor:
        """The kept features, `(B, T, P, D)` of sequences.

        Raises KeyError where `compute` had no room for one of them.
        """
        kept = [self.cache.get(self._key(int(row))) for row in rows]
        if any(array is None for array in kept):
            raise KeyError("the features of a picture are not kept: compute() tells")
        return torch.stack([_from_disk(array) for array in kept if array is not None])

    def compute(
        self, see: Callable[[torch.Tensor], torch.Tensor], progress: Progress | None = None
    ) -> bool:
        """Fill the cache with `see(pixel_values)`; -> whether all of it fits.

        Where it does not, nothing more is computed.
        """
        rows = [r for r in range(len(self.pictures)) if self.cache.get(self._key(r)) is None]
        rows.sort(key=self.pictures.frame_count)
        for first in range(0, len(rows), 16):
            part = rows[first : first + 16]
            values = see(self.pixels(part)).cpu()
            sizes = [max(1, self.pictures.frame_count(row)) for row in part]
            for row, of in zip(part, values.split(sizes), strict=True):
                value = of if self.pictures.frame_count(row) else of[0]
                if not self.cache.put(self._key(row), _to_disk(value)):
                    return False
            if progress:
                progress("seeing pictures", first + len(part), len(rows))
        return True

    def _key(self, row: int) -> str:
        return hashlib.sha256(f"{self.made_by} {self.pictures.keys[row]}".encode()).hexdigest()[:40]


def weights_sha256(module: torch.nn.Module) -> str:
    """-> the hash of a module's weights: bases of one vision share what it has seen."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().view(-1).numpy().tobytes())
    return digest.hexdigest()


def _name(e: Example, size_px: int, frames: int) -> str:
    """What a picture depends on -> a name for it."""
    several = f"{frames} of {e.span}" if frames else f"grid{e.span}"
    when = "still" if e.still else f"t{e.time_s}" if e.time_s is not None else several
    return hashlib.sha256(f"{e.sha256} {when} {size_px} {COLUMNS}".encode()).hexdigest()[:40]


def _frames_of(
    path: Path, wanted: Sequence[tuple[str, Example]], size_px: int, frames: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Pictures of one video.

    It is read once for single frames, once for sequences or for the cells of grids.
    """
    singles = [(key, e.time_s) for key, e in wanted if e.time_s is not None]
    several = [(key, e) for key, e in wanted if e.time_s is None]
    if singles:
        at = _reader(path, [time_s for _, time_s in singles], size_px)
        yield from ((key, at([time_s])[0]) for key, time_s in singles)
    if several:
        count, side = (frames, size_px) if frames else (COLUMNS**2, size_px // COLUMNS)
        times = {key: even_times(e.shown_span, count) for key, e in several}
        at = _reader(path, [t for of in times.values() for t in of], side)
        for key, _ in several:
            shown = at(times[key])
            yield key, shown if frames else frame_grid(shown, columns=COLUMNS)


def grid_times(span: tuple[float, float]) -> np.ndarray:
    """-> the seconds of a grid's frames: the middles of equal parts of the span.

    >>> grid_times((0.0, 8.0)).tolist()
    [1.0, 3.0, 5.0, 7.0]
    """
    return np.array(even_times(span, COLUMNS**2))


def _reader(
    path: Path, times_s: Sequence[float], size_px: int
) -> Callable[[Sequence[float] | np.ndarray], np.ndarray]:
    """-> a function that gives the frames shown at some of these seconds.

    All of them are decoded in one pass.
    """
    frames = read_frames(path, Sampling.at(times_s), size_px=size_px)
    if not len(frames):
        raise NoFrames(f"No frame of '{path}' could be decoded at {list(times_s)[:8]} s.")
    return lambda some: frames.pixels[
        np.maximum(np.searchsorted(frames.t_s, np.asarray(some) + 1e-6) - 1, 0)
    ]


def _read_still(e: Example) -> np.ndarray:
    try:
        return read_picture(e.path)
    except UsageError as error:  # it was read before training began
        raise UsageError(f"line {e.line} of the questions: {error}.") from error


def _to_disk(value: torch.Tensor) -> np.ndarray:
    """bfloat16, which numpy does not have, as its bits."""
    return value.view(torch.uint16).numpy() if value.dtype == torch.bfloat16 else value.numpy()


def _from_disk(array: np.ndarray) -> torch.Tensor:
    made = torch.from_numpy(array)
    return made.view(torch.bfloat16) if made.dtype == torch.uint16 else made
