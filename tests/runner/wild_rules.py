"""Rules that overflow where a test wants them to."""

import equinox as eqx
import jax.numpy as jnp

from darnax.rules import Rule


class Wild(Rule):
    """Updates by 10³⁵ where a field of the batch is larger than 10⁴ (with `calm`: where none is), and else not at all."""

    calm: bool = eqx.field(static=True, default=False)

    def signal(self, y, h):
        loud = jnp.max(jnp.abs(h)) > 1e4
        return jnp.where(loud != self.calm, 1e35, 0.0) * jnp.ones_like(h)
