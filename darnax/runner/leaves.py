"""The numbers of a pytree under their own names, and back: `hidden1/J`, never `leaf 7`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree


def named(tree: PyTree) -> dict[str, Any]:
    """Return name -> leaf for every number, array and PRNG key of `tree`; the name is its path, as in `opt/mu/hidden1/J`.

    What is not a number (a function, a string) belongs to the structure and is left out, and so is None.
    """
    leaves: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        name = name_of(path)
        if name in leaves:
            raise ValueError(
                f"two leaves are called {name!r}; name the containers so that every path is unique"
            )
        if is_number(leaf):
            leaves[name] = leaf
    return leaves


def name_of(path: tuple[Any, ...]) -> str:
    """Return the name that belongs to a key path."""
    return jax.tree_util.keystr(path, simple=True, separator="/") or "value"


def is_number(leaf: Any) -> bool:
    """Tell whether a leaf is saved."""
    return isinstance(leaf, bool | int | float | complex) or (
        hasattr(leaf, "dtype") and hasattr(leaf, "shape")
    )


def is_key(leaf: Any) -> bool:
    """Tell whether a leaf is a typed PRNG key, `jax.random.key`."""
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def describe(leaf: Any) -> str:
    """Return type and shape, as in `float32[3, 4]`, `key<fry>[]` or `int`."""
    return f"{leaf.dtype}{list(leaf.shape)}" if hasattr(leaf, "dtype") else type(leaf).__name__


def to_numpy(leaf: Any) -> np.ndarray[Any, Any]:
    """Return the numbers of a leaf; a key gives its key data."""
    return np.asarray(jax.random.key_data(leaf) if is_key(leaf) else leaf, order="C")


def restore(array: np.ndarray[Any, Any], like: Any, key_impl: str | None) -> Any:
    """Return `array` as the same kind of thing as `like`: a key, a Python number, a NumPy or a JAX array."""
    if key_impl is not None:
        return jax.random.wrap_key_data(jnp.array(array), impl=key_impl)
    if isinstance(like, np.ndarray | np.generic):
        return array[()]
    return jnp.array(array) if hasattr(like, "dtype") else array.item()
