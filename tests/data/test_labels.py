"""Label codes. Oracle: numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.data import Classes, Patterns


@pytest.mark.parametrize(
    ("high", "low"), [(1.0, -1.0), (1.0, 0.0), (1.5, -1 / 3), (10**0.5 / 2, -0.5)]
)
@pytest.mark.parametrize("jit", [False, True])
def test_classes(high: float, low: float, jit: bool) -> None:
    code = Classes(high, low)
    encode = jax.jit(code.encode, static_argnums=1) if jit else code.encode
    targets = np.array([2, 0, 3], np.int32)
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        y = encode(jnp.asarray(targets), 4)
    expected = np.full((3, 4), low, np.float32)
    expected[np.arange(3), targets] = high
    assert y.dtype == jnp.float32
    np.testing.assert_array_equal(y, expected)
    prediction = jnp.array([[0.0, 1, 5, 2], [0, 3, 0, 0], [-4, -3, -2, -1]])
    assert code.score(prediction, y).tolist() == [1.0, 0.0, 1.0]


def test_patterns() -> None:
    y = jnp.array([[1.0, -1, 1, -1], [1, 1, -1, -1]])
    assert jnp.array_equal(Patterns().encode(y, 4), y)
    prediction = jnp.array([[0.3, -2, 0, -1], [-1, 1, 1, 0]])
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        assert jax.jit(Patterns().score)(prediction, y).tolist() == [1.0, 0.25]
        assert jax.jit(Patterns(whole=True).score)(prediction, y).tolist() == [1.0, 0.0]


def test_patterns_of_any_shape() -> None:
    y = jnp.ones((3, 2, 5))
    assert Patterns().score(y, y).tolist() == [1, 1, 1]


@pytest.mark.parametrize("code", [Classes(), Patterns(), Patterns(whole=True)])
def test_a_label_code_declares_whether_scores_are_right_or_wrong(code) -> None:
    """Oracle: the scores of random predictions, and of random patterns, that are half right."""
    draw = np.random.default_rng(0)
    prediction, y = (jnp.asarray(draw.choice([-1.0, 1.0], (50, 3)), jnp.float32) for _ in range(2))
    assert code.right_or_wrong == (set(code.score(prediction, y).tolist()) <= {0.0, 1.0})
