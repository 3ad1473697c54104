"""Decode a whole set once, and check that it is the set that its description names."""

import hashlib

import numpy as np

from darnax.data.archives import set_of
from darnax.data.cache import FOLDER
from darnax.data.progress import Progress
from darnax.data.reader import Arrays, describe_damage
from darnax.data.sources import Source
from darnax.errors import Problem, RequestError
from darnax.files import SMALL
from darnax.printing import count_of

_BLOCK = 1000
_MOST_TIMES = 64  # largest plausible size of the files, relative to that of the examples

FINGERPRINTS = {
    ("mnist", "train"): "1c810389d6a3e7454c0de4bd1897b6cad8f2d4104d6568b512195cf4d588151c",
    ("mnist", "test"): "c823800d86253e2b5ddd040914641f746c09f18b19cce6424528dc5223ea09bb",
    ("fashion_mnist", "train"): "10681617a4ba77a1e6c90da96221b0ca9f1aabfff09facd911f3a879646f82d3",
    ("fashion_mnist", "test"): "a40ec5f4e9e24d73e55c2cc9ee37443e43d1478b7da7d88ef490d8360a9cdea6",
}
"""`fingerprint` of the original archives: TFDS can store one of these sets under the other's name.
"""


def decode(source: Source, progress: Progress) -> dict[str, Arrays]:
    """Return split -> all its examples.

    Raises:
        Damaged: a split cannot be read, or is another set's.
    """
    arrays = {split: _decode_split(source, split, progress) for split in source.counts}
    for split, decoded in arrays.items():
        expected = FINGERPRINTS.get((set_of(source.name), split))
        if expected is not None and fingerprint(decoded) != expected:
            what = f"{split} of {source.name} in {source.folder} is of another set, or damaged"
            raise describe_damage(what)
    return arrays


def _decode_split(source: Source, split: str, progress: Progress) -> Arrays:
    read, total = source.reader(split), source.counts[split]
    if len(read) != total:
        what = f"{read.what} holds {count_of(len(read), 'example')}, expected {total}"
        raise describe_damage(what)
    blocks = []
    for start in range(0, total, _BLOCK):
        end = min(start + _BLOCK, total)
        blocks.append(read(range(start, end)))
        progress(f"decode {source.name} {split}", end, total)
    return Arrays(*map(np.concatenate, zip(*blocks, strict=True)))


def check_size(source: Source) -> None:
    """Raise RequestError where the files of a set are far larger than its examples.

    Reading such files would take an unbounded time.
    """
    size = 0
    for folder in (source.folder, source.folder / FOLDER):
        files = folder.iterdir() if folder.is_dir() else ()
        size += sum(path.stat().st_size for path in files if path.is_file())
    if size > SMALL + _MOST_TIMES * source.nbytes:
        got = f"has files of {count_of(size, 'byte')}, for examples of {source.nbytes}"
        what = f"{got}; remove it, or prepare the set elsewhere"
        raise RequestError(Problem(str(source.folder), what))


def matches_source(source: Source, arrays: dict[str, Arrays]) -> bool:
    """Return whether decoded arrays have the splits, the shapes and the labels of a set."""
    if arrays.keys() != source.counts.keys():
        return False
    for split, count in source.counts.items():
        inputs, targets = arrays[split]
        if inputs.shape != (count, *source.shape) or targets.shape != (count,):
            return False
        if inputs.dtype != source.dtype or targets.dtype != np.int32:
            return False
        if not np.all((targets >= 0) & (targets < len(source.class_names))):
            return False
    return True


def check_ends(source: Source) -> None:
    """Read the first and the last example of every split, of a set that is too large to decode.

    Raises:
        Damaged: one of them cannot be read.
    """
    for split, total in source.counts.items():
        source.reader(split)([0, total - 1])


def fingerprint(arrays: Arrays) -> str:
    """Return one sha256 of all (input, label) pairs, independent of their order."""
    digests = []
    for x, label in zip(*arrays, strict=True):
        content = x.tobytes() + int(label).to_bytes(4, "big")
        digests.append(hashlib.sha256(content).digest())
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
