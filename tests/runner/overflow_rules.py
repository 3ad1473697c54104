"""Rules that overflow at a chosen point."""

import equinox as eqx
import jax.numpy as jnp

from darnax.rules import Rule


class Overflow(Rule):
    """Updates by 10³⁵ if a field of the batch exceeds 10⁴ (`inverted`: if none does), else by 0."""

    inverted: bool = eqx.field(static=True, default=False)

    def signal(self, y, h):
        loud = jnp.max(jnp.abs(h)) > 1e4
        return jnp.where(loud != self.inverted, 1e35, 0.0) * jnp.ones_like(h)
