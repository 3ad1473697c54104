"""Whether a network is better than always giving the most frequent answer."""

import numpy as np

from darnax.scores import AT_CHANCE, parse_score

ALPHA = 0.01  # significance level: one in a hundred evaluations of pure guessing passes the test


def at_chance(accuracies: np.ndarray, examples: int, majority_rate: float) -> np.ndarray:
    """Test each accuracy against always giving the most frequent answer; True is not better.

    One-sided binomial test with n = `examples` and p = `majority_rate`, the accuracy of always
    giving the most frequent answer: k right answers are at chance if P(K ≥ k) ≥ ALPHA for
    K ~ Binomial(n, p). All answers right (k = n) is never at chance, nor is anything if all
    examples have the same answer (p = 1).

    Args:
        accuracies: of one network or of several, any shape.
        examples: on which each was evaluated.
        majority_rate: fraction of the examples that have the most frequent answer.
    """
    from scipy.special import bdtrc  # takes 0.1 s to import, only needed after training has begun

    right = np.round(np.asarray(accuracies) * examples)
    p_value = bdtrc(right - 1, examples, majority_rate)
    # With few examples even a perfect score has a large p-value; but a constant answer is wrong
    # about at least one example.
    return (p_value >= ALPHA) & (right < examples) & (majority_rate < 1)


def format_chance_warning(metrics: dict[str, float]) -> str | None:
    """Return a warning that names the scores of all splits that are at chance, or None."""
    scores = {name: parse_score(name) for name in metrics}
    described = []
    for name, value in metrics.items():
        split, _, kind = name.partition("/")
        if kind != AT_CHANCE or not value:
            continue
        for score_name, score in scores.items():
            if score is not None and score.set == split:
                described.append(f"{split} {score.name} {metrics[score_name]:.2%}")
    if not described:
        return None
    joined = " and ".join(described)
    what = "not significantly above that of giving one answer to every example"
    return f"at chance: {joined} is {what} (binomial test, p ≥ {ALPHA:g})"
