"""Converts the leaves of a pytree to arrays with names such as `hidden1/J`, and back."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree


def leaves_by_name(tree: PyTree) -> dict[str, Any]:
    """Return name -> leaf for all numbers, arrays and PRNG keys of `tree`.

    The name of a leaf is its path, such as `opt/mu/hidden1/J`. Other leaves, such as functions and
    strings, belong to the structure and are left out.

    Raises:
        ValueError: two leaves have the same name.
    """
    leaves: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        name = format_path(path)
        if name in leaves:
            advice = "name the containers so that every path is unique"
            raise ValueError(f"two leaves are called {name!r}; {advice}")
        if is_saved(leaf):
            leaves[name] = leaf
    return leaves


def format_path(path: tuple[Any, ...]) -> str:
    """Return the name of the leaf at a key path."""
    # A tree that is a leaf itself has an empty path; safetensors wants a name all the same.
    return jax.tree_util.keystr(path, simple=True, separator="/") or "value"


def is_saved(leaf: Any) -> bool:
    """Return whether a leaf is a number, an array or a PRNG key."""
    is_array = hasattr(leaf, "dtype") and hasattr(leaf, "shape")
    return is_array or isinstance(leaf, bool | int | float | complex)


def is_key(leaf: Any) -> bool:
    """Return whether a leaf is a typed PRNG key, as `jax.random.key` makes them."""
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def describe_type(leaf: Any) -> str:
    """Return type and shape, such as `float32[3, 4]`, `key<fry>[]` or `int`."""
    return f"{leaf.dtype}{list(leaf.shape)}" if hasattr(leaf, "dtype") else type(leaf).__name__


def to_numpy(leaf: Any) -> np.ndarray[Any, Any]:
    """Return a leaf as an array; a key as its key data."""
    # Always in C order: the bytes, and so the checksums, must not depend on the layout in memory.
    return np.asarray(jax.random.key_data(leaf) if is_key(leaf) else leaf, order="C")


def restore_leaf(array: np.ndarray[Any, Any], like: Any, key_impl: str | None) -> Any:
    """Return `array` in the type of `like`: a key, a Python number, a NumPy or a JAX array."""
    if key_impl is not None:
        return jax.random.wrap_key_data(jnp.array(array), impl=key_impl)
    if isinstance(like, np.ndarray | np.generic):
        return array[()]
    return jnp.array(array) if hasattr(like, "dtype") else array.item()
