"""Overrides for small trainings."""

from pathlib import Path

SMALL = [
    "+experiment=digits_smoke",
    "model.features=50",
    "data.per_class=20",
    "data.batch_size=50",
    "tracking=local",
]


def words(place: Path, data: Path, *more: str) -> list[str]:
    """Return the overrides of a small training with its folders in `place`."""
    return [*SMALL, f"paths.outputs={place}", f"paths.data={data}", *more]
