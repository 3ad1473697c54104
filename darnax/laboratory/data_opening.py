"""Opens the data of an experiment and checks that they fit it."""

from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from darnax.laboratory.data_filling import find_output_shape
from darnax.laboratory.display import SILENT, Display, StageProgress
from darnax.printing import count_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from darnax.data import Dataset
    from darnax.errors import Problem
    from darnax.runner.experiment import DataChoice, Experiment


def open_data(
    experiment: "Experiment",
    display: Display = SILENT,
    *,
    trains: bool = True,
    existing: bool = False,
) -> "Dataset":
    """Open the data of an experiment, after a check that its devices exist.

    With `existing`, the data are those of a run, which an earlier version may have made.
    """
    from darnax.runner.devices import make_mesh

    make_mesh(experiment)
    dataset = open_choice(experiment.data, display, seed=experiment.seed, existing=existing)
    require_fitting_data(dataset, experiment.data, trains=trains)
    return require_fitting_targets(dataset, experiment)


def open_choice(
    data: "DataChoice", display: Display = SILENT, *, seed: int = 0, existing: bool = False
) -> "Dataset":
    """Open a dataset, or a source of one, and select from it as configured.

    `seed` gives the order in which streamed data are read.
    """
    from darnax.children import keep_to_installed_code
    from darnax.data import open_dataset

    with display.data_progress() as progress:
        if data.source is not None:
            dataset = open_source(data, existing=existing, seed=seed, progress=progress)
        else:
            dataset = open_dataset(
                data.name,
                directory=data.directory,
                validation=data.validation,
                test=data.test,
                per_class=data.per_class,
                only_classes=data.only_classes,
                memory_gib=data.memory_gib,
                seed=seed,
                progress=progress,
                existing=existing,
            )
    keep_to_installed_code()  # opening the data imported OpenCV, and XLA will start compilers
    return dataset


def require_epochs(experiment: "Experiment", dataset: "Dataset") -> None:
    """Raise RequestError unless the optimiser can be made with the steps that an epoch has."""
    from darnax.builder.optimizers import Groups
    from darnax.errors import Problem, RequestError, first_line
    from darnax.runner.training_loop import count_steps_per_epoch

    assert isinstance(experiment.make_optimizer, Groups)
    steps = count_steps_per_epoch(
        dataset, experiment.data.batch_size, experiment.runner.limit_batches
    )
    try:
        experiment.make_optimizer.check_values(steps)
    except Exception as error:  # Optax asserts, raises ValueError, TypeError, …
        what = f"{first_line(error)}; an epoch has {count_of(steps, 'step')} here"
        what += ": give larger numbers of epochs, or numbers of steps"
        raise RequestError(Problem("optimizer", what)) from error


def require_own_order(dataset: "Dataset", experiment: "Experiment") -> "Dataset":
    """Return the dataset; raise RequestError if replicas cannot each have their own order of it."""
    from darnax.data import is_streamed
    from darnax.errors import Problem, RequestError

    replicas = experiment.runner.replicas
    if replicas > 1 and is_streamed(dataset.train):
        what = f"got {replicas}, but every seed streams data in an order of its own; "
        raise RequestError(
            Problem("runner.replicas", f"{what}sweep over seed, or raise data.memory_gib")
        )
    return dataset


def open_source(
    data: "DataChoice",
    *,
    existing: bool = False,
    examples: bool = True,
    seed: int = 0,
    progress: StageProgress | None = None,
) -> "Dataset":
    """Open a source of a dataset, and select from it as configured.

    Without `examples`, a source that has an `outline` of its dataset need not make them.
    """
    from darnax.data.progress import silent
    from darnax.data.selection import Selection
    from darnax.data.subsets import select_examples
    from darnax.local_data import LocalSource, divide_examples, stream_if_larger
    from darnax.local_data.examples import require_learnable
    from darnax.runner.settings import MEMORY_GIB

    selection = Selection(data.validation, data.per_class, data.only_classes, data.test)
    if isinstance(data.source, LocalSource):
        if examples:
            found = data.source.read(data.directory, progress or silent)
        else:
            found = data.source.outline(data.directory)
        if not existing:
            require_learnable(found)
        return divide_examples(found, selection, memory_gib=data.memory_gib, seed=seed)
    make = data.source.open if examples else getattr(data.source, "outline", data.source.open)
    dataset = select_examples(call_source(make), selection, existing=existing)
    # A source that says nothing of memory holds its arrays as it likes.
    if data.memory_gib == MEMORY_GIB:
        return dataset
    return stream_if_larger(dataset, memory_gib=data.memory_gib, seed=seed)


def call_source(make: "Callable[[], Any]") -> "Dataset":
    """Return the dataset that a method of a source makes.

    Raises:
        RequestError: it raises an exception, of which the message says where, or makes no dataset.
    """
    from darnax.data import Dataset
    from darnax.errors import Problem, RequestError, first_line

    source = type(getattr(make, "__self__", make)).__name__
    name = f"{source}.{getattr(make, '__name__', 'open')}"
    try:
        made = make()
    except RequestError:
        raise
    except Exception as error:  # code of other packages may raise anything
        place = extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        what = f"{name} raised {type(error).__name__}: {first_line(error)} ({where})"
        advice = "nothing was trained; correct the source or its arguments"
        raise RequestError(Problem("data.source", f"{what}; {advice}")) from error
    if not isinstance(made, Dataset):
        what = f"{name} returned a {type(made).__name__}, expected a darnax.data.Dataset"
        raise RequestError(Problem("data.source", what))
    return made


def require_fitting_data(
    dataset: "Dataset", data: "DataChoice", *, trains: bool = True
) -> "Dataset":
    """Return the dataset; raise RequestError if it is not as configured, or too small to train."""
    from darnax.data import Streamed
    from darnax.errors import Problem, RequestError

    raw = dataset.test.example()
    problems = []
    shape = find_output_shape(data.encode, raw)
    if shape != data.shape:
        what = f"got {list(data.shape)}, expected {list(shape)}, the shape of an encoded input"
        problems.append(Problem("data.shape", what))
    problems += find_unfitting_code(dataset, data)
    count = len(dataset.class_names)
    if count and count != data.classes and not data.labels.of_inputs:
        classes = count_of(count, "class", "classes")
        what = f"got {data.classes}, expected {count}: {dataset.name} has {classes}"
        problems.append(Problem("data.classes", what))
    if trains and not dataset.train.batches(data.batch_size):
        most = len(dataset.train)
        if isinstance(dataset.train, Streamed):
            most = min(most, dataset.train.window)  # a batch lies in one window
        what = f"got {data.batch_size}, expected at most {most}, the number of training examples"
        if most < len(dataset.train):
            what += " that are on the device at once"
        problems.append(Problem("data.batch_size", what))
    if problems:
        raise RequestError(*problems)
    return dataset


def require_fitting_targets(dataset: "Dataset", experiment: "Experiment") -> "Dataset":
    """Return the dataset; raise RequestError if its targets do not fit the output buffer."""
    import jax

    from darnax.data.outline import target_of
    from darnax.errors import Problem, RequestError

    data, target = experiment.data, target_of(dataset.train)
    # Those that are classes or inputs have been checked with the network.
    if dataset.class_names or data.labels.of_inputs or target is None:
        return dataset
    batch = jax.ShapeDtypeStruct((1, *target.shape), target.dtype)
    encoded = jax.eval_shape(lambda targets: data.labels.encode(targets, data.classes), batch)
    got, expected = list(experiment.state[-1].shape[1:]), list(encoded.shape[1:])
    if got != expected:
        what = f"got {got}, expected {expected}, what data.labels makes of a target of"
        what += f" {dataset.name}: set the size of the last buffer to {expected}"
        raise RequestError(Problem("model.buffers", what))
    return dataset


def find_unfitting_code(dataset: "Dataset", data: "DataChoice") -> "list[Problem]":
    """Return why the label code is not one of the targets of one's own data; [] if it is."""
    from darnax.data import Classes, Patterns, Values
    from darnax.errors import Problem
    from darnax.local_data import LocalSource

    if not isinstance(data.source, LocalSource) or data.labels.of_inputs:
        return []
    code = type(data.labels).__name__
    if dataset.class_names and isinstance(data.labels, Patterns | Values):
        what = f"got {code}, but the targets of {dataset.name} are classes"
        return [Problem("data.labels", f"{what}; set it to null, or give data.targets=values")]
    if not dataset.class_names and isinstance(data.labels, Classes):
        what = f"got {code}, but the targets of {dataset.name} are numbers"
        return [Problem("data.labels", f"{what}; set it to null, or give data.targets=classes")]
    return []
