"""The compiled programs of a run: draw, shuffle, train on a chunk of batches, evaluate a window.

They are functions of a recipe, whose numbers are traced: a process compiles them once for all runs that differ in these alone.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from darnax.data import Window
from darnax.numeric_checks import LARGEST
from darnax.observables import Metrics, norms
from darnax.orchestrators import Orchestrator
from darnax.runner.compiled import Compiled
from darnax.runner.devices import BATCH, PART, WHOLE, mesh_of, shared
from darnax.runner.experiment import Experiment
from darnax.runner.recipe import TrainProgram, TrainState

EVALUATION_BATCH = 500
NEVER = 2**31 - 1  # the first batch with a size out of bounds, where there is none


class Keys(NamedTuple):
    """The streams of randomness of a run: its weights, its order of examples, its noise."""

    weights: Key[Array, "..."]
    order: Key[Array, "..."]
    noise: Key[Array, "..."]


class CompiledPrograms:
    """The programs of a run, or of several side by side; nothing is compiled until it is called.

    Several have one lane each: keys, learners, orders and scores have a leading axis of lanes, and every lane is what its run
    would be alone, up to the order of summation. `runner.replicas = n` makes n lanes, of the seeds seed, seed + 1, …

    Args:
        experiments: one, or several that differ in numbers and seeds alone.
        steps_per_epoch: batches of an epoch.
    """

    def __init__(self, experiments: Sequence[Experiment], steps_per_epoch: int) -> None:
        lanes = [(each, each.seed + r) for each in experiments for r in range(each.runner.replicas)]
        self.recipe = TrainProgram.of(
            [each for each, _ in lanes], steps_per_epoch, mesh_of(experiments[0])
        )
        self.seeds = [seed for _, seed in lanes]

    def keys(self) -> Keys:
        """Return the keys that follow from the seeds."""
        return streams(jnp.array(self.seeds), self.recipe.lanes)

    def start(self, keys: Keys) -> TrainState:
        """Return a learner, drawn afresh."""
        return start(self.recipe, keys.weights)

    def like(self) -> TrainState:
        """Return the shapes of a learner; nothing is drawn."""
        keys = streams.like(jnp.array(self.seeds), self.recipe.lanes)
        return start.like(self.recipe, keys.weights)

    def shuffle(self, keys: Keys, epoch: Any, window: Any, n: int) -> Int[Array, "..."]:
        """Return the order in which window number `window`, of n examples, is visited in that epoch."""
        return shuffle(keys.order, epoch, window, n)

    def train(
        self,
        learner: TrainState,
        keys: Keys,
        inputs: Array,
        targets: Array,
        order: Array,
        *place: Any,
    ) -> tuple[TrainState, Metrics, Int[Array, "..."]]:
        """Train on the batches first…last−1 of a window, where `place` is (epoch, window, first, last).

        One program for chunks of any length. Returns the learner, in place of the one that came, the metrics, averaged over
        the batches, and for each of `numeric_checks.finite_checks` the first batch in which its
        size was out of bounds, or NEVER.
        """
        return train(self.recipe, learner, keys.noise, order, inputs, targets, *place)

    def evaluate(self, arrays: Any, inputs: Array, targets: Array) -> tuple[Array, Array]:
        """Return, per example of the window, how right the answer is, and the largest output."""
        return evaluate(self.recipe, arrays, inputs, targets)

    def network(self, arrays: Any, lane: int = 0) -> Orchestrator:
        """Return the network that has these arrays, or those of one lane."""
        if self.recipe.lanes:
            recipe, arrays = jax.tree.map(lambda leaf: leaf[lane], (self.recipe, arrays))
            return recipe.network(arrays)
        return self.recipe.network(arrays)

    def placed(self, window: Window) -> Window:
        """Return a window that lies where the programs read it: on the device, or whole on each of them."""
        if self.recipe.mesh is None:
            return window
        inputs, targets = jax.device_put(window[:2], jax.NamedSharding(self.recipe.mesh, WHOLE))
        return window._replace(inputs=inputs, targets=targets)


@partial(Compiled, static_argnums=1)
def streams(seeds: Int[Array, " lanes"], lanes: bool) -> Keys:
    """Return the keys of every lane, or of the one run."""
    each = jax.vmap(lambda seed: jax.random.split(jax.random.key(seed), 3))(seeds)
    return Keys(*(each.T if lanes else each[0]))


@Compiled
def start(recipe: TrainProgram, key: Key[Array, "..."]) -> TrainState:
    """Draw the network of every lane."""
    return recipe.across(TrainProgram.start)(recipe, key)


@partial(Compiled, static_argnums=3)
def shuffle(key: Key[Array, "..."], epoch: Array, window: Array, n: int) -> Int[Array, "... n"]:
    """Draw the order of every lane."""
    return jnp.vectorize(
        lambda one: jax.random.permutation(at(one, epoch, window), n), signature="()->(n)"
    )(key)


@partial(Compiled, donate_argnums=1)
def train(
    recipe: TrainProgram,
    learner: TrainState,
    noise: Key[Array, "..."],
    order: Int[Array, "... n"],
    inputs: Array,
    targets: Array,
    epoch: Array,
    window: Array,
    first: Array,
    last: Array,
) -> tuple[TrainState, Metrics, Int[Array, "..."]]:
    """Train every lane, on every device."""
    devices = recipe.mesh.size if recipe.mesh else 1

    def chunk(
        recipe: TrainProgram,
        learner: TrainState,
        noise: Key[Array, ""],
        order: Int[Array, " n"],
        inputs: Array,
        targets: Array,
        *place: Array,
    ) -> tuple[TrainState, Metrics, Int[Array, " places"]]:
        epoch, window, first, last = place
        part = recipe.batch_size // devices
        here = jax.lax.axis_index(BATCH) if devices > 1 else 0

        def turn(
            index: Array, carry: tuple[TrainState, Metrics, Array]
        ) -> tuple[TrainState, Metrics, Array]:
            learner, total, bad = carry
            chosen = jax.lax.dynamic_slice(
                order, (index * recipe.batch_size + here * part,), (part,)
            )
            key = jax.random.fold_in(at(noise, epoch, window), index)
            learner, metrics, sizes = step(recipe, learner, inputs, targets, chosen, key)
            bad = jnp.where(
                sizes <= LARGEST, bad, jnp.minimum(bad, index)
            )  # also where a size is nan
            return learner, jax.tree.map(jnp.add, total, metrics), bad

        _, metrics, sizes = jax.eval_shape(
            step, recipe, learner, inputs, targets, order[:part], noise
        )
        blank = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), metrics)
        never = jnp.full(sizes.shape, NEVER, jnp.int32)
        learner, total, bad = jax.lax.fori_loop(first, last, turn, (learner, blank, never))
        batches = jnp.maximum(last - first, 1)  # none while the program is compiled
        mean = jax.tree.map(lambda t: t / batches.astype(t.dtype), total)
        return learner, mean | norms("norm", recipe.network(learner.arrays).layer_map), bad

    common = inputs, targets, epoch, window, first, last
    in_axes = (0, 0, 0, 0, *[None] * len(common))
    return recipe.across(shared(recipe.mesh, chunk), in_axes)(
        recipe, learner, noise, order, *common
    )


@partial(jax.jit, inline=True)  # traced once, for the shapes of its metrics and for the loop
def step(
    recipe: TrainProgram,
    learner: TrainState,
    inputs: Array,
    targets: Array,
    chosen: Int[Array, " batch"],
    key: Key[Array, ""],
) -> tuple[TrainState, Metrics, Array]:
    """Train on the chosen examples of a window."""
    return recipe.step(learner, *recipe.batch(inputs, targets, chosen), key)


@Compiled
def evaluate(
    recipe: TrainProgram, arrays: Any, inputs: Array, targets: Array
) -> tuple[Array, Array]:
    """Ask every lane, every device some of the questions."""
    n = len(targets)
    size = min(n, EVALUATION_BATCH)
    devices = recipe.mesh.size if recipe.mesh else 1
    batches = -(-n // (size * devices)) * devices
    index = jnp.minimum(jnp.arange(batches * size), n - 1).reshape(batches, size)

    def answers(
        index: Array, recipe: TrainProgram, arrays: Any, inputs: Array, targets: Array
    ) -> tuple[Array, Array]:
        return jax.lax.map(lambda chosen: recipe.answer(arrays, inputs, targets, chosen), index)

    each = shared(recipe.mesh, answers, (PART, WHOLE, WHOLE, WHOLE, WHOLE), PART)
    found = recipe.across(each, (None, 0, 0, None, None))(index, recipe, arrays, inputs, targets)
    right, largest = (a.reshape(*a.shape[:-2], -1)[..., :n] for a in found)
    return right, largest


def at(key: Key[Array, ""], epoch: Array, window: Array) -> Key[Array, ""]:
    """Return the key of one window of one epoch."""
    return jax.random.fold_in(jax.random.fold_in(key, epoch), window)
