"""Dense associative memory. Oracle: sums over patterns in plain loops; the patterns themselves."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.modules import DenseMemory

UNITS = 16


def draw(count: int, seed: int = 0) -> jax.Array:
    drawn = jax.random.rademacher(jax.random.key(seed), (count, UNITS), jnp.float32)
    return drawn.at[0].set(1.0)


@eqx.filter_jit
def store(layer: DenseMemory, patterns: jax.Array) -> DenseMemory:
    change = layer.backward(patterns, patterns, jnp.zeros_like(patterns))
    return eqx.apply_updates(layer, jax.tree.map(jnp.negative, change))


@pytest.mark.parametrize("power", [None, 2, 3])
def test_the_field_is_the_sum_over_patterns(power: int | None) -> None:
    patterns, states = np.asarray(draw(5)), np.asarray(draw(3, seed=1))
    layer = store(DenseMemory(UNITS, slots=7, power=power), jnp.asarray(patterns))
    found = np.asarray(eqx.filter_jit(layer)(jnp.asarray(states)))
    for state, field in zip(states, found, strict=True):
        products = [float(pattern @ state) for pattern in patterns]
        if power is None:
            weights = [np.exp(product - max(products)) for product in products]
        else:
            weights = [max(product / UNITS, 0) ** (power - 1) for product in products]
        expected = sum(w * pattern for w, pattern in zip(weights, patterns, strict=True))
        scale = np.max(np.abs(field)) / np.max(np.abs(expected))
        np.testing.assert_allclose(field, scale * expected, rtol=1e-4, atol=1e-5)
        assert scale == pytest.approx(1.0, rel=1e-5)


def test_every_pattern_is_written_once_while_there_are_rows() -> None:
    first, second = draw(3), draw(5, seed=1)
    shown = jnp.concatenate([first, first[:1]])
    layer = store(DenseMemory(UNITS, slots=6), shown)
    layer = store(layer, jnp.concatenate([first[1:], second]))
    expected = jnp.concatenate([first, second[1:4]])  # the first row of both is the same
    np.testing.assert_array_equal(layer.patterns, expected)
    np.testing.assert_array_equal(store(layer, draw(4, seed=2)).patterns, expected)


def test_images_are_kept_in_their_shape() -> None:
    images = draw(2).reshape(2, 4, 4, 1)
    layer = store(DenseMemory((4, 4, 1), slots=2), images)
    field = layer(images)
    assert field.shape == images.shape
    np.testing.assert_array_equal(layer.activation(layer.reduce([field])), images)


@pytest.mark.parametrize("values", [{"slots": 0}, {"slots": 1, "power": 1}])
def test_impossible_sizes_are_refused(values: dict) -> None:
    with pytest.raises(ValueError, match="expected a slot or more, and a power of at least 2"):
        DenseMemory(UNITS, **values)
