"""An adapter that sends the label to a layer."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from darnax.connectivity import Connectivity, ConnectivityFactory, Dense, make_connectivity
from darnax.modules.fixed import FixedAdapter
from darnax.modules.sizes import per_receiver, scale_weight
from darnax.shapes import as_size, per_unit, require_buffers, require_per_unit


class Feedback(FixedAdapter):
    """The message is `W f(y)` with f(+1) = high and f(−1) = low, linear in between; W is frozen.

    Of n classes one is on and n − 1 are off: `high` and `low` are the scale of each, while the
    readout's rule still sees ±1 (arXiv 2509.05041 has 1.5 and −1/3).

    Args:
        in_features, out_features: number of units, or size, of the output buffer and of the layer
            that receives the label.
        strength: scale of W, whose entries are drawn independently from N(0, strength²/fan_in).
        high: what +1 becomes; one number, or one per unit of the output buffer.
        low: what −1 becomes; as high.
        connectivity: the layout of W, by default dense: a class of
            `darnax.connectivity.Connectivity`, or a function that returns one, called with those of
            `pre`, `post`, `hollow=False` and `key` that it has parameters for.
        key: draws W, and the layout where that is drawn.

    Raises:
        ValueError: a strength, high or low that is neither one number nor one for each unit, or a
            connectivity that does not fit the two buffers.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> w_back = Feedback(1, 3, high=1.5, low=-0.5, key=jax.random.key(0))
        >>> bool(jnp.allclose(w_back(jnp.ones((1, 1))), -3 * w_back(-jnp.ones((1, 1)))))
        True
    """

    W: Array
    high: Array
    low: Array
    connectivity: Connectivity

    def __init__(
        self,
        in_features: int | tuple[int, ...],
        out_features: int | tuple[int, ...],
        strength: ArrayLike = 1.0,
        high: ArrayLike = 1.0,
        low: ArrayLike = -1.0,
        *,
        connectivity: ConnectivityFactory | None = None,
        key: Key[Array, ""],
    ) -> None:
        pre, post = as_size(in_features), as_size(out_features)
        require_per_unit("high", high, pre)
        require_per_unit("low", low, pre)
        self.in_features, self.out_features = pre, post
        # Only a connectivity of the user's may draw its layout; the default leaves the key to W.
        if connectivity is None:
            self.connectivity = Dense(pre, post)
        else:
            layout, key = jax.random.split(key)
            self.connectivity = make_connectivity(connectivity, pre=pre, post=post, key=layout)
        self.W = scale_weight(self.connectivity.init(key), per_receiver(strength, post))
        self.high, self.low = jnp.asarray(high, jnp.float32), jnp.asarray(low, jnp.float32)

    def __call__(
        self, x: Float[Array, "batch *pre"], rng: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *post"]:
        del rng
        require_buffers(x=(x, self.in_features))
        # The line through (+1, high) and (−1, low).
        slope = per_unit("high and low", (self.high - self.low) / 2, x)
        middle = per_unit("high and low", (self.high + self.low) / 2, x)
        return self.connectivity.message(self.W, slope * x + middle)
