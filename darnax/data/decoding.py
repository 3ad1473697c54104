"""Decode a whole set once, and notice when it is not what it says it is."""

import hashlib

import numpy as np

from darnax.data.cache import FOLDER
from darnax.data.progress import Progress
from darnax.data.reader import Arrays, Damaged
from darnax.data.sources import Source
from darnax.errors import Problem, RequestError
from darnax.files import SMALL
from darnax.printing import count_of

_BLOCK = 1000
_TIMES = 64  # the size of a file of records, at most, beside that of its examples

FINGERPRINTS = {
    ("mnist", "train"): "1c810389d6a3e7454c0de4bd1897b6cad8f2d4104d6568b512195cf4d588151c",
    ("mnist", "test"): "c823800d86253e2b5ddd040914641f746c09f18b19cce6424528dc5223ea09bb",
    ("fashion_mnist", "train"): "10681617a4ba77a1e6c90da96221b0ca9f1aabfff09facd911f3a879646f82d3",
    ("fashion_mnist", "test"): "a40ec5f4e9e24d73e55c2cc9ee37443e43d1478b7da7d88ef490d8360a9cdea6",
}
"""What `fingerprint` gives for the original archives: TFDS can put one of these sets under the name of the other."""


def decode(source: Source, progress: Progress) -> dict[str, Arrays]:
    """Split -> all its examples. Raises Damaged."""
    arrays = {split: _decode_split(source, split, progress) for split in source.counts}
    for split, decoded in arrays.items():
        expected = FINGERPRINTS.get((source.name, split))
        if expected is not None and fingerprint(decoded) != expected:
            raise Damaged(
                f"{split} of {source.name} in {source.folder} is another set's or damaged: delete the folder, prepare again"
            )
    return arrays


def _decode_split(source: Source, split: str, progress: Progress) -> Arrays:
    read, total = source.reader(split), source.counts[split]
    if len(read) != total:
        raise Damaged(
            f"{read.what} holds {count_of(len(read), 'example')}, expected {total}: delete the folder and prepare it again"
        )
    blocks = []
    for start in range(0, total, _BLOCK):
        blocks.append(read(range(start, min(start + _BLOCK, total))))
        progress(f"decode {source.name} {split}", min(start + _BLOCK, total), total)
    return Arrays(*map(np.concatenate, zip(*blocks, strict=True)))


def check_size(source: Source) -> None:
    """Raise RequestError where the files of a set are far larger than its examples: to read them would take for ever."""
    folders = [folder for folder in (source.folder, source.folder / FOLDER) if folder.is_dir()]
    size = sum(
        path.stat().st_size for folder in folders for path in folder.iterdir() if path.is_file()
    )
    if size > SMALL + _TIMES * source.nbytes:
        what = f"has files of {count_of(size, 'byte')}, for examples of {source.nbytes}; remove it, or prepare the set elsewhere"
        raise RequestError(Problem(str(source.folder), what))


def is_of(source: Source, arrays: dict[str, Arrays]) -> bool:
    """Say whether decoded arrays have the splits, the shapes and the labels of a set, whoever wrote them."""

    def fits(split: str, count: int) -> bool:
        inputs, targets = arrays[split]
        shapes = inputs.shape == (count, *source.shape) and targets.shape == (count,)
        kinds = inputs.dtype == source.dtype and targets.dtype == np.int32
        return (
            shapes and kinds and bool(np.all((targets >= 0) & (targets < len(source.class_names))))
        )

    return arrays.keys() == source.counts.keys() and all(
        fits(*split) for split in source.counts.items()
    )


def check_ends(source: Source) -> None:
    """Read the first and the last example of every split: all that a set too large to decode can be asked. Raises Damaged."""
    for split, total in source.counts.items():
        source.reader(split)([0, total - 1])


def fingerprint(arrays: Arrays) -> str:
    """Return one sha256 of all (input, label) pairs, whatever their order."""
    inputs, targets = arrays
    rows = (
        hashlib.sha256(x.tobytes() + int(t).to_bytes(4, "big")).digest()
        for x, t in zip(inputs, targets, strict=True)
    )
    return hashlib.sha256(b"".join(sorted(rows))).hexdigest()
