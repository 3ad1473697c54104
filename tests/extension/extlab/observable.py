"""Observables: the power of the labels, and one that returns no number."""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from darnax.observables import Metrics, Observable, StepContext


class LabelPower(Observable):
    """`factor · ⟨y²⟩`, and `⟨y_1⟩`; the labels of ±1 patterns have the power 1."""

    factor: Array

    def __init__(self, factor: ArrayLike = 1.0) -> None:
        self.factor = jnp.asarray(factor, jnp.float32)

    def __call__(self, step: StepContext) -> Metrics:
        return {"power": self.factor * jnp.mean(step.y**2), "first": jnp.mean(step.y[:, 0])}


class Count(Observable):
    """The number of phases, to the power of a number that is used in Python control flow."""

    power: int

    def __init__(self, power: int = 1) -> None:
        self.power = power

    def __call__(self, step: StepContext) -> int:
        return len(step.phases) ** self.power


class Whole(Observable):
    """All labels, an array instead of a number."""

    def __call__(self, step: StepContext) -> Array:
        return step.y


class Named(Observable):
    """A number under a chosen name."""

    key: str

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, step: StepContext) -> dict[str, float]:
        return {self.key: 1.0}
