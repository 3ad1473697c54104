"""Sparse weights with a fixed in-degree k: only the non-zeros are stored and updated."""

import math
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint
from jaxtyping import Array, Float, Int, Key

from darnax.connectivity.interface import FULL, Connectivity, normalise
from darnax.printing import count_of
from darnax.shapes import Size, as_size, require_buffers, require_count, require_shape

# Inputs per iteration of the loop over the in-degree; a remainder costs an iteration of its own.
UNROLL = 10
# Samples per iteration of the loop over the batch.
SAMPLES = 16
# A multiply-add of a matrix product is about so many times faster than one after a gather. Below
# this ratio of inputs to in-degree it is faster to compute all products and pick the synapses.
MATMUL_SPEEDUP = 10
ROW_MAJOR, COLUMN_MAJOR = Layout((0, 1)), Layout((1, 0))


class Sparse(Connectivity):
    """A weight `(k, post)`: entry (a, i) is the synapse from unit `inputs[a, i]` to unit i.

    The in-degree k is the same for every unit, so that shapes are static, and time and memory are
    proportional to the number of synapses. Make one with `uniform` or `patch`.

    Args:
        inputs: for each receiving unit the indices of its k inputs.
        pre: size of the sending buffer.
        post: size of the receiving buffer.
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
        """Draw the inputs of every unit uniformly, without repetition.

        With `hollow` the unit itself is left out.
        """
        units = math.prod(post)
        k = require_count("in_degree", in_degree)
        inputs = draw_subsets(key, math.prod(pre) - hollow, k, units)
        if hollow:
            # Drawn from one number less: those from the unit's own index on are moved up by one.
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
        """Draw for every unit a square patch of an image, and its inputs in the patch.

        Args:
            key: of the draws.
            image: size `(H, W)` or `(H, W, C)` of the sending buffer.
            post: size of the receiving buffer.
            width: of the patch, in pixels.
            in_degree: inputs of a unit; None is the whole patch.

        Raises:
            ValueError: `image` is not the size of an image or is smaller than the patch, or the
                patch has less than `in_degree` inputs.
        """
        (width,) = as_size(width)
        if len(image) not in (2, 3) or not 1 <= width <= min(image[:2]):
            needs = "needs a sender (H, W) or (H, W, C) at least as large"
            advice = "set patch to null, or a smaller one"
            raise ValueError(f"a {width}x{width} patch {needs}; it is {image}: {advice}")
        height, breadth, channels = (*image, 1)[:3]
        patch_key, input_key = jax.random.split(key)
        units, pool = math.prod(post), width * width * channels
        # The corner of each unit's patch, anywhere such that the patch lies in the image.
        corners = jnp.array([height - width + 1, breadth - width + 1])[:, None, None]
        top, left = jax.random.randint(patch_key, (2, 1, units), 0, corners)
        k = pool if in_degree is None else require_count("in_degree", in_degree)
        within = draw_subsets(input_key, pool, k, units)
        # From an index in the flattened patch to one in the flattened image. A row of the patch is
        # contiguous in both, so that `rest` counts pixels and channels together.
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
        batch = x.shape[0]
        # Unit-major: the batch of one unit is contiguous, so that a gather copies whole rows.
        units = make_row_major(x.reshape(batch, -1).T)
        field = make_row_major(sum_over_inputs(weight, self.inputs, units))
        return field.T.reshape(batch, *self.post)

    def correlate(
        self, x: Float[Array, "batch *pre"], e: Float[Array, "batch *post"]
    ) -> Float[Array, "k post"]:
        require_buffers(x=(x, self.pre), e=(e, self.post))
        batch = x.shape[0]
        before, signal = make_row_major(x.reshape(batch, -1)), make_row_major(e.reshape(batch, -1))
        if before.shape[1] <= self.fan_in * MATMUL_SPEEDUP:
            products = jnp.matmul(before.T, signal, precision=FULL)
            # `inputs` is in bounds by construction; to check it would cost as much as the gather.
            total = jnp.take_along_axis(products, self.inputs, 0, mode="promise_in_bounds")
        else:
            total = make_row_major(sum_over_samples(before, signal, self.inputs))
        return normalise(total, batch, self.fan_in)

    def preferred_layout(self, x: Float[Array, "batch *pre"]) -> Float[Array, "batch *pre"]:
        require_buffers(x=(x, self.pre))
        columns = with_layout_constraint(x.reshape(x.shape[0], -1), COLUMN_MAJOR)
        # Without the barrier the layout reaches results of `jax.jit`, which are then read in the
        # wrong order (jax 0.10).
        return jax.lax.optimization_barrier(columns).reshape(x.shape)


@jax.jit  # traced once for all layers of one shape
def sum_over_inputs(
    weight: Float[Array, "k post"], inputs: Int[Array, "k post"], units: Float[Array, "pre batch"]
) -> Float[Array, "post batch"]:
    """Return `Σ_a weight[a, i] · units[inputs[a, i], b]`."""

    def add(field: Array, synapses: tuple[Array, Array]) -> tuple[Array, None]:
        values, inputs = synapses
        return field + values[:, None] * gather(units, inputs), None

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
        return total + gather(before, inputs) * signal[None], None

    return jax.lax.scan(
        add,
        jnp.zeros(inputs.shape, before.dtype),
        (before, signal),
        unroll=min(SAMPLES, len(before)),
    )[0]


def make_row_major(x: Float[Array, "rows columns"]) -> Float[Array, "rows columns"]:
    """Return `x` with contiguous rows in memory."""
    # Otherwise the compiler fuses a transposition into the loop, which then reads single numbers
    # from all over the memory.
    return with_layout_constraint(x, ROW_MAJOR)


def gather(x: Float[Array, "units ..."], inputs: Int[Array, "..."]) -> Float[Array, "..."]:
    """Return `x[inputs]`."""
    # The checks for negative indices and for the end would cost as much as the gather itself.
    return x.at[inputs].get(mode="promise_in_bounds", wrap_negative_indices=False)


def draw_subsets(key: Key[Array, ""], pool: int, k: int, units: int) -> Int[Array, "k units"]:
    """Draw for each unit a uniform subset of k of the numbers 0…pool−1, in increasing order.

    By Floyd's algorithm, whose memory is proportional to k instead of to `pool`.

    Raises:
        ValueError: k is not between 1 and `pool`.
    """
    if not 1 <= k <= pool:
        what = f"expected between 1 and {pool}; change the sparsity, or leave it out for all (null)"
        raise ValueError(f"got {count_of(k, 'input')} of a unit, {what}")
    last = jnp.arange(pool - k, pool, dtype=jnp.int32)
    draws = jax.random.randint(key, (k, units), 0, last[:, None] + 1, dtype=jnp.int32)

    def choose(turn: Array, chosen: Array) -> Array:
        # In turn t a number up to pool − k + t is drawn. If it is in the subset already, the upper
        # end itself is added, which cannot be.
        is_in_subset = jnp.any(chosen == draws[turn][None], axis=0)
        return chosen.at[turn].set(jnp.where(is_in_subset, last[turn], draws[turn]))

    empty = jnp.full((k, units), -1, jnp.int32)
    return jnp.sort(jax.lax.fori_loop(0, k, choose, empty), axis=0)
