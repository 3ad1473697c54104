"""Every unit hears k others: the weight holds the non-zeros only, and so does its update."""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint
from jaxtyping import Array, Float, Int, Key

from darnax.connectivity.interface import FULL, Connectivity, normalised
from darnax.shapes import Size, as_size, require_buffers, require_shape

UNROLL = (
    10  # inputs added per turn of the loop over the in-degree; a remainder costs a turn of its own
)
SAMPLES = 16  # added per turn of the loop over the batch
MATMUL_PAYS = 10  # times faster is a product than a sum of a gather: it pays to make all products and pick the synapses
ROW_MAJOR, COLUMN_MAJOR = Layout((0, 1)), Layout((1, 0))


class Sparse(Connectivity):
    """A weight `(k, post)`: entry (a, i) is the synapse from unit `inputs[a, i]` to unit i.

    The in-degree k is the same for every unit, so shapes are static, and time and memory go with the number of synapses.
    Make one with `uniform` or `patch`.
    """

    inputs: Int[Array, "k post"]
    pre: Size = eqx.field(static=True, converter=as_size)
    post: Size = eqx.field(static=True, converter=as_size)

    @classmethod
    def uniform(
        cls,
        key: Key[Array, ""],
        pre: tuple[int, ...],
        post: tuple[int, ...],
        in_degree: int,
        *,
        hollow: bool = False,
    ) -> Self:
        """Draw the k inputs of every unit uniformly, without repetition; `hollow` leaves out the unit itself."""
        units = math.prod(post)
        inputs = distinct(key, math.prod(pre) - hollow, in_degree, units)
        if hollow:
            inputs = inputs + (inputs >= jnp.arange(units)[None]).astype(inputs.dtype)
        return cls(inputs, pre, post)

    @classmethod
    def patch(
        cls,
        key: Key[Array, ""],
        image: tuple[int, ...],
        post: tuple[int, ...],
        width: int,
        in_degree: int | None = None,
    ) -> Self:
        """Draw for every unit a width × width patch of an image `(H, W)` or `(H, W, C)`, and in it k inputs (default: all).

        Raises:
            ValueError: `image` is no image, or smaller than the patch, or k is more than the patch holds.
        """
        (width,) = as_size(width)
        if len(image) not in (2, 3) or not 1 <= width <= min(image[:2]):
            raise ValueError(
                f"a {width}x{width} patch needs a sender (H, W) or (H, W, C) at least as large; "
                f"it is {image}: set patch to null, or a smaller one"
            )
        height, breadth, channels = (*image, 1)[:3]
        where, what = jax.random.split(key)
        units, pool = math.prod(post), width * width * channels
        places = jnp.array([height - width + 1, breadth - width + 1])[:, None, None]
        top, left = jax.random.randint(where, (2, 1, units), 0, places)
        within = distinct(what, pool, pool if in_degree is None else in_degree, units)
        row, rest = jnp.divmod(within, width * channels)
        return cls(((top + row) * breadth + left) * channels + rest, image, post)

    def __check_init__(self) -> None:
        require_shape("inputs", self.inputs, (self.fan_in, math.prod(self.post)))

    @property
    def fan_in(self) -> int:
        return self.inputs.shape[0]

    def init(self, key: Key[Array, ""]) -> Float[Array, "k post"]:
        return jax.random.normal(key, self.inputs.shape) / math.sqrt(self.fan_in)

    def message(
        self, weight: Float[Array, "k post"], x: Float[Array, "batch *pre"]
    ) -> Float[Array, "batch *post"]:
        require_shape("the weight", weight, self.inputs.shape)
        require_buffers(x=(x, self.pre))
        units = row_major(
            x.reshape(x.shape[0], -1).T
        )  # the batch of one unit is one run of numbers
        return row_major(sum_over_inputs(weight, self.inputs, units)).T.reshape(
            x.shape[0], *self.post
        )

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "k post"]:
        require_buffers(x=(x, self.pre), e=(e, self.post))
        batch = x.shape[0]
        before, signal = row_major(x.reshape(batch, -1)), row_major(e.reshape(batch, -1))
        if before.shape[1] <= self.fan_in * MATMUL_PAYS:
            products = jnp.matmul(before.T, signal, precision=FULL)
            return normalised(
                jnp.take_along_axis(products, self.inputs, 0, mode="promise_in_bounds"),
                batch,
                self.fan_in,
            )

        return normalised(
            row_major(sum_over_samples(before, signal, self.inputs)), batch, self.fan_in
        )

    def preferred_layout(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *pre"]:
        require_buffers(x=(x, self.pre))
        columns = with_layout_constraint(x.reshape(x.shape[0], -1), COLUMN_MAJOR)
        # The barrier keeps this layout out of the results of `jax.jit`, which misreads them otherwise (jax 0.10).
        return jax.lax.optimization_barrier(columns).reshape(x.shape)


@jax.jit  # traced once for all the steps and layers of one shape
def sum_over_inputs(
    weight: Float[Array, "k post"], inputs: Int[Array, "k post"], units: Float[Array, "pre batch"]
) -> Float[Array, "post batch"]:
    """Return `Σ_a weight[a, i] · units[inputs[a, i], b]`."""

    def add(field: Array, synapses: tuple[Array, Array]) -> tuple[Array, None]:
        values, inputs = synapses
        return field + values[:, None] * pick(units, inputs), None

    blank = jnp.zeros((weight.shape[1], units.shape[1]), units.dtype)
    return jax.lax.scan(add, blank, (weight, inputs), unroll=min(UNROLL, len(weight)))[0]


@jax.jit
def sum_over_samples(
    before: Float[Array, "batch pre"],
    signal: Float[Array, "batch post"],
    inputs: Int[Array, "k post"],
) -> Float[Array, "k post"]:
    """Return `Σ_b before[b, inputs[a, i]] · signal[b, i]`."""

    def add(total: Array, sample: tuple[Array, Array]) -> tuple[Array, None]:
        before, signal = sample
        return total + pick(before, inputs) * signal[None], None

    return jax.lax.scan(
        add,
        jnp.zeros(inputs.shape, before.dtype),
        (before, signal),
        unroll=min(SAMPLES, len(before)),
    )[0]


def row_major(x: Float[Array, "rows columns"]) -> Float[Array, "rows columns"]:
    """Return `x` with each row in one piece; left alone, the compiler fuses transpositions and reads numbers one by one."""
    return with_layout_constraint(x, ROW_MAJOR)


def pick(x: Float[Array, "units ..."], inputs: Int[Array, "..."]) -> Float[Array, "..."]:
    """Return `x[inputs]` without the checks for negative indices and for the end, which cost as much as the reading."""
    return x.at[inputs].get(mode="promise_in_bounds", wrap_negative_indices=False)


def distinct(key: Key[Array, ""], pool: int, k: int, units: int) -> Int[Array, "k units"]:
    """Draw for each of `units` a uniform subset of k numbers below `pool`, in rising order (Floyd's sampling).

    Raises:
        ValueError: k is not between 1 and `pool`.
    """
    if not 1 <= k <= pool:
        what = f"expected between 1 and {pool}; change the sparsity"
        raise ValueError(f"got {k} inputs of a unit, {what}")
    last = jnp.arange(pool - k, pool, dtype=jnp.int32)
    draws = jax.random.randint(key, (k, units), 0, last[:, None] + 1, dtype=jnp.int32)

    def choose(turn: Array, chosen: Array) -> Array:
        taken = jnp.any(chosen == draws[turn][None], axis=0)
        return chosen.at[turn].set(jnp.where(taken, last[turn], draws[turn]))

    return jnp.sort(jax.lax.fori_loop(0, k, choose, jnp.full((k, units), -1, jnp.int32)), axis=0)
