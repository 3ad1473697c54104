"""Whether a network answers better than one that knows nothing."""

import numpy as np

from darnax.scores import AT_CHANCE, parse_score

ALPHA = 0.01  # a network that knows nothing passes for one that knows something once in a hundred evaluations


def at_chance(accuracies: np.ndarray, examples: int, share: float) -> np.ndarray:
    """Say of every accuracy whether it cannot be told from always giving the most frequent answer, which has this share.

    That is, whether P(K ≥ k) ≥ DOUBT for the k right answers among n examples and K ~ Binomial(n, share), and k < n: always
    giving one answer is wrong about the others, however few they are. Where all examples have the same answer there is nothing
    to know, and nobody is at chance.
    """
    from scipy.special import bdtrc  # 0.1 s that no run has to wait for before it trains

    right = np.round(np.asarray(accuracies) * examples)
    return (bdtrc(right - 1, examples, share) >= ALPHA) & (right < examples) & (share < 1)


def warning(metrics: dict[str, float]) -> str | None:
    """Put the warnings among the metrics into words."""
    sets = [
        name.partition("/")[0]
        for name, value in metrics.items()
        if name.endswith(f"/{AT_CHANCE}") and value
    ]
    scores = {name: score for name in metrics if (score := parse_score(name))}
    told = [
        f"{score.set} {score.name} {metrics[name]:.2%}"
        for each in sets
        for name, score in scores.items()
        if score.set == each
    ]
    return (
        f"at chance: {' and '.join(told)} cannot be told from giving one answer to everything"
        if told
        else None
    )
