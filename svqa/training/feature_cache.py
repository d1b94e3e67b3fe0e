"""Examples -> pictures -> what vision makes of them.

Each is decoded once and, where vision is frozen, seen once.

A question about one second is about that frame; a question about a span, or about a whole video, is
about a grid of frames from it in time order (IG-VLM, Kim et al. 2024), the way `FrameGrid` answers.
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
from svqa.models.frame_strategies import frame_grid
from svqa.records import Progress
from svqa.training.dataset import Example

COLUMNS = 2  # of the grid, and rows


class Pictures:
    """The different pictures of some examples.

    `row_of (N,)` tells each example's picture, `keys` name their content.

    Pictures are `(H, W, 3) uint8` RGB: files as they are, frames at `size_px` square, grids at the
    same size with cells of half of it. Those of videos are kept in `cache`.
    """

    def __init__(self, examples: Sequence[Example], *, size_px: int, cache: DiskCache):
        self.size_px, self.cache = size_px, cache
        names = [_name(e, size_px) for e in examples]
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
            for key, pixels in _frames_of(path, wanted, self.size_px):
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
        return next(_frames_of(e.path, [(key, e)], self.size_px))[1] if kept is None else kept


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
        """What the processor makes of each picture."""
        pixels = [self.pictures[int(row)] for row in rows]
        made = self.processor.image_processor(
            pixels, return_tensors="pt", input_data_format="channels_last"
        )
        return made.pixel_values

    def features(self, rows: Sequence[int]) -> torch.Tensor:
        """The kept features. Raises KeyError where `compute` had no room for one of them."""
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
        for first in range(0, len(rows), 16):
            part = rows[first : first + 16]
            for row, value in zip(part, see(self.pixels(part)).cpu(), strict=True):
                if not self.cache.put(self._key(row), _to_disk(value)):
                    return False
            if progress:
                progress("seeing pictures", first + len(part), len(rows))
        return True

    def _key(self, row: int) -> str:
        return hashlib.sha256(f"{self.made_by} {self.pictures.keys[row]}".encode()).hexdigest()[:40]


def _name(e: Example, size_px: int) -> str:
    """What a picture depends on -> a name for it."""
    when = "still" if e.still else f"t{e.time_s}" if e.time_s is not None else f"grid{e.span}"
    return hashlib.sha256(f"{e.sha256} {when} {size_px} {COLUMNS}".encode()).hexdigest()[:40]


def _frames_of(
    path: Path, wanted: Sequence[tuple[str, Example]], size_px: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Pictures of one video.

    It is read once for single frames and once for the cells of grids.
    """
    singles = [(key, e.time_s) for key, e in wanted if e.time_s is not None]
    grids = [(key, e) for key, e in wanted if e.time_s is None]
    if singles:
        at = _reader(path, [time_s for _, time_s in singles], size_px)
        yield from ((key, at([time_s])[0]) for key, time_s in singles)
    if grids:
        times = {key: grid_times(e.span or (0.0, _duration_s(path))) for key, e in grids}
        at = _reader(path, [t for of in times.values() for t in of], size_px // COLUMNS)
        yield from ((key, frame_grid(at(times[key]), columns=COLUMNS)) for key, _ in grids)


def grid_times(span: tuple[float, float]) -> np.ndarray:
    """-> the seconds of a grid's frames: the middles of equal parts of the span.

    >>> grid_times((0.0, 8.0)).tolist()
    [1.0, 3.0, 5.0, 7.0]
    """
    cells = COLUMNS**2
    return span[0] + (np.arange(cells) + 0.5) * (span[1] - span[0]) / cells


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


def _duration_s(path: Path) -> float:
    from svqa.media.probing import probe

    return probe(path).duration_s


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
