"""Data parallelism: the devices that share every batch of a run.

Each device computes the updates of its part of the batch; their mean is applied on all devices.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec

from darnax.data import Dataset, Streamed
from darnax.data.streamed import Part
from darnax.errors import Problem, RequestError
from darnax.printing import count_of
from darnax.runner import processes
from darnax.runner.experiment import Experiment

BATCH_AXIS = "batch"  # the only axis of the mesh
REPLICATED, SPLIT = PartitionSpec(), PartitionSpec(BATCH_AXIS)


def make_mesh(experiment: Experiment) -> Mesh | None:
    """Return the devices that share every batch, or None if there is one.

    Raises:
        RequestError: there are fewer devices than asked for, or the batch size is not a multiple
            of their number.
    """
    of_processes = devices_of_processes()
    available = min(len(devices) for devices in of_processes)
    count, batch_size = experiment.runner.devices, experiment.data.batch_size
    if count == "all":
        count = available
    if count > available:
        what = f"got {count}, but there are {available} here; write all, or fewer"
        raise RequestError(Problem("runner.devices", what))
    used = [device for devices in of_processes for device in devices[:count]]
    if batch_size % len(used):
        examples = count_of(batch_size, "example")
        what = f"{len(used)} devices cannot share {examples} evenly; change either"
        raise RequestError(Problem("data.batch_size", what))
    return Mesh(np.array(used), (BATCH_AXIS,)) if len(used) > 1 else None


def devices_of_processes() -> list[list[jax.Device]]:
    """Return the devices of every process that trains the run."""
    if processes.count() == 1:
        return [jax.local_devices()]
    return [jax.local_devices(process_index=rank) for rank in range(processes.count())]


def describe_devices(count: int | str) -> str:
    """Return the devices that a run uses, for people: `cpu`, `NVIDIA H200 (gpu)`, `8 × …`."""
    of_processes = devices_of_processes()
    first = of_processes[0][0]
    kind, platform = first.device_kind, first.platform
    text = kind if kind == platform else f"{kind} ({platform})"
    available = min(len(devices) for devices in of_processes)
    used = (available if count == "all" else count) * len(of_processes)
    text = text if used == 1 else f"{used} × {text}"
    return text if len(of_processes) == 1 else f"{text} in {len(of_processes)} processes"


def copy_to_all(mesh: Mesh, array: jax.Array) -> jax.Array:
    """Return an array on every device of a mesh; each process copies its own one to its own."""
    sharding = jax.NamedSharding(mesh, REPLICATED)
    if processes.count() == 1:
        return jax.device_put(array, sharding)
    own = np.asarray(array)
    return jax.make_array_from_callback(own.shape, sharding, lambda index: own[index])


def gather(mesh: Mesh, part: jax.Array) -> jax.Array:
    """Return the array of which each process has a part, on every device of a mesh."""
    split = jax.NamedSharding(mesh, SPLIT)
    return copying(mesh)(jax.make_array_from_process_local_data(split, np.asarray(part)))


@cache
def copying(mesh: Mesh) -> Callable[[jax.Array], jax.Array]:
    """Return the compiled function that copies the parts of an array to every device."""
    return jax.jit(lambda array: array, out_shardings=jax.NamedSharding(mesh, REPLICATED))


def share_reading(dataset: Dataset, mesh: Mesh | None) -> Dataset:
    """Return the dataset, of whose streamed splits each process reads its own part."""
    if mesh is None or processes.count() == 1:
        return dataset
    part = Part(processes.rank(), processes.count(), mesh.size // processes.count())

    def share(split: Any) -> Any:
        return replace(split, part=part) if isinstance(split, Streamed) else split

    train, test = share(dataset.train), share(dataset.test)
    return replace(dataset, train=train, validation=share(dataset.validation), test=test)


def from_all(mesh: Mesh | None, parts: Any) -> Any:
    """Return the whole of arrays of which each device has a part; called on all of them."""
    if mesh is None:
        return parts
    return jax.lax.all_gather(parts, BATCH_AXIS, tiled=True)


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
