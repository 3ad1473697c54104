"""The devices that share every batch of a run: each works on its part, and all agree on the update."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from darnax.errors import Problem, RequestError
from darnax.printing import count_of
from darnax.runner.experiment import Experiment

BATCH = "batch"  # the only axis of the mesh
Function = Callable[..., Any]
WHOLE, PART = PartitionSpec(), PartitionSpec(BATCH)


def mesh_of(experiment: Experiment) -> Mesh | None:
    """Return the devices that share every batch, or None for one.

    Raises:
        RequestError: there are fewer devices than asked for, or they cannot share a batch evenly.
    """
    there = jax.local_devices()
    asked, size = experiment.runner.devices, experiment.data.batch_size
    if asked == "all":
        asked = len(there)
    if asked > len(there):
        raise RequestError(
            Problem(
                "runner.devices",
                f"got {asked}, but there are {len(there)} here; write all, or fewer",
            )
        )
    if size % asked:
        what = f"{asked} devices cannot share {count_of(size, 'example')} evenly; change either"
        raise RequestError(Problem("data.batch_size", what))
    return Mesh(np.array(there[:asked]), (BATCH,)) if asked > 1 else None


def shared(
    mesh: Mesh | None, function: Callable[..., Any], in_specs: Any = WHOLE, out_specs: Any = WHOLE
) -> Callable[..., Any]:
    """Return `function` run on all devices of a mesh; each sees the whole of every argument, or its part where PART stands."""
    if mesh is None:
        return function
    # Inside, JAX cannot know that means over the mesh make all results alike; the tests do.
    return jax.shard_map(
        function, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False
    )
