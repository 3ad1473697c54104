"""Values of `data` that a configuration leaves to the data: shape, classes, codes, and splits.

A value that is null in `data` is read from the data while the configuration is composed, before
references to it are resolved, and is then recorded in config.yaml.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError, call_once, first_line
from darnax.files import expand_user
from darnax.laboratory.display import DataProgress, no_progress

if TYPE_CHECKING:
    import jax

    from darnax.data import Dataset, Pipeline
    from darnax.local_data import Examples, GivenArrays, LocalSource

FILLED = ("name", "test", "validation", "labels", "class_names", "classes", "encode", "shape")
MOST_NAMES = 1000  # classes whose names are recorded
MOST_COLUMNS = 1000  # whose means and deviations are recorded
TEST, VALIDATION = 0.2, 0.1  # shares of each class, where the data have no split of their own
KEPT = "data.npz"  # arrays of Python code, in the folder of the run
CODES = {
    "classes": {"_target_": "darnax.data.Classes", "high": 1.0, "low": -1.0},
    "patterns": {"_target_": "darnax.data.Patterns"},
}


class DataFiller:
    """Finds the values of `data` that a configuration leaves open; the same data are read once.

    Args:
        given: arrays of Python code, which are the data of every configuration.
        data_progress: gives a function that is called while a set is prepared.
    """

    def __init__(
        self, given: "GivenArrays | None" = None, data_progress: DataProgress = no_progress
    ) -> None:
        self.given = given
        self.data_progress = data_progress
        self.known: dict[str, Mapping[str, Any] | RequestError] = {}

    def __call__(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return key -> value for everything to be filled in; {} if nothing is.

        Args:
            config: resolved, with null where the data decide.

        Raises:
            RequestError: the data cannot be read, or do not decide a value.
        """
        data, paths = config.get("data"), config.get("paths")
        if not isinstance(data, Mapping) or not isinstance(paths, Mapping):
            return {}
        found: dict[str, Any] = {}
        path = data.get("path")
        if isinstance(path, str) and self.given is None:
            # A run is evaluated from any directory.
            absolute = str(expand_user(path).absolute())
            if absolute != path:
                found["data.path"] = absolute
        if not any(is_open(data, name) for name in FILLED):
            return found
        key = json.dumps([data, paths.get("data"), config.get("trust")], default=str)
        values: Mapping[str, Any] = call_once(self.known, key, lambda: self.read(config))
        return {**found, **values}

    def read(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values that are null in a configuration, by their keys."""
        from darnax.local_data import GivenArrays, LocalSource

        data, directory = config["data"], expand_user(str(config["paths"]["data"]))
        source = make_source(config)
        if self.given is not None:
            source = GivenArrays(self.given.pairs, data.get("targets"), data.get("class_names"))
        if isinstance(source, LocalSource):
            with self.data_progress() as progress:
                source.prepare(directory, progress)
            values = describe_local(source, data, directory, config)
        else:
            values = describe_other(source, data, directory, config)
        filled = {}
        for name in FILLED:
            if not is_open(data, name) or values.get(name) is None:
                continue
            filled[f"data.{name}"] = values[name]
            if data[name] is not None:
                filled[f"data.{name}"] = {**values[name], **data[name]}
        return filled


def is_open(data: Mapping[str, Any], name: str) -> bool:
    """Return whether the data decide a value, or the class of a label code with some arguments."""
    if name not in data:
        return False
    value = data[name]
    if name == "labels" and isinstance(value, Mapping):
        return "_target_" not in value
    return value is None


def make_source(config: Mapping[str, Any]) -> Any:
    """Return the object that `data.source` describes; None for a prepared dataset."""
    from darnax.builder.calls import Reader
    from darnax.builder.choices import make_source as read_source
    from darnax.builder.problems import Problems

    node = config["data"].get("source")
    if node is None:
        return None
    problems = Problems()
    source = read_source(node, Reader(problems, trust=list(config.get("trust") or ())))
    problems.raise_if_any()
    return source


def describe_local(
    source: "LocalSource", data: Mapping[str, Any], directory: Path, config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the data decide: name of a value -> the value."""
    import numpy as np

    from darnax.data.selection import Selection
    from darnax.local_data import divide_examples
    from darnax.local_data.targets import find_kind

    examples = source.outline(directory)
    train = examples.splits["train"]
    values: dict[str, Any] = {"name": examples.name}
    for role, share in (("test", TEST), ("validation", VALIDATION)):
        values[role] = 0 if role in examples.splits else share
    names, kept = examples.class_names, data.get("only_classes")
    if names:
        values["labels"] = CODES["classes"]
        values["class_names"] = list(names) if len(names) <= MOST_NAMES else None
        values["classes"] = len(kept) if kept else len(names)
    else:
        kind = find_kind(train.targets)
        values["classes"] = int(np.prod(train.targets.shape[1:]))
        values["labels"] = (
            CODES["patterns"] if kind == "patterns" else code_of_values(train.targets)
        )
    values["encode"] = data.get("encode")
    if values["encode"] is None:
        settings = {name: data.get(name) for name in ("validation", "test")}
        sizes = {name: values[name] if size is None else size for name, size in settings.items()}
        try:
            selection = Selection(only_classes=kept, per_class=data.get("per_class"), **sizes)
            own = divide_examples(examples, selection, memory_gib=np.inf).train
        except TypeError:  # settings of the wrong type, which the builder will report
            own = None
        values["encode"] = choose_encoding(examples, getattr(own, "inputs", train.inputs))
    values["shape"] = encoded_shape(values["encode"], train.inputs, config)
    if takes_inputs(data.get("labels")):
        values["classes"] = int(np.prod(values["shape"]))
    return values


def takes_inputs(labels: Any) -> bool:
    """Return whether a label code makes the output of the input, so that they have one size."""
    from darnax.builder.calls import Reader
    from darnax.builder.objects import make
    from darnax.builder.problems import Problems
    from darnax.data.labels import Labels

    code = make(labels, "data.labels", Reader(Problems())) if labels else None
    return isinstance(code, Labels) and code.of_inputs


def code_of_values(targets: Any) -> dict[str, Any]:
    """Return the label code of real targets, which have mean 0 and deviation 1 in it."""
    mean, deviation = float(targets.mean()), float(targets.std()) or 1.0
    return {
        "_target_": "darnax.data.Values",
        "mean": shorten(mean),
        "deviation": shorten(deviation),
    }


def choose_encoding(examples: "Examples", inputs: Any) -> dict[str, Any]:
    """Return the stages that bring inputs to numbers of order one.

    Bytes are divided by 255; columns of numbers get mean 0 and deviation 1.
    """
    import numpy as np

    from darnax.local_data.examples import is_outline

    if inputs.dtype == np.uint8:
        is_binary = not is_outline(inputs) and inputs.max() <= 1
        scale = {"_target_": "darnax.data.Scale", "factor": 255.0}
        return {} if is_binary else {"scale": scale}
    is_table = inputs.ndim == 2 and inputs.shape[1] <= MOST_COLUMNS
    if not is_table or np.isin(inputs, (-1, 0, 1)).all():
        return {}
    numbers = inputs.astype(np.float64)
    deviations = [shorten(value) or 1.0 for value in numbers.std(axis=0).tolist()]
    means = [shorten(value) for value in numbers.mean(axis=0).tolist()]
    stage = {
        "_target_": "darnax.data.StandardiseColumns",
        "mean": means,
        "deviation": deviations,
    }
    return {"standardise": stage}


def shorten(number: float) -> float:
    """Return a number with six significant digits, for a configuration that people read."""
    return float(f"{number:.6g}")


def encoded_shape(encode: Any, inputs: Any, config: Mapping[str, Any]) -> list[int]:
    """Return the shape of an input after the stages of `data.encode` and `data.disturb`."""
    import jax

    from darnax.builder.calls import Reader
    from darnax.builder.problems import Problems
    from darnax.builder.stages import read_stages

    problems = Problems()
    reader = Reader(problems, trust=list(config.get("trust") or ()))
    disturb = config["data"].get("disturb")
    # The builder reports what is no mapping.
    encode, disturb = (node if isinstance(node, Mapping) else {} for node in (encode, disturb))
    stages = read_stages(encode, disturb, reader)
    problems.raise_if_any()
    return list(find_output_shape(stages, jax.ShapeDtypeStruct(inputs.shape[1:], inputs.dtype)))


def find_output_shape(encode: "Pipeline", raw: "jax.ShapeDtypeStruct") -> tuple[int, ...]:
    """Return the shape of an encoded input.

    Raises:
        RequestError: a stage, which is named, cannot encode it.
    """
    try:
        return encode.output_shape(raw)
    except ValueError as error:
        what = f"cannot encode an input of shape {list(raw.shape)} ({first_line(error)})"
        raise RequestError(Problem("data.encode", what)) from error


def describe_other(
    source: Any, data: Mapping[str, Any], directory: Path, config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return shape and classes of a prepared dataset, or of a source of one's own."""
    import numpy as np

    kept = data.get("only_classes")
    if source is None:
        from darnax.data import describe

        name = data.get("name")
        if not isinstance(name, str):
            return {}
        found = describe(name, directory)
        raw, classes = np.zeros((1, *found.shape), np.uint8), len(found.class_names)
    else:
        outlined: Dataset = getattr(source, "outline", source.open)()
        example = outlined.train.example()
        raw, classes = np.zeros((1, *example.shape), example.dtype), len(outlined.class_names)
    shape = encoded_shape(data.get("encode"), raw, config)
    if takes_inputs(data.get("labels")):
        return {"shape": shape, "classes": int(np.prod(shape))}
    return {"shape": shape, "classes": len(kept) if kept else classes or None}
