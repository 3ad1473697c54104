"""Sections of a configuration that are used as they are read: checked and declared once."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from darnax.split_sizes import EXPECTED, is_size

MEMORY_GIB = 2.0  # of a decoded set, where nothing else is given

Positive = Annotated[int, Field(gt=0, lt=2**31)]  # counts on the device are 32-bit integers
NonNegative = Annotated[int, Field(ge=0, lt=2**31)]


def require_size(value: Any) -> int | float:
    """Return a number of examples, or a share of them.

    Raises:
        PydanticCustomError: it is neither.
    """
    if not is_size(value):
        raise PydanticCustomError("size", EXPECTED)
    return value if value else 0


Size = Annotated[
    int | float,
    PlainValidator(require_size),
    WithJsonSchema({"type": "number", "minimum": 0}),
]


class Section(BaseModel):
    """A mapping with these keys and no others; no value is converted: an integer is no string."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DataSettings(Section):
    """Which examples are learned, and in which batches.

    Args:
        name: of the dataset.
        shape: of one encoded input.
        classes: number of them.
        batch_size: examples of one step; in every epoch those that do not fill a last batch, at
            random, are left out.
        validation: training examples that are kept out of training to choose by, or a share of
            every class below 1; 0 where the data have a validation split of their own, or to train
            on all.
        test: training examples that are kept for testing, of a set without a test split, or a share
            of every class.
        per_class: train on so many examples of each class; None is all.
        only_classes: train and test on these alone; None is all.
        memory_gib: larger data are moved to the device in parts while training.
        path: of one's own data, which the source reads.
        builder: the class of one's own that prepares a set of TFDS.
        input: the feature of `data=tfds` that is the input.
        splits: those of `data=tfds`, for each purpose.
        class_names: in the order of the outputs, for `data=arrays`, `folder`, `sklearn`, `table`
            and `tfds`; None is sorted.
        colour: `grey` or `rgb`, to which `data=folder` and `tfds` convert images; None is as in the
            files.
        resize: [height, width] to which `data=folder` and `tfds` resize images; None is as in the
            files.
        target: the column of `data=table`, or the feature of `data=tfds`, that is the target.
        columns: those of `data=table` that are the input.
        targets: `classes`, `patterns` (rows of ±1) or `values` (real numbers), which `data=arrays`,
            `table` and `tfds` take the targets for; None is judged by the targets of train.
    """

    name: Annotated[str, Field(min_length=1)]
    # YAML has lists, which `strict` would refuse; the sizes themselves are checked strictly.
    shape: Annotated[
        tuple[Annotated[Positive, Field(strict=True)], ...], Field(min_length=1, strict=False)
    ]
    classes: Positive
    batch_size: Positive
    validation: Size = 0
    test: Size = 0
    per_class: Positive | None = None
    only_classes: (
        Annotated[
            tuple[Annotated[NonNegative, Field(strict=True)], ...],
            Field(strict=False, min_length=1),
        ]
        | None
    ) = None
    memory_gib: Annotated[float, Field(gt=0, le=1e6)] = MEMORY_GIB
    # The constructor of the source checks these, which refers to them.
    path: str | None = None
    builder: str | None = None
    input: str | None = None
    splits: dict[str, str | None] | None = None
    class_names: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    colour: str | None = None
    resize: Annotated[tuple[Positive, ...], Field(strict=False)] | None = None
    target: str | None = None
    columns: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    targets: str | None = None


class Distributed(Section):
    """The place of a process among those that train one run, which are started by hand.

    Args:
        coordinator: address of the first process and a free port there, `HOST:PORT`.
        processes: how many there are.
        rank: number of the process, from 0.
    """

    coordinator: Annotated[str, Field(pattern=r"^.+:[0-9]+$")]
    processes: Positive
    rank: NonNegative

    @model_validator(mode="after")
    def require_rank(self) -> Self:
        """Refuse a rank that is not below the number of processes."""
        if self.rank >= self.processes:
            raise PydanticCustomError("rank", "expected a rank below the number of processes")
        return self


Processes = Distributed | Literal["auto"] | None


class RunnerSettings(Section):
    """How long a run is, what it does how often, and on how many devices.

    Args:
        epochs: passes over the training examples.
        evaluate_every: epochs between two evaluations.
        checkpoint_every: epochs between two checkpoints.
        keep: how many of the last checkpoints stay.
        keep_every: checkpoints of every so many epochs stay as well; None is no others.
        replicas: networks that are trained side by side, each with the next seed.
        devices: how many of each process share every batch.
        distributed: the processes that train one run together: `auto` where SLURM, Open MPI or
            Kubernetes started them; None is this process alone.
        limit_batches: batches after which every epoch ends; None is all.
        measure_every: batches between two of which flips, overlaps, unstable units and observables
            are measured; more than 1 trains faster. A row of metrics has the mean over them.
    """

    epochs: NonNegative
    evaluate_every: Positive
    checkpoint_every: Positive
    keep: Positive
    keep_every: Positive | None = None
    replicas: Annotated[int, Field(ge=1, le=100_000)]
    devices: Positive | Literal["all"] = 1
    distributed: Processes = None
    limit_batches: Positive | None = None
    measure_every: Positive = 1


class ConsoleSettings(Section):
    """What the progress display shows.

    Args:
        show: metrics that are shown besides the accuracies.
    """

    show: list[str] = Field(default_factory=list)


def require_console(value: Any) -> Any:
    """Return a mapping of settings, or None for no display.

    Raises:
        PydanticCustomError: it is neither a boolean nor a mapping.
    """
    if isinstance(value, bool):
        return {} if value else None
    if not isinstance(value, Mapping):
        what = "expected true, false, or a mapping such as {{show: [update/w_in]}}"
        raise PydanticCustomError("console", what)
    return value


CONSOLE: dict[str, Any] = {
    "anyOf": [
        {"type": "boolean"},
        {"type": "object", "properties": {"show": {"type": "array"}}},
    ]
}


class TrackingSettings(Section):
    """Where metrics go besides metrics.jsonl; every other key is a tracker.

    Args:
        console: the progress display: true, false, or `{show: [update/w_in]}` with the metrics that
            it shows besides the accuracies.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    console: Annotated[
        ConsoleSettings | None, BeforeValidator(require_console), WithJsonSchema(CONSOLE)
    ]

    @property
    def show(self) -> list[str]:
        """The metrics that are shown besides the accuracies."""
        return [] if self.console is None else self.console.show
