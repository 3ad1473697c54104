"""The sections of a configuration; `wiring` describes networks, and constructors their parts."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from darnax.builder.problems import Problems, format_value, nearest
from darnax.runner.run_folder import NAME
from darnax.runner.settings import DataSettings, RunnerSettings, Section

S = TypeVar("S", bound="Section")
SEQUENTIAL = "darnax.orchestrators.SequentialOrchestrator"
SEEDS = 2**31  # of 32-bit keys
Target = dict[str, Any]  # a mapping with `_target_`


class Model(Section):
    """The network. Other keys hold numbers that the rest refers to; `network` checks them."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    buffers: Annotated[dict[str, Any], Field(min_length=2)]
    layers: dict[str, Any]
    adapters: dict[str, Any]
    state: Target = Field(default_factory=lambda: {"_target_": "darnax.states.SequentialState"})


class Dynamics(Section):
    """In which order layers update, and what happens in a step of training and of inference."""

    orchestrator: Target = Field(default_factory=lambda: {"_target_": SEQUENTIAL})
    train: Annotated[dict[str, Any], Field(min_length=1)]
    infer: Annotated[dict[str, Any], Field(min_length=1)]


class Optimizer(Section):
    """How local updates become steps."""

    default: dict[str, Any]
    groups: dict[str, Any] = Field(default_factory=dict)


class Data(DataSettings):
    """What is learned. The builder makes objects of what has a `_target_`."""

    source: Target | None = None
    encode: dict[str, Any] = Field(default_factory=dict)
    labels: Target


class Console(Section):
    """What the progress shows."""

    show: list[str] = Field(default_factory=list)


class Tracking(Section):
    """Where the numbers go besides metrics.jsonl. Every other key is a tracker."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    console: Any


class Paths(Section):
    """Where runs and datasets live."""

    outputs: str
    data: str


class Configuration(Section):
    """A whole configuration.

    The sections are read one by one, so that a mistake in one does not hide those in others.
    """

    name: Annotated[str, Field(pattern=NAME)]
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
    "tracking": Tracking,
    "paths": Paths,
}


def read(section: type[S], node: Any, where: str, problems: Problems) -> S | None:
    """Return the section that `node` describes, or None with every reason among the problems."""
    try:
        return section.model_validate(node)
    except ValidationError as error:
        for detail in error.errors():
            path = ".".join([where, *map(str, detail["loc"])] if where else map(str, detail["loc"]))
            problems.add(path, sentence(section, detail))
    return None


def sentence(section: type[Section], detail: Any) -> str:
    """Say what Pydantic found: what was given, what was expected, what is near."""
    if detail["type"] == "extra_forbidden":
        *above, name = detail["loc"]
        return f"there is no such key{nearest(name, keys_at(section, above))}"
    if detail["type"] == "missing":
        return "is missing"
    expected = (
        detail["msg"]
        .replace("Input should", "expected")
        .replace("expected be ", "expected ")
        .replace("to be ", "")
    )
    if detail["type"].startswith(("greater_than", "less_than")):
        expected = expected.replace("expected ", "expected a number ", 1)
    if detail["type"] == "string_pattern_mismatch":
        expected = "expected a name for a folder: letters, digits, and . _ + -"
    if detail["type"] == "too_short":
        expected = f"expected at least {detail['ctx']['min_length']} of them"
    return f"got {format_value(detail['input'])}, {expected.replace('dictionary', 'mapping')}"


def keys_at(section: type[Section], above: list[Any]) -> list[str]:
    """Return the keys that the section has at a path inside it."""
    fields: Mapping[str, Any] = section.model_fields
    for name in above:
        inner = [
            part
            for part in getattr(fields[name].annotation, "__args__", ())
            if isinstance(part, type)
        ]
        fields = next((part.model_fields for part in inner if issubclass(part, Section)), {})
    return list(fields)
