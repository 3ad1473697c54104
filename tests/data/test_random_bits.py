"""The generator of noise. Oracles: the distributions, within five standard deviations."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.data import random_bits

EXAMPLES, ENTRIES = 500, 784
KEYS = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(3), i))(jnp.arange(EXAMPLES))


@pytest.fixture(scope="module")
def words() -> np.ndarray:
    """The bits (examples, entries) of consecutive examples."""
    return np.asarray(jax.vmap(lambda key: random_bits.bits(key, (ENTRIES,)))(KEYS))


def test_every_bit_is_set_in_half_of_the_entries(words):
    for bit in range(32):
        share = ((words >> bit) & 1).mean()
        assert abs(share - 0.5) < 5 * 0.5 / math.sqrt(words.size)


def test_bytes_are_uniform(words):
    for shift in (0, 8, 16, 24):
        counts = np.bincount(((words >> shift) & 255).ravel(), minlength=256)
        expected = words.size / 256
        chi2 = ((counts - expected) ** 2 / expected).sum()
        assert abs(chi2 - 255) < 5 * math.sqrt(2 * 255)


def test_entries_and_examples_are_uncorrelated(words):
    u = words / 2**32 - 0.5
    rows = np.random.default_rng(0).permutation(EXAMPLES)
    neighbours = {
        "entry": (u[:, :-1], u[:, 1:]),
        "row of the image": (u[:, :-28], u[:, 28:]),
        "example": (u[:-1], u[1:]),
        "any example": (u, u[rows]),
    }
    for one, other in neighbours.values():
        different = ~np.isclose(one, other)
        products = (one * other)[different] * 12
        assert abs(products.mean()) < 5 / math.sqrt(products.size)


def test_no_two_entries_of_an_example_are_equal(words):
    """The hash is a bijection of the position."""
    assert all(len(np.unique(row)) == ENTRIES for row in words)


def test_normal_numbers_have_the_moments_of_a_gaussian():
    x = np.asarray(jax.vmap(lambda key: random_bits.normal(key, (ENTRIES,)))(KEYS)).ravel()
    assert np.isfinite(x).all()
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((x**power).mean() - moment) < 5 * math.sqrt(variance / x.size)
    assert np.abs(x).max() > 4


def test_the_shape_has_no_effect():
    flat = random_bits.bits(KEYS[0], (12,))
    assert np.array_equal(flat, random_bits.bits(KEYS[0], (3, 4)).ravel())
