"""The processes that train one run together, through JAX's distributed runtime.

All processes do the same in the same order. The first one alone writes the run folder and shows
progress; what it found on disk or drew is sent to the others.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from darnax.errors import Problem, RequestError, first_line
from darnax.runner import lost_process
from darnax.runner.named_leaves import is_key, restore_leaf, to_numpy
from darnax.runner.settings import Distributed, Processes
from darnax.runner.stop_signals import Interrupted

KEY = "runner.distributed"
EXPECTED = "expected auto, null, or {coordinator: HOST:PORT, processes: N, rank: K}"
UNDETECTED = "JAX finds no SLURM, Open MPI or Kubernetes here; " + EXPECTED
ADVICE = "start all of them, and look at the coordinator's address and port"
ABSENT = f"{KEY}: the other processes cannot be reached; {ADVICE}"
USED = "JAX has been used in this process already; start the processes anew, each for one run"
OTHER = "this process was given another configuration than the first one; give the same to all"
# Processes whose connections end, or that send no sign of life for so long, are lost.
HEARTBEAT_SECONDS = 60


class Group(NamedTuple):
    """The place of this process among those that train one run."""

    rank: int
    size: int


ALONE = Group(0, 1)
_group = ALONE


def is_first() -> bool:
    """Return whether this process writes the run folder and shows progress."""
    return _group.rank == 0


def rank() -> int:
    """Return the number of this process among them, from 0."""
    return _group.rank


def count() -> int:
    """Return the number of processes that train the run."""
    return _group.size


@contextmanager
def joined(setting: Any) -> Iterator[None]:
    """Join the processes of a run while the block runs; with None this process is alone.

    Args:
        setting: the value of `runner.distributed`.

    Raises:
        RequestError: the value is invalid, or the processes cannot be joined.
        RunError: another process was lost.
    """
    global _group
    distributed = parse(setting)
    if distributed is None:
        yield
        return
    _group = start(distributed)
    try:
        yield
    except BaseException as error:
        if isinstance(error, Interrupted) and not is_first():
            error.resume = ""  # the first process says how to resume
        # After an agreed stop the others are here as well; otherwise they need not be.
        if not (isinstance(error, Interrupted) and error.saved):
            lost_process.leave_at_exit(error)
            raise
        stop()
        raise
    else:
        stop()
    finally:
        _group = ALONE


def parse(setting: Any) -> Distributed | str | None:
    """Return a valid value of `runner.distributed`."""
    try:
        return TypeAdapter(Processes).validate_python(setting)
    except ValidationError as error:
        raise RequestError(Problem(KEY, f"got {setting!r:.200}, {EXPECTED}")) from error


def start(distributed: Distributed | str) -> Group:
    """Start JAX's distributed runtime, and return this process among those that it connects."""
    import jax

    given: dict[str, Any] = {}
    if isinstance(distributed, Distributed):
        given = {
            "coordinator_address": distributed.coordinator,
            "num_processes": distributed.processes,
            "process_id": distributed.rank,
        }
    # darnax handles the signals of a scheduler itself.
    jax.config.update("jax_enable_preemption_service", False)
    lost_process.watch(ABSENT, 2)
    try:
        with lost_process.without_native_text():
            jax.distributed.initialize(**given, heartbeat_timeout_seconds=HEARTBEAT_SECONDS)
    except Exception as error:  # JAX raises ValueError, RuntimeError and its own exceptions
        raise RequestError(Problem(KEY, explain_failed_start(error))) from error
    lost_process.watch()
    group = Group(jax.process_index(), jax.process_count())
    if group.rank:  # the first process shows the same warnings
        logging.getLogger("darnax").setLevel(logging.ERROR)
    return group


def explain_failed_start(error: Exception) -> str:
    """Return why JAX's distributed runtime did not start."""
    text = str(error)
    if "must be called before" in text or "called once" in text:
        return USED
    if "should be defined" in text or "must be defined" in text:
        return f"got auto, but {UNDETECTED}"
    return f"the processes cannot be joined ({first_line(error)}); {ADVICE}"


def stop() -> None:
    """Wait for the other processes, and disconnect from them."""
    import jax

    jax.distributed.shutdown()


def from_first(make: Callable[[], str]) -> str:
    """Return the text that `make` returns in the first process, which alone calls it."""
    if count() == 1:
        return make()
    content = make().encode() if is_first() else b""
    return broadcast(content).decode()


def require_same(text: str) -> None:
    """Raise RequestError unless all processes have the same text."""
    if from_first(lambda: text) != text:
        raise RequestError(Problem(KEY, OTHER))


def arrays_of_first(tree: Any) -> Any:
    """Return a pytree with the arrays of the first process, bit for bit.

    Processors of different kinds may draw other last bits.
    """
    if count() == 1:
        return tree
    import jax

    leaves, structure = jax.tree.flatten(tree)
    arrays = [to_numpy(leaf) for leaf in leaves]
    content = broadcast(b"".join(array.tobytes() for array in arrays))
    start, received = 0, []
    for leaf, array in zip(leaves, arrays, strict=True):
        bits = np.frombuffer(content, array.dtype, array.size, start).reshape(array.shape)
        kind = str(jax.random.key_impl(leaf)) if is_key(leaf) else None
        received.append(restore_leaf(bits, leaf, kind))
        start += array.nbytes
    return jax.tree.unflatten(structure, received)


def broadcast(content: bytes) -> bytes:
    """Return the bytes of the first process."""
    from jax.experimental import multihost_utils

    with lost_process.explained():
        size = int(multihost_utils.broadcast_one_to_all(np.int32(len(content))))
        padded = np.frombuffer(content.ljust(size, b"\0")[:size], np.uint8)
        return np.asarray(multihost_utils.broadcast_one_to_all(padded)).tobytes()


def agree(signum: int | None) -> int | None:
    """Return a signal that some process has received; the same in all processes."""
    if count() == 1:
        return signum
    from jax.experimental import multihost_utils

    with lost_process.explained():
        received = multihost_utils.process_allgather(np.int32(signum or 0))
    return int(np.max(received)) or None
