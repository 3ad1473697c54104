"""Read the section `data` into what the runner receives."""

from typing import Any

import jax
import jax.numpy as jnp

from darnax.builder.calls import Reader
from darnax.builder.network import NetworkSpec
from darnax.builder.specification import Data, Paths
from darnax.data.encodings import Pipeline, Stage
from darnax.data.labels import Labels
from darnax.errors import first_line
from darnax.files import expand_user
from darnax.printing import count_of
from darnax.runner.experiment import DataChoice
from darnax.scores import require_score_name


def read_data(section: Data, paths: Paths, reader: Reader) -> DataChoice | None:
    """Return the choice of data, or None with every reason among the problems; no data are touched."""
    before = len(reader.problems.found)
    kept = section.only_classes
    if kept is not None and len(kept) != section.classes:
        reader.problems.add(
            "data.classes",
            f"got {section.classes}, expected {len(kept)}, as many as data.only_classes keeps",
        )
    stages = {
        name: make(node, f"data.encode.{name}", reader, Stage)
        for name, node in section.encode.items()
    }
    labels = make(section.labels, "data.labels", reader, Labels)
    if isinstance(labels, Labels):
        with reader.problems.at("data.labels"):
            require_score_name(labels.score_name)
    source = None if section.source is None else make(section.source, "data.source", reader)
    check_effects(section, reader)
    if source is not None and not callable(getattr(source, "open", None)):
        reader.problems.add(
            "data.source",
            f"got {type(source).__name__}, expected an object with a method `open`"
            ", such as darnax.data.Associations",
        )
    if len(reader.problems.found) > before:
        return None
    objects = {
        "source": source,
        "encode": Pipeline(stages),
        "labels": labels,
        "directory": expand_user(paths.data),
    }
    return DataChoice.model_construct(**(dict(section) | objects))  # the rest has been checked


def check_effects(section: Data, reader: Reader) -> None:
    """Note settings of a source that the source does not take."""
    arguments = section.source or {}
    for name in ("path", "class_names", "colour", "resize", "target", "columns", "targets"):
        if getattr(section, name) is not None and name not in arguments:
            what = "has no effect on these data, whose source has no such argument; leave it out"
            reader.problems.add(f"data.{name}", what)


def make(node: Any, where: str, reader: Reader, kind: type | None = None) -> Any:
    """Make the object of a `_target_`; None, and a problem, if that fails."""
    call = reader.call(node, where, kind)
    if call is None:
        return None
    try:
        result = call()
    except Exception as error:  # constructors of other packages may raise anything
        reader.problems.add(where, first_line(error))
        return None
    if kind is not None and not isinstance(result, kind):
        reader.problems.add(where, f"got {type(result).__name__}, expected a {kind.__name__}")
    return result


def check_ends(data: DataChoice, plan: NetworkSpec, reader: Reader) -> None:
    """Note input and output buffers that do not have the size of the encoded data."""
    buffers = plan.buffers
    got, name = buffers.sizes[0], buffers.names[0]
    if got != data.shape:
        expected = f"{list(data.shape)}, the shape of the data (data.shape)"
        reader.problems.add(
            f"model.buffers.{name}", f"got {list(got)}, expected {expected}; write ${{data.shape}}"
        )
    got, name = buffers.sizes[-1], buffers.names[-1]
    expected_size = label_size(data)
    if expected_size is not None and got != expected_size:
        expected = f"{list(expected_size)}, what data.labels makes of {count_of(data.classes, 'class', 'classes')}"
        reader.problems.add(
            f"model.buffers.{name}",
            f"got {list(got)}, expected {expected}; write [${{data.classes}}]",
        )


def label_size(data: DataChoice) -> tuple[int, ...] | None:
    """Return the size of an encoded label, or None where the data decide it."""
    try:
        targets = jax.ShapeDtypeStruct((1,), jnp.int32)
        size: tuple[int, ...] = jax.eval_shape(
            lambda t: data.labels.encode(t, data.classes), targets
        ).shape[1:]
    except Exception:  # a code that wants other targets than classes
        return None
    return size or None
