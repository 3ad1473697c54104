"""The measures of `darnax analyse`: each takes a trained run and returns a table."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from darnax.analysis import (
    basins,
    couplings,
    goodness,
    margins,
    overlaps,
    probes,
    relaxation,
)
from darnax.analysis.names import flatten, layers
from darnax.analysis.table import Table
from darnax.analysis.trained_run import KEY, TrainedRun
from darnax.errors import Problem, RequestError, writing_file
from darnax.learning import selected_by_phase
from darnax.operations import count_operations
from darnax.orchestrators import Orchestrator
from darnax.phases import Phases
from darnax.relaxation import PhaseResult

PROBE_EXAMPLES = 60_000  # training examples that a probe is fitted on, at most
OWN = "the network's own readout"


def curves(subject: TrainedRun) -> Table:
    """Return the flips at every step of training and of inference, on test data, after training."""
    experiment, (x, y, clean, _) = subject.experiment, subject.sample
    rng = jax.random.key(KEY)
    trained = relaxation.curves(
        subject.after, experiment.state.init(x, y), "training", experiment.train, rng, clean
    )
    inferred = relaxation.curves(
        subject.after, experiment.state.init(x), "inference", experiment.infer, rng
    )
    return Table(trained.columns, [*trained.rows, *inferred.rows])


def synaptic_operations(subject: TrainedRun) -> Table:
    """Return the synaptic operations of an inference on test data, after training."""
    experiment, state = subject.experiment, subject.experiment.state.init(subject.sample.x)
    count = eqx.filter_jit(count_operations)
    operations = count(subject.after, state, experiment.infer, jax.random.key(KEY))
    rows = [(name, float(number)) for name, number in operations._asdict().items()]
    return Table(("count", "operations"), rows)


def distributions(subject: TrainedRun) -> Table:
    """Return the margins y·h of every layer, before training and after.

    They are those at the end of the last phase in which the layer's incoming synapses learn.
    """
    phases = learning_phases(subject.after, subject.experiment.train)
    before, after = subject.ends(subject.before), subject.ends(subject.after)
    found = {}
    for i, (name, phase) in phases.items():
        found[f"{name} at {phase}"] = {
            "before": stabilities(before[phase], i),
            "after": stabilities(after[phase], i),
        }
    return margins.distributions(found)


def stabilities(end: PhaseResult, i: int) -> NDArray[np.float32]:
    """Return y·h of every unit of a layer."""
    return np.asarray(end.state[i] * end.fields[i])


def learning_phases(network: Orchestrator, phases: Phases) -> dict[int, tuple[str, str]]:
    """Return the name and the learning phase of every layer whose incoming synapses learn.

    It is the last phase at whose end they learn, if there are several.
    """
    layer_map = network.layer_map
    names = layer_map.names_by_edge()
    found = {}
    for phase_name, phase in phases.items():
        learns = selected_by_phase(layer_map, phase)
        for ((i, _), module), learns_now in zip(layer_map.edge_items(), learns, strict=True):
            if learns_now and getattr(module, "rule", None) is not None:
                found[i] = (names[i, i], phase_name)
    return dict(sorted(found.items()))


def classes(subject: TrainedRun) -> Table:
    """Return the overlaps between the ends of all phases, by class, after training."""
    names = layers(subject.after)
    moments = {}
    for phase, end in subject.ends(subject.after).items():
        moments[phase] = {name: flatten(end.state, i) for i, name in names.items()}
    return overlaps.by_class(moments, subject.sample.classes, subject.class_names)


def history(subject: TrainedRun) -> Table:
    """Return the symmetry of J and its change, at the start and at every checkpoint."""
    return couplings.history(subject.checkpoints(), sizes(subject))


def spectra(subject: TrainedRun) -> Table:
    """Return the eigenvalues of J before training and after."""
    return couplings.spectra({"before": subject.before, "after": subject.after}, sizes(subject))


def sizes(subject: TrainedRun) -> dict[str, tuple[int, ...]]:
    """Return the size of every hidden layer."""
    state = subject.experiment.state
    return {name: state[i].shape[1:] for i, name in layers(subject.after).items()}


def basins_of_attraction(subject: TrainedRun) -> Table:
    """Return how much of the final state of inference may be flipped."""
    experiment, rng = subject.experiment, jax.random.key(KEY)
    last = list(experiment.infer)[-1]
    state = subject.ends(subject.after)[f"inference: {last}"].state
    return basins.basins(subject.after, state, experiment.infer[last].messages, rng)


def linear_probes(subject: TrainedRun) -> Table:
    """Return the test score of a linear readout of every layer, and that of the network itself."""
    own = []

    def read_train() -> probes.Batches:
        for batch in subject.read(subject.dataset.train, PROBE_EXAMPLES):
            yield batch.buffers, batch.y

    def read_test() -> probes.Batches:
        for batch in subject.read(subject.dataset.test):
            own.append(subject.score(batch.scores, batch.y))
            yield batch.buffers, batch.y

    table = probes.probes(read_train(), read_test(), subject.score)
    readout = (OWN, float(np.concatenate(own).mean()))
    return Table(table.columns, [*table.rows, readout])


def readout_by_goodness(subject: TrainedRun) -> Table:
    """Return the accuracy by goodness of the layers, and that of the network itself, on test data.

    It has no rows for a network without layers that learn by Forward-Forward, or without classes.
    """
    experiment, network, labels = subject.experiment, subject.after, subject.experiment.data.labels
    right = goodness.find_right_labels(network, experiment.train)
    if right is None or not (subject.dataset.class_names and labels.right_or_wrong):
        return Table(goodness.COLUMNS, [])
    classes = experiment.data.classes
    targets = labels.encode(jnp.arange(classes), classes)
    found, truth, own = [], [], []
    for batch in subject.read(subject.dataset.test, subject.examples):
        x = batch.buffers["input"].reshape(-1, *experiment.state[0].shape[1:])
        state = experiment.state.init(jnp.asarray(x))
        by_class = goodness.goodness_by_class(network, state, right, targets, jax.random.key(KEY))
        found.append(np.asarray(by_class))
        truth.append(batch.targets)
        own.append(subject.score(batch.scores, batch.y))
    names = [layers(network)[i] for i in right.layers]
    table = goodness.accuracies(np.concatenate(found, axis=1), np.concatenate(truth), names)
    readout = (OWN, float(np.concatenate(own).mean(dtype=float)))
    return Table(table.columns, [*table.rows, readout])


MEASURES: Mapping[str, Callable[[TrainedRun], Table]] = {
    "relaxation": curves,
    "operations": synaptic_operations,
    "margins": distributions,
    "overlaps": classes,
    "couplings": history,
    "spectra": spectra,
    "basins": basins_of_attraction,
    "probes": linear_probes,
    "goodness": readout_by_goodness,
}


def select_measures(names: list[str]) -> Mapping[str, Callable[[TrainedRun], Table]]:
    """Return the measures with these names, or all of them if there are no names.

    Raises:
        RequestError: a name is unknown.
    """
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        what = f"got {', '.join(unknown)}, expected some of {', '.join(MEASURES)}"
        raise RequestError(Problem("--only", what))
    return {name: measure for name, measure in MEASURES.items() if not names or name in names}


def export_states(subject: TrainedRun, path: Path) -> None:
    """Write the states of inference on the test split (±1 as int8), `scores` and `targets`.

    Read it with `numpy.load(path)`; the array of a layer is (examples, units).
    """
    batches = list(subject.read(subject.dataset.test))
    arrays: dict[str, NDArray[Any]] = {}
    for name in layers(subject.after).values():
        states = np.concatenate([batch.buffers[name] for batch in batches])
        arrays[name] = states.astype(np.int8) if np.all(np.abs(states) == 1) else states
    arrays["scores"] = np.concatenate([batch.scores for batch in batches])
    arrays["targets"] = np.concatenate([batch.targets for batch in batches])
    with writing_file(path), path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
