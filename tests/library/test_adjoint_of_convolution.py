"""The adjoint of a convolution, which the baseline uses, against the compiler's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from darnax.connectivity.convolution import Convolved

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("stride", "padding", "width"),
    [(1, "SAME", 3), (2, "SAME", 5), (2, "VALID", 3), (1, 2, 3), (2, 1, 4)],
)
def test_the_adjoint_is_that_of_the_compiler(stride, padding, width):
    convolved = Convolved(3, 4, width, stride, padding)
    weight, x = convolved.init(KEY), jax.random.normal(KEY, (8, 16, 17, 3))
    e = jax.random.normal(KEY, jax.eval_shape(convolved.message, weight, x).shape)

    def own(weight, x):
        return jnp.sum(convolved.message(weight, x) * e)

    def compilers(weight, x):
        pad = padding if isinstance(padding, str) else [(padding, padding)] * 2
        layout = ("NHWC", "HWIO", "NHWC")
        sent = jax.lax.conv_general_dilated(
            x, weight, (stride, stride), pad, dimension_numbers=layout
        )
        return jnp.sum(sent * e)

    gradients = [jax.jit(jax.grad(of, (0, 1)))(weight, x) for of in (own, compilers)]
    for found, expected in zip(*gradients, strict=True):
        assert np.allclose(found, expected, atol=1e-3, rtol=1e-4)
