"""Runs the cases in another checkout: what a process of its own needs."""

import os
from pathlib import Path

# Makes the programs `train` and `evaluate` of the case in the first argument, w, xs and ys.
MAKE_PROGRAMS = """
import json, sys
import equinox as eqx, jax
jax.config.update("jax_default_matmul_precision", "highest")
from benchmarking.case import Case, make_batches, make_network
from benchmarking.darnax_way import programs
case, batches = Case(*json.loads(sys.argv[1])), int(sys.argv[2])
xs, ys = make_batches(case, batches)
w, train, evaluate = programs(case, eqx.filter_jit(make_network)(case, jax.random.key(0)))
"""


def environment_of(checkout: Path) -> dict[str, str]:
    """Return the environment of a process that imports the package and scripts of a checkout."""
    path = os.pathsep.join(map(str, (checkout, checkout / "scripts")))
    return {**os.environ, "PYTHONPATH": path}
