"""An adapter with one weight between all units of two buffers, or a sparse choice of them."""

import math

import jax
from jax.typing import ArrayLike
from jaxtyping import Array, Key

from darnax.activations import Activation
from darnax.connectivity import (
    Connectivity,
    ConnectivityFactory,
    Dense,
    Sparse,
    make_connectivity,
)
from darnax.modules.plasticity import RuleChoice, choose_rule
from darnax.modules.sizes import in_degree, per_receiver, require_alone
from darnax.modules.weighted import Weighted
from darnax.shapes import as_size


class FullyConnected(Weighted):
    """The message is `W x`, between buffers of any size.

    Args:
        in_features, out_features: number of units, or size, of the sending and of the receiving
            buffer.
        strength: scale of the initial W, whose entries are drawn independently from
            N(0, strength²/fan_in).
        threshold: margin of the default perceptron rule; default 0.
        rule: another law of plasticity, or None for a frozen W.
        sparsity: fraction of absent synapses in [0, 1); every unit keeps the same number of inputs.
            None is dense.
        patch: draw the inputs of each unit from its own `patch`×`patch` window of an image sender
            `(H, W)` or `(H, W, C)`, placed at random; without a sparsity it has the whole window.
        connectivity: another layout of W: a class of `darnax.connectivity.Connectivity`, or a
            function that returns one, called with those of `pre`, `post`, `hollow=False` and `key`
            that it has parameters for. Not together with sparsity or patch.
        presynaptic: ρ, for the message `W ρ(x)` and its update; None is x itself.
        third_factor: name of the adapter to the same buffer that brings the third factor of a
            three-factor rule; its message does not enter the field.
        key: draws W, and which synapses exist.

    Raises:
        ValueError: a sparsity that leaves no synapse, a patch that does not fit in the sender, a
            threshold beside a rule of one's own, a connectivity together with sparsity or patch, or
            one that does not fit the two buffers.

    Example:
        >>> import jax
        >>> FullyConnected((28, 28), 500, patch=9, key=jax.random.key(0)).W.shape
        (81, 500)
        >>> from functools import partial
        >>> from darnax.connectivity import Sparse
        >>> sparse = partial(Sparse.uniform, in_degree=10)
        >>> FullyConnected(100, 50, connectivity=sparse, key=jax.random.key(0)).W.shape
        (10, 50)
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
        connectivity: ConnectivityFactory | None = None,
        presynaptic: Activation | None = None,
        third_factor: str | None = None,
        key: Key[Array, ""],
    ) -> None:
        pre, post = as_size(in_features), as_size(out_features)
        chosen, scale = choose_rule(rule, threshold, post), per_receiver(strength, post)
        # Which synapses exist has to be independent of their values.
        layout, values = jax.random.split(key)
        if connectivity is None:
            made = feedforward_connectivity(pre, post, sparsity, patch, layout)
        else:
            require_alone(sparsity=sparsity, patch=patch)
            made = make_connectivity(connectivity, pre=pre, post=post, key=layout)
        super().__init__(
            pre,
            post,
            made,
            chosen,
            scale,
            presynaptic=presynaptic,
            third_factor=third_factor,
            key=values,
        )


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
