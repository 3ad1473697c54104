"""The schema of a configuration: its sections, their keys and the types of their values.

Buffers and edges of a network are read by `wiring`, arguments of modules by `calls`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from darnax.builder.problems import Problems, format_value, nearest
from darnax.builder.targets import find_public
from darnax.runner.run_folder import EXPERIMENT_NAME
from darnax.runner.settings import DataSettings, RunnerSettings, Section, TrackingSettings

S = TypeVar("S", bound="Section")
SEQUENTIAL = "darnax.orchestrators.SequentialOrchestrator"
SEEDS = 2**31
DOTTED_CLASS = re.compile(r"([a-z_]\w*\.)+[A-Z]\w*")
Target = dict[str, Any]  # a mapping with `_target_`


class Model(Section):
    """The network.

    Other keys may hold numbers that the rest refers to, such as `depth`; `numbers` checks them.

    Args:
        buffers: name -> size, such as [500], or `{size: [500], repeat: 3}` for several of one size;
            the first is the input, the last the output.
        layers: name of a buffer -> its layer; every buffer but the input has one.
        adapters: name -> an adapter, with the buffers `from` and `to` which it sends messages, and
            `transpose: true` where its weight starts as the transpose of that of the adapter in the
            opposite direction.
        state: the class of the state.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    buffers: Annotated[dict[str, Any], Field(min_length=2)]
    layers: dict[str, Any]
    adapters: dict[str, Any]
    state: Target = Field(default_factory=lambda: {"_target_": "darnax.states.SequentialState"})


class Dynamics(Section):
    """The orchestrator, and the phases of training and of inference.

    Args:
        orchestrator: the order in which layers are updated.
        train: the phases of a training step by name, in order.
        infer: the phases of inference; the last one gives the prediction.
        score: the phase of training whose scores give the training accuracy; null is the last one
            that has not seen the label and at whose end the readout learns, or else the last one
            that has not seen it.
    """

    orchestrator: Target = Field(default_factory=lambda: {"_target_": SEQUENTIAL})
    train: Annotated[dict[str, Any], Field(min_length=1)]
    infer: Annotated[dict[str, Any], Field(min_length=1)]
    score: str | None = None


class Optimizer(Section):
    """The optimisers, by groups of modules.

    Args:
        default: for modules without a group: a `_target_` of Optax, or several by name, chained.
        groups: name of a module, of a repeated family, or a glob -> its optimiser.
    """

    default: dict[str, Any]
    groups: dict[str, Any] = Field(default_factory=dict)


class Data(DataSettings):
    """What is learned. The builder makes objects of what has a `_target_`.

    Args:
        source: a synthetic task, or what reads data of one's own; None is the dataset `name`.
        encode: transformations of an input by name, in order.
        disturb: random stages by name, after those of `encode`.
        labels: the label code: from targets to values of the output buffer.
    """

    source: Target | None = None
    encode: dict[str, Any] = Field(default_factory=dict)
    disturb: dict[str, Any] = Field(default_factory=dict)
    labels: Target


class Paths(Section):
    """Where runs and datasets live.

    Args:
        outputs: the folder of run folders.
        data: the folder of prepared datasets.
    """

    outputs: str
    data: str


class Configuration(Section):
    """A whole configuration.

    The sections are validated one by one, so that the problems of all of them are reported.

    Args:
        name: of the experiment; runs are in `paths.outputs`/`name`.
        seed: of weights, shuffles and noise.
        trust: packages that `_target_` may name besides darnax and optax; only on the command line.
        model: the network.
        dynamics: the orchestrator and the phases.
        optimizer: from local updates to changes of the parameters.
        data: what is learned.
        runner: length of a run, evaluations, checkpoints, devices.
        tracking: destinations of metrics besides the run folder.
        observables: further measurements of a training step, by name.
        paths: folders.
    """

    name: Annotated[str, Field(pattern=EXPERIMENT_NAME)]
    seed: Annotated[int, Field(ge=0, lt=SEEDS)]
    trust: list[str] = Field(default_factory=list)
    model: dict[str, Any]
    dynamics: dict[str, Any]
    optimizer: dict[str, Any]
    data: dict[str, Any]
    runner: dict[str, Any]
    tracking: dict[str, Any]
    observables: dict[str, Any] = Field(default_factory=dict)
    paths: dict[str, Any]


SECTIONS: dict[str, type[Section]] = {
    "model": Model,
    "dynamics": Dynamics,
    "optimizer": Optimizer,
    "data": Data,
    "runner": RunnerSettings,
    "tracking": TrackingSettings,
    "paths": Paths,
}


def read(section: type[S], node: Any, where: str, problems: Problems) -> S | None:
    """Return the section that `node` describes, or None with every reason among the problems."""
    try:
        return section.model_validate(node)
    except ValidationError as error:
        for detail in error.errors():
            parts = [where] if where else []
            parts += map(str, detail["loc"])
            key = ".".join(parts)
            problems.add(key, describe_error(section, detail, key))
    return None


def describe_error(section: type[Section], detail: Any, key: str) -> str:
    """Return the message for an error of Pydantic at a key: what was given, what was expected."""
    if detail["type"] == "extra_forbidden":
        *above, name = detail["loc"]
        return f"there is no such key{nearest(name, keys_at(section, above))}"
    if detail["type"] == "missing":
        return "is missing"
    # Pydantic writes "Input should be …" or "Input should have …".
    expected = (
        detail["msg"].replace("Input should", "expected").replace("expected be ", "expected ")
    )
    expected = expected.replace("to be ", "").replace("dictionary", "mapping")
    if detail["type"].startswith(("greater_than", "less_than")):
        expected = expected.replace("expected ", "expected a number ", 1)
    if detail["type"] == "string_pattern_mismatch":
        expected = "expected a name for a folder: letters, digits, and . _ + -"
    if detail["type"] == "too_short":
        expected = f"expected at least {detail['ctx']['min_length']} of them"
    found = detail["input"]
    if detail["type"] == "dict_type" and isinstance(found, str):
        chosen = found if DOTTED_CLASS.fullmatch(found) else find_public(found)
        if chosen is not None:
            expected += f"; a class is chosen by {key}._target_={chosen}"
    return f"got {format_value(found)}, {expected}"


def keys_at(section: type[Section], above: list[Any]) -> list[str]:
    """Return the keys that the section has at a path inside it."""
    fields: Mapping[str, Any] = section.model_fields
    for name in above:
        # The annotation is `SomeSection | None` or the like.
        parts = getattr(fields[name].annotation, "__args__", ())
        sections = [each for each in parts if isinstance(each, type) and issubclass(each, Section)]
        fields = sections[0].model_fields if sections else {}
    return list(fields)
