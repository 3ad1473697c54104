"""Message, activation, update −ΔW and plasticity of every module. Oracle: loops in numpy."""

from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest

from darnax.activations import Tanh
from darnax.connectivity import Dense, Pooled
from darnax.modules import (
    BinaryUnits,
    Convolution,
    Ferromagnetic,
    FullyConnected,
    OutputLayer,
    RecurrentConvolution,
    RecurrentDiscrete,
    RecurrentTanh,
    Units,
)
from darnax.rules import Hebbian, SoftmaxDelta

KEY = jax.random.key(2)
MARGINS = np.linspace(0, 2, 6)
MODULES = {
    "recurrent": (lambda: RecurrentDiscrete(6, 0.5, 1.0, key=KEY), (6,), (6,)),
    "recurrent, one J_D and one margin per unit": (
        lambda: RecurrentDiscrete(6, MARGINS - 1, MARGINS, key=KEY),
        (6,),
        (6,),
    ),
    "recurrent hebbian": (
        lambda: RecurrentDiscrete((2, 3), 0.5, rule=Hebbian(), key=KEY),
        (2, 3),
        (2, 3),
    ),
    "recurrent sparse": (
        lambda: RecurrentDiscrete((2, 3), 0.5, 1.0, sparsity=0.5, key=KEY),
        (2, 3),
        (2, 3),
    ),
    "recurrent frozen": (lambda: RecurrentDiscrete(6, 0.5, rule=None, key=KEY), (6,), (6,)),
    "tanh": (lambda: RecurrentTanh(6, 0.5, 1.0, key=KEY), (6,), (6,)),
    "fully connected": (lambda: FullyConnected((4, 3), 6, 3.0, 2.0, key=KEY), (4, 3), (6,)),
    "fully connected sparse": (
        lambda: FullyConnected((4, 3), 6, 3.0, sparsity=0.5, key=KEY),
        (4, 3),
        (6,),
    ),
    "fully connected patch": (
        lambda: FullyConnected((4, 3), 6, patch=2, threshold=1.0, key=KEY),
        (4, 3),
        (6,),
    ),
    "fully connected frozen": (lambda: FullyConnected((4, 3), 6, rule=None, key=KEY), (4, 3), (6,)),
    "fully connected, of tanh": (
        lambda: FullyConnected((4, 3), 6, rule=Hebbian(Tanh()), presynaptic=Tanh(), key=KEY),
        (4, 3),
        (6,),
    ),
    "convolution, of tanh": (
        lambda: Convolution((4, 4, 1), (4, 4, 2), presynaptic=Tanh(), key=KEY),
        (4, 4, 1),
        (4, 4, 2),
    ),
    "readout": (lambda: FullyConnected(12, 6, rule=SoftmaxDelta(), key=KEY), (12,), (6,)),
    "convolution": (
        lambda: Convolution((4, 4, 1), (2, 2, 2), 3, 2.0, 1.0, stride=2, key=KEY),
        (4, 4, 1),
        (2, 2, 2),
    ),
    "convolution in groups, without a border": (
        lambda: Convolution((4, 4, 2), (4, 4, 4), groups=2, padding="CIRCULAR", key=KEY),
        (4, 4, 2),
        (4, 4, 4),
    ),
    "recurrent convolution without a border": (
        lambda: RecurrentConvolution((3, 4, 2), 0.5, 1.0, padding="CIRCULAR", key=KEY),
        (3, 4, 2),
        (3, 4, 2),
    ),
    "feedback to all positions": (
        lambda: FullyConnected(3, (3, 4, 2), connectivity=partial(Pooled, None), key=KEY),
        (3,),
        (3, 4, 2),
    ),
    "convolution frozen": (
        lambda: Convolution((4, 4, 1), (4, 4, 2), rule=None, key=KEY),
        (4, 4, 1),
        (4, 4, 2),
    ),
    "transposed": (
        lambda: Convolution(
            (2, 2, 2), (4, 4, 1), 2, stride=2, transposed=True, rule=Hebbian(), key=KEY
        ),
        (2, 2, 2),
        (4, 4, 1),
    ),
    "recurrent convolution": (
        lambda: RecurrentConvolution((3, 4, 2), 0.5, 1.0, key=KEY),
        (3, 4, 2),
        (3, 4, 2),
    ),
    "ferromagnetic": (lambda: Ferromagnetic((2, 3), 0.7), (2, 3), (2, 3)),
    "ferromagnetic per unit": (lambda: Ferromagnetic(6, MARGINS), (6,), (6,)),
    "pooled readout": (
        lambda: FullyConnected((4, 4, 2), 3, connectivity=partial(Pooled, 2), key=KEY),
        (4, 4, 2),
        (3,),
    ),
    "binary units": (lambda: BinaryUnits((2, 3)), (2, 3), (2, 3)),
    "units": (lambda: Units((2, 3), j_d=0.5), (2, 3), (2, 3)),
    "units with couplings": (
        lambda: Units(6, Tanh(), connectivity=Dense, j_d=0.5, rule=Hebbian(), key=KEY),
        (6,),
        (6,),
    ),
    "output": (OutputLayer, (5,), (5,)),
}


@cache
def made(name):
    """Return a module, activities x and y and a field h of its sizes, and its update for them."""
    make, pre, post = MODULES[name]
    rng = np.random.default_rng(4)
    x, y, h = (
        rng.normal(size=(3, *pre)),
        np.sign(rng.normal(size=(3, *post))),
        rng.normal(size=(3, *post)),
    )
    module, arrays = make(), [array.astype(np.float32) for array in (x, y, h)]
    return module, *arrays, jax.tree.map(np.asarray, jitted(module.backward, *arrays))


@eqx.filter_jit
def jitted(method, *arrays):
    return method(*arrays)


LAYERS = (BinaryUnits, RecurrentDiscrete, RecurrentTanh, RecurrentConvolution, OutputLayer, Units)
every = pytest.mark.parametrize("name", MODULES)


@every
def test_the_message_is_the_sum_over_synapses(name):
    module, x, y, *_ = made(name)
    np.testing.assert_allclose(
        jitted(module, x), naive.message_of(module, x, y.shape[1:]), atol=1e-5
    )


@every
def test_the_update_is_minus_the_change_and_zero_elsewhere(name):
    module, x, y, h, update = made(name)
    expected = naive.change(module, x, y, h)
    assert jax.tree.structure(update) == jax.tree.structure(module)
    for path, array in jax.tree.leaves_with_path(update):
        if expected is not None and path[-1].name in ("W", "J"):
            np.testing.assert_allclose(array, -expected, atol=1e-6)
        else:
            assert not np.any(array)


@every
def test_plastic_marks_the_parameters_changed_by_backward(name):
    module, *_, update = made(name)
    assert jax.tree.map(lambda array: bool(np.any(array)), update) == module.plastic()


@every
def test_only_layers_have_a_state_and_an_activation(name):
    module, _, _, h, _ = made(name)
    assert module.has_state == (type(module) in LAYERS)
    if module.has_state:
        np.testing.assert_allclose(
            jitted(module.activation, h), naive.activated(module, h), atol=1e-6
        )
        reduced = jitted(module.reduce, {"a": h, "b": [2 * h, (h, h)]})
        np.testing.assert_allclose(reduced, 5 * h, rtol=1e-6)


def test_ties_go_to_plus_one():
    layer = RecurrentDiscrete(4, 0.5, key=KEY)
    assert layer.activation(jnp.array([[0.0, -0.0, 1e-30, -1e-30]])).tolist() == [
        [1.0, 1.0, 1.0, -1.0]
    ]


def test_strength_scales_the_initial_weight():
    one, five = (FullyConnected(30, 20, strength, key=KEY).W for strength in (1.0, 5.0))
    np.testing.assert_allclose(five, 5 * one, rtol=1e-6)


def test_the_threshold_is_the_margin_of_the_perceptron_rule():
    assert float(RecurrentDiscrete(6, 0.5, 1.5, key=KEY).threshold) == 1.5
    assert float(RecurrentDiscrete(6, 0.5, key=KEY).threshold) == 0.0
    with pytest.raises(
        AttributeError, match="only a module with the perceptron rule has a threshold"
    ):
        _ = FullyConnected(3, 3, rule=None, key=KEY).threshold


def test_a_threshold_beside_a_rule_is_refused():
    with pytest.raises(ValueError, match="threshold is the margin of the default perceptron rule"):
        FullyConnected(3, 3, threshold=1.0, rule=Hebbian(), key=KEY)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Convolution((4, 4, 1), (4, 4, 2), stride=2, key=KEY),
            r"makes \(2, 2, 2\) of \(4, 4, 1\)",
        ),
        (
            lambda: FullyConnected((4, 6, 1), 3, connectivity=partial(Pooled, 4), key=KEY),
            "window: got 4, expected a divisor of the image's size 4×6",
        ),
        (
            lambda: FullyConnected(8, 3, connectivity=partial(Pooled, 2), key=KEY),
            r"got buffers of size \(8,\) and \(3,\), expected an image \(H, W, C\)",
        ),
        (
            lambda: RecurrentConvolution((4, 4, 1), 0.5, width=4, key=KEY),
            "got width 4, expected an odd one",
        ),
        (
            lambda: RecurrentDiscrete(6, 0.5, sparsity=0.99, key=KEY),
            "got 0 inputs of a unit, expected between 1 and 5",
        ),
    ],
)
def test_invalid_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("sparsity", [None, 0.5])
@pytest.mark.parametrize("make", [RecurrentDiscrete, RecurrentTanh])
def test_the_initial_couplings_are_scaled_by_the_strength(make, sparsity):
    """The oracle is the definition: N(0, strength²/fan_in), one strength for each receiver."""
    drawn = make(8, 0.5, sparsity=sparsity, key=jax.random.key(0))
    scale = np.arange(8, dtype=np.float32)
    scaled = make(8, 0.5, sparsity=sparsity, strength=scale, key=jax.random.key(0))
    np.testing.assert_allclose(scaled.J, drawn.J * scale[None], rtol=1e-6)
    empty = make(8, 0.5, sparsity=sparsity, strength=0, key=jax.random.key(0))
    assert not np.any(empty.J)
