"""The numbers of fitted stages in a file, in the format of checkpoints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import jax
import jax.numpy as jnp
from jaxtyping import Array
from pydantic import Field

from darnax.runner import checkpoint
from darnax.runner.manifest import Meta

Fitted = Mapping[str, Mapping[str, Array]]  # stage -> name -> numbers
Size = Annotated[int, Field(ge=0, lt=2**31)]


class FittedMeta(Meta):
    """The metadata of the file: stage -> name -> shape."""

    fitted: dict[str, dict[str, list[Size]]]


def write(path: Path, fitted: Fitted) -> None:
    """Write the numbers of fitted stages."""
    checkpoint.write(path, fitted, {"step": 0, "fitted": shapes_of(fitted)})


def read(path: Path) -> dict[str, dict[str, Array]]:
    """Read the numbers of fitted stages.

    Raises:
        RequestError: the file is damaged.
    """
    meta = checkpoint.read_meta(path, FittedMeta)
    fitted, _ = checkpoint.load(path, like_shapes(meta["fitted"]), FittedMeta)
    return {stage: dict(numbers) for stage, numbers in fitted.items()}


def shapes_of(fitted: Fitted) -> dict[str, dict[str, list[int]]]:
    """Return the shapes of the numbers, for the metadata."""
    return {
        stage: {name: list(array.shape) for name, array in numbers.items()}
        for stage, numbers in fitted.items()
    }


def like_shapes(shapes: Mapping[str, Mapping[str, list[int]]]) -> dict[str, dict[str, Any]]:
    """Return abstract arrays of these shapes."""
    return {
        stage: {
            name: jax.ShapeDtypeStruct(tuple(shape), jnp.float32) for name, shape in numbers.items()
        }
        for stage, numbers in shapes.items()
    }
