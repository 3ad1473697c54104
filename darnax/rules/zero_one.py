"""The rules of units of ±1 for units of 0/1.

@article{tsodyks1988enhanced,
  title = {The enhanced storage capacity in neural networks with low activity level},
  author = {Tsodyks, Mikhail V. and Feigel'man, Mikhail V.}, journal = {Europhysics Letters},
  volume = {6}, number = {2}, pages = {101--105}, year = {1988}
}
"""

from jaxtyping import Array, Float

from darnax.rules.interface import Rule, ThreeFactorRule


class ZeroOne(Rule):
    """`e = rule.signal(2y − 1, h)`: a rule of units of ±1 for receivers in states of 0/1.

    The sign of a unit of 0/1 is 2y − 1. With it rules that compare y with the sign of the field,
    such as the perceptron and the AdaTron, ask a unit of state 0 for a field below 0. The states of
    the senders stay 0/1, so that only the synapses of active senders change.

    Args:
        rule: of units of ±1, without a third factor.

    Raises:
        ValueError: a three-factor rule.

    Example:
        >>> import jax.numpy as jnp
        >>> from darnax.rules import Adatron
        >>> y, h = jnp.array([[1.0, 0.0, 1.0]]), jnp.array([[0.5, 1.0, 2.0]])
        >>> ZeroOne(Adatron(margin=1.0)).signal(y, h).tolist()
        [[0.5, -2.0, 0.0]]
    """

    rule: Rule

    def __init__(self, rule: Rule) -> None:
        if isinstance(rule, ThreeFactorRule):
            raise ValueError(f"rule: got {type(rule).__name__}, expected one without third factor")
        self.rule = rule

    def signal(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"]:
        return self.rule.signal(2 * y - 1, h)

    def forgetting(
        self, y: Float[Array, "batch *size"], h: Float[Array, "batch *size"]
    ) -> Float[Array, "batch *size"] | None:
        return self.rule.forgetting(2 * y - 1, h)
