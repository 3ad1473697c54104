"""The settings of JAX that change the numbers of a run, and those under which no run can begin."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from darnax.errors import Problem, RequestError, first_line

NAMES = (
    "jax_threefry_partitionable",
    "jax_default_prng_impl",
    "jax_enable_custom_prng",
    "jax_random_seed_offset",
    "jax_high_dynamic_range_gumbel",
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_numpy_dtype_promotion",
    "jax_allow_f16_reductions",
    "jax_disable_most_optimizations",
    "jax_optimization_level",
    "jax_disable_jit",
)
VARIABLES = (
    "XLA_FLAGS",
    "LIBTPU_INIT_ARGS",
    "NVIDIA_TF32_OVERRIDE",
)  # read by XLA and by the driver

UNUSABLE = {
    "jax_enable_x64": (True,),  # arrays of 64 bits do not fit the annotations, nor the checkpoints
    "jax_no_tracing": (True,),
    "jax_transfer_guard": ("disallow", "disallow_explicit"),
    "jax_transfer_guard_host_to_device": ("disallow", "disallow_explicit"),
    "jax_transfer_guard_device_to_host": ("disallow_explicit",),
}


def current() -> dict[str, Any]:
    """Return the settings by name, those that this version of JAX has; a variable that is not set is null."""
    import jax

    found = {name: getattr(jax.config, name) for name in NAMES if hasattr(jax.config, name)}
    plain = {
        name: value if isinstance(value, bool | int | str | None) else str(value)
        for name, value in found.items()
    }
    return plain | {name: os.environ.get(name) for name in VARIABLES}


def differences(before: Any) -> Iterator[str]:
    """Yield a sentence for every setting that a run began with and that is another one now."""
    now = current()
    for name, value in before.items() if isinstance(before, Mapping) else ():
        if name in now and now[name] != value:
            yield f"{name} was {value} when this run began and is {now[name]}: it will not give the same numbers"


def require_usable() -> None:
    """Raise RequestError, naming the variable, under a setting that darnax cannot work with, or where JAX has no device."""
    import jax

    for name, values in UNUSABLE.items():
        if (value := getattr(jax.config, name, None)) in values:
            what = f"got {value}, under which darnax cannot compute; unset it"
            raise RequestError(Problem(name.upper(), what))
    try:
        jax.devices()
    except Exception as error:  # backends of other packages may raise anything
        chosen = " ".join(
            f"{name}={os.environ[name]}" for name in sorted(os.environ) if name.startswith("JAX_")
        )
        what = f"JAX has no device to compute on ({first_line(error)}); unset that, or write JAX_PLATFORMS=cpu"
        raise RequestError(Problem(chosen, what)) from error
