"""Every activation against its equation in numpy, and its slope against JAX's derivative."""

import inspect
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax import activations
from darnax.activations import (
    HardSigmoid,
    HardTanh,
    KWinners,
    LayerNorm,
    Linear,
    ReLU,
    Sign,
    Softmax,
    Step,
    Tanh,
    UnitNorm,
)

SHAPE = (3, 2, 5)
WIDTHS = np.linspace(0.2, 2.0, 5).astype(np.float32)


def softmax(h, temperature=1.0):
    powers = np.exp(h / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def winners(h, k):
    """Return 1 at the k largest of every group, the first ones of equals."""
    found = np.zeros_like(h)
    for group in np.ndindex(h.shape[:-1]):
        order = sorted(range(h.shape[-1]), key=lambda i: (-h[group][i], i))
        found[group][order[:k]] = 1
    return found


def unit_norm(h, function):
    f = function(h)
    return f / (np.sqrt((f**2).sum(axis=-1, keepdims=True)) + 1e-4)


def layer_norm(h, function):
    deviation = np.sqrt(h.var(axis=-1, keepdims=True) + 1e-5)
    return function((h - h.mean(axis=-1, keepdims=True)) / deviation)


def relu(h):
    return np.where(h > 0, h, 0)


CASES = {
    "sign": (Sign(), lambda h: np.where(h >= 0, 1, -1)),
    "step": (Step(), lambda h: np.heaviside(h, 1)),
    "tanh": (Tanh(), np.tanh),
    "relu": (ReLU(), relu),
    "hard sigmoid": (HardSigmoid(), lambda h: np.minimum(np.maximum(h, 0), 1)),
    "hard tanh": (HardTanh(), lambda h: np.minimum(np.maximum(h, -1), 1)),
    "linear": (Linear(), lambda h: h),
    "softmax": (Softmax(), softmax),
    "softmax, cold": (Softmax(0.3), partial(softmax, temperature=0.3)),
    "winners": (KWinners(2), partial(winners, k=2)),
    "unit norm": (UnitNorm(), partial(unit_norm, function=lambda h: h)),
    "unit norm of relu": (UnitNorm(ReLU()), partial(unit_norm, function=relu)),
    "layer norm": (LayerNorm(), partial(layer_norm, function=lambda h: h)),
    "layer norm of tanh": (LayerNorm(Tanh()), partial(layer_norm, function=np.tanh)),
}
SMOOTH = ("tanh", "relu", "hard sigmoid", "hard tanh", "linear", "softmax", "softmax, cold")


def fields():
    """Return Gaussian fields, with ties and zeros among them."""
    h = np.random.default_rng(3).normal(size=SHAPE).astype(np.float32) * 1.5
    h[0, 0, 1:4] = 0.75
    h[1, 1, 2] = 0.0
    return jnp.asarray(h)


def test_every_activation_is_in_the_table():
    public = [getattr(activations, name) for name in activations.__all__]
    classes = {each for each in public if isinstance(each, type) and not inspect.isabstract(each)}
    assert {type(activation) for activation, _ in CASES.values()} == classes


@pytest.mark.parametrize("name", CASES)
def test_an_activation_is_its_equation(name):
    activation, expected = CASES[name]
    state = eqx.filter_jit(activation)(fields())
    assert (state.shape, state.dtype) == (SHAPE, jnp.float32)
    np.testing.assert_allclose(state, expected(np.asarray(fields())), atol=1e-6)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_slope_is_the_derivative_of_a_unit_in_its_own_field(name):
    activation, _ = CASES[name]
    h = jnp.where(fields() == 0, 0.1, fields())  # away from kinks
    jacobian = jax.jacfwd(lambda flat: activation(flat.reshape(SHAPE)).ravel())(h.ravel())
    slopes = np.diagonal(jacobian).reshape(SHAPE)
    np.testing.assert_allclose(activation.derivative(h), slopes, atol=1e-6)


@pytest.mark.parametrize("width", [0.5, WIDTHS])
@pytest.mark.parametrize("activation", [Sign, Step])
def test_the_surrogate_of_the_sign_and_of_the_step_is_a_window(activation, width):
    slope = eqx.filter_jit(activation(width).derivative)(fields()[:, 0])
    np.testing.assert_array_equal(slope, np.abs(np.asarray(fields()[:, 0])) <= width)


def test_the_surrogate_of_winners_is_one_for_them():
    np.testing.assert_array_equal(
        KWinners(3).derivative(fields()), winners(np.asarray(fields()), 3)
    )


def test_the_slopes_of_norms_take_the_norm_as_given():
    """Oracle: the derivative with the norm of the same fields held constant."""
    h = np.asarray(fields())
    length = np.sqrt((relu(h) ** 2).sum(axis=-1, keepdims=True)) + 1e-4
    np.testing.assert_allclose(UnitNorm(ReLU()).derivative(fields()), (h > 0) / length, rtol=1e-5)
    deviation = np.sqrt(h.var(axis=-1, keepdims=True) + 1e-5)
    slope = 1 - layer_norm(h, np.tanh) ** 2
    np.testing.assert_allclose(LayerNorm(Tanh()).derivative(fields()), slope / deviation, atol=1e-5)


def test_the_ends_of_a_hard_activation_count_as_inside():
    ends = jnp.array([[-1.0, 0.0, 1.0]])
    assert HardSigmoid().derivative(ends).tolist() == [[0.0, 1.0, 1.0]]
    assert HardTanh().derivative(ends).tolist() == [[1.0, 1.0, 1.0]]


def test_a_group_of_zeros_has_finite_norms():
    zeros = jnp.zeros((1, 4))
    for activation in (UnitNorm(), LayerNorm()):
        assert not activation(zeros).any()
        assert np.isfinite(activation.derivative(zeros)).all()


@pytest.mark.parametrize("k", [0, -1, True])
def test_a_number_of_winners_is_a_positive_integer(k):
    with pytest.raises(ValueError, match=r"k: got .*, expected"):
        KWinners(k)


def test_more_winners_than_units_are_refused():
    with pytest.raises(ValueError, match="k: got 6 winners, expected 5 at most"):
        KWinners(6)(fields())


def test_numbers_are_traced():
    """A sweep over them compiles once."""
    for activation in (Sign(2.0), Softmax(2.0), UnitNorm(epsilon=2.0), LayerNorm(epsilon=2.0)):
        assert [float(number) for number in jax.tree.leaves(activation)] == [2.0]
