"""Adapters between images of different sizes. Oracle: loops over windows in numpy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.modules import AveragePool, MajorityPool, MaxPool, Unpool

LARGE, SMALL = (4, 6, 2), (2, 2, 2)
STRENGTHS = np.array([0.5, -2.0], np.float32)  # of the channels
OF_A_WINDOW = {
    AveragePool: np.mean,
    MaxPool: np.max,
    MajorityPool: lambda window: 1.0 if np.sum(window) >= 0 else -1.0,
}


def sample(size):
    """Return an image of ±1 with ties among the windows."""
    return np.sign(np.random.default_rng(2).normal(size=(3, *size))).astype(np.float32)


@pytest.mark.parametrize("kind", OF_A_WINDOW)
def test_a_pool_is_a_number_of_each_window(kind):
    x, expected = sample(LARGE), np.zeros((3, *SMALL))
    for b, row, column, channel in np.ndindex(expected.shape):
        window = x[b, 2 * row : 2 * row + 2, 3 * column : 3 * column + 3, channel]
        expected[b, row, column, channel] = OF_A_WINDOW[kind](window) * STRENGTHS[channel]
    pool = kind(LARGE, SMALL, STRENGTHS)
    np.testing.assert_allclose(eqx.filter_jit(pool)(jnp.asarray(x)), expected, atol=1e-6)


def test_a_tie_of_a_majority_goes_to_plus_one():
    image = jnp.array([1.0, -1.0, -1.0, 1.0]).reshape(1, 2, 2, 1)
    assert MajorityPool((2, 2, 1), (1, 1, 1))(image).ravel().tolist() == [1.0]


def test_to_unpool_repeats_a_position_in_its_window():
    x, expected = sample(SMALL), np.zeros((3, *LARGE))
    for b, row, column, channel in np.ndindex(expected.shape):
        expected[b, row, column, channel] = x[b, row // 2, column // 3, channel]
    np.testing.assert_array_equal(Unpool(SMALL, LARGE)(jnp.asarray(x)), expected)


def test_to_pool_what_was_unpooled_gives_it_back():
    x = jnp.asarray(sample(SMALL))
    for kind in OF_A_WINDOW:
        assert jnp.array_equal(kind(LARGE, SMALL)(Unpool(SMALL, LARGE)(x)), x)


@pytest.mark.parametrize("kind", [*OF_A_WINDOW, Unpool])
def test_nothing_is_plastic(kind):
    pre, post = (SMALL, LARGE) if kind is Unpool else (LARGE, SMALL)
    adapter = kind(pre, post)
    x, y = jnp.asarray(sample(pre)), jnp.asarray(sample(post))
    assert not any(jax.tree.leaves(adapter.plastic()))
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(adapter.backward(x, y, y)))


@pytest.mark.parametrize(
    ("kind", "pre", "post"),
    [
        (AveragePool, (4, 4, 1), (3, 2, 1)),
        (AveragePool, (4, 4, 1), (2, 2, 2)),
        (MaxPool, SMALL, LARGE),
        (Unpool, LARGE, SMALL),
    ],
)
def test_images_that_do_not_divide_are_refused(kind, pre, post):
    with pytest.raises(ValueError, match=r"got images of size .*, expected the same channels"):
        kind(pre, post)


def test_a_buffer_that_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"in_features: got .*, expected the size"):
        MaxPool((4, 4), (2, 2, 1))
