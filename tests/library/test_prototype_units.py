"""Units that copy the label where they are least decided. Oracle: numpy, and the usual layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.modules import PrototypeUnits, RecurrentDiscrete

KEY = jax.random.key(5)
UNITS = 10


def messages(count):
    return [jax.random.normal(jax.random.key(i), (4, UNITS)) for i in range(count)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.75, 1.0])
def test_the_least_decided_share_copies_the_last_message(share):
    layer = PrototypeUnits(UNITS, 0.5, share=share, senders=2, key=KEY)
    given = messages(4)
    *others, label = (np.asarray(message, np.float64) for message in given)
    expected = sum(others)
    for field, pattern in zip(expected, label, strict=True):
        undecided = np.argsort(np.abs(field))[: round(share * UNITS)]
        field[undecided] = pattern[undecided]
    np.testing.assert_allclose(layer.reduce(given), expected, rtol=1e-5, atol=1e-6)


def test_without_a_label_it_is_the_usual_layer():
    layer = PrototypeUnits(UNITS, 0.5, share=0.5, senders=2, key=KEY)
    usual = RecurrentDiscrete(UNITS, 0.5, key=KEY)
    np.testing.assert_array_equal(layer.J, usual.J)
    given = messages(3)
    np.testing.assert_array_equal(layer.reduce(given), usual.reduce(given))
    s = jnp.sign(given[0])
    np.testing.assert_array_equal(layer(s), usual(s))


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_is_between_0_and_1(share):
    with pytest.raises(ValueError, match=f"share: got {share}, expected a number from 0 to 1"):
        PrototypeUnits(UNITS, 0.5, share=share, key=KEY)
