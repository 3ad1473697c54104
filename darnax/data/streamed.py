"""A split larger than memory: windows of one shape, shuffled over the whole split, prefetched."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from darnax.data.dataset import Window, WindowPart
from darnax.data.reader import Arrays

_BLOCK = 256


def whole_batches(examples: int, window: int, size: int) -> int:
    """Return the number of whole batches of `size` in the equally long windows of one epoch.

    Example:
        >>> whole_batches(10, window=4, size=2)
        3
    """
    count = -(-examples // window)
    return count * (examples // count // size) if examples else 0


@dataclass(frozen=True)
class Part:
    """One of `count` equal parts of every window, whose length is a multiple of `multiple`."""

    index: int
    count: int
    multiple: int = 1

    def of(self, window: np.ndarray) -> np.ndarray:
        """Return this part of a window; the last one ends with repetitions of its last example."""
        whole = self.count * self.multiple
        length = -(-len(window) // whole) * self.multiple
        padded = np.pad(window, (0, length * self.count - len(window)), mode="edge")
        return padded[self.index * length : (self.index + 1) * length]


WHOLE = Part(0, 1)


@dataclass(frozen=True, eq=False)
class Streamed:
    """The examples `indices` of what `read` reads, `window` of them at most on the device at once.

    An epoch trains on `k = ceil(N / window)` windows of `N // k` examples, a permutation drawn from
    (seed, epoch); the remaining examples, fewer than k, are different ones in every epoch. In order
    (`epoch=None`) all examples are used and the last window is padded. Besides the window on the
    device at most one more is in memory. It is decoded by `threads` threads: parsing a record holds
    the interpreter's lock, so that more than one is faster for large images only. With `part` only
    this part of every window is read.
    """

    read: Callable[[np.ndarray], Arrays]
    indices: np.ndarray
    window: int
    seed: int
    threads: int = 1
    part: Part = WHOLE

    def __len__(self) -> int:
        return len(self.indices)

    def batches(self, size: int) -> int:
        """Return the number of whole batches in the windows of one epoch."""
        return whole_batches(len(self), self.window, size)

    def example(self) -> jax.ShapeDtypeStruct:
        """Return the shape and the dtype of one raw input, by decoding the first one."""
        inputs, _ = self.read(self.indices[:1])
        return jax.ShapeDtypeStruct(inputs.shape[1:], inputs.dtype)

    def windows(self, epoch: int | None) -> Iterator[Any]:
        """Yield the windows of one epoch, all of one shape."""
        count = -(-len(self) // self.window)
        if epoch is None:
            size = -(-len(self) // count)
            order = np.pad(self.indices, (0, size * count - len(self)), mode="edge")
        else:
            size = len(self) // count
            permutation = np.random.default_rng([self.seed, epoch]).permutation(self.indices)
            order = permutation[: size * count]
        kind = Window if self.part == WHOLE else WindowPart
        windows = [self.part.of(window) for window in order.reshape(-1, size)]
        blocks = _prefetch(_Blocks(self.read, windows), self.threads)
        for number, window in enumerate(windows):
            read = [next(blocks) for _ in range(0, len(window), _BLOCK)]
            inputs, targets = (np.concatenate(arrays) for arrays in zip(*read, strict=True))
            real = min(size, len(self) - number * size)
            yield kind(jax.device_put(inputs), jax.device_put(targets), real)


class _Blocks:
    """The windows of one epoch in blocks, each read at once; a random-access source for grain."""

    def __init__(self, read: Callable[[np.ndarray], Arrays], windows: Sequence[np.ndarray]) -> None:
        self.read = read
        self.per_window = -(-len(windows[0]) // _BLOCK)
        self.pieces = []
        for window in windows:
            self.pieces += [window[i : i + _BLOCK] for i in range(0, len(window), _BLOCK)]

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: Any) -> Arrays:
        return self.read(self.pieces[int(index)])


def _prefetch(blocks: _Blocks, threads: int) -> Iterator[Arrays]:
    """Yield the blocks in order, while `threads` threads read those of the next window."""
    import grain

    options = grain.ReadOptions(
        num_threads=min(threads, blocks.per_window), prefetch_buffer_size=blocks.per_window
    )
    return iter(grain.MapDataset.source(blocks).to_iter_dataset(options))
