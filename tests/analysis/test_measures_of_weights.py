"""Couplings and probes. Oracles: matrices of known symmetry and spectrum; numpy's least squares."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.analysis import couplings, probes
from darnax.layer_map import LayerMap
from darnax.modules import OutputLayer, RecurrentConvolution, RecurrentDiscrete
from darnax.orchestrators import SequentialOrchestrator

KEY = jax.random.key(4)


def with_couplings(j):
    layer = eqx.tree_at(
        lambda m: m.J, RecurrentDiscrete(len(j), 0.5, key=KEY), jnp.asarray(j, jnp.float32)
    )
    return SequentialOrchestrator(
        LayerMap.from_dict({1: {1: layer}, 2: {2: OutputLayer()}}, {(1, 1): "hidden"})
    )


def hollow(units=30):
    matrix = np.random.default_rng(5).normal(size=(units, units))
    np.fill_diagonal(matrix, 0)
    return matrix


def test_symmetry_weighs_the_two_halves_of_a_matrix():
    even, odd = hollow() + hollow().T, hollow() - hollow().T
    assert couplings.symmetry(even) == pytest.approx(1)
    assert couplings.symmetry(odd) == pytest.approx(-1)
    parts = np.sum(even**2), np.sum(odd**2)
    assert couplings.symmetry(even + odd) == pytest.approx((parts[0] - parts[1]) / sum(parts))


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (RecurrentDiscrete(12, 0.9, key=KEY), (12,)),
        (RecurrentDiscrete((3, 5), 0.9, sparsity=0.7, key=KEY), (3, 5)),
        (RecurrentConvolution((4, 3, 2), 0.9, key=KEY), (4, 3, 2)),
    ],
    ids=["dense", "sparse", "convolution"],
)
def test_the_matrix_gives_the_messages_of_the_couplings(layer, size):
    matrix = couplings.as_matrix(layer, size)
    s = np.random.default_rng(6).normal(size=(5, *size)).astype(np.float32)
    message = layer.connectivity.message(layer.J, jnp.asarray(s))
    np.testing.assert_allclose(s.reshape(5, -1) @ matrix, np.reshape(message, (5, -1)), atol=1e-5)
    assert not np.diagonal(matrix).any()


def test_history_and_spectrum():
    ring = np.roll(np.eye(8), 1, axis=1)  # eigenvalues: the eighth roots of 1
    start, end = with_couplings(ring), with_couplings(ring + ring.T)
    rows = couplings.history([("start", 0, start), ("end", 7, end)], {"hidden": (8,)}).rows
    assert [row[:3] for row in rows] == [("hidden", "start", 0), ("hidden", "end", 7)]
    np.testing.assert_allclose(
        [row[3:] for row in rows], [(0, 0), (1, 1)], atol=1e-6
    )  # |ring'| = |ring|
    spectrum = couplings.spectra({"before": start, "after": end}, {"hidden": (8,)}).rows
    roots = np.exp(2j * np.pi * np.arange(8) / 8)
    found = {
        when: np.sort_complex([complex(*row[2:]) for row in spectrum if row[1] == when])
        for when in ("before", "after")
    }
    for root in roots:
        assert np.abs(found["before"] - root).min() < 1e-6
    np.testing.assert_allclose(found["after"], np.sort(2 * roots.real), atol=1e-5)


def batches(x, y):
    return iter([({"layer": x[part]}, y[part]) for part in (slice(0, 30), slice(30, None))])


def test_a_probe_is_ridge_regression():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(50, 6)), rng.normal(size=(50, 2))
    probe = probes.Probe()
    for buffers, targets in batches(x, y):
        probe.add(buffers["layer"], targets)
    features = np.concatenate([x, np.ones((50, 1))], axis=1)
    ridge = np.sqrt(probes.RIDGE * np.sum(features**2) / 7)
    stacked = np.concatenate([features, ridge * np.eye(7)]), np.concatenate([y, np.zeros((7, 2))])
    np.testing.assert_allclose(probe.fit(), np.linalg.lstsq(*stacked, rcond=None)[0], rtol=1e-9)


def test_a_probe_classifies_linear_targets_only():
    rng = np.random.default_rng(8)
    x = rng.choice([-1.0, 1.0], (4000, 2))
    linear, parity = (
        2.0 * np.stack([side > 0, side <= 0], axis=1) - 1
        for side in (x[:, 0] + 0.5, x[:, 0] * x[:, 1])
    )
    found, chance = (
        probes.probes(batches(x, y), batches(x, y), agree).rows[0][1] for y in (linear, parity)
    )
    assert found == 1
    assert chance == pytest.approx(
        0.5, abs=0.27
    )  # at best it is correct in three of the four corners


def agree(answers, y):
    return answers.argmax(axis=1) == y.argmax(axis=1)
