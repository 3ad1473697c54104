"""Compiles the programs of a run with options that depend on the device."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax


class LazyJit:
    """`jax.jit(function, **choices)` with the compiler options of `compiler_options`.

    The options depend on the device, which is not known when a module is imported, and asking JAX
    for it would start its backends. So `jax.jit` is called when the function is first used.
    """

    def __init__(self, function: Callable[..., Any], **choices: Any) -> None:
        self.function, self.choices = function, choices

    @cached_property
    def jitted(self) -> Any:
        """The function that `jax.jit` returns."""
        return jax.jit(self.function, compiler_options=compiler_options(), **self.choices)

    def __call__(self, *arguments: Any) -> Any:
        return self.jitted(*arguments)

    def eval_shape(self, *arguments: Any) -> Any:
        """Return the shapes and types of the result of a call; nothing is computed."""
        return self.jitted.eval_shape(*arguments)


def compiler_options() -> dict[str, int] | None:
    """Return the options for XLA: on a CPU, optimisation level 1 instead of its default, 3.

    The code is as fast or faster, and is compiled in less time (docs/development/performance.md).
    """
    on_cpu = jax.default_backend() == "cpu"
    # With jax_disable_most_optimizations JAX sets the level itself, to 0.
    is_set_by_jax = jax.config.read("jax_disable_most_optimizations")
    if not on_cpu or is_set_by_jax:
        return None
    return {"xla_backend_optimization_level": 1}
