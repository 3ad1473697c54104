"""A network that compiles fast, trained by the programs of a run."""

import jax
import numpy as np
from chain import ABSENT, changed
from optax_table import SGD

from darnax.builder import build
from darnax.data import Resident
from darnax.runner.programs import ParallelRuns, shuffle, train_chunk


def runs_of(experiment):
    rng = np.random.default_rng(0)
    split = Resident(rng.integers(0, 256, (20, 6), np.uint8), np.arange(20, dtype=np.int32) % 4)
    return ParallelRuns([experiment], split.batches(5)), next(split.windows(0))


def trained(experiment, steps=2):
    """Train in the compiled programs of a run."""
    runs, window = runs_of(experiment)
    keys, zero = runs.keys(), np.int32(0)
    order = shuffle(keys.order, zero, zero, window.count)
    state = runs.initial_state()
    before = jax.tree.map(np.asarray, state.arrays)
    place = zero, zero, zero, np.int32(steps)
    state, _, first_bad = train_chunk(runs.program, state, keys.noise, order, *window[:2], *place)
    assert int(first_bad.min()) > steps
    return runs, before, state


def moves(before, state) -> bool:
    after = jax.tree.leaves(state.arrays)
    return any(
        not np.array_equal(one, other)
        for one, other in zip(jax.tree.leaves(before), after, strict=True)
    )


FREE = {"messages": "forward", "steps": 1, "learn": ["*"]}
TINY = {  # one layer, one phase, every unit learns: what takes little time to compile
    "model.depth": ABSENT,
    "model.buffers.hidden.repeat": 1,
    "model.adapters.w_in.threshold": 100.0,
    "dynamics.train": {"free": FREE},
    "dynamics.infer": {"recall": {"messages": "forward", "steps": 1}},
    "optimizer.groups": {},
}


def tiny(changes=None, **node):
    """Build the small experiment with an optimiser."""
    return build(changed({**TINY, "optimizer.default": node or SGD, **(changes or {})}))
