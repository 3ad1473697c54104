"""A prepared set of TensorFlow Datasets: where it lies, and which features are the input and the label."""

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.foreign import check_folder
from darnax.data.quiet import quiet
from darnax.data.reader import Damaged, Reader
from darnax.data.tfrecord import TFRecords
from darnax.errors import Problem, RequestError, first_line
from darnax.near import near

_NAME = re.compile(
    r"\w+(/\w[\w.+-]*)?(:\d[\w.+-]*)?"
)  # of TFDS: name, name/config, name:version; never a path
_ROLES = ("train", "validation", "test")
_BLOCK = 1000
TFRECORD = "tfrecord"
READABLE = ("array_record", TFRECORD)
"""The file formats that are read without TensorFlow."""


def data_directory(directory: str | Path | None) -> Path:
    """Return the folder of prepared sets: the one given, else `TFDS_DATA_DIR`, else `~/tensorflow_datasets`."""
    return Path(
        directory or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    ).expanduser()


@dataclass(frozen=True, eq=False)
class Source:
    """A classification set that TFDS knows; `builder` is TFDS's own."""

    name: str
    builder: Any

    @property
    def folder(self) -> Path:
        """Where this version of the set lies, or would."""
        return Path(self.builder.data_path)

    @property
    def prepared(self) -> bool:
        """Whether the set is there, as far as its own description goes."""
        return (self.folder / "dataset_info.json").is_file()

    @property
    def is_complete(self) -> bool:
        """Whether every file is there that its description names, in a format that is read."""
        if not self.prepared or self.builder.info.file_format.value not in READABLE:
            return self.prepared
        splits = self.builder.info.splits
        files = (path for role in self.counts for path in splits[role].filepaths)
        return all(Path(path).is_file() for path in files)

    @cached_property
    def keys(self) -> tuple[str, str]:
        """Names of the input and of the label feature; RequestError where the set is not for classification."""
        import tensorflow_datasets as tfds

        features, keys = self.builder.info.features, self.builder.info.supervised_keys
        if (
            keys is None
            or len(keys) != 2
            or not isinstance(features[keys[1]], tfds.features.ClassLabel)
        ):
            raise RequestError(
                Problem(
                    "data.name",
                    f"{self.name} has no pair of an input and a class label: it is not for classification",
                )
            )
        return keys[0], keys[1]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of one raw input; RequestError where it differs between examples."""
        shape = self.builder.info.features[self.keys[0]].shape
        if not shape or None in shape:
            raise RequestError(
                Problem(
                    "data.name",
                    f"inputs of {self.name} have shape {shape}, expected one size for all of them",
                )
            )
        return tuple(shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Kind of number in a raw input."""
        return np.dtype(self.builder.info.features[self.keys[0]].np_dtype)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the labels, in their order."""
        return tuple(self.builder.info.features[self.keys[1]].names)

    @property
    def counts(self) -> dict[str, int]:
        """Number of examples of each split that training can use; empty before the set is prepared."""
        splits = self.builder.info.splits
        return {role: int(splits[role].num_examples) for role in _ROLES if role in splits}

    @property
    def nbytes(self) -> int:
        """Memory that all raw inputs take together."""
        return sum(self.counts.values()) * self.example_bytes

    @property
    def example_bytes(self) -> int:
        """Memory of one raw input."""
        return math.prod(self.shape) * self.dtype.itemsize

    def require_readable(self) -> None:
        """Raise RequestError where the set is in a format that needs TensorFlow."""
        file_format = self.builder.info.file_format.value
        if file_format not in READABLE:
            what = f"{self.folder} is prepared as {file_format}, which only TensorFlow reads"
            raise RequestError(f"{what}: prepare it elsewhere (paths.data=DIR)")

    def reader(self, split: str) -> Reader:
        """Random access to the examples of one split."""
        return Reader(
            self._what(split),
            self._records(split),
            self._decoder(),
            self.shape,
            self.dtype,
            len(self.class_names),
        )

    def _what(self, split: str) -> str:
        return f"{split} of {self.name} in {self.folder}"

    def _decoder(self) -> Callable[[bytes], tuple[np.ndarray, int]]:
        """From a record to its input and label; TFDS's own way through all features takes twice as long for a small picture."""
        import tensorflow_datasets as tfds
        from tensorflow_datasets.proto import tf_example_pb2

        features, (name, label) = self.builder.info.features, self.keys
        decoded = features[name].decode_example_np

        def picture(record: bytes) -> tuple[np.ndarray, int]:
            fields = tf_example_pb2.Example.FromString(record).features.feature
            return decoded(fields[name].bytes_list.value[0]), fields[label].int64_list.value[0]

        def anything(record: bytes) -> tuple[np.ndarray, int]:
            example = features.deserialize_example_np(record)
            return example[name], example[label]

        return picture if isinstance(features[name], tfds.features.Image) else anything

    def labels(self, split: str) -> np.ndarray:
        """All labels of one split, without decoding its inputs."""
        from tensorflow_datasets.proto import tf_example_pb2

        label, nothing = self.keys[1], np.empty(0, np.uint8)

        def decode(record: bytes) -> tuple[np.ndarray, int]:
            return nothing, tf_example_pb2.Example.FromString(record).features.feature[
                label
            ].int64_list.value[0]

        read = Reader(
            self._what(split),
            self._records(split),
            decode,
            nothing.shape,
            nothing.dtype,
            len(self.class_names),
        )
        blocks = range(0, len(read), _BLOCK)
        return np.concatenate([read(range(i, min(i + _BLOCK, len(read)))).targets for i in blocks])

    def _records(self, split: str) -> Any:
        """Open the records of one split, by TFDS or, in its usual format, without it: there it would need TensorFlow."""
        import tensorflow_datasets as tfds

        self.require_readable()
        try:
            if self.builder.info.file_format.value == TFRECORD:
                return TFRecords([Path(path) for path in self.builder.info.splits[split].filepaths])
            return self.builder.as_data_source(
                split=split, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES
            )
        except Exception as error:  # the record reader raises no common type
            what = f"{self._what(split)} cannot be read ({first_line(error)})"
            raise Damaged(f"{what}: delete the folder and prepare it again") from error


def find(name: str, directory: Path) -> Source | None:
    """Return the set called `name`, prepared or not; None where it is there and its description cannot be read.

    Raises RequestError with the nearest names where there is no such set, and where what lies there must not be read.
    """
    import tensorflow_datasets as tfds

    if not _NAME.fullmatch(name):
        raise RequestError(
            Problem("data.name", f"got {name!r}, expected a name such as mnist or emnist/balanced")
        )
    check_folder(directory / re.split("[/:]", name)[0])
    try:
        with quiet():
            return Source(name, tfds.builder(name, data_dir=str(directory)))
    except tfds.core.DatasetNotFoundError:
        known = [
            *tfds.list_builders(with_community_datasets=False),
            *(path.name for path in directory.glob("[!.]*/")),
        ]
        alike = near(name.partition("/")[0], list(dict.fromkeys(known)), 3, 0.5) or ["mnist"]
        raise RequestError(
            Problem(
                "data.name", f"got {name!r}, which is no known dataset; nearest: {', '.join(alike)}"
            )
        ) from None
    except Exception as error:
        # TFDS parses with whatever it finds: a damaged description raises what the parser raises.
        if (
            name.partition("/")[0] in tfds.list_builders(with_community_datasets=False)
            and (directory / name).exists()
        ):
            return None
        raise RequestError(
            Problem("data.name", f"{name!r} in {directory} cannot be opened: {first_line(error)}")
        ) from error
