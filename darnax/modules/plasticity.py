"""Local updates: from a rule and a connectivity to a pytree in the shape of a module.

The sign of the update is set here and nowhere else.
"""

from collections.abc import Callable
from types import EllipsisType
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from darnax.connectivity import Dense, normalise
from darnax.rules import Perceptron, Rule, ThreeFactorRule
from darnax.shapes import Size, require_per_unit

M = TypeVar("M", bound=eqx.Module)
# `...` is the default, the perceptron rule with the module's threshold: None means no rule.
RuleChoice = Rule | None | EllipsisType


def choose_rule(rule: RuleChoice, threshold: ArrayLike | None, post: Size) -> Rule | None:
    """Return the rule of a module from the arguments of its constructor; None means frozen.

    Args:
        rule: the argument; `...` is the perceptron rule.
        threshold: margin of the perceptron rule; None is 0.
        post: size of the receiving buffer.

    Raises:
        ValueError: a threshold together with another rule than `...`, or a threshold that is
            neither one number nor one for each unit.
    """
    if threshold is not None:
        require_per_unit("threshold", threshold, post)
    if rule is ...:
        return Perceptron(0.0 if threshold is None else threshold)
    if rule is not None and threshold is not None:
        what = "threshold is the margin of the default perceptron rule"
        raise ValueError(f"{what}; leave it out with rule={rule!r}")
    return rule


def get_threshold(rule: Rule | None) -> Array:
    """Return the margin of a perceptron rule; raise AttributeError for a rule that has none."""
    if not isinstance(rule, Perceptron):
        what = "only a module with the perceptron rule has a threshold"
        raise AttributeError(f"{what}; this one has rule={rule!r}")
    return rule.margin


def no_update(module: M) -> M:
    """Return zeros in the shape of `module`."""
    return jax.tree.map(jnp.zeros_like, module)


def require_rule_fits(rule: Rule | None, third_factor: str | None) -> None:
    """Raise ValueError unless a module names a third factor exactly if its rule asks for one."""
    asks = isinstance(rule, ThreeFactorRule)
    if asks and third_factor is None:
        what = f"{type(rule).__name__} is a three-factor rule"
        raise ValueError(f"{what}; name the adapter that brings the third factor: third_factor=…")
    if third_factor is not None and not asks:
        got = f"got third_factor={third_factor!r} beside rule={rule!r}"
        raise ValueError(f"{got}, expected a three-factor rule; leave out the third factor")


def signal_of(rule: Rule, y: Array, h: Array, t: Array | None) -> Array:
    """Return the signal of a rule, with the third factor for a rule that asks for it."""
    return rule.signal(y, h, t) if isinstance(rule, ThreeFactorRule) else rule.signal(y, h)


def local_update(
    module: M,
    weight: Callable[[M], Array | None],
    x: Float[Array, "batch *pre"],
    y: Float[Array, "batch *post"],
    h: Float[Array, "batch *post"],
    t: Float[Array, "batch *post"] | None = None,
) -> M:
    """Return the pseudo-gradient of a module: −ΔW at `weight(module)`, zeros elsewhere.

    `ΔW = (1/√(B·fan_in)) Σ_b (x_b ⊗ e_b − W · d_b)` with `e = rule.signal(y, h)`, or
    `rule.signal(y, h, t)`, and `d = rule.forgetting(y, h)`, 0 for most rules; ΔW = 0 without one.

    Args:
        module: with a `rule` and a `connectivity`.
        weight: module -> its plastic weight.
        x: the buffer of the sender.
        y: the buffer of the receiver.
        h: the field of the receiver.
        t: the third factor, for a rule that asks for it.
    """
    rule, connectivity = _rule_and_connectivity(module)
    if rule is None:
        return no_update(module)
    change = connectivity.correlate(x, signal_of(rule, y, h, t))
    decay = rule.forgetting(y, h)
    if decay is not None:
        change = change - connectivity.forget(weight(module), x, decay)
    # The minus: Optax descends, so that it adds +ΔW.
    return eqx.tree_at(weight, no_update(module), -change)


def bias_update(
    rule: Rule,
    y: Float[Array, "batch *post"],
    h: Float[Array, "batch *post"],
    shape: Size,
    t: Float[Array, "batch *post"] | None = None,
) -> Float[Array, "*shared"]:
    """Return −Δb of the biases of a layer: `Δb = (1/√B) Σ_b e_b`, with `e = rule.signal(y, h)`.

    A bias is a weight from one input that is always 1, so that its fan-in is 1.

    Args:
        rule: gives the signal.
        y: the buffer of the layer.
        h: the field of the layer.
        shape: of the biases; the signals of all positions that share one are summed.
        t: the third factor, for a rule that asks for it.
    """
    signal = signal_of(rule, y, h, t)
    total = signal.sum(axis=tuple(range(signal.ndim - len(shape))))
    return -normalise(total, len(signal), fan_in=1)


def perceptron_rule_backward(
    x: Float[Array, "batch *pre"],
    y: Float[Array, "batch *post"],
    y_hat: Float[Array, "batch *post"],
    threshold: ArrayLike = 0.0,
) -> Float[Array, "pre post"]:
    """Return −ΔW of the perceptron rule for a dense weight `(pre, post)`, for modules of one's own.

    `ΔW = (1/√(B·N_pre)) Σ_b x_b ⊗ e_b` with `e = y · 1[y·ŷ ≤ threshold]`; the minus, because Optax
    descends what `backward` returns. Buffers of several dimensions are read as vectors. The
    diagonal is not left out: a layer without self-synapses sets it to zero.

    Args:
        x: the buffer of the sender.
        y: the buffer of the receiver.
        y_hat: the field of the receiver.
        threshold: margin of the rule; one number, or one for each unit.

    Raises:
        ValueError: y and y_hat of different shapes, other batches than that of x, or a threshold
            of another size.

    Example:
        >>> import jax.numpy as jnp
        >>> x, y = jnp.array([[1.0, -1.0, 1.0, 1.0]]), jnp.array([[1.0, -1.0]])
        >>> (0.0 - perceptron_rule_backward(x, y, jnp.array([[2.0, 1.0]]), 1.5)).tolist()
        [[0.0, -0.5], [0.0, 0.5], [0.0, -0.5], [0.0, -0.5]]
    """
    signal = Perceptron(threshold).signal(y, y_hat)
    return -Dense(x.shape[1:], y.shape[1:]).correlate(x, signal)


def mask_nothing(module: M) -> PyTree[bool]:
    """Return the mask of a module that is false everywhere."""
    return jax.tree.map(lambda _: False, module)


def mask_weight(module: M, weight: Callable[[M], Array | None]) -> PyTree[bool]:
    """Return the mask of a module: true at `weight(module)` if it has a rule, false elsewhere."""
    rule, _ = _rule_and_connectivity(module)
    nothing = mask_nothing(module)
    return nothing if rule is None else eqx.tree_at(weight, nothing, True)


def _rule_and_connectivity(module: Any) -> tuple[Any, Any]:
    return module.rule, module.connectivity
