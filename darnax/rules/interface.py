"""What a rule is: a post-synaptic signal, local to one unit (or, for a readout, to one group of units)."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float


class Rule(eqx.Module):
    """A law of plasticity in its post-synaptic half.

    A weight then changes by `ΔW = (1/√(B·fan_in)) Σ_b x_b ⊗ e_b` with `e = signal(y, h)`; its connectivity makes the product. A
    rule therefore works with every connectivity, and knows nothing of weights. A signal of zero changes nothing.
    """

    @abstractmethod
    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        """Return e for a receiver in state `y` under the field `h`.

        Raises:
            ValueError: `y` and `h` differ in shape.
        """
