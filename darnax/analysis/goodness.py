"""Readout by goodness: the answer is the class that, shown as the label, excites the layers most.

@article{hinton2022forward,
  title = {The forward-forward algorithm: some preliminary investigations},
  author = {Hinton, Geoffrey}, journal = {arXiv preprint arXiv:2212.13345}, year = {2022}
}
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from numpy.typing import NDArray

from darnax.analysis.table import Cell, Table
from darnax.layer_map import LayerMap
from darnax.learning import trainable_by_phase
from darnax.modules import AbstractModule
from darnax.orchestrators import Orchestrator
from darnax.phases import Phase, Phases
from darnax.rules import ForwardForward
from darnax.schedule import run_phases
from darnax.scoring import spread_label
from darnax.states import State

COLUMNS = ("readout", "accuracy")
SUM = "sum"
AT_ONCE = 10  # classes that are run side by side


class RightLabels(NamedTuple):
    """How a network is shown a right label.

    Args:
        phases: of training, up to the one that shows it.
        layers: the positions of the layers whose goodness that phase raises.
    """

    phases: Phases
    layers: tuple[int, ...]


def find_right_labels(network: Orchestrator, phases: Mapping[str, Phase]) -> RightLabels | None:
    """Return the first phase of training with the given label in which layers learn by goodness.

    These are layers that the label reaches in the phase, with a weight or a bias that learns by
    `ForwardForward`. None where there is no such phase.
    """
    names = list(phases)
    for number, (name, phase) in enumerate(phases.items()):
        if phase.target != "given":
            continue
        reached = spread_label(network, phase, frozenset())
        layers = sorted(reached & learning_by_goodness(network.layer_map, name, phase))
        if layers:
            earlier = {each: phases[each] for each in names[: number + 1]}
            return RightLabels(Phases(earlier), tuple(layers))
    return None


def learning_by_goodness(layer_map: LayerMap, name: str, phase: Phase) -> set[int]:
    """Return the layers to which a module learns by `ForwardForward` at the end of a phase."""
    learns = trainable_by_phase(layer_map, {name: phase})[name]
    found = set()
    for ((i, _), module), learns_now in zip(layer_map.edge_items(), learns, strict=True):
        if learns_now and has_forward_forward(module):
            found.add(i)
    return found


def has_forward_forward(module: AbstractModule) -> bool:
    """Return whether the rule of a weight or of a bias is `ForwardForward`."""
    rules = (getattr(module, "rule", None), getattr(module, "bias", None))
    return any(isinstance(rule, ForwardForward) for rule in rules)


@eqx.filter_jit
def goodness_by_class(
    network: Orchestrator,
    state: State,
    right: RightLabels,
    targets: Float[Array, "classes *out"],
    rng: Key[Array, ""],
) -> Float[Array, "layers batch classes"]:
    """Return the goodness of every layer for every class in the place of the label.

    For layer l and class c it is `G_lc = Σ_i y_i²`, with the state y at the end of the phases where
    the target is that of c.

    Args:
        network: the orchestrator.
        state: with a batch of inputs, (batch, *in); its target is not used.
        right: the phases, and L layers; see `find_right_labels`.
        targets: the values of the output buffer for each of C classes, (C, *out).
        rng: a key, the same for every class.

    Returns:
        An array (L, batch, C).

    Raises:
        ValueError: a target is not one of the output buffer.
    """

    def show(target: Array) -> Array:
        labelled = state.replace_val(-1, jnp.broadcast_to(target, state[-1].shape))
        *_, (_, end) = run_phases(network, labelled, right.phases, rng)
        return jnp.stack([sum_of_squares(end.state[i]) for i in right.layers])

    return jnp.moveaxis(jax.lax.map(show, targets, batch_size=AT_ONCE), 0, -1)


def sum_of_squares(y: Float[Array, "batch *size"]) -> Float[Array, " batch"]:
    """Return `Σ_i y_i²` of every example."""
    return jnp.sum(y.reshape(len(y), -1) ** 2, axis=1)


def accuracies(
    goodness: Float[NDArray[Any], "layers batch classes"],
    classes: Int[NDArray[Any], " batch"],
    names: list[str],
) -> Table:
    """Return the share of examples whose class has the largest goodness, of each layer and in sum.

    The answer is `argmax_c Σ_l G_lc`, the first of equals. In the row `sum` l runs over all layers
    of one or two, and over all but the first of three or more, as in Hinton (2022).

    Args:
        goodness: of every layer, example and class.
        classes: the class of each example.
        names: of the layers.

    Example:
        >>> goodness = np.array([[[1.0, 3.0], [4.0, 3.0]], [[1.0, 0.0], [0.0, 5.0]]])
        >>> accuracies(goodness, np.array([1, 1]), ["hidden1", "hidden2"]).rows
        [('hidden1', 0.5), ('hidden2', 0.5), ('sum', 1.0)]
    """
    first = 1 if len(names) > 2 else 0
    by_name = dict(zip(names, goodness, strict=True)) | {SUM: goodness[first:].sum(axis=0)}
    rows: list[tuple[Cell, ...]] = []
    for name, of_classes in by_name.items():
        rows.append((name, float(np.mean(of_classes.argmax(axis=1) == classes))))
    return Table(COLUMNS, rows)
