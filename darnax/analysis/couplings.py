"""The couplings J of a layer as a matrix: how symmetric it is, how far it has moved, and its spectrum."""

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


def matrix(layer: Any, size: tuple[int, ...]) -> Matrix:
    """Return J_ji, what unit j says to unit i, whatever the connectivity: its message when unit j speaks alone."""
    units = int(np.prod(size))
    alone = jnp.eye(units, dtype=layer.J.dtype).reshape(units, *size)
    return np.asarray(eqx.filter_jit(layer.connectivity.message)(layer.J, alone)).reshape(
        units, units
    )


def symmetry(j: Matrix) -> float:
    """Return `η = Σ_ij J_ij J_ji / Σ_ij J_ij²`: 1 symmetric, 0 independent, −1 antisymmetric."""
    return float(np.sum(j * j.T) / np.sum(j * j))


def relative_change(j: Matrix, start: Matrix) -> float:
    """Return how far training has taken the couplings, `|J − J_0| / |J_0|`."""
    return float(np.linalg.norm(j - start) / np.linalg.norm(start))


def history(
    checkpoints: Iterable[tuple[str, int, Orchestrator]], sizes: Mapping[str, tuple[int, ...]]
) -> Table:
    """Return symmetry and distance from the first of `checkpoints`, which are (name, step, network), at each of them."""
    rows = []
    first: dict[str, Matrix] = {}
    for checkpoint, step, network in checkpoints:
        for name, layer in recurrent(network).items():
            j = matrix(layer, sizes[name])
            rows.append(
                (name, checkpoint, step, symmetry(j), relative_change(j, first.setdefault(name, j)))
            )
    return Table(HISTORY, rows)


def spectra(moments: Mapping[str, Orchestrator], sizes: Mapping[str, tuple[int, ...]]) -> Table:
    """Return the eigenvalues of J at every moment; independent N(0, 1/N) couplings fill the unit disc. It takes O(N³)."""
    rows = []
    for when, network in moments.items():
        for name, layer in recurrent(network).items():
            values = np.linalg.eigvals(matrix(layer, sizes[name]))
            rows += [(name, when, float(v.real), float(v.imag)) for v in values]
    return Table(SPECTRA, rows)
