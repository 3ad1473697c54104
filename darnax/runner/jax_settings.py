"""JAX's settings: those that change the numbers of a run, and those that darnax cannot use."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from darnax.errors import Problem, RequestError, first_line

# All of these change the random numbers, the precision or the compiled code.
RECORDED = (
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
# Environment variables, which XLA and the driver read themselves.
VARIABLES = ("XLA_FLAGS", "LIBTPU_INIT_ARGS", "NVIDIA_TF32_OVERRIDE")

UNUSABLE = {
    # 64-bit arrays contradict the annotations of the library, and do not fit the checkpoints.
    "jax_enable_x64": (True,),
    "jax_no_tracing": (True,),
    "jax_transfer_guard": ("disallow", "disallow_explicit"),
    "jax_transfer_guard_host_to_device": ("disallow", "disallow_explicit"),
    "jax_transfer_guard_device_to_host": ("disallow_explicit",),
}


def read_settings() -> dict[str, Any]:
    """Return name -> value as JSON; settings that this version of JAX lacks are left out.

    Environment variables that are not set are null.
    """
    import jax

    settings: dict[str, Any] = {}
    for name in RECORDED:
        if not hasattr(jax.config, name):
            continue
        value = getattr(jax.config, name)
        is_json = isinstance(value, bool | int | str | None)
        settings[name] = value if is_json else str(value)
    for name in VARIABLES:
        settings[name] = os.environ.get(name)
    return settings


def describe_differences(recorded: Any) -> Iterator[str]:
    """Yield a sentence for every setting that has changed since the run began.

    `recorded` is what `read_settings` returned then; anything else than a mapping is ignored.
    """
    if not isinstance(recorded, Mapping):
        return
    now = read_settings()
    for name, value in recorded.items():
        if name in now and now[name] != value:
            changed = f"{name} was {value} when this run began and is {now[name]}"
            yield f"{changed}: it will not give the same numbers"


def require_usable() -> None:
    """Check that darnax can compute with JAX's settings, and that JAX has a device.

    Raises:
        RequestError: names the setting.
    """
    import jax

    for name, unusable in UNUSABLE.items():
        value = getattr(jax.config, name, None)
        if value in unusable:
            what = f"got {value}, under which darnax cannot compute; unset it"
            raise RequestError(Problem(name.upper(), what))
    try:
        jax.devices()
    except Exception as error:  # backends of other packages may raise anything
        names = sorted(name for name in os.environ if name.startswith("JAX_"))
        settings = " ".join(f"{name}={os.environ[name]}" for name in names)
        because = f" ({first_line(error)})" if str(error) else ""  # some backends only assert
        reason = f"JAX has no device to compute on{because}"
        what = f"{reason}; unset that, or write JAX_PLATFORMS=cpu"
        raise RequestError(Problem(settings, what)) from error
