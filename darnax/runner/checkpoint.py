"""Checkpoints: every leaf under its own name, in one file that is either whole or absent.

The file is in the safetensors format, readable without darnax. Its metadata holds a JSON manifest
under the key `darnax`, and the CRC-32 of the file under the key `crc32`.
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
from darnax.runner.manifest import Manifest, Meta, require_consistent, validate
from darnax.runner.named_leaves import (
    describe_type,
    format_path,
    is_key,
    is_saved,
    leaves_by_name,
    restore_leaf,
    to_numpy,
)
from darnax.tracking.strict_json import encode

FORMAT = 1
# The checksum is part of the file that it is of: it is computed with zeros in its own place.
CHECKSUM_ENTRY, NO_CHECKSUM = '"crc32":"{}"', "0" * 8
# What reading a damaged, forged or foreign file may raise.
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
    is_planned: Callable[[int], bool] = lambda step: True,
) -> Path:
    """Write `step-<step>.safetensors`, or `<name>.safetensors` with a name; return its path.

    Args:
        directory: of the checkpoints of one run.
        step: training steps so far.
        tree: of arrays, Python numbers and PRNG keys.
        meta: JSON values, such as the best score; `load` returns them with `step` added.
        keep: number of the newest step files that stay, at least 1. Older ones are removed, and
            so are those of later steps, of a run that was resumed from an earlier checkpoint.
        name: replace this file, which is never removed or counted, instead of writing a step file.
        every: step files of multiples of this number stay as well.
        is_planned: step -> whether an uninterrupted run writes a file at this step. Other files,
            written when a run is stopped, are removed when the next one is written.

    Example:
        >>> meta = {"best": 0.94}
        >>> save(folder.checkpoints, 100, {"network": network}, meta, keep=2)  # doctest: +SKIP
    """
    stem = f"step-{step:010d}" if name is None else name
    path = directory / f"{stem}.safetensors"
    write(path, tree, {**meta, "step": step})
    if name is None:
        _prune(directory, path, max(keep, 1), every, is_planned)
    return path


def write(path: Path, tree: PyTree, meta: Mapping[str, Any]) -> None:
    """Write one file, replacing an existing one; after a crash it is the old or the new file."""
    write_atomically(path, _encode(tree, meta))


def read_meta(path: Path, schema: type[Meta] = Meta) -> dict[str, Any]:
    """Return the meta that a file was written with.

    Raises:
        RequestError: the file is damaged, or its meta does not fit `schema`.
    """
    manifest, _ = _read(path, schema)
    return manifest.meta


def load(path: Path, like: PyTree, schema: type[Meta] = Meta) -> tuple[PyTree, dict[str, Any]]:
    """Return the tree at `path`, in the structure of `like`, and the meta it was saved with.

    Args:
        path: of the checkpoint.
        like: gives structure, types and shapes; leaves that are not numbers are taken from it.
        schema: that the meta has to fit.

    Raises:
        RequestError: the file is damaged, or does not fit `like`; it names every leaf that is
            missing, in excess, or of another type or shape.
    """
    manifest, arrays = _read(path, schema)
    if manifest.format != FORMAT:
        what = f"format {manifest.format}, expected {FORMAT}; load it with the darnax that wrote it"
        raise RequestError(Problem(str(path), what))
    entries = manifest.leaves
    saved_types = {name: entry.type for name, entry in entries.items()}
    problems = list(_compare_types(saved_types, leaves_by_name(like)))
    if problems:
        advice = "resume with the configuration of its own run folder"
        verdict = f"does not fit the network of this configuration; {advice}"
        raise RequestError(Problem(str(path), verdict), *problems)

    def fill(key_path: tuple[Any, ...], leaf: Any) -> Any:
        if not is_saved(leaf):
            return leaf
        name = format_path(key_path)
        return restore_leaf(arrays[name], leaf, entries[name].key)

    return jax.tree_util.tree_map_with_path(fill, like), manifest.meta


def find_latest(directory: Path, schema: type[Meta] = Meta) -> Path | None:
    """Return the undamaged step file of the highest step, or None; damaged ones are logged."""
    return next(skip_damaged(reversed(_list_step_files(directory)), schema), None)


def skip_damaged(paths: Iterable[Path], schema: type[Meta] = Meta) -> Iterator[Path]:
    """Yield the checkpoints that are not damaged and whose meta fits `schema`; log the others."""
    for path in paths:
        try:
            _read(path, schema)
        except RequestError as error:
            logger.warning("%s; it is passed over", error)
        else:
            yield path


def _encode(tree: PyTree, meta: Mapping[str, Any]) -> bytes:
    arrays, entries = {}, {}
    for name, leaf in leaves_by_name(tree).items():
        array = to_numpy(leaf)
        arrays[name] = array
        entries[name] = {
            "type": describe_type(leaf),
            "stored": str(array.dtype),
            "key": str(jax.random.key_impl(leaf)) if is_key(leaf) else None,
            "crc32": zlib.crc32(array.tobytes()),
        }
    manifest = encode({"format": FORMAT, "meta": meta, "leaves": entries})
    metadata = {"darnax": manifest, "crc32": NO_CHECKSUM}
    content: bytes = safetensors.numpy.save(arrays, metadata)
    return _replace_checksum(content, NO_CHECKSUM, _checksum(content))


def _read(
    path: Path, schema: type[Meta] = Meta
) -> tuple[Manifest, dict[str, np.ndarray[Any, Any]]]:
    """Return manifest and arrays.

    Raises:
        RequestError: the file is missing, is not a checkpoint, or is damaged.
    """
    try:
        content = read_bytes(path, in_memory())
        # safetensors: 8 bytes with the length of the header, the header in JSON, the tensors.
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        manifest = validate(Manifest, json.loads(metadata["darnax"]), "manifest")
        if not _checksum_agrees(metadata, content):
            raise ValueError("its checksum does not agree")
        validate(schema, manifest.meta, "meta")
        arrays = _decode_tensors(content, manifest)
    except DAMAGE as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        what = f"not a whole checkpoint ({reason}); use another one"
        raise RequestError(Problem(str(path), what)) from error
    return manifest, arrays


def _decode_tensors(content: bytes, manifest: Manifest) -> dict[str, np.ndarray[Any, Any]]:
    arrays = {}
    for name, part in safetensors.deserialize(content):  # type: ignore[no-untyped-call]
        # By way of JAX's dtypes, which include bfloat16 and the 8-bit floats.
        dtype = jnp.dtype(manifest.leaves[name].dtype)
        arrays[name] = np.frombuffer(part["data"], dtype).reshape(part["shape"])
    # Compared as a whole, so that a tensor without an entry, or an entry without one, is found.
    checksums = {name: zlib.crc32(array.tobytes()) for name, array in arrays.items()}
    if checksums != {name: entry.crc32 for name, entry in manifest.leaves.items()}:
        raise ValueError("a checksum does not agree")
    for name, array in arrays.items():
        require_consistent(name, manifest.leaves[name], array)
    return arrays


def _checksum(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"


def _replace_checksum(content: bytes, before: str, after: str) -> bytes:
    # The first match is the checksum itself: the manifest is a string in the header, in which all
    # quotes are escaped, and the tensors come after the header.
    old, new = CHECKSUM_ENTRY.format(before), CHECKSUM_ENTRY.format(after)
    return content.replace(old.encode(), new.encode(), 1)


def _checksum_agrees(metadata: Mapping[str, str], content: bytes) -> bool:
    if metadata.keys() == {"darnax"}:  # the first checkpoints had no checksum
        return True
    found = metadata["crc32"]
    of_file = _checksum(_replace_checksum(content, found, NO_CHECKSUM))
    # An earlier version stored the checksum of the manifest alone, in decimal.
    of_manifest = str(zlib.crc32(metadata["darnax"].encode()))
    return found in (of_file, of_manifest)


def _compare_types(saved: Mapping[str, str], leaves: Mapping[str, Any]) -> Iterator[Problem]:
    expected = {name: describe_type(leaf) for name, leaf in leaves.items()}
    for name in sorted(saved.keys() | expected.keys()):
        got, wanted = saved.get(name, "nothing"), expected.get(name, "nothing")
        if got != wanted:
            yield Problem(name, f"the checkpoint has {got}, the configuration {wanted}")


def _list_step_files(directory: Path) -> list[Path]:
    # Steps are padded to ten digits, so that the order of names is that of steps.
    files = directory.glob("step-*.safetensors")
    return sorted(path for path in files if path.stem.removeprefix("step-").isdecimal())


def _prune(
    directory: Path, newest: Path, keep: int, every: int | None, is_planned: Callable[[int], bool]
) -> None:
    files = _list_step_files(directory)
    until = files.index(newest) + 1
    planned = [path for path in files[:until] if is_planned(parse_step(path))]
    kept = {newest, *planned[-keep:]}
    if every is not None:
        kept |= {path for path in planned if parse_step(path) % every == 0}
    # Temporary files are what a process that was killed while it wrote left behind.
    for path in (*files, *directory.glob(".*.tmp")):
        # A folder of such a name is not darnax's, so it is not removed.
        if path not in kept and not path.is_dir():
            path.unlink(missing_ok=True)


def parse_step(path: Path) -> int:
    """Return the step in the name of a step file."""
    return int(path.stem.removeprefix("step-"))
