"""Recalls memories from cues: the trajectory of a network that gives back what it was shown."""

from io import BytesIO
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from darnax.analysis.names import flatten, layers
from darnax.analysis.relaxation import iterate_steps
from darnax.analysis.replay import longest_replay, signs
from darnax.api.arguments import require_path
from darnax.api.model import Model
from darnax.api.table import TextTable
from darnax.data.labels import encode_targets
from darnax.errors import RequestError, writing_file
from darnax.local_data.array_files import load_npy
from darnax.local_data.contact_sheet import write_sheet
from darnax.local_data.recall_sheet import draw_recall
from darnax.orchestrators import Orchestrator
from darnax.phases import Messages
from darnax.relaxation import FLIP_TOLERANCE
from darnax.states import State

HEAD = ("cue", "steps", "fixed point", "overlap of cue and memory")
IN_ORDER = "frames in order"


class Recall:
    """What a network makes of cues: what `Run.recall` returns.

    Args:
        cue: the encoded cues.
        trajectory: the readout's scores at the start of the last phase of inference, and after each
            of its steps.
        changes: cue by cue, the last step that changed a unit of a hidden layer.
        frames: the encoded frames of a sequence (L, *size), in order.

    Attributes:
        cue: the encoded cues (N, *size), without random stages.
        trajectory: (T + 1, N, *size).
        memory: the last of the trajectory, (N, *size).
        steps: the number of steps until the state of the layers was final, (N,).
        is_fixed: whether the last step changed nothing, (N,).
        overlaps: the mean of cue · sign, at every time, of the memory and the trajectory:
            `overlaps[t]` (N,) is 1 where step t has the signs of the memory.
        replayed: the number of consecutive steps that give the frames exactly and in order, the
            longest stretch of each cue (N,); None without frames.
    """

    def __init__(
        self,
        cue: NDArray[Any],
        trajectory: NDArray[Any],
        changes: NDArray[np.integer],
        frames: NDArray[Any] | None = None,
    ) -> None:
        self.cue, self.trajectory, self.memory = cue, trajectory, trajectory[-1]
        self.steps = changes
        self.is_fixed = changes < len(trajectory) - 1
        self.overlaps = mean_product(signs(trajectory), signs(self.memory))
        self.replayed = None if frames is None else longest_replay(trajectory, frames)

    @property
    def cue_overlaps(self) -> NDArray[np.floating]:
        """The overlap of each cue with its memory, (N,); entries of 0 in a cue count as unknown."""
        return mean_product(np.sign(self.cue), signs(self.memory))

    def to_png(self, path: str | Path) -> Path:
        """Draw a row for every cue: the cue, the steps, the memory; return the path of the picture.

        Inputs that are no images are folded into squares where their number allows it.

        Raises:
            RequestError: the file cannot be written.
        """
        file = require_path(path, "path")
        write_sheet(file, draw_recall(self.cue, self.trajectory, self.steps))
        return file

    def to_npy(self, path: str | Path) -> Path:
        """Write the memories (N, *size) as an npy file; return its path.

        Raises:
            RequestError: the file cannot be written.
        """
        file, content = require_path(path, "path"), BytesIO()
        np.save(content, self.memory, allow_pickle=False)
        with writing_file(file):
            file.write_bytes(content.getvalue())
        return file

    @property
    def table(self) -> TextTable:
        """One row for each cue."""
        rows = []
        for n, overlap in enumerate(self.cue_overlaps):
            fixed = "yes" if self.is_fixed[n] else "no"
            rows.append((str(n), str(self.steps[n]), fixed, f"{overlap:.3f}"))
        if self.replayed is None:
            return TextTable(HEAD, rows)
        longer = [(*row, str(count)) for row, count in zip(rows, self.replayed, strict=True)]
        return TextTable((*HEAD, IN_ORDER), longer)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def recall(
    model: Model,
    cue: Any,
    frames: Any = None,
    name: str = "cue",
    frames_name: str = "frames",
) -> Recall:
    """Run the inference of a network on cues, and return its last phase step by step.

    Args:
        model: the network.
        cue: raw inputs (N, *raw), or an array of one (*raw).
        frames: raw inputs (L, *raw), the frames of a sequence in order.
        name: of the cue, for messages.
        frames_name: of the frames, for messages.

    Raises:
        RequestError: a cue has another shape than the network takes, is not finite, or the network
            does not answer in the shape of its input.
    """
    require_memory(model)
    is_one = getattr(cue, "ndim", None) == len(model.experiment.data.shape)
    x = encode_finite(model, cue[None] if is_one else cue, name, "cue")
    order = None if frames is None else as_targets(model, frames, frames_name)
    network, phases = model.network, model.phases.infer
    last, phase = list(phases.items())[-1]
    scores: list[NDArray[np.float32]] = []
    changes = np.zeros(len(x), int)
    state = model.state.init(jnp.asarray(x))
    for now, _, before, after in iterate_steps(network, state, phases, jax.random.key(0)):
        if now != last:
            continue
        if not scores:
            scores.append(np.asarray(score(network, before, phase.messages)))
        changes[has_changed(network, before, after)] = len(scores)
        scores.append(np.asarray(score(network, after, phase.messages)))
    return Recall(x, np.stack(scores), changes, order)


def encode_finite(model: Model, raw: Any, name: str, what: str) -> NDArray[np.float32]:
    """Return encoded inputs without random stages; refuse none, and infinities and NaN."""
    inputs = require_finite(model, raw, name, what)
    return np.asarray(model.experiment.data.encode.clean(inputs))


def as_targets(model: Model, frames: Any, name: str) -> NDArray[np.float32]:
    """Return raw frames as the output of the network has them."""
    data, raw = model.experiment.data, require_finite(model, frames, name, "frame")
    return np.asarray(encode_targets(data.labels, data.classes, data.encode, raw, raw))


def require_finite(model: Model, raw: Any, name: str, what: str) -> Array:
    """Return raw inputs as an array; refuse none, infinities, and NaN unless a stage takes it."""
    inputs = model.require_fitting(raw, name)
    values = np.asarray(inputs, np.float32)
    if any(stage.accepts_nan for stage in model.experiment.data.encode.stages):
        values = np.nan_to_num(values, posinf=np.inf, neginf=-np.inf)
    if not len(inputs) or not np.all(np.isfinite(values)):
        got = f"no {what}" if not len(inputs) else f"a {what} with infinities or NaN"
        raise RequestError(f"{name}: got {got}, expected an array (N, *raw) of finite numbers")
    return jnp.asarray(inputs)


def require_memory(model: Model) -> None:
    """Raise RequestError unless the network's output has the shape of its input."""
    sizes = [list(model.state[place].shape[1:]) for place in (0, -1)]
    if sizes[0] != sizes[1]:
        got = f"got a network with inputs of {sizes[0]} and outputs of {sizes[1]}"
        expected = "expected equal shapes, as those of +experiment=memory"
        raise RequestError(f"{got}, {expected}; use `predict` or `states` for this one")
    if not list(model.phases.infer.values())[-1].length:
        raise RequestError("got a last phase of inference without steps, expected one or more")


@eqx.filter_jit
def score(network: Orchestrator, state: State, messages: Messages) -> Array:
    """Return the readout's scores of a state."""
    output = network.layer_map.output
    field = network.field(output, state, jax.random.key(0), messages)
    return network.activate(output, field)


def has_changed(network: Orchestrator, before: State, after: State) -> NDArray[np.bool_]:
    """Return for every cue whether a step changed a unit of a hidden layer."""
    changed = np.zeros(len(after[0]), bool)
    for i in layers(network):
        change = np.abs(flatten(after, i) - flatten(before, i))
        changed |= np.any(change > FLIP_TOLERANCE, axis=1)
    return changed


def mean_product(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the mean of the products of entries over all axes of an example of b, (N, *size)."""
    axes = tuple(range(1 - b.ndim, 0))
    return np.asarray(np.mean(a * b, axis=axes))


def recall_file(model: Model, path: Path, frames: Path | None = None) -> Recall:
    """Return the recall of the cues of an npy file: (N, *raw), or a single one (*raw).

    The frames of a sequence are in another file, (L, *raw).

    Raises:
        RequestError: it is no npy file, or as `recall` does.
    """
    require_memory(model)
    cue = np.asarray(load_npy(path, "--cue"))
    order = None if frames is None else load_npy(frames, "--frames")
    return recall(model, cue, order, f"--cue {path}", f"--frames {frames}")
