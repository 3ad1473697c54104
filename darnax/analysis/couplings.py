"""The couplings J of a layer as a matrix: its symmetry, its change in training, its spectrum."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from darnax.analysis.names import recurrent
from darnax.analysis.table import Table
from darnax.orchestrators import Orchestrator

Matrix = NDArray[np.floating]
HISTORY = ("layer", "checkpoint", "step", "symmetry", "moved")
SPECTRA = ("layer", "when", "real", "imaginary")


def as_matrix(layer: Any, size: tuple[int, ...]) -> Matrix:
    """Return the couplings as a dense matrix J_ji, from unit j to unit i.

    Row j is the message of the state in which unit j is 1 and all others are 0, so this works for
    every connectivity.
    """
    units = int(np.prod(size))
    # One message for all units at once: the layout of J need not be a matrix.
    unit_states = jnp.eye(units, dtype=layer.J.dtype).reshape(units, *size)
    messages = eqx.filter_jit(layer.connectivity.message)(layer.J, unit_states)
    return np.asarray(messages).reshape(units, units)


def symmetry(j: Matrix) -> float:
    """Return `η = Σ_ij J_ij J_ji / Σ_ij J_ij²`: 1 symmetric, 0 independent, −1 antisymmetric.

    It is nan where all couplings are 0.
    """
    squares = np.sum(j * j)
    return float(np.sum(j * j.T) / squares) if squares else math.nan


def relative_change(j: Matrix, start: Matrix) -> float:
    """Return the relative change of the couplings in training, `|J − J_0| / |J_0|`.

    It is nan where all couplings were 0.
    """
    norm = np.linalg.norm(start)
    return float(np.linalg.norm(j - start) / norm) if norm else math.nan


def history(
    checkpoints: Iterable[tuple[str, int, Orchestrator]], sizes: Mapping[str, tuple[int, ...]]
) -> Table:
    """Return the symmetry and the relative change of J at each checkpoint (name, step, network).

    The change is relative to the first checkpoint.
    """
    rows = []
    first: dict[str, Matrix] = {}
    for checkpoint, step, network in checkpoints:
        for name, layer in recurrent(network).items():
            j = as_matrix(layer, sizes[name])
            change = relative_change(j, first.setdefault(name, j))
            rows.append((name, checkpoint, step, symmetry(j), change))
    return Table(HISTORY, rows)


def spectra(moments: Mapping[str, Orchestrator], sizes: Mapping[str, tuple[int, ...]]) -> Table:
    """Return the eigenvalues of J at every moment, in a time of O(N³).

    Those of independent N(0, 1/N) couplings fill the unit disc.
    """
    rows = []
    for when, network in moments.items():
        for name, layer in recurrent(network).items():
            values = np.linalg.eigvals(as_matrix(layer, sizes[name]))
            rows += [(name, when, float(v.real), float(v.imag)) for v in values]
    return Table(SPECTRA, rows)
