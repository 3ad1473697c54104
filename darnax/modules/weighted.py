"""What adapters with one plastic weight have in common."""

from typing import Self

import equinox as eqx
from jaxtyping import Array, Float, Key, PyTree

from darnax.connectivity import Connectivity
from darnax.modules.interfaces import Adapter
from darnax.modules.plasticity import local_update, only_plastic, threshold_of
from darnax.modules.sizes import scaled
from darnax.rules import Rule
from darnax.shapes import Size, require_buffers


class Weighted(Adapter):
    """An adapter but for its constructor: the message is W, laid out by a connectivity, applied to the sender."""

    W: Array
    connectivity: Connectivity
    rule: Rule | None
    in_features: Size = eqx.field(static=True)
    out_features: Size = eqx.field(static=True)

    def _setup(
        self,
        ends: tuple[Size, Size],
        connectivity: Connectivity,
        scale: Array,
        rule: Rule | None,
        key: Key[Array, ""],
    ) -> None:
        """Fill the fields; for constructors. W has entries N(0, scale²/fan_in), `scale` from `per_receiver`."""
        self.in_features, self.out_features = ends
        self.W = scaled(connectivity.init(key), scale)
        self.connectivity = connectivity
        self.rule = rule

    @property
    def threshold(self) -> Array:
        """The margin of the perceptron rule."""
        return threshold_of(self.rule)

    def __call__(
        self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *post"]:
        del rng
        require_buffers(x=(x, self.in_features))
        return self.connectivity.message(self.W, x)

    def backward(self, x: Array, y: Array, y_hat: Array) -> Self:
        require_buffers(
            x=(x, self.in_features), y=(y, self.out_features), y_hat=(y_hat, self.out_features)
        )
        return local_update(self, lambda m: m.W, x, y, y_hat)

    def plastic(self) -> PyTree[bool]:
        return only_plastic(self, lambda m: m.W)
