"""The interfaces of rules: a post-synaptic signal, local to a unit (or group, in a readout)."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float

from darnax.shapes import require_equal


class Rule(eqx.Module):
    """The post-synaptic half of a plasticity rule.

    A weight changes by `ΔW = (1/√(B·fan_in)) Σ_b x_b ⊗ e_b` with `e = signal(y, h)`; its
    connectivity computes the product. A rule does not depend on weights, so it works with every
    connectivity. A signal of zero changes nothing.

    A rule that forgets has a rate d of forgetting for every receiving unit besides, and the weight
    changes by `ΔW = (1/√(B·fan_in)) Σ_b (x_b ⊗ e_b − W · d_b)`.
    """

    @abstractmethod
    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        """Return e for a receiver in state `y` under the field `h`.

        Raises:
            ValueError: `y` and `h` differ in shape.
        """

    def forgetting(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"] | None:
        """Return d, the rate at which the weights of a unit decay, or None for no forgetting."""
        del y, h
        return None


class ThreeFactorRule(Rule):
    """A rule whose signal depends on a third factor t besides y and h.

    t is the message of an adapter to the same buffer, which the module names by its `third_factor`:
    feedback of an error, a teaching or an apical input. That message does not enter the field.
    """

    @abstractmethod
    def signal(
        self,
        y: Float[Array, "batch *size"],
        h: Float[Array, "batch *size"],
        t: Float[Array, "batch *size"] | None = None,
    ) -> Float[Array, "batch *size"]:
        """Return e for a receiver in state `y` under the field `h` with the third factor `t`.

        Raises:
            ValueError: `y`, `h` and `t` differ in shape, or there is no `t`.
        """


def require_third_factor(t: Array | None, rule: Rule, y: Array, h: Array) -> Array:
    """Return the third factor of a rule, for a receiver in state `y` under the field `h`.

    Raises:
        ValueError: there is none, or `y`, `h` and `t` differ in shape.
    """
    if t is None:
        name = type(rule).__name__
        raise ValueError(f"got no third factor, expected one: {name} is a three-factor rule")
    require_equal(y=y, h=h, t=t)
    return t
