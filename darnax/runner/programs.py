"""The compiled programs of a run: draw, shuffle, train on a chunk of batches, evaluate a window.

A training step passes through `TrainingLoop.train_chunk` (on the host), `train_chunk` below (the
compiled loop over batches), `TrainProgram.step` (one batch) and `learning.train_step`.

All programs take a `TrainProgram`, whose numbers are traced: a process compiles them once for all
runs that differ in numbers alone.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from darnax.data import Window
from darnax.data.dataset import WindowPart
from darnax.numeric_checks import LARGEST
from darnax.observables import Metrics, norms
from darnax.operations import Operations
from darnax.orchestrators import Orchestrator
from darnax.runner.compilation import LazyJit
from darnax.runner.devices import (
    BATCH_AXIS,
    REPLICATED,
    SPLIT,
    copy_to_all,
    from_all,
    gather,
    make_mesh,
    shard_over,
)
from darnax.runner.experiment import Experiment
from darnax.runner.train_program import TrainProgram, TrainState

EVALUATION_BATCH = 500
NEVER = 2**31 - 1  # the first bad batch of a check that found none

# The training step, traced once for its two uses in `train_chunk`: the shapes of its results, and
# the body of the loop. `inline` keeps the compiled program that of a plain call.
train_step = jax.jit(TrainProgram.step, static_argnames="measures", inline=True)
# Train state, sums of the metrics and first bad batches: what the loop over batches carries.
Carry = tuple[TrainState, Metrics, Int[Array, " checks"]]


class Keys(NamedTuple):
    """The independent PRNG keys of a run: for its weights, its order of examples, its noise."""

    weights: Key[Array, "..."]
    order: Key[Array, "..."]
    noise: Key[Array, "..."]


class ParallelRuns:
    """One run, or several that one program trains side by side.

    `runner.replicas = n` makes n runs, with the seeds seed, …, seed + n − 1. With several runs,
    keys, train states, orders and scores have a leading axis; each run gets the results that it
    would get alone, up to the order of summation.

    Args:
        experiments: one, or several that differ in numbers and seeds alone.
        steps_per_epoch: batches of an epoch.
    """

    def __init__(self, experiments: Sequence[Experiment], steps_per_epoch: int) -> None:
        replicas = []
        self.seeds = []
        for experiment in experiments:
            for replica in range(experiment.runner.replicas):
                replicas.append(experiment)
                self.seeds.append(experiment.seed + replica)
        self.program = TrainProgram.stack(replicas, steps_per_epoch, make_mesh(experiments[0]))

    def keys(self) -> Keys:
        """Return the keys, which follow from the seeds."""
        return split_seeds(jnp.array(self.seeds), self.program.is_stacked)

    def initial_state(self) -> TrainState:
        """Draw the networks, and return them with the first states of their optimisers."""
        return initialise(self.program, self.keys().weights)

    def abstract_state(self) -> TrainState:
        """Return the shapes and types of `initial_state`; nothing is drawn."""
        keys = split_seeds.eval_shape(jnp.array(self.seeds), self.program.is_stacked)
        return initialise.eval_shape(self.program, keys.weights)

    def network(self, arrays: Any, index: int = 0) -> Orchestrator:
        """Return the network with these arrays; of several runs, that of run number `index`."""
        program = self.program
        if program.is_stacked:
            program, arrays = jax.tree.map(lambda leaf: leaf[index], (program, arrays))
        return program.network(arrays)

    def to_devices(self, window: Window | WindowPart) -> Window:
        """Return the window on every device of the mesh; without a mesh, the window itself."""
        mesh = self.program.mesh
        if mesh is None:  # one process, which reads whole windows
            return Window(*window)
        copy = gather if isinstance(window, WindowPart) else copy_to_all
        inputs, targets = copy(mesh, window.inputs), copy(mesh, window.targets)
        return Window(inputs, targets, window.count)


@partial(LazyJit, static_argnums=1)
def split_seeds(seeds: Int[Array, " runs"], is_stacked: bool) -> Keys:
    """Return the keys of every run, or of the one run."""
    each = jax.vmap(lambda seed: jax.random.split(jax.random.key(seed), 3))(seeds)
    return Keys(*(each.T if is_stacked else each[0]))


@LazyJit
def initialise(program: TrainProgram, key: Key[Array, "..."]) -> TrainState:
    """Draw the network of every run."""
    return program.vmap_over_runs(TrainProgram.initialise)(program, key)


@partial(LazyJit, static_argnums=3)
def shuffle(key: Key[Array, "..."], epoch: Array, window: Array, n: int) -> Int[Array, "... n"]:
    """Draw the order in which every run visits the n examples of a window in an epoch.

    The order follows from the key, the epoch and the window's number alone, so that a resumed run
    draws it again.
    """

    def shuffle_one(key: Key[Array, ""]) -> Int[Array, " n"]:
        return jax.random.permutation(fold_in_window(key, epoch, window), n)

    return jnp.vectorize(shuffle_one, signature="()->(n)")(key)


@partial(LazyJit, donate_argnums=1)
def train_chunk(
    program: TrainProgram,
    train_state: TrainState,
    noise: Key[Array, "..."],
    order: Int[Array, "... n"],
    inputs: Array,
    targets: Array,
    epoch: Array,
    window: Array,
    first: Array,
    last: Array,
) -> tuple[TrainState, Metrics, Int[Array, "... checks"]]:
    """Train every run, on every device, on the batches first…last−1 of a window.

    `first` and `last` are traced: chunks of any length are one program. `train_state` is donated.

    Returns:
        The train state, the metrics averaged over the batches, and for each of `finite_checks`
        the first batch in which its number was NaN, infinite or larger than `LARGEST`, or NEVER.
    """
    common = inputs, targets, epoch, window, first, last
    in_axes = (0, 0, 0, 0, *[None] * len(common))  # all runs read the same batches
    train_runs = program.vmap_over_runs(shard_over(program.mesh, train_batches), in_axes)
    return train_runs(program, train_state, noise, order, *common)


def train_batches(
    program: TrainProgram,
    train_state: TrainState,
    noise: Key[Array, ""],
    order: Int[Array, " n"],
    inputs: Array,
    targets: Array,
    epoch: Array,
    window: Array,
    first: Array,
    last: Array,
) -> Carry:
    """Train one run, on one device, on its part of the batches first…last−1 of a window."""
    devices = program.mesh.size if program.mesh else 1
    device = jax.lax.axis_index(BATCH_AXIS) if devices > 1 else 0
    part = program.batch_size // devices  # examples per device

    def train_batch(index: Array, carry: Carry, *, measures: bool = True) -> Carry:
        train_state, total, first_bad = carry
        start = index * program.batch_size + device * part
        chosen = jax.lax.dynamic_slice(order, (start,), (part,))
        key = jax.random.fold_in(fold_in_window(noise, epoch, window), index)
        x, y = program.encode_batch(inputs, targets, chosen, key)
        clean = program.encode_clean(inputs, chosen)
        train_state, metrics, sizes = train_step(
            program, train_state, x, y, key, clean, measures=measures
        )
        # `<=` is false for NaN, so this finds NaN as well.
        first_bad = jnp.where(sizes <= LARGEST, first_bad, jnp.minimum(first_bad, index))
        sums = {name: total[name] + value for name, value in metrics.items()}
        return train_state, total | sums, first_bad

    def train_group(loop: tuple[Array, Carry]) -> tuple[Array, Carry]:
        # Two loops: a condition in one of them would cost as much as the measurements.
        index, carry = loop
        after = jnp.minimum(index + program.measure_every, last)
        carry = train_batch(index, carry)
        unmeasured = partial(train_batch, measures=False)
        return after, jax.lax.fori_loop(index + 1, after, unmeasured, carry)

    shapes = partial(shapes_of_step, program, train_state, inputs, targets, order[:part], noise)
    carry = initial_carry(train_state, *shapes(measures=True))
    always: Metrics = {}  # the metrics of every batch, where others are of some
    if program.measure_every == 1:
        carry = jax.lax.fori_loop(first, last, train_batch, carry)
    else:
        always, _ = shapes(measures=False)
        _, carry = jax.lax.while_loop(lambda loop: loop[0] < last, train_group, (first, carry))
    train_state, total, first_bad = carry
    # The program is compiled by a call with no batches, whose mean must not divide by zero.
    batches = jnp.maximum(last - first, 1)
    measured = (batches + program.measure_every - 1) // program.measure_every
    mean = {}
    for name, value in total.items():
        count = batches if name in always else measured
        mean[name] = value / count.astype(value.dtype)
    weight_norms = norms("norm", program.network(train_state.arrays).layer_map)
    return train_state, mean | weight_norms, first_bad


def shapes_of_step(
    program: TrainProgram,
    train_state: TrainState,
    inputs: Array,
    targets: Array,
    index: Int[Array, " batch"],
    key: Key[Array, ""],
    *,
    measures: bool,
) -> tuple[Metrics, Float[Array, " checks"]]:
    """Return the shapes of the metrics and of the checked numbers of a step."""
    # A compiled loop needs its carry before its first step, so a step is traced for its shapes.
    x, y = jax.eval_shape(program.encode_batch, inputs, targets, index, key)
    clean = jax.eval_shape(program.encode_clean, inputs, index)
    step = partial(train_step, measures=measures)
    return jax.eval_shape(step, program, train_state, x, y, key, clean)[1:]


def initial_carry(
    train_state: TrainState, metrics: Metrics, sizes: Float[Array, " checks"]
) -> Carry:
    """Return what the loop over batches starts with: no metrics, and no bad batches yet."""
    zeros = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), metrics)
    return train_state, zeros, jnp.full(sizes.shape, NEVER, jnp.int32)


@LazyJit
def evaluate_window(
    program: TrainProgram, arrays: Any, inputs: Array, targets: Array, first: Array | None = None
) -> tuple[Float[Array, "... n"], Int[Array, "... n"]]:
    """Return, for every run and each of the n examples, its score and the largest output's index.

    The devices of a mesh share the batches. `first` is the position of the window in its split,
    for random stages that are applied in evaluations; see `TrainProgram.encode_batch`.
    """
    n = len(targets)
    size = min(n, EVALUATION_BATCH)
    devices = program.mesh.size if program.mesh else 1
    # Rounded up to the same number of whole batches on every device. What is too much repeats the
    # last example, and is cut off below.
    batches = -(-n // (size * devices)) * devices
    index = jnp.minimum(jnp.arange(batches * size), n - 1).reshape(batches, size)

    def evaluate_batches(
        index: Array,
        program: TrainProgram,
        arrays: Any,
        inputs: Array,
        targets: Array,
        first: Array | None,
    ) -> tuple[Array, Array]:
        def evaluate_one(chosen: Array) -> tuple[Array, Array]:
            return program.evaluate_batch(arrays, inputs, targets, chosen, first)

        return from_all(program.mesh, jax.lax.map(evaluate_one, index))

    in_specs = (SPLIT, *[REPLICATED] * 5)
    sharded = shard_over(program.mesh, evaluate_batches, in_specs)
    evaluate_runs = program.vmap_over_runs(sharded, (None, 0, 0, None, None, None))
    found = evaluate_runs(index, program, arrays, inputs, targets, first)
    scores, largest = (a.reshape(*a.shape[:-2], -1)[..., :n] for a in found)
    return scores, largest


@LazyJit
def count_operations(
    program: TrainProgram, arrays: Any, inputs: Array, targets: Array
) -> Operations:
    """Return the synaptic operations of an inference of every run, as a mean over the examples.

    They are at the beginning of their split.
    """
    count = program.vmap_over_runs(TrainProgram.count_operations, (0, 0, None, None))
    return count(program, arrays, inputs, targets)


def fold_in_window(key: Key[Array, ""], epoch: Array, window: Array) -> Key[Array, ""]:
    """Return the key of one window of one epoch."""
    return jax.random.fold_in(jax.random.fold_in(key, epoch), window)
