"""A synthetic task: a small network on random digits, without download."""

from functools import cache

import numpy as np
from shipped_schemes import OF_SCHEME

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.data import Dataset
from darnax.data.resident import Resident
from darnax.laboratory.fitted_encoding import fit_encoding
from darnax.runner.experiment import Experiment

SMALL = [
    "+experiment=digits_smoke",
    "model.depth=1",
    "model.features=60",
    "data.batch_size=16",
    "tracking=local",
]
EXAMPLES = 160


@cache
def experiment(*overrides: str) -> Experiment:
    return build(compose([*SMALL, *overrides]))


@cache
def scheme(name: str, *overrides: str) -> Experiment:
    """Return a small version of the shipped experiment of a learning rule, without Adam.

    Adam makes a step of one size from a pseudo-gradient of 0 and from one of rounding errors.
    """
    small = ["model.features=8", "data.batch_size=16", "tracking=local"]
    descent = ["optimizer.default._target_=optax.sgd", "optimizer.default.learning_rate=0.1"]
    own = OF_SCHEME.get(name, [])
    made = build(compose([f"+experiment=mnist_{name}", *small, *descent, *own, *overrides]))
    return fit_encoding(made, dataset())


def dataset() -> Dataset:
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (EXAMPLES, 28, 28, 1), np.uint8)
    digits = draw.integers(0, 10, EXAMPLES).astype(np.int32)
    split = Resident(images, digits)
    return Dataset("random digits", split, split, split, tuple("0123456789"))
