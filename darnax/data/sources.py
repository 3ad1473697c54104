"""A set of TensorFlow Datasets: its folder, its splits, its input and label features."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from darnax.data.cache import ROLES, CachedOutline
from darnax.data.reader import Reader, describe_damage
from darnax.data.tfds_output import suppress_output
from darnax.data.tfrecord import TFRecords
from darnax.errors import Problem, RequestError, first_line

_BLOCK = 1000
TFRECORD = "tfrecord"
READABLE = ("array_record", TFRECORD)
"""The file formats that are read without TensorFlow."""


def data_directory(directory: str | Path | None) -> Path:
    """Return the folder of prepared sets.

    It is the one given, else `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.
    """
    chosen = directory or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(chosen).expanduser()


@dataclass(frozen=True, eq=False)
class Source:
    """A classification set of TFDS.

    Args:
        name: of the set.
        open_builder: returns TFDS's own object for it.
        outline: what its cache says of it, for which TFDS is not imported.
    """

    name: str
    open_builder: Callable[[], Any]
    outline: CachedOutline | None = None

    @cached_property
    def builder(self) -> Any:
        """TFDS's own object for the set."""
        return self.open_builder()

    @property
    def folder(self) -> Path:
        """The folder of this version of the set, which exists once it is prepared."""
        return self.outline.folder if self.outline else Path(self.builder.data_path)

    @property
    def prepared(self) -> bool:
        """Whether the description of the set is there."""
        return (self.folder / "dataset_info.json").is_file()

    @property
    def is_complete(self) -> bool:
        """Whether every file that the description names is there; unknown formats count as such."""
        if self.outline:
            return True
        if not self.prepared or self.builder.info.file_format.value not in READABLE:
            return self.prepared
        splits = self.builder.info.splits
        files = (path for role in self.counts for path in splits[role].filepaths)
        return all(Path(path).is_file() for path in files)

    @cached_property
    def keys(self) -> tuple[str, str]:
        """Names of the input feature and of the label feature.

        Raises:
            RequestError: the set is not for classification.
        """
        import tensorflow_datasets as tfds

        features, keys = self.builder.info.features, self.builder.info.supervised_keys
        is_pair = keys is not None and len(keys) == 2
        if not is_pair or not isinstance(features[keys[1]], tfds.features.ClassLabel):
            what = f"{self.name} has no pair of an input and a class label: it is not for"
            what += (
                " classification; give other features with data=tfds, data.input and data.target"
            )
            raise RequestError(Problem("data.name", what))
        return keys[0], keys[1]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of one raw input.

        Raises:
            RequestError: it differs between examples.
        """
        if self.outline:
            return self.outline.shape
        shape = self.builder.info.features[self.keys[0]].shape
        if not shape or None in shape:
            what = f"inputs of {self.name} have shape {shape}, expected one size for all of them"
            what += "; give them one with data=tfds 'data.resize=[height,width]'"
            raise RequestError(Problem("data.name", what))
        return tuple(shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of a raw input."""
        if self.outline:
            return self.outline.dtype
        return np.dtype(self.builder.info.features[self.keys[0]].np_dtype)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the labels, in their order."""
        if self.outline:
            return self.outline.class_names
        return tuple(self.builder.info.features[self.keys[1]].names)

    @property
    def counts(self) -> dict[str, int]:
        """Examples of each split that training can use; empty before the set is prepared."""
        if self.outline:
            return self.outline.counts
        splits = self.builder.info.splits
        return {role: int(splits[role].num_examples) for role in ROLES if role in splits}

    def count(self, split: str) -> int:
        """Return the number of examples of any split."""
        return int(self.builder.info.splits[split].num_examples)

    @property
    def nbytes(self) -> int:
        """Bytes of all raw inputs together."""
        return sum(self.counts.values()) * self.example_bytes

    @property
    def example_bytes(self) -> int:
        """Bytes of one raw input."""
        return math.prod(self.shape) * self.dtype.itemsize

    def require_readable(self) -> None:
        """Raise RequestError where the set is in a format that needs TensorFlow."""
        if self.outline:
            return
        file_format = self.builder.info.file_format.value
        if file_format not in READABLE:
            what = f"{self.folder} is prepared as {file_format}, which only TensorFlow reads"
            raise RequestError(f"{what}: prepare it elsewhere (paths.data=DIR)")

    def reader(self, split: str) -> Reader:
        """Return random access to the examples of one split."""
        return Reader(
            self._describe(split),
            self.records(split),
            self._make_decoder(),
            self.shape,
            self.dtype,
            len(self.class_names),
        )

    def _describe(self, split: str) -> str:
        return f"{split} of {self.name} in {self.folder}"

    def _make_decoder(self) -> Callable[[bytes], tuple[np.ndarray, int]]:
        """Return the function from a record to its input and label."""
        import tensorflow_datasets as tfds
        from tensorflow_datasets.proto import tf_example_pb2

        features, (name, label) = self.builder.info.features, self.keys
        decode_feature = features[name].decode_example_np

        # Decoding these two features alone takes half of the time that TFDS takes for all of them.
        def decode_image(record: bytes) -> tuple[np.ndarray, int]:
            fields = tf_example_pb2.Example.FromString(record).features.feature
            image = decode_feature(fields[name].bytes_list.value[0])
            return image, fields[label].int64_list.value[0]

        def decode_any(record: bytes) -> tuple[np.ndarray, int]:
            example = features.deserialize_example_np(record)
            return example[name], example[label]

        return decode_image if isinstance(features[name], tfds.features.Image) else decode_any

    def labels(self, split: str) -> np.ndarray:
        """Return all labels of one split, without decoding its inputs."""
        from tensorflow_datasets.proto import tf_example_pb2

        label, no_input = self.keys[1], np.empty(0, np.uint8)

        def decode_label(record: bytes) -> tuple[np.ndarray, int]:
            fields = tf_example_pb2.Example.FromString(record).features.feature
            return no_input, fields[label].int64_list.value[0]

        read = Reader(
            self._describe(split),
            self.records(split),
            decode_label,
            no_input.shape,
            no_input.dtype,
            len(self.class_names),
        )
        total = len(read)
        blocks = [range(i, min(i + _BLOCK, total)) for i in range(0, total, _BLOCK)]
        return np.concatenate([read(block).targets for block in blocks])

    def records(self, split: str) -> Any:
        """Open the records of one split: TFRecord files by darnax, other formats by TFDS.

        TFDS itself would need TensorFlow for TFRecord files.
        """
        import tensorflow_datasets as tfds

        self.require_readable()
        try:
            if self.builder.info.file_format.value == TFRECORD:
                return TFRecords([Path(path) for path in self.builder.info.splits[split].filepaths])
            with suppress_output():
                return self.builder.as_data_source(
                    split=split, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES
                )
        except Exception as error:  # the record reader raises no common type
            what = f"{self._describe(split)} cannot be read ({first_line(error)})"
            raise describe_damage(what) from error
