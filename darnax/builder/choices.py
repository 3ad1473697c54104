"""Reads the section `data` of a configuration."""

from typing import Any

import jax
import jax.numpy as jnp

from darnax.builder.calls import Reader
from darnax.builder.network import NetworkSpec
from darnax.builder.objects import make
from darnax.builder.specification import Data, Paths
from darnax.builder.stages import read_stages
from darnax.data.labels import Labels
from darnax.files import expand_user
from darnax.printing import count_of
from darnax.runner.experiment import DataChoice
from darnax.scores import require_score_name

OF_SETS = ("builder", "input", "target", "targets", "splits", "colour", "resize")
SETTINGS = ("path", "class_names", "columns", *OF_SETS)
"""Settings that a source may take."""


def read_data(section: Data, paths: Paths, reader: Reader) -> DataChoice | None:
    """Return the settings of the data, or None with the reasons among the problems.

    No data are read.
    """
    before = len(reader.problems.found)
    encode = read_stages(section.encode, section.disturb, reader)
    labels = make(section.labels, "data.labels", reader, Labels)
    kept, takes_inputs = section.only_classes, isinstance(labels, Labels) and labels.of_inputs
    if kept is not None and len(kept) != section.classes and not takes_inputs:
        what = f"got {section.classes}, expected {len(kept)}, as many as data.only_classes keeps"
        reader.problems.add("data.classes", what)
    if isinstance(labels, Labels):
        with reader.problems.at("data.labels"):
            require_score_name(labels.score_name)
    source = None if section.source is None else make_source(section.source, reader)
    check_effects(section, reader)
    if len(reader.problems.found) > before:
        return None
    objects = {
        "source": source,
        "encode": encode,
        "labels": labels,
        "directory": expand_user(paths.data),
    }
    return DataChoice.model_construct(**(dict(section) | objects))  # the rest has been checked


def check_effects(section: Data, reader: Reader) -> None:
    """Note settings of a source that the source does not take."""
    arguments = section.source or {}
    for name in SETTINGS:
        if getattr(section, name) is not None and name not in arguments:
            what = "has no effect on these data, whose source has no such argument; leave it out"
            if section.source is None and name in OF_SETS:
                what += f", or choose data=tfds data.name={section.name}"
            reader.problems.add(f"data.{name}", what)


def make_source(node: Any, reader: Reader) -> Any:
    """Make the source of the data; None, and a problem, if that fails.

    A class without the method that a source has is not made: it may take all memory.
    """
    where = "data.source"
    call = reader.call(node, where)
    if call is None:
        return None
    factory = call.factory
    if isinstance(factory, type) and not has_open(factory):
        got = factory.__name__
    else:
        source = make(node, where, reader)
        if source is None or has_open(source):
            return source
        got = type(source).__name__
    what = "expected an object with a method `open`, such as darnax.data.Associations"
    reader.problems.add(where, f"got {got}, {what}")
    return None


def has_open(value: Any) -> bool:
    """Return whether a class or an object has the method of a data source."""
    return callable(getattr(value, "open", None))


def check_ends(data: DataChoice, plan: NetworkSpec, reader: Reader) -> None:
    """Note input and output buffers that do not have the size of the encoded data."""
    buffers = plan.buffers
    got, name = buffers.sizes[0], buffers.names[0]
    if got != data.shape:
        expected = f"expected {list(data.shape)}, the shape of the data (data.shape)"
        what = f"got {list(got)}, {expected}; write ${{data.shape}}"
        reader.problems.add(f"model.buffers.{name}", what)
    got, name = buffers.sizes[-1], buffers.names[-1]
    expected_size = label_size(data)
    if data.labels.of_inputs and got != data.shape:
        what = f"got {list(got)}, expected {list(data.shape)}, the shape of an encoded input, which"
        what += " is the target; write ${data.shape}, or flatten inputs with darnax.data.Flatten"
        reader.problems.add(f"model.buffers.{name}", what)
    elif expected_size is not None and got != expected_size:
        classes = count_of(data.classes, "class", "classes")
        expected = f"expected {list(expected_size)}, what data.labels makes of {classes}"
        what = f"got {list(got)}, {expected}; write [${{data.classes}}]"
        reader.problems.add(f"model.buffers.{name}", what)


def label_size(data: DataChoice) -> tuple[int, ...] | None:
    """Return the size of an encoded label, or None if it depends on the data."""
    target = jax.ShapeDtypeStruct((1,), jnp.int32)
    try:
        encoded = jax.eval_shape(lambda t: data.labels.encode(t, data.classes), target)
    except Exception:  # a code for other targets than classes
        return None
    return encoded.shape[1:] or None
