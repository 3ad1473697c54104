"""Random numbers for every entry of an input, cheaper than JAX's own generator on a CPU.

JAX's Threefry takes as long for an image as a training step of a small network on it. Here it makes
the key of each example, and the entries of the example are hashes of that key and their position.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, UInt32

WEYL = 0x9E3779B9  # 2³² / golden ratio: consecutive positions are far apart


def bits(key: Key[Array, ""], shape: tuple[int, ...]) -> UInt32[Array, "*shape"]:
    """Return 32 random bits for each entry: `mix(mix(i · WEYL + k₀) + k₁)` for the i-th entry.

    (k₀, k₁) are the two words of the key. As in every counter-based generator the result is a
    function of key and position, so that it is the same in any batch and on any device.
    """
    words = jax.random.key_data(key).astype(jnp.uint32).reshape(-1)
    position = jnp.arange(math.prod(shape), dtype=jnp.uint32) * jnp.uint32(WEYL)
    return mix(mix(position + words[0]) + words[-1]).reshape(shape)


def uniform(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    """Return numbers uniform in [0, 1), multiples of 2⁻²⁴."""
    return (bits(key, shape) >> 8).astype(jnp.float32) * jnp.float32(2**-24)


def bernoulli(
    key: Key[Array, ""], probability: Float[Array, ""], shape: tuple[int, ...]
) -> Bool[Array, "*shape"]:
    """Return booleans that are true with a probability."""
    return uniform(key, shape) < probability


def normal(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "*shape"]:
    """Return numbers from N(0, 1): `√2 erf⁻¹(u)` with u uniform in (−1, 1)."""
    u = uniform(key, shape) * 2 - 1 + jnp.float32(2**-24)
    return jnp.float32(math.sqrt(2)) * jax.lax.erf_inv(u)


def mix(x: UInt32[Array, "..."]) -> UInt32[Array, "..."]:
    """Return a bijective hash of 32 bits, in which every bit of x changes half of the bits.

    The constants are those of lowbias32 (C. Wellons, "Prospecting for hash functions", 2018).
    """
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)
