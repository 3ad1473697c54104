"""The measures of `darnax analyse`: each looks at a run and returns a table."""

from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import numpy as np
from numpy.typing import NDArray

from darnax.analysis import basins, couplings, margins, overlaps, probes, relaxation
from darnax.analysis.names import flat, layers
from darnax.analysis.subject import KEY, TrainedRun
from darnax.analysis.table import Table
from darnax.errors import Problem, RequestError, writing_file
from darnax.learning import selected_by_phase
from darnax.orchestrators import Orchestrator
from darnax.relaxation import PhaseResult, Phases

FOR_A_PROBE = 60_000  # training examples at the most


def curves(subject: TrainedRun) -> Table:
    """Flips at every step of training and of inference, on test data, of the trained network."""
    experiment, (x, y, _), rng = subject.experiment, subject.sample, jax.random.key(KEY)
    trained = relaxation.curves(
        subject.after, experiment.state.init(x, y), "training", experiment.train, rng
    )
    inferred = relaxation.curves(
        subject.after, experiment.state.init(x), "inference", experiment.infer, rng
    )
    return Table(trained.columns, [*trained.rows, *inferred.rows])


def distributions(subject: TrainedRun) -> Table:
    """Margins y·h at the end of the phase in which a layer's synapses learn, before training and after."""
    phases = learning_phases(subject.after, subject.experiment.train)
    moments = {
        when: subject.ends(network)
        for when, network in (("before", subject.before), ("after", subject.after))
    }
    return margins.distributions(
        {
            f"{name} at {phase}": {
                when: stabilities(ends[phase], i) for when, ends in moments.items()
            }
            for i, (name, phase) in phases.items()
        }
    )


def stabilities(end: PhaseResult, i: int) -> NDArray[np.float32]:
    """Return y·h of every unit of a layer."""
    return np.asarray(end.state[i] * end.fields[i])


def learning_phases(network: Orchestrator, phases: Phases) -> dict[int, tuple[str, str]]:
    """Return, for every layer whose incoming synapses learn, its name and the last phase at whose end they do."""
    layer_map = network.layer_map
    names = layer_map.names_by_edge()
    found = {}
    for phase_name, phase in phases.items():
        for (i, _), module, learns in zip(
            layer_map.edges, layer_map.modules, selected_by_phase(layer_map, phase), strict=True
        ):
            if learns and getattr(module, "rule", None) is not None:
                found[i] = (names[i, i], phase_name)
    return dict(sorted(found.items()))


def classes(subject: TrainedRun) -> Table:
    """Overlaps between the ends of all phases, by class, of the trained network."""
    names = layers(subject.after)
    moments = {
        phase: {name: flat(end.state, i) for i, name in names.items()}
        for phase, end in subject.ends(subject.after).items()
    }
    return overlaps.by_class(moments, subject.sample.classes, subject.class_names)


def history(subject: TrainedRun) -> Table:
    """Symmetry of J, and how far it has moved, at the start and at every checkpoint there is."""
    return couplings.history(subject.checkpoints(), sizes(subject))


def spectra(subject: TrainedRun) -> Table:
    """Eigenvalues of J before training and after."""
    return couplings.spectra({"before": subject.before, "after": subject.after}, sizes(subject))


def sizes(subject: TrainedRun) -> dict[str, tuple[int, ...]]:
    """Return the size of every hidden layer."""
    return {
        name: subject.experiment.state[i].shape[1:] for i, name in layers(subject.after).items()
    }


def basins_of_attraction(subject: TrainedRun) -> Table:
    """How much of the state that inference ends in may be flipped."""
    experiment, rng = subject.experiment, jax.random.key(KEY)
    last = list(experiment.infer)[-1]
    state = subject.ends(subject.after)[f"inference: {last}"].state
    return basins.basins(subject.after, state, experiment.infer[last].messages, rng)


def linear_probes(subject: TrainedRun) -> Table:
    """What a linear readout of every layer reaches on the test split, beside the network's own."""
    train = ((read.buffers, read.y) for read in subject.read(subject.dataset.train, FOR_A_PROBE))
    own = []

    def test() -> probes.Batches:
        for read in subject.read(subject.dataset.test):
            own.append(subject.score(read.scores, read.y))
            yield read.buffers, read.y

    table = probes.probes(train, test(), subject.score)
    return Table(
        table.columns,
        [*table.rows, ("the network's own readout", float(np.concatenate(own).mean()))],
    )


MEASURES: Mapping[str, Callable[[TrainedRun], Table]] = {
    "relaxation": curves,
    "margins": distributions,
    "overlaps": classes,
    "couplings": history,
    "spectra": spectra,
    "basins": basins_of_attraction,
    "probes": linear_probes,
}


def select_measures(names: list[str]) -> Mapping[str, Callable[[TrainedRun], Table]]:
    """Return the measures with these names, all of them for none; a RequestError names what does not exist."""
    if unknown := [name for name in names if name not in MEASURES]:
        raise RequestError(
            Problem("--only", f"got {', '.join(unknown)}, expected some of {', '.join(MEASURES)}")
        )
    return {name: measure for name, measure in MEASURES.items() if not names or name in names}


def export_states(subject: TrainedRun, path: Path) -> None:
    """Write what inference makes of the test split: states by layer (±1 as int8), `scores`, `targets`.

    Read it with `numpy.load(path)`; a layer is (examples, units).
    """
    reads = list(subject.read(subject.dataset.test))
    arrays = {
        name: np.concatenate([read.buffers[name] for read in reads])
        for name in layers(subject.after).values()
    }
    found = {
        name: array.astype(np.int8) if np.all(np.abs(array) == 1) else array
        for name, array in arrays.items()
    }
    found["scores"] = np.concatenate([read.scores for read in reads])
    found["targets"] = np.concatenate([read.targets for read in reads])
    with writing_file(path), path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **found)
