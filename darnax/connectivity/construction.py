"""Lays out the weight of a module by a connectivity that was given as an argument."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from darnax.connectivity.interface import Connectivity
from darnax.shapes import Size

ConnectivityFactory = Callable[..., Connectivity]
"""A class of connectivity, or a function that returns one; it gets the arguments in `FILLED`."""

FILLED = ("pre", "post", "hollow", "key")
"""Arguments that a module fills in, each where the class has a parameter of that name."""


def make_connectivity(
    factory: ConnectivityFactory,
    *,
    pre: Size,
    post: Size,
    key: Key[Array, ""],
    hollow: bool = False,
) -> Connectivity:
    """Return the connectivity of a weight between buffers of size `pre` and `post`.

    Args:
        factory: makes it of those of the arguments `pre`, `post`, `hollow` and `key` that it has
            parameters for; arguments of its own are given beforehand, by `functools.partial`.
        pre: size of the sending buffer.
        post: size of the receiving buffer.
        key: for the layouts that are drawn.
        hollow: whether the weight has to leave out the synapse of each unit with itself.

    Raises:
        ValueError: a hollow weight of a factory without a parameter `hollow`, something else than
            a connectivity, or one whose message has another size than the receiver.

    Example:
        >>> from functools import partial
        >>> from darnax.connectivity import Sparse
        >>> sparse = partial(Sparse.uniform, in_degree=3)
        >>> make_connectivity(sparse, pre=(8,), post=(5,), key=jax.random.key(0)).fan_in
        3
    """
    name = getattr(getattr(factory, "func", factory), "__qualname__", repr(factory))
    parameters = inspect.signature(factory).parameters.values()
    accepts_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    accepted = FILLED if accepts_any else [each.name for each in parameters]
    if hollow and "hollow" not in accepted:
        what = "which a recurrent layer needs: no unit is an input of itself"
        raise ValueError(f"{name} has no argument `hollow`, {what}")
    known = {"pre": pre, "post": post, "hollow": hollow, "key": key}
    connectivity = factory(**{each: known[each] for each in FILLED if each in accepted})
    if not isinstance(connectivity, Connectivity):
        found = type(connectivity).__name__
        raise ValueError(f"{name} returns {found}, expected a darnax.connectivity.Connectivity")
    _require_sizes(name, connectivity, pre, post, key)
    return connectivity


def _require_sizes(
    name: str, connectivity: Connectivity, pre: Size, post: Size, key: Key[Array, ""]
) -> None:
    weight: Any = jax.eval_shape(connectivity.init, key)
    x = jax.ShapeDtypeStruct((1, *pre), jnp.float32)
    size = jax.eval_shape(connectivity.message, weight, x).shape[1:]
    if size != post:
        raise ValueError(f"{name} sends messages of size {size} to a receiver of size {post}")
