"""Laws that hold for every rule on every connectivity; add new rules and connectivities here."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import naive
import numpy as np
import pytest
from extlab.blocks import BlockSparse

from darnax.activations import Tanh
from darnax.connectivity import (
    Convolved,
    Dense,
    Gated,
    Pooled,
    Sparse,
    SparseSymmetric,
    Symmetric,
)
from darnax.rules import (
    Adatron,
    Delta,
    FeedbackAlignment,
    ForwardForward,
    Hebbian,
    Logistic,
    Oja,
    Perceptron,
    SoftHebb,
    SoftmaxDelta,
    ThreeFactorRule,
    ThreeThreshold,
    ZeroOne,
)

SIZE = (4, 4, 2)  # of the sender and of the receiver alike
KEY = jax.random.key(0)
RULES = {
    "perceptron": Perceptron(0.5),
    "softmax delta": SoftmaxDelta(),
    "hebbian": Hebbian(),
    "hebbian of tanh": Hebbian(Tanh()),
    "adatron": Adatron(0.5),
    "logistic": Logistic(0.5, 2.0),
    "delta": Delta(),
    "oja": Oja(),
    "softhebb": SoftHebb(),
    "three thresholds": ThreeThreshold(),
    "zero-one": ZeroOne(Adatron(0.5)),
    "feedback alignment": FeedbackAlignment(),
    "forward-forward": ForwardForward(0.5),
}
COMPETING = SoftmaxDelta, ForwardForward, SoftHebb  # a signal depends on all units of the group
CONNECTIVITIES = {
    "dense": partial(Dense, SIZE, SIZE),
    "dense hollow": partial(Dense, SIZE, SIZE, hollow=True),
    "symmetric": partial(Symmetric, SIZE, SIZE, hollow=True),
    "sparse symmetric": partial(SparseSymmetric, SIZE, SIZE, 0.5, key=KEY),
    "sparse": partial(Sparse.uniform, KEY, SIZE, SIZE, 5),
    "sparse hollow": partial(Sparse.uniform, KEY, SIZE, SIZE, 5, hollow=True),
    "patch": partial(Sparse.patch, KEY, SIZE, SIZE, 2),
    "pooled": partial(Pooled, 2, SIZE, SIZE),
    "convolution": partial(Convolved, 2, 2, 3),
    "convolution hollow": partial(Convolved, 2, 2, 3, hollow=True),
    "convolution transposed": partial(Convolved, 2, 2, 3, transposed=True),
    "convolution in groups": partial(Convolved, 2, 2, 3, groups=2),
    "convolution circular": partial(Convolved, 2, 2, 3, padding="CIRCULAR"),
    "gated": partial(Gated, SIZE, SIZE, gate=2.0, key=KEY),
    "blocks": partial(BlockSparse, SIZE, SIZE, 4, key=KEY),
    "blocks hollow": partial(BlockSparse, SIZE, SIZE, 4, hollow=True, key=KEY),
}
on_every_connectivity = pytest.mark.parametrize(
    "connectivity", CONNECTIVITIES.values(), ids=CONNECTIVITIES, indirect=True
)
for_every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


@pytest.fixture(scope="module")
def connectivity(request):
    return request.param()


@eqx.filter_jit
def jitted(method, *arrays):
    return method(*arrays)


def signal(rule, y, h):
    """Return the signal, with a third factor of 1 for a rule that asks for one."""
    third = (jnp.ones_like(h),) if isinstance(rule, ThreeFactorRule) else ()
    return jitted(rule.signal, y, h, *third)


def update(rule, connectivity, x, y, h):
    return np.asarray(jitted(connectivity.correlate, x, signal(rule, y, h)))


def message(connectivity, weight, x):
    return np.asarray(jitted(connectivity.message, weight, x))


def changed(array, unit, change):
    """Return a copy of `array` whose entries at `unit`, in every sample, went through `change`."""
    copy = array.copy()
    copy[:, *unit] = change(copy[:, *unit])
    return copy


def initial(connectivity):
    return np.asarray(jitted(connectivity.init, KEY))


def activities():
    """Return x, y in ±1 and h in Gaussians, for a batch of 5."""
    rng = np.random.default_rng(1)
    x, y = np.sign(rng.normal(size=(2, 5, *SIZE)))
    return [array.astype(np.float32) for array in (x, y, rng.normal(size=(5, *SIZE)))]


def entries(connectivity, condition):
    """Return the mask of the synapses for which `condition(pre, post)` holds."""
    mask = np.zeros(jax.eval_shape(connectivity.init, KEY).shape, bool)
    for pre, post, entry in naive.synapses(connectivity, SIZE, SIZE):
        mask[entry] |= condition(pre, post)
    if isinstance(connectivity, Symmetric):  # each pair of units shares two equal entries
        return mask | mask.T
    return mask


@on_every_connectivity
@for_every_rule
def test_an_update_is_laid_out_as_the_weight(rule, connectivity):
    weight, change = (
        jax.eval_shape(connectivity.init, KEY),
        update(rule, connectivity, *activities()),
    )
    assert (change.shape, change.dtype) == (weight.shape, weight.dtype)
    assert np.abs(change).max() > 0.1


@on_every_connectivity
@for_every_rule
def test_jit_equals_no_jit(rule, connectivity):
    x, y, h = map(jnp.asarray, activities())
    np.testing.assert_allclose(
        update(rule, connectivity, x, y, h),
        connectivity.correlate(x, signal(rule, y, h)),
        atol=1e-6,
    )


@on_every_connectivity
@for_every_rule
def test_the_order_of_the_batch_does_not_matter(rule, connectivity):
    permuted = [array[[3, 0, 4, 1, 2]] for array in activities()]
    np.testing.assert_allclose(
        update(rule, connectivity, *permuted),
        update(rule, connectivity, *activities()),
        rtol=1e-5,
        atol=1e-6,
    )


@on_every_connectivity
@for_every_rule
def test_a_unit_changes_only_its_own_synapses(rule, connectivity):
    """A readout whose units compete changes those of its group, the last axis."""
    x, y, h = activities()
    unit = (1, 2, slice(None)) if isinstance(rule, COMPETING) else (1, 2, 0)
    other = update(rule, connectivity, x, changed(y, unit, np.negative), changed(h, unit, np.exp))
    moved = other != update(rule, connectivity, x, y, h)
    own = entries(
        connectivity, lambda _, post: post[:2] == (1, 2) and (unit[2] in (slice(None), post[2]))
    )
    assert np.any(moved)
    assert not np.any(moved & ~own)


@on_every_connectivity
@for_every_rule
def test_a_presynaptic_unit_changes_only_its_own_synapses(rule, connectivity):
    x, y, h = activities()
    moved = update(rule, connectivity, changed(x, (1, 2, 0), np.negative), y, h) != update(
        rule, connectivity, x, y, h
    )
    assert not np.any(moved & ~entries(connectivity, lambda pre, _: pre == (1, 2, 0)))


@on_every_connectivity
@for_every_rule
def test_absent_synapses_stay_absent(rule, connectivity):
    absent = ~entries(connectivity, lambda *_: True)
    assert not np.any(initial(connectivity)[absent])
    assert not np.any(update(rule, connectivity, *activities())[absent])


@on_every_connectivity
def test_a_message_reaches_only_connected_units(connectivity):
    x, _, _ = activities()
    weight = initial(connectivity)
    moved = message(connectivity, weight, changed(x, (1, 2, 0), np.negative)) != message(
        connectivity, weight, x
    )
    reached = {
        post for pre, post, _ in naive.synapses(connectivity, SIZE, SIZE) if pre == (1, 2, 0)
    }
    assert {unit[1:] for unit in zip(*np.nonzero(moved), strict=True)} <= reached
    assert reached or isinstance(connectivity, Sparse)


@on_every_connectivity
def test_the_update_is_zero_without_a_signal(connectivity):
    x, y, _ = activities()
    assert not np.any(
        update(RULES["perceptron"], connectivity, x, y, 2 * y)
    )  # every unit is stable beyond the margin
