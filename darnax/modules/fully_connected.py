"""An adapter that mixes all units of the sender, or a sparse choice of them, into the receiver."""

import math

import jax
from jax.typing import ArrayLike
from jaxtyping import Array, Key

from darnax.connectivity import Connectivity, Dense, Sparse
from darnax.modules.plasticity import RuleChoice, chosen_rule
from darnax.modules.sizes import in_degree, per_receiver
from darnax.modules.weighted import Weighted
from darnax.shapes import as_size


class FullyConnected(Weighted):
    """The message is `W x`, between buffers of any size.

    Args:
        in_features, out_features: number of units, or size, of the sending and of the receiving buffer.
        strength: scale of the initial W, whose entries are drawn independently from N(0, strength²/fan_in).
        threshold: margin of the default perceptron rule; default 0.
        rule: another law of plasticity, or None for a frozen W.
        sparsity: fraction of absent synapses in [0, 1); every unit keeps the same number of inputs. None is dense.
        patch: draw the inputs of each unit from its own `patch`×`patch` window of an image sender `(H, W)` or `(H, W, C)`,
            placed at random; without a sparsity it hears the whole window.
        key: draws W, and which synapses exist.

    Raises:
        ValueError: a sparsity that leaves no synapse, a patch that does not fit in the sender, or a threshold beside a rule of
            one's own.

    Example:
        >>> import jax
        >>> FullyConnected((28, 28), 500, patch=9, key=jax.random.key(0)).W.shape
        (81, 500)
    """

    def __init__(
        self,
        in_features: int | tuple[int, ...],
        out_features: int | tuple[int, ...],
        strength: ArrayLike = 1.0,
        threshold: ArrayLike | None = None,
        *,
        rule: RuleChoice = ...,
        sparsity: float | None = None,
        patch: int | None = None,
        key: Key[Array, ""],
    ) -> None:
        pre, post = as_size(in_features), as_size(out_features)
        wiring, values = jax.random.split(key)
        connectivity = feedforward_connectivity(pre, post, sparsity, patch, wiring)
        chosen = chosen_rule(rule, threshold, post)
        self._setup((pre, post), connectivity, per_receiver(strength, post), chosen, values)


def feedforward_connectivity(
    pre: tuple[int, ...],
    post: tuple[int, ...],
    sparsity: float | None,
    patch: int | None,
    key: Key[Array, ""],
) -> Connectivity:
    """Return the connectivity from a buffer of size `pre` to one of size `post`."""
    k = None if sparsity is None else in_degree(sparsity, math.prod(pre))
    if patch is not None:
        return Sparse.patch(key, pre, post, patch, k)
    return Dense(pre, post) if k is None else Sparse.uniform(key, pre, post, k)
