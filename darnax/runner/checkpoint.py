"""Checkpoints: every leaf under its own name, in one file that is either whole or absent.

The file is safetensors, readable without darnax; its metadata holds one JSON manifest under the key `darnax`, and its checksum.
"""

import json
import logging
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.numpy
from jaxtyping import PyTree

from darnax.atomic import write_atomically
from darnax.errors import Problem, RequestError, first_line
from darnax.files import in_memory, read_bytes
from darnax.runner.leaves import describe, is_key, is_number, name_of, named, restore, to_numpy
from darnax.runner.manifest import Manifest, Meta, require_consistent, validate
from darnax.tracking.strict_json import encode

FORMAT = 1
SUM, BLANK = '"crc32":"{}"', "0" * 8  # of the whole file, with zeros in its own place
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    MemoryError,
    RecursionError,
    safetensors.SafetensorError,
)

logger = logging.getLogger(__name__)


def save(
    directory: Path,
    step: int,
    tree: PyTree,
    meta: Mapping[str, Any],
    keep: int,
    name: str | None = None,
    every: int | None = None,
    planned: Callable[[int], bool] = lambda step: True,
) -> Path:
    """Write `directory/step-<step>.safetensors`, or `<name>.safetensors` (say `best`), and return its path.

    `tree` may hold arrays, Python numbers and PRNG keys; `meta` (JSON, e.g. the best score so far)
    comes back from `load` with `step` added. Of the step files the `keep` newest stay (at least
    one; two survive a damaged one), and those of every multiple of `every` steps; those of later
    steps, of a run that was resumed from an earlier checkpoint, are removed. Named files are
    replaced, never counted. Nor are files of steps that are not `planned`, which a stop leaves:
    such a file is removed with the next one.

    Example:
        >>> save(folder.checkpoints, 100, {"network": network}, {"best": 0.94}, keep=2)  # doctest: +SKIP
    """
    path = directory / f"{name or f'step-{step:010d}'}.safetensors"
    write(path, tree, {**meta, "step": step})
    if name is None:
        _prune(directory, path, max(keep, 1), every, planned)
    return path


def write(path: Path, tree: PyTree, meta: Mapping[str, Any]) -> None:
    """Write one file, in the place of one that is there, whole or not at all."""
    write_atomically(path, _encode(tree, meta))


def read_meta(path: Path, schema: type[Meta] = Meta) -> dict[str, Any]:
    """Return the meta that a file was written with; a RequestError says why it is not whole, or its meta not of `schema`."""
    manifest, _ = _read(path, schema)
    return manifest.meta


def load(path: Path, like: PyTree, schema: type[Meta] = Meta) -> tuple[PyTree, dict[str, Any]]:
    """Return the tree at `path`, in the structure of `like`, and the meta it was saved with, which has to fit `schema`.

    `like` gives structure, types and shapes; its values do not matter, except that what is not a number is taken from it.
    A RequestError names every leaf that is missing, in excess, or of another type or shape, with both.
    """
    manifest, arrays = _read(path, schema)
    if manifest.format != FORMAT:
        raise RequestError(
            Problem(
                str(path),
                f"format {manifest.format}, expected {FORMAT}; load it with the darnax that wrote it",
            )
        )
    entries = manifest.leaves
    if problems := list(
        _differences({name: entry.type for name, entry in entries.items()}, named(like))
    ):
        verdict = "does not fit the network of this configuration; resume with the configuration of its own run folder"
        raise RequestError(Problem(str(path), verdict), *problems)

    def fill(key_path: tuple[Any, ...], leaf: Any) -> Any:
        name = name_of(key_path)
        return restore(arrays[name], leaf, entries[name].key) if is_number(leaf) else leaf

    return jax.tree_util.tree_map_with_path(fill, like), manifest.meta


def latest(directory: Path, schema: type[Meta] = Meta) -> Path | None:
    """Return the step file of the highest step that is not damaged, or None; a damaged one is named in the log."""
    return next(whole(reversed(_steps(directory)), schema), None)


def whole(paths: Iterable[Path], schema: type[Meta] = Meta) -> Iterator[Path]:
    """Yield the checkpoints that are not damaged, and whose meta fits `schema`; the others are named in the log."""
    for path in paths:
        try:
            _read(path, schema)
        except RequestError as error:
            logger.warning("%s; it is passed over", error)
        else:
            yield path


def _encode(tree: PyTree, meta: Mapping[str, Any]) -> bytes:
    leaves = named(tree)
    arrays = {name: to_numpy(leaf) for name, leaf in leaves.items()}
    entries = {
        name: {
            "type": describe(leaf),
            "stored": str(arrays[name].dtype),
            "key": str(jax.random.key_impl(leaf)) if is_key(leaf) else None,
            "crc32": zlib.crc32(arrays[name].tobytes()),
        }
        for name, leaf in leaves.items()
    }
    manifest = encode({"format": FORMAT, "meta": meta, "leaves": entries})
    content: bytes = safetensors.numpy.save(arrays, {"darnax": manifest, "crc32": BLANK})
    return _with_sum(content, BLANK, _sum(content))


def _read(
    path: Path, schema: type[Meta] = Meta
) -> tuple[Manifest, dict[str, np.ndarray[Any, Any]]]:
    """Return manifest and arrays; a RequestError tells that the file is absent, no checkpoint, or damaged."""
    try:
        content = read_bytes(path, in_memory())
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        metadata = header["__metadata__"]
        manifest = validate(Manifest, json.loads(metadata["darnax"]), "manifest")
        if not _agrees(metadata, content):
            raise ValueError("its checksum does not agree")
        validate(schema, manifest.meta, "meta")
        arrays = {
            name: np.frombuffer(part["data"], jnp.dtype(manifest.leaves[name].stored)).reshape(
                part["shape"]
            )
            for name, part in safetensors.deserialize(content)  # type: ignore[no-untyped-call]
        }
        sums = {name: zlib.crc32(array.tobytes()) for name, array in arrays.items()}
        if sums != {name: entry.crc32 for name, entry in manifest.leaves.items()}:
            raise ValueError("a checksum does not agree")
        for name, array in arrays.items():
            require_consistent(name, manifest.leaves[name], array)
    except DAMAGE as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise RequestError(
            Problem(str(path), f"not a whole checkpoint ({reason}); use another one")
        ) from error
    return manifest, arrays


def _sum(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"


def _with_sum(content: bytes, before: str, after: str) -> bytes:
    # The manifest is a string in the header: the quotes in it are escaped, so that only the sum itself looks like this.
    return content.replace(SUM.format(before).encode(), SUM.format(after).encode(), 1)


def _agrees(metadata: Mapping[str, str], content: bytes) -> bool:
    if metadata.keys() == {
        "darnax"
    }:  # early checkpoints have no sum, and later ones that of the manifest
        return True
    found = metadata["crc32"]
    return found in (
        _sum(_with_sum(content, found, BLANK)),
        str(zlib.crc32(metadata["darnax"].encode())),
    )


def _differences(saved: Mapping[str, str], leaves: Mapping[str, Any]) -> Iterator[Problem]:
    expected = {name: describe(leaf) for name, leaf in leaves.items()}
    for name in sorted(saved.keys() | expected.keys()):
        got, wanted = saved.get(name, "nothing"), expected.get(name, "nothing")
        if got != wanted:
            yield Problem(name, f"the checkpoint has {got}, the configuration {wanted}")


def _steps(directory: Path) -> list[Path]:
    return sorted(
        path
        for path in directory.glob("step-*.safetensors")
        if path.stem.removeprefix("step-").isdecimal()
    )


def _prune(
    directory: Path, newest: Path, keep: int, every: int | None, planned: Callable[[int], bool]
) -> None:
    steps = _steps(directory)
    until = steps.index(newest) + 1
    regular = [path for path in steps[:until] if planned(step_of(path))]
    kept = {newest, *regular[-keep:]}
    if every is not None:
        kept |= {path for path in regular if step_of(path) % every == 0}
    for path in (*steps, *directory.glob(".*.tmp")):
        if path not in kept and not path.is_dir():  # darnax never makes a folder here
            path.unlink(missing_ok=True)


def step_of(path: Path) -> int:
    """Return the step that a step file is of."""
    return int(path.stem.removeprefix("step-"))
