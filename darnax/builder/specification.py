"""What the sections of a configuration may say; how a network is described stands in `wiring`, of what in the constructors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from darnax.builder.problems import Problems, format_value, nearest
from darnax.runner.experiment import MEMORY_GIB
from darnax.runner.run_folder import EXPERIMENT_NAME

S = TypeVar("S", bound="Section")
SEEDS = 2**31  # of 32-bit keys
Positive = Annotated[int, Field(gt=0, lt=2**31)]  # what is counted on the device, in 32 bits
NonNegative = Annotated[int, Field(ge=0, lt=2**31)]
Target = dict[str, Any]  # a mapping with `_target_`


class Section(BaseModel):
    """A mapping with these keys and no others; an integer is no word and no truth value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Model(Section):
    """The network. Other keys may hold numbers that the rest refers to; `network` looks after them."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    buffers: Annotated[dict[str, Any], Field(min_length=2)]
    layers: dict[str, Any]
    adapters: dict[str, Any]
    state: Target = {"_target_": "darnax.states.SequentialState"}


class Dynamics(Section):
    """In which order layers update, and what happens in a step of training and of inference."""

    orchestrator: Target = {"_target_": "darnax.orchestrators.SequentialOrchestrator"}
    train: Annotated[dict[str, Any], Field(min_length=1)]
    infer: Annotated[dict[str, Any], Field(min_length=1)]


class Optimizer(Section):
    """How local updates become steps."""

    default: dict[str, Any]
    groups: dict[str, Any] = {}


class Data(Section):
    """What is learnt; the fields are those of `DataSettings`."""

    name: Annotated[str, Field(min_length=1)]
    shape: Annotated[list[Positive], Field(min_length=1)]
    classes: Positive
    batch_size: Positive
    validation: NonNegative = 0
    test: NonNegative = 0
    per_class: Positive | None = None
    only_classes: list[NonNegative] | None = None
    memory_gib: Annotated[float, Field(gt=0, le=1e6)] = MEMORY_GIB
    source: Target | None = None
    encode: dict[str, Any] = {}
    labels: Target


class Runner(Section):
    """How long, how often, on what."""

    epochs: NonNegative
    evaluate_every: Positive
    checkpoint_every: Positive
    keep: Positive
    keep_every: Positive | None = None
    replicas: Annotated[int, Field(ge=1, le=100_000)]
    devices: Positive | Literal["all"] = 1
    limit_batches: Positive | None = None


class Console(Section):
    """What the progress shows."""

    show: list[str] = []


class Tracking(Section):
    """Where the numbers go besides metrics.jsonl. Every other key is a tracker."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    console: Any


class Paths(Section):
    """Where runs and datasets live."""

    outputs: str
    data: str


class Configuration(Section):
    """The whole of it. The sections are read one by one, so that a mistake in one does not hide those in the others."""

    name: Annotated[str, Field(pattern=EXPERIMENT_NAME)]
    seed: Annotated[int, Field(ge=0, lt=SEEDS)]
    trust: list[str] = []
    model: dict[str, Any]
    dynamics: dict[str, Any]
    optimizer: dict[str, Any]
    data: dict[str, Any]
    runner: dict[str, Any]
    tracking: dict[str, Any]
    observables: dict[str, Any] = {}
    paths: dict[str, Any]


SECTIONS: dict[str, type[Section]] = {
    "model": Model,
    "dynamics": Dynamics,
    "optimizer": Optimizer,
    "data": Data,
    "runner": Runner,
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
