r"""A layer that keeps patterns as rows, and whose field adds them by their overlap with the state.

@inproceedings{krotov2016dense,
  title = {Dense associative memory for pattern recognition},
  author = {Krotov, Dmitry and Hopfield, John J.},
  booktitle = {Advances in Neural Information Processing Systems}, volume = {29}, year = {2016}
}
@article{demircigil2017model,
  title = {On a model of associative memory with huge storage capacity},
  author = {Demircigil, Mete and Heusel, Judith and L{\"o}we, Matthias and Upgang, Sven and
    Vermet, Franck},
  journal = {Journal of Statistical Physics}, volume = {168}, pages = {288--299}, year = {2017}
}
"""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, PyTree

from darnax.activations import sign
from darnax.modules.interfaces import Layer, sum_messages
from darnax.modules.plasticity import mask_nothing, no_update
from darnax.shapes import Size, as_size, require_buffers, require_messages

FULL = jax.lax.Precision.HIGHEST


class DenseMemory(Layer):
    """Units of ±1 with the field `h_i = Σ_μ ξ_i^μ f(m_μ)` of stored patterns, `m_μ = ξ^μ·s / N`.

    `f(m) = max(m, 0)^(power − 1)`, the slope of the energy `−Σ_μ max(m_μ, 0)^power`; without a
    power `f(m) = exp(N m)`, divided by the largest of them, which changes no sign. Power 2 is
    Hebb's rule with self-couplings, but for negative overlaps. A baseline for learned couplings: it
    needs N numbers for each pattern, and no learning.

    The update writes each pattern that is not stored yet into a free row, one of zeros, until
    there is none. It is meant for plain gradient descent with the learning rate 1 on one device.

    Args:
        features: number of units, or the size of a buffer of several dimensions.
        slots: number of rows.
        power: of the energy, at least 2; None is the exponential.

    Raises:
        ValueError: no slot, or a power below 2.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = DenseMemory(4, slots=3)
        >>> pattern = jnp.array([[1.0, 1.0, -1.0, -1.0]])
        >>> layer = eqx.apply_updates(layer, layer.backward(pattern, pattern, pattern))
        >>> layer.patterns.tolist()[0]  # Optax subtracts what is added here
        [-1.0, -1.0, 1.0, 1.0]
    """

    patterns: Array
    power: int | None = eqx.field(static=True)
    features: Size = eqx.field(static=True)

    def __init__(
        self, features: int | tuple[int, ...], slots: int, power: int | None = None
    ) -> None:
        if slots < 1 or (power is not None and power < 2):
            got = f"got slots={slots}, power={power}"
            raise ValueError(f"{got}, expected a slot or more, and a power of at least 2 or none")
        self.features, self.power = as_size(features), power
        self.patterns = jnp.zeros((slots, math.prod(self.features)))

    @property
    def synapses(self) -> int:
        """The products of a step: those of all overlaps, and those of all fields."""
        return 2 * math.prod(self.patterns.shape)

    def __call__(
        self, x: Float[Array, "batch *size"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *size"]:
        del rng
        require_buffers(x=(x, self.features))
        products = jnp.matmul(x.reshape(len(x), -1), self.patterns.T, precision=FULL)
        fields = jnp.matmul(self._weigh(products), self.patterns, precision=FULL)
        return fields.reshape(x.shape)

    def _weigh(self, products: Float[Array, "batch slots"]) -> Float[Array, "batch slots"]:
        if self.power is None:
            # Free rows have the product 0 and add nothing, whatever their weight.
            return jnp.exp(products - jnp.max(products, axis=1, keepdims=True))
        units = self.patterns.shape[1]
        return jnp.maximum(products / units, 0) ** (self.power - 1)

    def reduce(self, h: PyTree[Float[Array, "batch *size"]]) -> Float[Array, "batch *size"]:
        require_messages(h, self.features)
        return sum_messages(h)

    def activation(self, x: Float[Array, "batch *size"]) -> Float[Array, "batch *size"]:
        require_buffers(x=(x, self.features))
        return sign(x)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_buffers(x=(x, self.features), y=(y, self.features), y_hat=(y_hat, self.features))
        shown = y.reshape(len(y), -1)
        is_new = ~was_there(shown, self.patterns) & ~repeated(shown)
        first = jnp.sum(jnp.any(self.patterns != 0, axis=1))
        row = first + jnp.cumsum(is_new) - 1  # of each new pattern
        slots = jnp.arange(len(self.patterns))
        is_row = is_new[None] & (row[None] == slots[:, None])
        written = jnp.matmul(is_row.astype(shown.dtype), shown, precision=FULL)
        # The minus: Optax descends, so that it adds the patterns.
        return eqx.tree_at(lambda m: m.patterns, no_update(self), -written)

    def plastic(self) -> PyTree[bool]:
        return eqx.tree_at(lambda m: m.patterns, mask_nothing(self), True)


def was_there(
    shown: Float[Array, "batch n"], stored: Float[Array, "slots n"]
) -> Bool[Array, " batch"]:
    """Return which patterns of ±1 equal a stored one."""
    products = jnp.matmul(shown, stored.T, precision=FULL)
    return jnp.any(products >= shown.shape[1], axis=1)


def repeated(shown: Float[Array, "batch n"]) -> Bool[Array, " batch"]:
    """Return which patterns of ±1 equal an earlier one of the batch."""
    products = jnp.matmul(shown, shown.T, precision=FULL)
    is_earlier = jnp.tril(jnp.ones(products.shape, bool), -1)
    return jnp.any((products >= shown.shape[1]) & is_earlier, axis=1)
