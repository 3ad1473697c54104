"""Messages and correlations of every connectivity, synapse by synapse in numpy."""

from functools import cache, partial

import equinox as eqx
import jax
import naive
import numpy as np
import pytest

from darnax.connectivity import Convolved, Dense, Pooled, Sparse

KEY = jax.random.key(5)
CASES = {
    "dense": (partial(Dense, (6,), (4,)), (6,), (4,)),
    "dense between sizes": (partial(Dense, (2, 3), (2, 2)), (2, 3), (2, 2)),
    "dense hollow": (partial(Dense, (5,), (5,), hollow=True), (5,), (5,)),
    "sparse uniform": (partial(Sparse.uniform, KEY, (12,), (7,), 5), (12,), (7,)),
    "sparse hollow": (partial(Sparse.uniform, KEY, (3, 3), (3, 3), 8, hollow=True), (3, 3), (3, 3)),
    "sparse beyond one turn of its loop": (
        partial(Sparse.uniform, KEY, (30,), (3,), 21),
        (30,),
        (3,),
    ),
    "sparse among many": (partial(Sparse.uniform, KEY, (64,), (5,), 2), (64,), (5,)),
    "sparse patch": (partial(Sparse.patch, KEY, (6, 5, 2), (2, 3), 3), (6, 5, 2), (2, 3)),
    "sparse choice in a patch": (partial(Sparse.patch, KEY, (6, 5), (7,), 4, 5), (6, 5), (7,)),
    "pooled sender": (partial(Pooled, 2, (4, 6, 2), (5,)), (4, 6, 2), (5,)),
    "pooled receiver": (partial(Pooled, 3, (4,), (3, 6, 2)), (4,), (3, 6, 2)),
    "pooled both": (partial(Pooled, 2, (2, 4, 1), (4, 2, 2)), (2, 4, 1), (4, 2, 2)),
    "pooled whole": (partial(Pooled, None, (4, 6, 2), (5,)), (4, 6, 2), (5,)),
    "broadcast": (partial(Pooled, None, (4,), (3, 5, 2)), (4,), (3, 5, 2)),
    "groups": (partial(Convolved, 4, 6, 3, groups=2), (4, 3, 4), (4, 3, 6)),
    "groups, stride 2": (
        partial(Convolved, 2, 4, 2, stride=2, padding="VALID", groups=2),
        (4, 6, 2),
        (2, 3, 4),
    ),
    "one input channel each": (partial(Convolved, 3, 3, 3, groups=3), (4, 3, 3), (4, 3, 3)),
    "CIRCULAR": (partial(Convolved, 2, 3, 3, padding="CIRCULAR"), (5, 4, 2), (5, 4, 3)),
    "CIRCULAR, even width": (
        partial(Convolved, 1, 2, 4, padding="CIRCULAR"),
        (5, 4, 1),
        (5, 4, 2),
    ),
    "CIRCULAR, stride 2": (
        partial(Convolved, 2, 2, 3, stride=2, padding="CIRCULAR", groups=2),
        (5, 4, 2),
        (3, 2, 2),
    ),
    "CIRCULAR, hollow": (
        partial(Convolved, 2, 2, 3, padding="CIRCULAR", hollow=True),
        (4, 3, 2),
        (4, 3, 2),
    ),
    "SAME": (partial(Convolved, 2, 3, 3), (5, 4, 2), (5, 4, 3)),
    "SAME, even width": (partial(Convolved, 1, 2, 4), (5, 4, 1), (5, 4, 2)),
    "SAME, stride 2": (partial(Convolved, 2, 1, 3, stride=2), (5, 4, 2), (3, 2, 1)),
    "SAME, stride 3": (partial(Convolved, 1, 2, 2, stride=3), (7, 5, 1), (3, 2, 2)),
    "VALID": (partial(Convolved, 2, 2, 3, padding="VALID"), (5, 4, 2), (3, 2, 2)),
    "VALID, stride 2": (
        partial(Convolved, 1, 2, 2, stride=2, padding="VALID"),
        (7, 4, 1),
        (3, 2, 2),
    ),
    "2 pixels": (partial(Convolved, 1, 1, 3, padding=2), (4, 3, 1), (6, 5, 1)),
    "hollow": (partial(Convolved, 2, 2, 3, hollow=True), (4, 4, 2), (4, 4, 2)),
    "hollow, wide": (partial(Convolved, 1, 1, 5, hollow=True), (6, 6, 1), (6, 6, 1)),
    "transposed SAME": (
        partial(Convolved, 2, 1, 3, stride=2, transposed=True),
        (3, 2, 2),
        (6, 4, 1),
    ),
    "transposed SAME, wide": (
        partial(Convolved, 1, 1, 5, stride=2, transposed=True),
        (3, 3, 1),
        (6, 6, 1),
    ),
    "transposed VALID": (
        partial(Convolved, 1, 2, 3, stride=2, padding="VALID", transposed=True),
        (3, 2, 1),
        (7, 5, 2),
    ),
    "transposed 2 pixels": (
        partial(Convolved, 1, 1, 3, stride=2, padding=2, transposed=True),
        (3, 3, 1),
        (7, 7, 1),
    ),
}


@eqx.filter_jit
def jitted(method, *arrays):
    return method(*arrays)


everywhere = pytest.mark.parametrize("name", CASES)


@cache
def made(name):
    """Return a connectivity, and the presynaptic and postsynaptic sizes."""
    make, *sizes = CASES[name]
    return make(), *sizes


def drawn(connectivity, pre, post):
    """Return a weight, presynaptic activities and postsynaptic signals."""
    rng, batch = np.random.default_rng(8), 19 if isinstance(connectivity, Sparse) else 3
    weight = np.zeros(
        connectivity.shape
        if isinstance(connectivity, Convolved | Pooled)
        else (connectivity.fan_in, np.prod(post))
    )
    for _, _, entry in naive.synapses(connectivity, pre, post):
        weight[entry] = rng.normal()
    x, e = rng.normal(size=(batch, *pre)), rng.normal(size=(batch, *post))
    return [array.astype(np.float32) for array in (weight, x, e)]


@everywhere
def test_the_message_is_the_sum_over_synapses(name):
    connectivity, pre, post = made(name)
    weight, x, _ = drawn(connectivity, pre, post)
    np.testing.assert_allclose(
        jitted(connectivity.message, weight, x),
        naive.message(connectivity, weight, x, post),
        atol=1e-5,
    )


@everywhere
def test_the_correlation_is_the_sum_over_the_batch(name):
    connectivity, pre, post = made(name)
    weight, x, e = drawn(connectivity, pre, post)
    fan_in = naive.fan_in(connectivity, weight.shape)
    assert connectivity.fan_in == fan_in
    expected = naive.correlate(connectivity, weight.shape, fan_in, x, e)
    np.testing.assert_allclose(jitted(connectivity.correlate, x, e), expected, atol=2e-6)


@everywhere
def test_the_correlation_is_the_adjoint_of_the_message(name):
    """⟨e, message(W, x)⟩ = √(B·fan_in) ⟨W, correlate(x, e)⟩ for a weight of the connectivity."""
    connectivity, pre, post = made(name)
    weight, x, e = drawn(connectivity, pre, post)
    scale = np.sqrt(len(x) * connectivity.fan_in)
    left, right = (
        np.vdot(e, jitted(connectivity.message, weight, x)),
        scale * np.vdot(weight, jitted(connectivity.correlate, x, e)),
    )
    np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)


KINDS = ["dense", "convolution", "sparse"]


@pytest.mark.parametrize(
    "make",
    [
        partial(Dense, (400,), (200,)),
        partial(Convolved, 16, 50, 10),
        partial(Sparse.uniform, KEY, (5000,), (800,), 100),
    ],
    ids=KINDS,
)
def test_the_initial_weight_has_variance_one_over_fan_in(make):
    """80,000 entries: four standard errors are 1 % of the mean's scale and 2 % of the variance."""
    connectivity = make()
    entries = np.asarray(connectivity.init(jax.random.key(3)), np.float64) * np.sqrt(
        connectivity.fan_in
    )
    assert entries.size == 80_000
    assert abs(entries.mean()) < 0.0142
    assert abs(entries.var() - 1) < 0.02


@pytest.mark.parametrize(
    "make",
    [
        partial(Dense, (5,), (5,)),
        partial(Convolved, 2, 2, 3),
        partial(Sparse.uniform, KEY, (9,), (9,), 9),
    ],
    ids=KINDS,
)
def test_every_synapse_is_there_unless_asked_otherwise(make):
    assert (make().init(KEY) != 0).all()


@everywhere
def test_only_weights_are_traced(name):
    assert all(eqx.is_array(leaf) for leaf in jax.tree.leaves(made(name)[0]))


@pytest.mark.parametrize("name", ["dense hollow", "hollow", "hollow, wide", "CIRCULAR, hollow"])
def test_no_unit_is_an_input_of_itself(name):
    connectivity, pre, post = made(name)
    _, x, e = drawn(connectivity, pre, post)
    for array in map(np.asarray, (connectivity.init(KEY), jitted(connectivity.correlate, x, e))):
        middle = len(array) // 2
        own = array if array.ndim == 2 else array[middle, middle]
        assert not own.diagonal().any()
        assert np.count_nonzero(own) == own.size - len(own)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            partial(Convolved, 4, 6, 3, groups=3),
            "groups: got 3, expected a divisor of the channels, 4 and 6",
        ),
        (
            partial(Convolved, 4, 4, 3, groups=2, transposed=True),
            "got 2 groups of a transposed convolution, expected one",
        ),
        (
            partial(Convolved, 4, 4, 3, groups=2, hollow=True),
            "got 2 groups of a hollow convolution, expected one",
        ),
        (
            partial(Convolved, 2, 2, 3, padding="CIRCULAR", transposed=True),
            "got CIRCULAR padding of a transposed convolution, expected SAME",
        ),
    ],
)
def test_convolutions_that_do_not_exist_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_image_smaller_than_a_window_around_it_is_refused():
    connectivity = Convolved(1, 1, 5, padding="CIRCULAR")
    with pytest.raises(ValueError, match="got an image of 6×4, where a window of width 5 would"):
        connectivity.message(connectivity.init(KEY), jax.numpy.ones((1, 6, 4, 1)))


def test_a_circular_convolution_commutes_with_a_translation():
    connectivity = Convolved(1, 2, 3, padding="CIRCULAR")
    weight, x = connectivity.init(KEY), jax.random.normal(KEY, (2, 5, 4, 1))
    moved = jax.numpy.roll(connectivity.message(weight, x), (2, 1), axis=(1, 2))
    again = connectivity.message(weight, jax.numpy.roll(x, (2, 1), axis=(1, 2)))
    np.testing.assert_allclose(again, moved, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["dense hollow", "sparse hollow", "sparse beyond one turn of its loop", "SAME"]
)
def test_the_preferred_layout_holds_the_same_state(name):
    """Also as the result of one compiled function and the argument of another."""
    connectivity, pre, _ = made(name)
    x = jax.random.normal(KEY, (4, *pre))
    stored = jitted(connectivity.preferred_layout, x)
    np.testing.assert_array_equal(stored, x)
    np.testing.assert_array_equal(jax.jit(lambda a: 2 * a)(stored), 2 * x)
    np.testing.assert_array_equal(jax.vmap(connectivity.preferred_layout)(x[None])[0], x)
