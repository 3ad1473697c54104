"""A trained network that can be applied to raw inputs."""

import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from darnax.api.arguments import format_argument
from darnax.data.encodings import Scale
from darnax.data.pipeline import Pipeline
from darnax.errors import RequestError, first_line
from darnax.learning import scores_of
from darnax.orchestrators import Orchestrator
from darnax.phases import Phases
from darnax.printing import printable
from darnax.relaxation import PhaseResult
from darnax.runner.experiment import Experiment
from darnax.runner.programs import EVALUATION_BATCH
from darnax.schedule import run_phases
from darnax.states import State

SMALLEST_BATCH = 16
LARGEST_BYTE = 255
logger = logging.getLogger(__name__)


class PhasesOfRun(NamedTuple):
    """The phases of one training step, and those of inference, by name and in order."""

    train: Phases
    infer: Phases

    def __repr__(self) -> str:
        return f"PhasesOfRun(train: {', '.join(self.train)}; infer: {', '.join(self.infer)})"


class Model:
    """A network with its state, its phases and its encoding.

    Args:
        experiment: the experiment that the network belongs to.
        network: the orchestrator with all modules.
        origin: the checkpoint or file that the arrays are from.
        svg: draws the connection graph.

    Attributes:
        network: a `darnax.orchestrators.Orchestrator`; its modules have names, as in
            `network.layer_map["w_in"]`.
        state: a `darnax.states.State` with a batch of 1; `state.init(x)` makes one of any batch.
        phases: `phases.train` and `phases.infer`, each a mapping from a name to a
            `darnax.phases.Phase`.
        config: the resolved configuration.

    Example:
        >>> import darnax, numpy as np
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=1")
        >>> model = run.model
        >>> model.network.layer_map["w_in"].W.shape, list(model.phases.infer)
        ((100, 100), ['recall'])
        >>> model.predict(np.ones((3, 100))).shape  # scores of three raw inputs
        (3, 100)
    """

    def __init__(
        self, experiment: Experiment, network: Orchestrator, origin: str, svg: Callable[[], str]
    ) -> None:
        self.experiment, self.network, self.origin, self._svg = experiment, network, origin, svg
        self.state: State = experiment.state
        self.phases = PhasesOfRun(experiment.train, experiment.infer)
        self.config: Mapping[str, Any] = experiment.config

    def predict(self, x: Any) -> NDArray[np.float32]:
        """Return the readout's scores after inference, (N, *output).

        Args:
            x: raw inputs (N, *raw) like those of the run's dataset, any N; encoded as in training.

        Raises:
            RequestError: an input does not have the shape that the network takes.

        Of a classifier, `predict(x).argmax(axis=1)` is the predicted class.
        """
        return self.score_fitting(self.require_fitting(x))

    def score_fitting(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Return the scores of inputs that `require_fitting` has returned."""
        scores = []
        for phases, count in self._infer(inputs):
            scores.append(np.asarray(scores_of(self.network, last_phase(phases)))[:count])
        return np.concatenate(scores)

    def states(self, x: Any, phase: str | None = None) -> dict[str, NDArray[np.float32]]:
        """Return the state of every buffer at the end of a phase of inference, each (N, *size).

        Args:
            x: raw inputs, as `predict` takes them.
            phase: the name of a phase in `phases.infer`; by default the last one.

        Raises:
            RequestError: there is no such phase, or an input has not the shape that is expected.
        """
        phases = list(self.phases.infer)
        chosen = phases[-1] if phase is None else phase
        if not isinstance(chosen, str) or chosen not in phases:
            got = format_argument(chosen)
            raise RequestError(f"phase: got {got}, expected one of {', '.join(phases)}")
        names = self.buffers
        found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names.values()}
        for results, count in self._infer(self.require_fitting(x)):
            for position, name in names.items():
                found[name].append(np.asarray(results[chosen].state[position])[:count])
        return {name: np.concatenate(parts) for name, parts in found.items()}

    @property
    def buffers(self) -> dict[int, str]:
        """The names of the buffers by their positions, the input first."""
        names = self.network.layer_map.names_by_edge()
        return {0: "input"} | {i: names[i, i] for i in self.network.layer_map.rows()}

    def _infer(self, inputs: NDArray[Any]) -> Iterator[tuple[OrderedDict[str, PhaseResult], int]]:
        """Yield the results of all phases of inference and the number of examples, per batch."""
        size = batch_size_for(len(inputs))
        for first in range(0, max(len(inputs), 1), size):
            batch = inputs[first : first + size]
            # All batches have one size, and so one compiled program. As in the runner, the last
            # example (or a blank one, if there is none) fills up the last batch.
            last = batch[-1:] if len(batch) else np.zeros((1, *inputs.shape[1:]), inputs.dtype)
            padded = jnp.asarray(
                np.concatenate([batch, np.repeat(last, size - len(batch), axis=0)])
            )
            encode, index = self.experiment.data.encode, jnp.arange(first, first + size)
            x = padded, index
            yield infer(self.network, encode, self.state, self.phases.infer, *x), len(batch)

    def require_fitting(self, x: Any, name: str = "x") -> NDArray[Any]:
        """Return raw inputs as an array.

        Args:
            x: raw inputs (N, *raw).
            name: of the argument, for messages.

        Raises:
            RequestError: they are no numbers, or do not have the shape that the network takes.
        """
        data = self.experiment.data
        try:
            inputs = np.asarray(x)
        except ValueError as error:  # lists of different lengths
            raise RequestError(
                f"{name}: {first_line(error)}; expected an array (N, *raw)"
            ) from error
        if inputs.dtype.kind not in "biuf" and not jnp.issubdtype(inputs.dtype, jnp.floating):
            what = f"{name}: got an array of {inputs.dtype}, expected numbers"
            raise RequestError(what)
        if inputs.ndim < 1:
            raise RequestError(
                f"{name}: inputs of shape [] have no axis of examples; expected (N, *raw)"
            )
        like = jax.ShapeDtypeStruct(inputs.shape[1:], jnp.asarray(inputs[:0]).dtype)
        try:
            shape = data.encode.output_shape(like)
        except Exception as error:  # stages of other packages may raise anything
            what = f"{name}: inputs of shape {list(inputs.shape)} cannot be encoded "
            what += f"({first_line(error)}); expected (N, *raw) as the dataset of the run has them"
            raise RequestError(what) from error
        if shape != data.shape:
            what = (
                f"{name}: got inputs of shape {list(inputs.shape)}, which encode to {list(shape)} "
            )
            what += f"each; expected (N, *raw) that encodes to {list(data.shape)}"
            if is_one_input(data.encode, inputs, data.shape):
                what += f"; one input is {name}[None]"
            raise RequestError(what)
        if takes_bytes(data.encode) and look_divided(inputs):
            what = "%s: got floats from 0 to 1, expected bytes from 0 to 255 as the dataset has "
            what += "them; do not divide by 255, the encoding does it"
            logger.warning(what, name)
        return inputs

    def __repr__(self) -> str:
        sizes = [self.state[index].shape[1:] for index in range(len(self.buffers))]
        units = " -> ".join("x".join(map(str, size)) for size in sizes)
        return printable(f"Model({self.experiment.name}: {units}; {self.origin})")

    def _repr_html_(self) -> str:
        return self._svg()


def takes_bytes(encode: Pipeline) -> bool:
    """Return whether an encoding divides its inputs by 255, so that they are bytes."""
    stages = encode.stages
    return any(isinstance(stage, Scale) and stage.factor == LARGEST_BYTE for stage in stages)


def look_divided(inputs: NDArray[Any]) -> bool:
    """Return whether inputs are floats from 0 to 1, not all of them 0: bytes divided by 255."""
    if inputs.size == 0 or not jnp.issubdtype(inputs.dtype, jnp.floating):
        return False
    return bool(inputs.min() >= 0 and 0 < inputs.max() <= 1)


def batch_size_for(inputs: int) -> int:
    """Return the number of examples of each batch: a power of two, so that few sizes compile."""
    enough = 2 ** math.ceil(math.log2(max(inputs, SMALLEST_BATCH)))
    return min(enough, EVALUATION_BATCH)


def last_phase(phases: OrderedDict[str, PhaseResult]) -> PhaseResult:
    """Return the result of the last phase."""
    return next(reversed(phases.values()))


@eqx.filter_jit
def infer(
    network: Orchestrator, encode: Pipeline, state: State, phases: Phases, x: Array, index: Array
) -> OrderedDict[str, PhaseResult]:
    """Return the result of every phase of inference, in order."""
    # An OrderedDict: a plain dict leaves a compiled program with its keys sorted.
    encoded = encode(x, index=index)
    return OrderedDict(run_phases(network, state.init(encoded), phases, jax.random.key(0)))


def is_one_input(encode: Pipeline, inputs: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Return whether an array is a single input: without an axis of examples it fits the shape."""
    try:
        return encode.output_shape(jax.ShapeDtypeStruct(inputs.shape, inputs.dtype)) == shape
    except Exception:  # stages of other packages may raise anything
        return False
