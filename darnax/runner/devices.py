"""Data parallelism: the devices that share every batch of a run.

Each device computes the updates of its part of the batch; their mean is applied on all devices.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from darnax.errors import Problem, RequestError
from darnax.printing import count_of
from darnax.runner.experiment import Experiment

BATCH_AXIS = "batch"  # the only axis of the mesh
REPLICATED, SPLIT = PartitionSpec(), PartitionSpec(BATCH_AXIS)


def make_mesh(experiment: Experiment) -> Mesh | None:
    """Return the devices that share every batch, or None if there is one.

    Raises:
        RequestError: there are fewer devices than asked for, or the batch size is not a multiple
            of their number.
    """
    available = jax.local_devices()
    count, batch_size = experiment.runner.devices, experiment.data.batch_size
    if count == "all":
        count = len(available)
    if count > len(available):
        what = f"got {count}, but there are {len(available)} here; write all, or fewer"
        raise RequestError(Problem("runner.devices", what))
    if batch_size % count:
        examples = count_of(batch_size, "example")
        what = f"{count} devices cannot share {examples} evenly; change either"
        raise RequestError(Problem("data.batch_size", what))
    return Mesh(np.array(available[:count]), (BATCH_AXIS,)) if count > 1 else None


def describe_devices(count: int | str) -> str:
    """Return the devices that a run uses, for people: `cpu`, `NVIDIA H200 (gpu)`, `8 × …`."""
    available = jax.local_devices()
    kind, platform = available[0].device_kind, available[0].platform
    text = kind if kind == platform else f"{kind} ({platform})"
    used = len(available) if count == "all" else count
    return text if used == 1 else f"{used} × {text}"


def shard_over(
    mesh: Mesh | None,
    function: Callable[..., Any],
    in_specs: Any = REPLICATED,
    out_specs: Any = REPLICATED,
) -> Callable[..., Any]:
    """Return `function` run on all devices of a mesh; without a mesh, `function` itself.

    Each device gets the whole of every argument, or its part of those whose spec is `SPLIT`.
    """
    if mesh is None:
        return function
    # check_vma: JAX cannot prove that the results are equal on all devices, which they are since
    # every update is a mean over the mesh; tests/runner/test_programs.py checks it.
    return jax.shard_map(
        function, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False
    )
