"""What a constructor may say about the size of a buffer, and about how many of its units are heard."""


def as_size(features: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return the size of a buffer given as a number of units or as a size."""
    return (features,) if isinstance(features, int) else tuple(features)


def in_degree(sparsity: float, pre: int) -> int:
    """Return how many of `pre` inputs a unit keeps; raise ValueError unless 0 ≤ sparsity < 1."""
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity is the fraction of absent synapses, in [0, 1); came {sparsity}")
    return round((1 - sparsity) * pre)
