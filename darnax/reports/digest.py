"""What reports need of a long record, collected while it is read: extreme values, and points.

Memory is bounded by the number of metrics, not by the number of rows.
"""

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Literal, NamedTuple

from darnax.reports.record import Entry, number

POSITIONS = ("step", "epoch")  # keys of a row that are not metrics
BLOCK = 1000  # rows that are in memory at once
MOST_POINTS = 1000  # of a metric; of a metric with more, evenly chosen ones are kept
MOST_METRICS = 5000  # of a record; those that it names later are ignored

Extreme = Literal["highest", "lowest"]
Points = tuple[Sequence[float], Sequence[float]]  # epochs in increasing order, values


class Value(NamedTuple):
    """A logged value, and its standard deviation over replicas, which is nan where none is."""

    value: float
    sd: float


NOTHING = Value(math.nan, math.nan)


@dataclass(frozen=True)
class Digest:
    """The content of a record as reports show it.

    `extremes`: metric -> the first of its highest and of its lowest values.
    `points`: metric -> its values over epochs, at most about `MOST_POINTS` of them.
    `is_thinned`: whether some points were left out.
    `others`: the metrics that were not asked for.
    """

    extremes: Mapping[str, Mapping[Extreme, Value]]
    points: Mapping[str, Points]
    is_thinned: bool
    others: frozenset[str] = frozenset()


def digest(record: Iterable[Entry], wanted: Container[str] | None = None) -> Digest:
    """Read a record once, first row to last; with `wanted`, only these metrics of it.

    Example:
        >>> found = digest([{"epoch": 1, "a": 0.5}, {"epoch": 2, "a": 0.7}, {"epoch": 2, "a": 0.6}])
        >>> found.points["a"]
        ([1.0, 2.0], [0.5, 0.6])
        >>> found.extremes["a"]["highest"].value
        0.7
    """
    traces: dict[str, Trace] = {}
    others: set[str] = set()
    for block in split_blocks(record):
        epochs = list_numbers([row.get("epoch") for row in block])
        for name in dict.fromkeys(chain.from_iterable(block)):
            if wanted is not None and name not in wanted:
                if name not in others and len(others) < MOST_METRICS and has_number(block, name):
                    others.add(name)
                continue
            if name not in traces and len(traces) < MOST_METRICS:
                traces[name] = Trace(name)
            if name in traces:
                traces[name].add(block, epochs)
    extremes = {name: trace.extremes for name, trace in traces.items() if trace.extremes}
    points = {}
    for name, trace in traces.items():
        if trace.count and name not in POSITIONS:
            points[name] = trace.list_points()
    is_thinned = any(trace.stride > 1 for trace in traces.values())
    return Digest(extremes, points, is_thinned, frozenset(others.difference(POSITIONS)))


def has_number(block: Iterable[Entry], name: str) -> bool:
    """Return whether some row has a finite number of this name."""
    return any(not math.isnan(number(row.get(name))) for row in block)


def split_blocks(record: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield lists of `BLOCK` rows, the last one shorter."""
    rows = iter(record)
    block = list(islice(rows, BLOCK))
    while block:
        yield block
        block = list(islice(rows, BLOCK))


def list_numbers(values: Sequence[object]) -> list[float]:
    """Return values as finite numbers, nan for anything else: `number` of each, but faster."""
    if set(map(type, values)) == {float} and all(map(math.isfinite, values)):  # type: ignore[arg-type]
        return values  # type: ignore[return-value]
    return list(map(number, values))


@dataclass
class Trace:
    """One metric of a record, as far as it has been read.

    Points whose index is a multiple of `stride` are kept, and the last one.
    """

    name: str
    extremes: dict[Extreme, Value] = field(default_factory=dict)
    epochs: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    last: tuple[float, float] = (math.nan, math.nan)
    count: int = 0  # points so far, those that were left out included
    stride: int = 1

    def add(self, block: Sequence[Entry], epochs: Sequence[float]) -> None:
        """Read the rows of a block that have the metric; `epochs` are those of all its rows."""
        name = self.name
        try:
            values = list_numbers([row[name] for row in block])
        except KeyError:
            held = [i for i, row in enumerate(block) if name in row]
            block = [block[i] for i in held]
            epochs = [epochs[i] for i in held]
            values = list_numbers([row[name] for row in block])
        if any(map(math.isnan, values)):
            held = [i for i, value in enumerate(values) if not math.isnan(value)]
            block = [block[i] for i in held]
            epochs = [epochs[i] for i in held]
            values = [values[i] for i in held]
        if values:
            self.add_extremes(block, values)
            self.add_points(epochs, values)

    def add_extremes(self, block: Sequence[Entry], values: Sequence[float]) -> None:
        """Keep the first of the highest and of the lowest values."""
        highest, lowest = max(values), min(values)
        known = self.extremes
        if not known or highest > known["highest"].value:
            known["highest"] = self.make_value(block[values.index(highest)])
        if "lowest" not in known or lowest < known["lowest"].value:
            known["lowest"] = self.make_value(block[values.index(lowest)])

    def make_value(self, row: Entry) -> Value:
        """Return the value in a row."""
        return Value(number(row[self.name]), number(row.get(f"{self.name}_sd")))

    def add_points(self, epochs: Sequence[float], values: Sequence[float]) -> None:
        """Keep every `stride`-th point; leave out every second one whenever there are too many."""
        if any(map(math.isnan, epochs)):
            held = [i for i, epoch in enumerate(epochs) if not math.isnan(epoch)]
            epochs = [epochs[i] for i in held]
            values = [values[i] for i in held]
        if not epochs:
            return
        first = -self.count % self.stride
        self.epochs += epochs[first :: self.stride]
        self.values += values[first :: self.stride]
        self.count += len(epochs)
        self.last = epochs[-1], values[-1]
        while len(self.epochs) > MOST_POINTS:
            self.epochs = self.epochs[::2]
            self.values = self.values[::2]
            self.stride *= 2

    def list_points(self) -> Points:
        """Return the points by epoch; of those of one epoch the last."""
        epochs = [*self.epochs, self.last[0]]
        by_epoch = dict(zip(epochs, [*self.values, self.last[1]], strict=True))
        in_order = sorted(by_epoch)
        return in_order, [by_epoch[epoch] for epoch in in_order]
