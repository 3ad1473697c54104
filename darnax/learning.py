"""One training step and one evaluation step: phases, local updates, Optax."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key, PyTree

from darnax.layer_map import LayerMap
from darnax.modules import AbstractModule
from darnax.modules.plasticity import no_update
from darnax.numeric_checks import learns_in_several_phases, update_checks
from darnax.observables import (
    Metrics,
    Observable,
    PhaseEnds,
    StepContext,
    measure,
    norms,
    overlaps,
    relaxations,
    unstable,
)
from darnax.orchestrators import Orchestrator
from darnax.phases import UNSCALED, Factors, Phase
from darnax.relaxation import PhaseResult
from darnax.schedule import run_phases
from darnax.scoring import scoring_phase
from darnax.states import State

O = TypeVar("O", bound=Orchestrator)  # noqa: E741


class TrainStepOutput(NamedTuple):
    """The result of a training step: network and optimiser state after it, scores, metrics, sizes.

    The readout's scores are those of the network before the step, at the end of the phase that
    `scoring_phase` returns, or None where no phase is free of the label. `sizes` are the norms of
    everything that must stay finite, one for each of `numeric_checks.finite_checks`.
    """

    network: Any
    opt_state: PyTree
    scores: Float[Array, "batch *out"] | None
    metrics: Metrics
    sizes: Float[Array, " checks"]


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
    clean: Float[Array, "batch *in"] | None = None,
    score: str | None = None,
    measures: bool = True,
) -> TrainStepOutput:
    """Run the phases with (x, y), and apply the sum of the local updates made at their ends.

    All updates are computed from the network before the step. Arrays that are not plastic, and
    modules that learn in no phase, stay bit-identical.

    Args:
        network: the orchestrator with all modules.
        optimizer: descends the pseudo-gradients −ΔW; from `group_by_module`, or any of Optax's.
        opt_state: from `init_optimizer`.
        state: any state of the network; only its sizes are used.
        phases: by name, in order: `Phases`, or any mapping with one phase.
        x: encoded inputs.
        y: encoded labels.
        rng: a key.
        axis: name of a mesh axis whose devices share the batch, x and y being the part of this
            device; `ΔW` and the metrics are then those of the whole batch.
        observables: by name, further measurements of the step; their values are among the metrics.
        clean: encoded inputs without random stages, for phases with `input: clean`; by default `x`.
        score: the phase at whose end the readout is scored; by default `scoring_phase` finds it.
        measures: whether the metrics have what is measured at the ends of phases: flips, overlaps,
            unstable units and `observables`. Without them a step takes less time.

    Raises:
        TypeError: several phases in another mapping than `Phases`, whose order JAX may have
            changed.
        ValueError: `x` or `y` is not a batch of the state's input or output, or the state is not
            one of the network.
    """
    layer_map = network.layer_map
    ends = dict(run_phases(network, state.init(x, y), phases, rng, clean, axis))
    pseudo_gradients, part_norms = local_updates(network, phases, ends)
    metrics = observe(network, phases, ends, x, y, observables or {}) if measures else {}
    sizes = [optax.tree.norm(x), optax.tree.norm(y), *part_norms]
    if axis is not None:
        own = pseudo_gradients, metrics, sizes
        pseudo_gradients, metrics, sizes = average_over_devices(own, axis)
    steps, opt_state = optimizer_steps(network, optimizer, opt_state, phases, pseudo_gradients)
    update_norms = norms("update", steps.layer_map)
    metrics |= update_norms
    checks = update_checks(layer_map, trainable_by_phase(layer_map, phases))
    sizes += [update_norms[f"update/{check.module}"] for check in checks]
    scored = score or scoring_phase(network, phases)
    scores = None if scored is None else scores_of(network, ends[scored])
    updated = eqx.apply_updates(network, steps)
    return TrainStepOutput(updated, opt_state, scores, metrics, jnp.stack(sizes))


def optimizer_steps(
    network: O,
    optimizer: optax.GradientTransformation,
    opt_state: PyTree,
    phases: Mapping[str, Phase],
    pseudo_gradients: O,
) -> tuple[O, PyTree]:
    """Return the changes of what is trainable, and the optimiser's new state."""
    mask = trainable_mask(network, phases)
    parameters = eqx.filter(network, mask)
    steps, opt_state = optimizer.update(eqx.filter(pseudo_gradients, mask), opt_state, parameters)
    return steps, opt_state


def average_over_devices(own: tuple[O, Metrics, Any], axis: str) -> tuple[O, Metrics, Any]:
    """Return pseudo-gradients, metrics and sizes of a batch that the devices of `axis` share."""
    pseudo_gradients, metrics, sizes = jax.tree.map(lambda part: jax.lax.pmean(part, axis), own)
    # ΔW is divided by √B. Each device divided by the root of its own number of examples, so the
    # mean over the devices has to be multiplied by the root of their number.
    root = jnp.sqrt(jnp.float32(jax.lax.axis_size(axis)))
    pseudo_gradients = jax.tree.map(lambda mean: mean * root, pseudo_gradients)
    return pseudo_gradients, metrics, sizes


def evaluate_step(
    network: Orchestrator,
    state: State,
    phases: Mapping[str, Phase],
    x: Float[Array, "batch *in"],
    rng: Key[Array, ""],
) -> Float[Array, "batch *out"]:
    """Run the phases with x alone, any number of inputs, and return the readout's scores."""
    *_, (_, end) = run_phases(network, state.init(x), phases, rng)
    return scores_of(network, end)


def local_updates(
    network: O, phases: Mapping[str, Phase], ends: Mapping[str, PhaseResult]
) -> tuple[O, list[Float[Array, ""]]]:
    """Return −ΔW of every module, summed over the phases in which it learns, and norms of parts.

    The update of each phase is multiplied by the factor of the module in its `learn`.

    The first result has the shape of the network. The second has, phase by phase, the norm of the
    update of each module that learns in several phases, since a sum can hide a part that is too
    large.
    """
    layer_map = network.layer_map
    part_norms: list[Float[Array, ""]] = []
    total = list(no_update(network).layer_map.modules)
    learns = trainable_by_phase(layer_map, phases)
    several = learns_in_several_phases(learns)
    for name, phase in phases.items():
        end = ends[name]
        targets: tuple[State, ...] = ()
        if isinstance(phase.target_state, Factors):
            targets = (mix_states(end.state, phase.target_state, ends),)
        updated = network.updates(end.state, end.fields, end.third_factors, *targets)
        updates = updated.layer_map.modules
        for index, learns_again in enumerate(several):
            if not learns[name][index]:
                continue
            update = scale(updates[index], phase.factor(layer_map.names[index]))
            total[index] = jax.tree.map(jnp.add, total[index], update)
            if learns_again:
                part_norms.append(optax.tree.norm(eqx.filter(update, eqx.is_inexact_array)))
    summed = eqx.tree_at(lambda o: o.layer_map, network, layer_map.with_modules(total))
    return summed, part_norms


def mix_states(state: State, weights: Mapping[str, Any], ends: Mapping[str, PhaseResult]) -> State:
    """Return the weighted sum of the states at the ends of phases.

    Args:
        state: whose structure the result has.
        weights: phase -> its weight.
        ends: phase -> its result.
    """
    mixed = state
    for i in range(len(state)):
        parts = [weight * ends[name].state[i] for name, weight in weights.items()]
        mixed = mixed.replace_val(i, sum(parts[1:], start=parts[0]))
    return mixed


def scale(update: AbstractModule, factor: ArrayLike) -> AbstractModule:
    """Return an update times a factor; the same update for the integer 1, of a list of names."""
    if factor is UNSCALED:
        return update
    return jax.tree.map(lambda part: part * jnp.asarray(factor, part.dtype), update)


def trainable_by_phase(layer_map: LayerMap, phases: Mapping[str, Phase]) -> dict[str, list[bool]]:
    """Return phase -> for every module in order, whether it learns and has plastic arrays."""
    plastic = [any(jax.tree.leaves(module.plastic())) for module in layer_map.modules]
    learns = {}
    for name, phase in phases.items():
        selected = selected_by_phase(layer_map, phase)
        learns[name] = [a and b for a, b in zip(selected, plastic, strict=True)]
    return learns


def selected_by_phase(layer_map: LayerMap, phase: Phase) -> list[bool]:
    """Return, for every module in order, whether it learns at the end of `phase`."""
    return [phase.factor(name) is not None for name in layer_map.names]


def trainable_mask(network: Orchestrator, phases: Mapping[str, Phase]) -> PyTree[bool]:
    """Return the network with every array replaced by whether training may change it.

    Training changes what is plastic in a module that learns in some phase.
    """
    layer_map = network.layer_map
    learns = selected_by_any_phase(layer_map, phases.values())
    masks = [
        module.plastic() if learning else jax.tree.map(lambda _: False, module)
        for module, learning in zip(layer_map.modules, learns, strict=True)
    ]
    nothing = jax.tree.map(lambda _: False, network)
    return eqx.tree_at(lambda o: o.layer_map, nothing, layer_map.with_modules(masks))


def selected_by_any_phase(layer_map: LayerMap, phases: Iterable[Phase]) -> list[bool]:
    """Return, for every module in order, whether it learns at the end of one of the phases."""
    by_phase = [selected_by_phase(layer_map, phase) for phase in phases]
    return [any(selected) for selected in zip(*by_phase, strict=True)]


def group_by_module(
    network: Orchestrator,
    default: optax.GradientTransformation,
    groups: Mapping[str, optax.GradientTransformation],
) -> optax.GradientTransformation:
    """Return the optimiser that applies to each module the first group whose glob matches its name.

    Modules that match no glob use `default`.
    """
    group_of = []
    for name in network.layer_map.names:
        matching = [pattern for pattern in groups if fnmatchcase(name, pattern)]
        group_of.append(matching[0] if matching else "")

    def label_parameters(parameters: Any) -> Any:
        layer_map = parameters.layer_map
        labels = [
            jax.tree.map(lambda _, group=group: group, module)
            for group, module in zip(group_of, layer_map.modules, strict=True)
        ]
        return eqx.tree_at(lambda o: o.layer_map, parameters, layer_map.with_modules(labels))

    return optax.partition({"": default, **groups}, label_parameters)


def init_optimizer(
    network: Orchestrator, optimizer: optax.GradientTransformation, phases: Mapping[str, Phase]
) -> PyTree:
    """Return the optimiser's state for the arrays that training with `phases` may change."""
    return optimizer.init(eqx.filter(network, trainable_mask(network, phases)))


def observe(
    network: Orchestrator,
    phases: Mapping[str, Phase],
    ends: Mapping[str, PhaseResult],
    x: Float[Array, "batch *in"],
    y: Float[Array, "batch *out"],
    observables: Mapping[str, Observable],
) -> Metrics:
    """Return the metrics of one step, by name; see `darnax.observables`."""
    layer_map = network.layer_map
    metrics = relaxations({name: end.relaxation for name, end in ends.items()})
    metrics |= overlaps(network, {name: end.state for name, end in ends.items()})
    for name, phase in phases.items():
        metrics |= unstable(
            layer_map, selected_by_phase(layer_map, phase), ends[name].state, ends[name].fields
        )
    context = StepContext(network, phases, PhaseEnds(ends), x, y)
    return metrics | measure(observables, context)


def scores_of(network: Orchestrator, end: PhaseResult) -> Array:
    """Return the readout's scores at the end of a phase."""
    output = network.layer_map.output
    return network.activate(output, end.fields[output])
