"""The synapses of a sparse weight: distinct, in range, not to itself, uniform. Oracle: counting."""

from collections import Counter
from itertools import combinations

import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darnax.connectivity import Sparse
from darnax.connectivity.sparse import draw_subsets
from darnax.modules import FullyConnected, RecurrentDiscrete

jitted = jax.jit(draw_subsets, static_argnums=(1, 2, 3))


def drawn(make, *sizes, **choices):
    """Return the inputs of a sparse connectivity, drawn in one compiled program."""
    return np.asarray(jax.jit(lambda key: make(key, *sizes, **choices).inputs)(jax.random.key(1)))


def chi_square(counts, expected):
    """Return χ² in standard deviations above its mean, for `counts` that should be `expected`."""
    freedom = len(counts) - 1
    return (np.sum((np.asarray(counts) - expected) ** 2) / expected - freedom) / np.sqrt(
        2 * freedom
    )


@pytest.mark.parametrize(("pool", "k"), [(1, 1), (7, 1), (7, 7), (40, 13), (40, 39)])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_inputs_are_distinct_and_in_range(pool, k, seed):
    chosen = np.asarray(jitted(jax.random.key(seed), pool, k, 30))
    assert chosen.shape == (k, 30)
    assert chosen.min() >= 0
    assert chosen.max() < pool
    assert np.all(np.diff(chosen, axis=0) > 0)  # rising, hence distinct


@pytest.mark.parametrize(("pool", "k"), [(5, 1), (5, 2), (6, 3), (5, 4)])
def test_every_subset_is_as_likely_as_any_other(pool, k):
    units = 24_000
    drawn = Counter(map(tuple, np.asarray(jitted(jax.random.key(0), pool, k, units)).T.tolist()))
    subsets = list(combinations(range(pool), k))
    assert set(drawn) == set(subsets)
    assert abs(chi_square([drawn[subset] for subset in subsets], units / len(subsets))) < 4


def test_hollow_leaves_out_the_unit_itself_and_nothing_else():
    inputs = drawn(Sparse.uniform, (12,), (12,), 11, hollow=True)
    for unit in range(12):
        assert set(inputs[:, unit]) == set(range(12)) - {unit}


def test_all_units_are_inputs_equally_often():
    inputs = drawn(Sparse.uniform, (50,), (4000,), 5)
    assert abs(chi_square(np.bincount(inputs.ravel(), minlength=50), 4000 * 5 / 50)) < 4


@pytest.mark.parametrize(
    ("image", "k"), [((7, 6), 4), ((7, 6, 3), 10), ((7, 6, 3), None), ((3, 3), None)]
)
def test_a_unit_receives_a_window_of_the_image(image, k):
    width, channels = 3, (*image, 1)[2]
    inputs = drawn(Sparse.patch, image, (300,), width, k)
    rows, columns, _ = np.unravel_index(inputs, (*image[:2], channels))
    assert inputs.shape == (k or width * width * channels, 300)
    assert all(len(set(sources)) == len(sources) for sources in inputs.T)
    assert np.ptp(rows, axis=0).max() < width
    assert np.ptp(columns, axis=0).max() < width


def test_a_window_may_be_one_pixel():
    assert set(drawn(Sparse.patch, (3, 2), (300,), 1).ravel().tolist()) == set(range(6))


def test_windows_lie_everywhere():
    inputs = drawn(Sparse.patch, (7, 6), (4000,), 3)
    corners = Counter(inputs.min(axis=0).tolist())
    assert set(corners) == {6 * row + column for row in range(5) for column in range(4)}
    assert abs(chi_square(list(corners.values()), 4000 / 20)) < 4


@pytest.mark.parametrize("k", [0, 12])
def test_an_impossible_in_degree_is_refused(k):
    with pytest.raises(ValueError, match=f"got {k} inputs of a unit, expected between 1 and 11"):
        Sparse.uniform(jax.random.key(0), (12,), (12,), k, hollow=True)


@pytest.mark.parametrize("image", [(9,), (2, 9), (9, 2, 3), (9, 9, 3, 1)])
def test_a_patch_that_does_not_fit_is_refused(image):
    with pytest.raises(ValueError, match="a 3x3 patch needs a sender"):
        Sparse.patch(jax.random.key(0), image, (4,), 3)


def test_sparsity_is_the_fraction_of_absent_synapses():
    key = jax.random.key(0)
    assert eqx.filter_eval_shape(RecurrentDiscrete, 200, 0.5, sparsity=0.99, key=key).J.shape == (
        2,
        200,
    )
    assert eqx.filter_eval_shape(FullyConnected, (28, 28), 50, sparsity=0.9, key=key).W.shape == (
        78,
        50,
    )
    assert eqx.filter_eval_shape(
        FullyConnected, (8, 8), 50, patch=4, sparsity=0.9, key=key
    ).W.shape == (6, 50)
    with pytest.raises(ValueError, match=r"sparsity: got 1.0, expected .* in \[0, 1\)"):
        RecurrentDiscrete(200, 0.5, sparsity=1.0, key=key)
