"""Which features of a set of TFDS are the input and the target, and how they are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from darnax.errors import Problem, RequestError
from darnax.near import near


@dataclass(frozen=True)
class Feature:
    """One feature of a set.

    Args:
        name: of the feature.
        shape: of a value; None in it where values differ.
        dtype: of a value; texts have `object`.
        class_names: of a class label.
        read: from a record to the value.
        content: from a record to the file of an image, of which `decode` makes the value.
        decode: None for what is no image.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    class_names: tuple[str, ...]
    read: Callable[[bytes], Any]
    content: Callable[[bytes], bytes]
    decode: Callable[[bytes], np.ndarray] | None


def choose_features(info: Any, input_name: str | None, target_name: str | None) -> list[Feature]:
    """Return the feature of the input and that of the target.

    Args:
        info: what TFDS knows of a set.
        input_name: None: that of the set's `supervised_keys`, as with `as_supervised` of TFDS.
        target_name: the same.

    Raises:
        RequestError: there is no such feature, or it is of a kind that cannot be used.
    """
    keys = info.supervised_keys
    pair: Sequence[Any] = keys if keys is not None and len(keys) >= 2 else (None, None)
    given = {"input": input_name or pair[0], "target": target_name or pair[1]}
    features, problems, found = info.features, [], []
    names = list(features) if hasattr(features, "keys") else []
    for role, name in given.items():
        where = f"data.{role}"
        if not isinstance(name, str):
            what = f"got null, but {info.name} names no pair of an input and a target"
            problems.append(Problem(where, f"{what}; give one of {', '.join(names)}"))
        elif name not in names:
            nearest = near(name, names, 1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            what = f"got {name!r}, expected a feature of {info.name}: {', '.join(names)}{hint}"
            problems.append(Problem(where, what))
        elif why := _find_obstacle(features[name], role):
            what = f"got {name}, which is {why}; give another one of {', '.join(names)}"
            problems.append(Problem(where, what))
        else:
            found.append(_make_feature(features, name))
    if problems:
        raise RequestError(*problems)
    return found


def _find_obstacle(feature: Any, role: str) -> str:
    """Return what a feature is, if it cannot be the input or the target, or an empty string."""
    import tensorflow_datasets as tfds

    kind = type(feature).__name__
    if isinstance(feature, tfds.features.Image):
        is_usable = role == "input"
        return "" if is_usable else "an image, expected a class, a text or numbers of one shape"
    if isinstance(feature, tfds.features.Text):
        return "" if role == "target" else "a text, expected an image or numbers of one shape"
    is_plain = isinstance(feature, tfds.features.Tensor) and None not in feature.shape
    if is_plain and np.dtype(feature.np_dtype).kind in "biuf":
        return ""
    return f"a {kind} of shape {feature.shape}, expected an image or numbers of one shape"


def _make_feature(features: Any, name: str) -> Feature:
    """Return a feature; of a record, nothing else is decoded."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.proto import tf_example_pb2

    feature = features[name]
    alone = tfds.features.FeaturesDict({name: feature})

    def read(record: bytes) -> Any:
        return alone.deserialize_example_np(record)[name]

    def read_label(record: bytes) -> int:
        fields = tf_example_pb2.Example.FromString(record).features.feature
        return int(fields[name].int64_list.value[0])

    def content(record: bytes) -> bytes:
        fields = tf_example_pb2.Example.FromString(record).features.feature
        return bytes(fields[name].bytes_list.value[0])

    is_label = isinstance(feature, tfds.features.ClassLabel)
    is_image = isinstance(feature, tfds.features.Image)
    return Feature(
        name,
        tuple(feature.shape),
        np.dtype(feature.np_dtype),
        tuple(feature.names) if is_label and feature.names else (),
        read_label if is_label else read,
        content,
        feature.decode_example_np if is_image else None,
    )
