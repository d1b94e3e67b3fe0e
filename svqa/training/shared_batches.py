"""Batches -> the part of each that one of several processes works on, and what that part counts.

A batch is the same whoever works on it, so that a run by several processes takes the steps of a run
by one: each takes a part, and the mean of their losses is the mean over the batch where each is
weighed by its number of questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

SHARE = "share"  # what a part's loss is multiplied by


class Batches(Sized, Protocol):
    """Lists of example numbers, in an order that depends on the epoch."""

    epoch: int

    def __iter__(self) -> Iterator[list[int]]: ...


class SharedBatches:
    """One process's part of every batch: example numbers, each with the part's weight.

    Where a batch has fewer examples than there are processes, one of them is worked on for nothing:
    all processes have to take part in every step.

    >>> class Two(list):
    ...     epoch = 0
    >>> [list(SharedBatches(Two([[4, 5, 6], [7]]), process, 2)) for process in (0, 1)]
    [[[(4, 1.3333333333333333), (5, 1.3333333333333333)], [(7, 2.0)]], [[(6, 0.6666666666666666)], \
[(7, 0.0)]]]
    """

    drop_last = False

    def __init__(self, batches: Batches, process: int, processes: int):
        self.batches, self._process, self._processes = batches, process, processes

    @property
    def batch_size(self) -> int | None:
        """accelerate asks for it by this name."""
        return getattr(self.batches, "batch_size", None)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[tuple[int, float]]]:
        for batch in self.batches:
            # rounded up: the longest parts are those of the first processes
            begin, end = (
                -(-len(batch) * n // self._processes) for n in (self._process, self._process + 1)
            )
            mine = batch[begin:end]
            weight = len(mine) * self._processes / len(batch)
            yield [(number, weight) for number in mine or batch[:1]]


class _Numbers:
    """A data set whose items are what the sampler gives."""

    def __getitem__(self, item: tuple[int, float]) -> tuple[int, float]:
        return item


def shared_loader(loader: DataLoader[int], accelerator: Accelerator) -> Any:
    """-> the loader of this process's parts, on its device; a batch's weight is under `SHARE`."""
    from accelerate.data_loader import prepare_data_loader
    from torch.utils.data import DataLoader

    batches: Any = loader.batch_sampler
    collate: Callable[[Any], Any] = loader.collate_fn

    def weighed(pairs: Iterable[tuple[int, float]]) -> dict[str, Any]:
        numbers, weights = zip(*pairs, strict=True)
        return {**collate(numbers), SHARE: weights[0]}

    sampler = SharedBatches(batches, accelerator.process_index, accelerator.num_processes)
    data: Any = _Numbers()
    parts: Any = DataLoader(data, batch_sampler=sampler, collate_fn=weighed)
    return prepare_data_loader(
        parts, accelerator.device, num_processes=1, process_index=0, put_on_device=True
    )
