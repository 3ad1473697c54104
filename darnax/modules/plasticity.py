"""From a rule and a connectivity to a module-shaped local update; the only place that knows its sign."""

from collections.abc import Callable
from types import EllipsisType
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from darnax.rules import Perceptron, Rule
from darnax.shapes import Size, require_per_unit

M = TypeVar("M", bound=eqx.Module)
RuleChoice = (
    Rule | None | EllipsisType
)  # `...` stands for the perceptron rule at the module's threshold


def chosen_rule(rule: RuleChoice, threshold: ArrayLike | None, post: Size) -> Rule | None:
    """Return the rule that a constructor's `rule` and `threshold` ask for, for a receiver of size `post`; None means frozen.

    Raises:
        ValueError: a rule of one's own together with a threshold, which only the default rule has, or a threshold that is
            neither one number nor one for each unit.
    """
    if threshold is not None:
        require_per_unit("threshold", threshold, post)
    if rule is ...:
        return Perceptron(0.0 if threshold is None else threshold)
    if rule is not None and threshold is not None:
        raise ValueError(
            f"threshold is the margin of the default perceptron rule; leave it out with rule={rule!r}"
        )
    return rule


def threshold_of(rule: Rule | None) -> Array:
    """Return the margin of a perceptron rule; raise AttributeError for a rule that has none."""
    if not isinstance(rule, Perceptron):
        raise AttributeError(
            f"only a module with the perceptron rule has a threshold; this one has rule={rule!r}"
        )
    return rule.margin


def no_update(module: M) -> M:
    """Return zeros in the shape of `module`."""
    return jax.tree.map(jnp.zeros_like, module)


def local_update(
    module: M,
    weight: Callable[[M], Array],
    x: Float[Array, "batch *pre"],
    y: Float[Array, "batch *post"],
    h: Float[Array, "batch *post"],
) -> M:
    """Return the module-shaped pseudo-gradient: −ΔW at `weight(module)`, zeros elsewhere; all zeros without a rule.

    `ΔW = (1/√(B·fan_in)) Σ_b x_b ⊗ e_b`, `e = rule.signal(y, h)`. The minus lets Optax, which descends, apply +ΔW.
    """
    rule, connectivity = _learning(module)
    if rule is None:
        return no_update(module)
    return eqx.tree_at(weight, no_update(module), -connectivity.correlate(x, rule.signal(y, h)))


def nothing_plastic(module: M) -> PyTree[bool]:
    """Return the module-shaped mask that is false everywhere."""
    return jax.tree.map(lambda _: False, module)


def only_plastic(module: M, weight: Callable[[M], Array]) -> PyTree[bool]:
    """Return the module-shaped mask that is true at `weight(module)` if the module has a rule, and false elsewhere."""
    rule, _ = _learning(module)
    nothing = nothing_plastic(module)
    return nothing if rule is None else eqx.tree_at(weight, nothing, True)


def _learning(module: Any) -> tuple[Any, Any]:
    return module.rule, module.connectivity
