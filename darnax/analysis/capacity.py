r"""How much a network of ±1 units can store, and the couplings that store it most stably.

@article{gardner1988space,
  title = {The space of interactions in neural network models},
  author = {Gardner, Elizabeth}, journal = {Journal of Physics A},
  volume = {21}, pages = {257--270}, year = {1988}
}
@article{anlauf1989adatron,
  title = {The {AdaTron}: an adaptive perceptron algorithm},
  author = {Anlauf, Joachim K. and Biehl, Michael}, journal = {Europhysics Letters},
  volume = {10}, number = {7}, pages = {687--692}, year = {1989}
}
@article{personnaz1985information,
  title = {Information storage and retrieval in spin-glass like neural networks},
  author = {Personnaz, L{\'e}on and Guyon, Isabelle and Dreyfus, G{\'e}rard},
  journal = {Journal de Physique Lettres}, volume = {46}, number = {8}, pages = {359--365},
  year = {1985}
}
"""

from functools import partial
from math import erfc, exp, log2, pi, sqrt

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

FULL = jax.lax.Precision.HIGHEST
LARGEST_MARGIN = 1e6
LARGEST_MEAN = 20.0  # of a field, in standard deviations, beyond the margin


def gardner_capacity(margin: float, level: float = 0.5) -> float:
    r"""Return α_c(κ), the largest load at which random patterns can have the stability κ.

    `1/α_c = min_v f G((κ − v)/σ) + (1 − f) G((κ + v)/σ)`, with the coding level f, the standard
    deviation `σ = 2√(f(1 − f))` of an entry of ±1, and
    `G(x) = ∫_{−x}^∞ Dt (t + x)² = (1 + x²) Φ(x) + x φ(x)`; Φ and φ are the distribution and the
    density of N(0, 1). v is the mean of the field, which a threshold, or the mean of the couplings
    of a unit, can give any value. For f = 1/2 it is 0, and `1/α_c = G(κ)`. For couplings without
    symmetry and many units.

    Args:
        margin: κ, for entries of ±1; for entries of 0/1, whose σ is half of it, the stability κ/2.
        level: f, the probability of +1.

    Raises:
        ValueError: the level is not between 0 and 1.

    Example:
        >>> gardner_capacity(0.0), round(gardner_capacity(0.5), 3), round(gardner_capacity(1.0), 3)
        (2.0, 0.961, 0.52)
        >>> round(gardner_capacity(0.0, level=0.1), 3)
        3.913
    """
    require_level(level)
    deviation = 2 * sqrt(level * (1 - level))
    scaled = margin / deviation
    if level == 0.5:
        return 1 / excess(scaled)

    def slope(v: float) -> float:  # of the convex function of v, up to a factor
        up, down = mean_excess(scaled - v), mean_excess(scaled + v)
        return (1 - level) * down - level * up

    low, high = -LARGEST_MEAN - abs(scaled), LARGEST_MEAN + abs(scaled)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / (level * excess(scaled - low) + (1 - level) * excess(scaled + low))


def require_level(level: float) -> None:
    """Raise ValueError unless a coding level is between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level: got {level}, expected a number between 0 and 1")


def mean_excess(x: float) -> float:
    """Return `∫_{−x}^∞ Dt (t + x) = x Φ(x) + φ(x)`."""
    return x * distribution(x) + density(x)


def excess(x: float) -> float:
    """Return `G(x) = ∫_{−x}^∞ Dt (t + x)² = (1 + x²) Φ(x) + x φ(x)`."""
    return (1 + x**2) * distribution(x) + x * density(x)


def distribution(x: float) -> float:
    """Return Φ(x) of N(0, 1)."""
    return erfc(-x / sqrt(2)) / 2


def density(x: float) -> float:
    """Return φ(x) of N(0, 1)."""
    return exp(-(x**2) / 2) / sqrt(2 * pi)


def gardner_margin(load: float, level: float = 0.5) -> float:
    """Return κ_max(α), the inverse of `gardner_capacity`, negative for a load above α_c(0).

    Raises:
        ValueError: the load is not above 0, or the level not between 0 and 1.

    Example:
        >>> round(gardner_margin(0.25), 3)
        1.736
    """
    if not load > 0:
        raise ValueError(f"load: got {load}, expected a number above 0")
    require_level(level)
    low, high = -20 * sqrt(level * (1 - level)), LARGEST_MARGIN
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if gardner_capacity(middle, level) > load else (low, middle)
    return low


def stabilities(
    couplings: Float[Array, "pre post"], patterns: Float[Array, "patterns units"]
) -> Float[Array, " post"]:
    """Return the stability of each unit, `min_μ ξ_i^μ h_i^μ / |J_i|`, with `h_i = Σ_j J_ji ξ_j`.

    The couplings may be those of the first units alone.
    """
    fields = jnp.matmul(patterns, couplings, precision=FULL)
    return jnp.min(patterns[:, : fields.shape[1]] * fields, axis=0) / jnp.linalg.norm(
        couplings, axis=0
    )


def are_stored(
    couplings: Float[Array, "pre post"],
    patterns: Float[Array, "patterns units"],
    margin: float | Float[Array, ""] = 0.0,
) -> Bool[Array, " patterns"]:
    """Return whether each pattern has the stability κ in all units, `ξ_i h_i ≥ κ |J_i|`.

    With a margin of 0 these are the fixed points, but for fields of exactly 0.
    """
    fields = jnp.matmul(patterns, couplings, precision=FULL)
    return jnp.all(patterns * fields >= margin * jnp.linalg.norm(couplings, axis=0), axis=1)


def hebb(patterns: Float[Array, "patterns units"]) -> Float[Array, "pre post"]:
    """Return `J_ji = (1/N) Σ_μ ξ_j^μ ξ_i^μ`, without self-couplings."""
    product = jnp.matmul(patterns.T, patterns, precision=FULL) / patterns.shape[1]
    return without_diagonal(product)


def pseudo_inverse(patterns: Float[Array, "patterns units"]) -> Float[Array, "pre post"]:
    """Return the projection onto the patterns, `J = Ξᵀ (Ξ Ξᵀ)⁻¹ Ξ`, without self-couplings.

    With them every pattern would be a fixed point at any load up to 1, with smaller basins.
    """
    return without_diagonal(jnp.matmul(jnp.linalg.pinv(patterns), patterns, precision=FULL))


def without_diagonal(couplings: Float[Array, "pre post"]) -> Float[Array, "pre post"]:
    """Return the couplings with 0 where a unit is its own input."""
    senders, receivers = couplings.shape
    return jnp.where(jnp.eye(senders, receivers, dtype=bool), 0.0, couplings)


@partial(jax.jit, static_argnames=("steps", "receivers"))
def optimal_couplings(
    patterns: Float[Array, "patterns units"],
    stored: Float[Array, " patterns"] | None = None,
    steps: int = 1000,
    receivers: int | None = None,
) -> Float[Array, "pre post"]:
    """Return couplings without self-couplings that give the patterns the largest stability.

    The AdaTron: with `J_ji = (1/N) Σ_μ x_i^μ ξ_i^μ ξ_j^μ` the strengths follow
    `x ← max(0, x + γ (1 − ξ h))` for all units at once, with Nesterov's momentum. The stabilities
    of the result are lower bounds of the largest ones, and grow towards them with `steps`.

    Args:
        patterns: of ±1.
        stored: 1 for the patterns to store and 0 for others, so that one program serves several
            loads; by default all.
        steps: of the iteration.
        receivers: the number of units whose couplings are computed, the first ones; by default all.
    """
    count, units = patterns.shape
    goals = patterns[:, :receivers]
    allowed = jnp.ones((count, 1)) if stored is None else stored[:, None]
    overlaps = jnp.matmul(patterns, patterns.T, precision=FULL) / units
    rate = 1 / largest_eigenvalue(overlaps)

    def stability(x: Array) -> Array:
        fields = jnp.matmul(overlaps, x * goals, precision=FULL) * goals
        return fields - jnp.sum(x, axis=0) / units  # without self-couplings

    def step(n: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        x, ahead = carry
        after = jnp.maximum(ahead + rate * (1 - stability(ahead)), 0) * allowed
        return after, after + (n / (n + 3)) * (after - x)

    start = jnp.zeros_like(goals)
    x, _ = jax.lax.fori_loop(0, steps, step, (start, start))
    couplings = jnp.matmul(patterns.T, x * goals, precision=FULL) / units
    return without_diagonal(couplings)


@jax.jit
def couplings_of_stability(
    patterns: Float[Array, "patterns units"],
    margin: float | Float[Array, ""],
    start: Float[Array, "pre post"],
    stored: Float[Array, " patterns"] | None = None,
    rate: float = 0.1,
    steps: int = 1000,
) -> Float[Array, "pre post"]:
    """Return couplings without self-couplings that give the patterns a stability, and no more.

    The perceptron rule with a margin in units of the norm: as long as a pattern has
    `ξ_i h_i < κ |J_i|`, unit i adds `(rate/N) ξ_i ξ_j` to `J_ji`, for all such patterns at once.
    From random couplings of norm 1 the smallest stability of a unit ends just above κ, by less
    than the rate. A unit that cannot have κ learns for all steps.

    Args:
        patterns: of ±1.
        margin: κ.
        start: the couplings at the start.
        stored: 1 for the patterns to store and 0 for others; by default all.
        rate: of learning.
        steps: the largest number of steps.
    """
    count, units = patterns.shape
    allowed = jnp.ones((count, 1)) if stored is None else stored[:, None]

    def find_unstable(couplings: Array) -> Array:
        fields = jnp.matmul(patterns, couplings, precision=FULL)
        norms = jnp.linalg.norm(couplings, axis=0)
        return (patterns * fields < margin * norms) * allowed

    def is_going_on(carry: tuple[Array, Array, Array]) -> Array:
        step, _, unstable = carry
        return (step < steps) & jnp.any(unstable)

    def learn(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        step, couplings, unstable = carry
        change = jnp.matmul(patterns.T, unstable * patterns, precision=FULL) * rate / units
        couplings = without_diagonal(couplings + change)
        return step + 1, couplings, find_unstable(couplings)

    start = without_diagonal(start)
    _, couplings, _ = jax.lax.while_loop(
        is_going_on, learn, (jnp.asarray(0), start, find_unstable(start))
    )
    return couplings


def largest_eigenvalue(symmetric: Float[Array, "n n"], steps: int = 50) -> Float[Array, ""]:
    """Return 1.1 times the largest eigenvalue of a positive matrix, as power steps find it."""
    vector = jnp.ones(len(symmetric)) + jnp.arange(len(symmetric)) / len(symmetric)

    def step(_: int, vector: Array) -> Array:
        product = jnp.matmul(symmetric, vector, precision=FULL)
        return product / jnp.linalg.norm(product)

    vector = jax.lax.fori_loop(0, steps, step, vector / jnp.linalg.norm(vector))
    return 1.1 * jnp.linalg.norm(jnp.matmul(symmetric, vector, precision=FULL))


def bits_per_synapse(load: float, recalled: float = 1.0, level: float = 0.5) -> float:
    """Return the information in recalled patterns per coupling of a dense network, `α r H(f)`.

    Args:
        load: α, patterns per unit.
        recalled: r, the fraction of the patterns that are recalled whole.
        level: f, the probability of +1 in a pattern.

    Example:
        >>> bits_per_synapse(0.25)
        0.25
        >>> round(bits_per_synapse(1.0, level=0.1), 3)
        0.469
    """
    shares = [share for share in (level, 1 - level) if share > 0]
    return load * recalled * -sum(share * log2(share) for share in shares)
