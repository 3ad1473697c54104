"""From the sections `data` and `runner` to what the runner receives."""

from typing import Any

import jax
import jax.numpy as jnp

from darnax.builder.calls import Reader
from darnax.builder.network import NetworkSpec
from darnax.builder.specification import Data, Paths, Runner
from darnax.data.encodings import Pipeline, Stage
from darnax.data.labels import Labels
from darnax.errors import first_line
from darnax.files import expand_user
from darnax.printing import count_of
from darnax.runner.experiment import DataChoice, RunnerChoice
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
    source = None if section.source is None else make_source(section.source, reader)
    if len(reader.problems.found) > before:
        return None
    return DataChoice(
        **section.model_dump(exclude={"shape", "only_classes", "source", "encode", "labels"}),
        shape=tuple(section.shape),
        only_classes=None if kept is None else tuple(kept),
        source=source,
        encode=Pipeline(stages),
        labels=labels,
        directory=expand_user(paths.data),
    )


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


def read_runner(section: Runner) -> RunnerChoice:
    """Return the choices of the section `runner`."""
    devices = None if section.devices == "all" else section.devices
    return RunnerChoice(**section.model_dump(exclude={"devices"}), devices=devices)
