"""Checks from descriptions alone, before the sweep starts, that the data fit every point."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from darnax.errors import Problem, RequestError, call_once, first_line, one_line
from darnax.laboratory.display import DataProgress, no_progress
from darnax.sweeps import checks
from darnax.sweeps.point import Point

if TYPE_CHECKING:
    from darnax.data import Dataset
    from darnax.runner.experiment import DataChoice, Experiment

CHOICE = ("name", "source", "validation", "test", "per_class", "only_classes", "memory_gib")
LATER = "is not prepared; the sweep prepares it before its first point and checks its sizes then"


@dataclass
class Outlines:
    """Descriptions of the data of points; each choice of data is described once.

    Args:
        prepares: whether a missing dataset is prepared; otherwise it is noted in `later`.
        elsewhere: whether points run on machines that may have other data folders than this one.
        progress: gives a function that is called while a dataset is prepared.
    """

    prepares: bool
    elsewhere: bool = False
    progress: DataProgress = no_progress
    later: dict[str, None] = field(default_factory=dict)
    known: dict[str, "Dataset | RequestError | None"] = field(default_factory=dict)

    def preparing(self) -> "Outlines":
        """Return the same descriptions, with missing datasets still to be prepared."""
        outlines = Outlines(True, self.elsewhere, self.progress)
        for key, found in self.known.items():
            if found is not None:
                outlines.known[key] = found
        return outlines

    def outline(self, experiment: "Experiment") -> "Dataset | None":
        """Return the outline of an experiment's data; None if it cannot be determined here."""
        config, data = experiment.config, experiment.data
        choice = {name: config["data"].get(name) for name in CHOICE}
        key = json.dumps([choice, str(data.directory), list(config.get("trust", ()))])
        return call_once(self.known, key, lambda: self.describe(data))

    def describe(self, data: "DataChoice") -> "Dataset | None":
        """Describe a choice of data that has not been described before."""
        if data.source is not None:
            return describe_source(data, elsewhere=self.elsewhere)
        if self.elsewhere and not data.directory.is_dir():
            return None  # it lies on the machines where the points run
        from darnax.data import outline_set, prepare_set
        from darnax.data.selection import Selection

        selection = Selection(data.validation, data.per_class, data.only_classes, data.test)
        directory, memory = data.directory, data.memory_gib
        found = outline_set(data.name, selection, directory=directory, memory_gib=memory)
        if found is None and self.prepares:
            with self.progress() as progress:
                prepare_set(data.name, directory, memory, progress=progress)
            found = outline_set(data.name, selection, directory=directory, memory_gib=memory)
        if found is None:
            self.later[f"{data.name} in {directory}"] = None
        return found


def describe_source(data: "DataChoice", *, elsewhere: bool) -> "Dataset | None":
    """Open a source once, or request its outline, without keeping any of its examples."""
    from darnax.data import without_examples
    from darnax.laboratory.data_opening import open_source

    try:
        return without_examples(open_source(data, examples=False))
    except RequestError:
        raise
    except Exception as error:  # sources of other packages may raise anything
        if elsewhere:
            return None
        what = f"cannot be opened ({type(error).__name__}: {first_line(error)})"
        raise RequestError(Problem("data.source", what)) from error


def require_fitting(experiment: "Experiment", outlines: Outlines) -> None:
    """Raise RequestError if a run would refuse its data, as far as their outline shows."""
    from darnax.laboratory.data_opening import (
        require_epochs,
        require_fitting_data,
        require_fitting_targets,
        require_own_order,
    )

    dataset = outlines.outline(experiment)
    if dataset is not None:
        require_fitting_data(require_own_order(dataset, experiment), experiment.data)
        require_fitting_targets(dataset, experiment)
        require_epochs(experiment, dataset)


def examine_data(points: Sequence[Point], outlines: Outlines) -> list[Point]:
    """Return the points, each with the reason if its data do not fit it.

    Of several points that agree in everything the answer depends on, one is examined.
    """
    reasons: dict[str, str] = {}
    examined = []
    for point in points:
        if not point.refusal:
            key = data_key(point)
            if key not in reasons:
                reasons[key] = explain_unfitting(point, outlines)
            point = replace(point, refusal=reasons[key])
        examined.append(point)
    return examined


def explain_unfitting(point: Point, outlines: Outlines) -> str:
    """Return why a run of a point would refuse its data; "" if it would not."""
    try:
        experiment = checks.check_point(point.config or {}, here=False)
        require_fitting(experiment, outlines)
    except RequestError as error:
        return one_line(error)
    return ""


def data_key(point: Point) -> str:
    """Return as text everything that decides whether the data fit.

    It is the data themselves, the length of an epoch, and the size of the output.
    """
    config: Mapping[str, Any] = point.config or {}
    runner, paths = config.get("runner") or {}, config.get("paths") or {}
    texts, integers, _ = checks.split_by_type({"optimizer": config.get("optimizer")})
    lengths = [runner.get(name) for name in ("replicas", "limit_batches")]
    optimizer = [sorted(map(str, leaves)) for leaves in (texts, integers)]
    data, trusted = config.get("data"), config.get("trust")
    *_, output = ((config.get("model") or {}).get("buffers") or {"": None}).values()
    return json.dumps([data, trusted, paths.get("data"), lengths, optimizer, output])


def later_notes(outlines: Outlines) -> Iterable[str]:
    """Return a line about every dataset that is still to be prepared."""
    return (f"note: {name} {LATER}" for name in outlines.later)
