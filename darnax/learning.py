"""One training step and one evaluation step: phases, local updates, Optax."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from operator import and_
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key, PyTree

from darnax.bounds import learns_in_several_phases, update_checks
from darnax.layer_map import LayerMap
from darnax.modules import OutputLayer
from darnax.modules.plasticity import no_update
from darnax.observables import (
    Metrics,
    Observable,
    StepContext,
    measure,
    norms,
    overlaps,
    relaxations,
    unstable,
)
from darnax.orchestrators import Orchestrator
from darnax.relaxation import Phase, PhaseResult, ordered, relax
from darnax.states import State

O = TypeVar("O", bound=Orchestrator)  # noqa: E741


class TrainStepOutput(NamedTuple):
    """What a training step returns: the network and its optimiser's state after it, the readout's scores before it, metrics.

    The scores are those of the phase that `answering` names, or None where no phase is free of the label. The sizes are of
    what has to stay within bounds, one for each of `bounds.places`.
    """

    network: Any
    opt_state: PyTree
    scores: Float[Array, "batch *out"] | None
    metrics: Metrics
    sizes: Float[Array, " places"]


def train_step(
    network: O,
    optimizer: optax.GradientTransformation,
    opt_state: PyTree,
    state: State,
    phases: Mapping[str, Phase],
    x: Float[Array, "batch *in"],
    y: Float[Array, "batch *out"],
    rng: Key[Array, ""],
    axis: str | None = None,
    observables: Mapping[str, Observable] | None = None,
) -> TrainStepOutput:
    """Show (x, y), go through the phases, and apply the sum of the local updates made at their ends.

    All updates are of the network as it was before the step. What is not plastic, or learns in no phase, stays bit-identical.

    Args:
        network: the orchestrator with all modules.
        optimizer: descends the pseudo-gradients −ΔW; made with `grouped`, or any of Optax's.
        opt_state: from `init_optimizer`.
        state: any state of the network; only its sizes count.
        phases: by name, in order: `Phases`, or any mapping of one.
        x: encoded inputs.
        y: encoded labels.
        rng: a key.
        axis: of a mesh whose devices share the batch, x and y being this device's part; `ΔW` and
            the metrics are of the whole.
        observables: by name, further measurements of the step; their values are among the metrics.

    Raises:
        TypeError: several phases that are no `Phases`, since JAX may have changed their order.
        ValueError: `x` or `y` is no batch of the state's input or output, or the state is not that of the network.
    """
    ends = dict(run_phases(network, state.init(x, y), phases, rng))
    pseudo_gradients, parts = local_updates(network, phases, ends)
    metrics = observe(network, phases, ends)
    if observables:
        metrics |= measure(observables, StepContext(network, phases, ends, x, y))
    sizes = [optax.tree.norm(x), optax.tree.norm(y), *parts]
    if axis is not None:
        # Each part was divided by the root of its own number of examples.
        root = jnp.sqrt(jnp.float32(jax.lax.axis_size(axis)))
        mine = pseudo_gradients, metrics, sizes
        pseudo_gradients, metrics, sizes = jax.tree.map(
            lambda part: jax.lax.pmean(part, axis), mine
        )
        pseudo_gradients = jax.tree.map(lambda mean: mean * root, pseudo_gradients)
    mask = trainable_mask(network, phases)
    parameters = eqx.filter(network, mask)
    steps, opt_state = optimizer.update(eqx.filter(pseudo_gradients, mask), opt_state, parameters)
    metrics |= (updates := norms("update", steps.layer_map))
    sizes += [
        updates[f"update/{place.module}"]
        for place in update_checks(network.layer_map, trainable_by_phase(network.layer_map, phases))
    ]
    scored = scoring_phase(network.layer_map, phases)
    scores = None if scored is None else scores_of(network, ends[scored])
    return TrainStepOutput(
        eqx.apply_updates(network, steps), opt_state, scores, metrics, jnp.stack(sizes)
    )


def evaluate_step(
    network: Orchestrator,
    state: State,
    phases: Mapping[str, Phase],
    x: Float[Array, "batch *in"],
    rng: Key[Array, ""],
) -> Float[Array, "batch *out"]:
    """Show x alone, go through the phases, and return the readout's scores at the end."""
    *_, (_, end) = run_phases(network, state.init(x), phases, rng)
    return scores_of(network, end)


def run_phases(
    network: Orchestrator, state: State, phases: Mapping[str, Phase], rng: Key[Array, ""]
) -> Iterator[tuple[str, PhaseResult]]:
    """Yield every phase at its end; the messages of the input and the output are computed once for all of them."""
    rng, key = jax.random.split(rng)
    held = network.clamped_messages(state, key)
    for name, phase in ordered(phases).items():
        state, rng, relaxation = relax(network, state, rng, phase, held)
        yield name, PhaseResult(state, network.fields(state, rng, phase.messages, held), relaxation)


def local_updates(
    network: O, phases: Mapping[str, Phase], ends: Mapping[str, PhaseResult]
) -> tuple[O, list[Float[Array, ""]]]:
    """Return −ΔW of every module, summed over the phases at whose end it learns, in the shape of the network.

    And the norms of the summands, phase by phase, of modules that learn in several.
    """
    layer_map, parts = network.layer_map, []
    total = list(no_update(network).layer_map.modules)
    learns = trainable_by_phase(layer_map, phases)
    for name in phases:
        updates = network.updates(ends[name].state, ends[name].fields).layer_map.modules
        for index, often in enumerate(learns_in_several_phases(learns)):
            if learns[name][index]:
                total[index] = jax.tree.map(jnp.add, total[index], updates[index])
                parts += (
                    [optax.tree.norm(eqx.filter(updates[index], eqx.is_inexact_array))]
                    if often
                    else []
                )
    return eqx.tree_at(lambda o: o.layer_map, network, layer_map.with_modules(total)), parts


def trainable_by_phase(layer_map: LayerMap, phases: Mapping[str, Phase]) -> dict[str, list[bool]]:
    """Return, for every phase, whether each module in order learns at its end and has something that may change."""
    plastic = [any(jax.tree.leaves(module.plastic())) for module in layer_map.modules]
    return {
        name: [
            learns and moves
            for learns, moves in zip(selected_by_phase(layer_map, phase), plastic, strict=True)
        ]
        for name, phase in phases.items()
    }


def selected_by_phase(layer_map: LayerMap, phase: Phase) -> list[bool]:
    """Return, for every module in order, whether it learns at the end of `phase`."""
    return [any(fnmatchcase(name, pattern) for pattern in phase.learn) for name in layer_map.names]


def trainable_mask(network: Orchestrator, phases: Mapping[str, Phase]) -> PyTree[bool]:
    """Return the network with every array replaced by whether training may change it: plastic, and learning in some phase."""
    layer_map = network.layer_map
    learns = [
        any(column)
        for column in zip(
            *(selected_by_phase(layer_map, phase) for phase in phases.values()), strict=True
        )
    ]
    masks = [
        module.plastic() if learning else jax.tree.map(lambda _: False, module)
        for module, learning in zip(layer_map.modules, learns, strict=True)
    ]
    nothing = jax.tree.map(lambda _: False, network)
    return eqx.tree_at(lambda o: o.layer_map, nothing, layer_map.with_modules(masks))


def group_by_module(
    network: Orchestrator,
    default: optax.GradientTransformation,
    groups: Mapping[str, optax.GradientTransformation],
) -> optax.GradientTransformation:
    """Return the optimiser that treats a module by the first group whose glob matches its name, and the rest by `default`."""
    names = network.layer_map.names
    group_of = [
        next((pattern for pattern in groups if fnmatchcase(name, pattern)), "") for name in names
    ]

    def labels(parameters: Any) -> Any:
        modules = zip(group_of, parameters.layer_map.modules, strict=True)
        labelled = [jax.tree.map(lambda _, group=group: group, module) for group, module in modules]
        return eqx.tree_at(
            lambda o: o.layer_map, parameters, parameters.layer_map.with_modules(labelled)
        )

    return optax.partition({"": default, **groups}, labels)


def init_optimizer(
    network: Orchestrator, optimizer: optax.GradientTransformation, phases: Mapping[str, Phase]
) -> PyTree:
    """Return the optimiser's state for what `phases` let learn."""
    return optimizer.init(eqx.filter(network, trainable_mask(network, phases)))


def observe(
    network: Orchestrator, phases: Mapping[str, Phase], ends: Mapping[str, PhaseResult]
) -> Metrics:
    """Return the physics of one step, by the names of the metrics; see `darnax.observables`."""
    layer_map = network.layer_map
    metrics = relaxations({name: end.relaxation for name, end in ends.items()})
    metrics |= overlaps(network, {name: end.state for name, end in ends.items()})
    for name, phase in phases.items():
        metrics |= unstable(
            layer_map, selected_by_phase(layer_map, phase), ends[name].state, ends[name].fields
        )
    return metrics


def scoring_phase(layer_map: LayerMap, phases: Mapping[str, Phase]) -> str | None:
    """Name the phase whose scores tell how right the network is in training, or None where every state has seen the label.

    It is the last label-free phase at whose end the readout learns, or else the last label-free phase.
    """
    clean = label_free_phases(layer_map, phases)
    writes = [i == layer_map.output for i, _ in layer_map.edges]
    learns = trainable_by_phase(layer_map, phases)
    candidates = [*clean, *(name for name in clean if any(map(and_, learns[name], writes)))]
    return candidates[-1] if candidates else None


def label_free_phases(layer_map: LayerMap, phases: Mapping[str, Phase]) -> list[str]:
    """Name the phases at whose end neither a hidden layer nor the readout has received anything that depends on the label.

    Feedback from the output carries the label into the hidden layers, and only `start: blank` takes it out again: recurrent
    layers remember it while they relax without feedback.
    """
    output = layer_map.output
    if not isinstance(
        layer_map[output, output], OutputLayer
    ):  # another layer may send the label to itself
        return []
    has_feedback = any(sender == output != receiver for receiver, sender in layer_map.edges)
    clean, seen = [], False
    for name, phase in phases.items():
        seen = seen and phase.start != "blank"
        seen = seen or (has_feedback and phase.messages == "all" and phase.length > 0)
        if not seen:
            clean.append(name)
    return clean


def scores_of(network: Orchestrator, end: PhaseResult) -> Array:
    """Return the readout's scores at the end of a phase."""
    output = network.layer_map.output
    return network.activate(output, end.fields[output])
