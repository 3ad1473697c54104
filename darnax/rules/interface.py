"""The interface of a rule: a post-synaptic signal, local to a unit (or group, in a readout)."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float


class Rule(eqx.Module):
    """The post-synaptic half of a plasticity rule.

    A weight changes by `ΔW = (1/√(B·fan_in)) Σ_b x_b ⊗ e_b` with `e = signal(y, h)`; its
    connectivity computes the product. A rule does not depend on weights, so it works with every
    connectivity. A signal of zero changes nothing.
    """

    @abstractmethod
    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        """Return e for a receiver in state `y` under the field `h`.

        Raises:
            ValueError: `y` and `h` differ in shape.
        """
