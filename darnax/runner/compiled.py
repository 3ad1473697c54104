"""How the programs of a run are compiled."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax


class Compiled:
    """`jax.jit(function, **choices)`, made when it is first needed: not before is it known for what kind of device."""

    def __init__(self, function: Callable[..., Any], **choices: Any) -> None:
        self.function, self.choices = function, choices

    @cached_property
    def program(self) -> Any:
        """What `jax.jit` returns."""
        return jax.jit(self.function, compiler_options=options(), **self.choices)

    def __call__(self, *arguments: Any) -> Any:
        return self.program(*arguments)

    def like(self, *arguments: Any) -> Any:
        """Return the shapes of what a call would return."""
        return self.program.eval_shape(*arguments)


def options() -> dict[str, int] | None:
    """Return what the compiler is told: for a CPU less than its usual level of optimisation, which is 3.

    The code is as fast, or faster, and most of it is made in less time (docs/performance.md).
    """
    usual = jax.default_backend() != "cpu" or jax.config.read("jax_disable_most_optimizations")
    return None if usual else {"xla_backend_optimization_level": 1}
