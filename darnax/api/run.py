"""A run, opened by its folder: configuration, metrics, networks, evaluation and analysis."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darnax.api.analysis import Analysis, analyse_run
from darnax.api.arguments import (
    argument_names,
    format_argument,
    require_names,
    require_overrides,
    require_path,
)
from darnax.api.curve import Curve
from darnax.api.display import choose_display
from darnax.api.evaluation import evaluate_run, evaluate_run_over
from darnax.api.interruption import interruptible
from darnax.api.metrics import Metrics
from darnax.api.resuming import resume_run
from darnax.composing import trust
from darnax.errors import RequestError
from darnax.printing import printable
from darnax.reports import runs
from darnax.reports.record import number
from darnax.runner.run_folder import RunFolder
from darnax.scores import parse_score

# JAX is loaded where a network is: listing runs takes no network.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from darnax.api.model import Model, PhasesOfRun
    from darnax.api.recalling import Recall
    from darnax.api.trajectory import Trajectory
    from darnax.orchestrators import Orchestrator
    from darnax.runner.evaluate import Evaluation
    from darnax.states import State


class Run:
    """A run: `darnax.train` returns one, and `darnax.load` opens one from its folder.

    Args:
        folder: its folder.
        trusted: packages whose code the configuration may name, besides darnax and Optax.

    Example:
        >>> import darnax, numpy as np
        >>> run = darnax.train("+experiment=associations", "tracking=local", "runner.epochs=20")
        >>> run.metrics["eval/accuracy"].steps
        array([ 50, 100])
        >>> patterns = np.ones((3, 100))  # the experiment associates patterns of 100 units
        >>> run.predict(patterns).shape, list(run.states(patterns))
        ((3, 100), ['input', 'hidden1', 'output'])
        >>> print(run.to_html("run.html"))
        run.html
    """

    def __init__(self, folder: str | Path, trusted: Iterable[str] = ()) -> None:
        self.folder = require_path(folder, "folder").absolute()
        self.trusted = frozenset(trusted)
        RunFolder.open(self.folder)

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration."""
        return RunFolder.open(self.folder).config()

    @property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json: status, last and best metrics, epochs, steps, seconds."""
        return RunFolder.open(self.folder).summary()

    @property
    def status(self) -> str:
        """`running`, `finished`, `pruned`, `interrupted` (also if it was killed) or `failed`."""
        return runs.current_status(self.folder, str(self.summary.get("status")))

    @property
    def metrics(self) -> Metrics:
        """What the run has logged so far, by the names of the metrics."""
        return Metrics(self.folder / "metrics.jsonl")

    @cached_property
    def models(self) -> "tuple[Model, ...]":
        """The network of every replica: the best on the validation split, or else the last."""
        from darnax.api.opening import open_models

        return open_models(self.folder, self.trusted, best=True)

    @cached_property
    def last_models(self) -> "tuple[Model, ...]":
        """The network of every replica, from the last checkpoint."""
        from darnax.api.opening import open_models

        return open_models(self.folder, self.trusted, best=False)

    @property
    def model(self) -> "Model":
        """The network of the run, or of its first replica."""
        return self.models[0]

    @property
    def network(self) -> "Orchestrator":
        """The orchestrator with all modules; `network.layer_map["w_in"]` is one of them."""
        return self.model.network

    @property
    def state(self) -> "State":
        """A state of the network, with a batch of 1; `state.init(x, y)` makes others."""
        return self.model.state

    @property
    def phases(self) -> "PhasesOfRun":
        """The phases of training and of inference: `phases.train`, `phases.infer`."""
        return self.model.phases

    def predict(self, x: Any) -> "NDArray[np.float32]":
        """Return the scores (N, *output) of raw inputs (N, *raw); see `Model.predict`."""
        return self.model.predict(x)

    def states(self, x: Any, phase: str | None = None) -> "dict[str, NDArray[np.float32]]":
        """Return the states of all buffers for raw inputs (N, *raw); see `Model.states`."""
        return self.model.states(x, phase)

    def trajectory(self, x: Any, targets: Any = None, *, clean: bool = False) -> "Trajectory":
        """Return the states after every step of inference; see `darnax.api.trajectory.follow`."""
        from darnax.api.trajectory import follow

        return follow(self.model, x, targets, clean=clean)

    def recall(self, cue: Any, frames: Any = None) -> "Recall":
        """Relax from cues (N, *raw), or from one, and return the states of every step.

        Random stages are not applied. With frames (L, *raw), counts how many come in order.

        Example:
            >>> run.recall(cue)  # doctest: +SKIP
            cue  steps  fixed point  overlap of cue and memory
            0    5      yes          0.600
        """
        from darnax.api.recalling import recall

        return recall(self.model, cue, frames)

    def evaluate(
        self, *overrides: str, picture: bool = True, progress: bool | None = None
    ) -> "Evaluation":
        """Evaluate the network on the test split, as `darnax eval` does.

        Args:
            overrides: of data or inference; `evaluate_over` takes several values of one setting.
            picture: whether to draw the confusion matrix, as confusion.svg and as the page
                confusion.html in the run's folder.
            progress: whether to show the progress of preparing data.

        Raises:
            RequestError: an override changes something else, or the data cannot be opened.
        """
        words = trust.add_trust(require_overrides(overrides), self.trusted)
        return evaluate_run(self.folder, words, choose_display(progress), picture=picture)

    def evaluate_over(
        self, key: str, values: Iterable[Any], *overrides: str, progress: bool | None = None
    ) -> Curve:
        """Evaluate the network on the test split for several values of one setting.

        Args:
            key: of a random stage, such as `data.disturb.noise.share`, also of one that was not
                in training; or of inference, such as `dynamics.infer.recall.steps`.
            values: of the setting.
            overrides: of data or inference, as those of `darnax eval`.
            progress: whether to show the progress of preparing data.

        Raises:
            RequestError: the key is not of a random stage or of inference, or a value is not valid.

        Example:
            >>> run.evaluate_over("data.disturb.noise.share", [0, 0.1, 0.2])  # doctest: +SKIP
            data.disturb.noise.share  accuracy ± standard error
            0                         94.37 ± 0.23%
            0.1                       90.12 ± 0.30%
            0.2                       81.90 ± 0.39%
        """
        words = trust.add_trust(overrides, self.trusted)
        over = f"{key}={','.join(map(str, values))}"
        with argument_names():
            found = evaluate_run_over(self.folder, over, words, choose_display(progress))
        return Curve(found)

    def analyse(
        self,
        *overrides: str,
        only: Iterable[str] = (),
        examples: int = 500,
        states: str | Path | None = None,
        progress: bool | None = None,
    ) -> Analysis:
        """Analyse the network on test data; write tables and a page into the folder of the run.

        Args:
            overrides: of data or inference, as those of `darnax analyse`.
            only: names of measures; all of them by default.
            examples: number of test examples to use.
            states: a file FILE.npz for the states of all test examples; none by default.
            progress: whether to show the progress of preparing data.
        """
        measures = require_names(only, "only")
        if type(examples) is not int or examples < 1:
            got = format_argument(examples)
            raise RequestError(f"examples: got {got}, expected a positive integer")
        words = trust.add_trust(require_overrides(overrides), self.trusted)
        with argument_names():
            return analyse_run(
                self.folder,
                words,
                choose_display(progress),
                only=measures,
                examples=examples,
                states=None if states is None else require_path(states, "states"),
            )

    def resume(self, *words: str, progress: bool | None = None) -> "Run":
        """Resume a run from its last checkpoint, to its end; return the run.

        With `runner.epochs=N` a run is trained longer, also a finished one. It equals a run of N
        epochs whose network and optimiser are, at the last step, those of this run: with constant
        learning rates, that run itself; a schedule in epochs of the run has N from there on.

        Args:
            words: `trust=[…]`, `paths.data=DIR`, `data.path=PATH`, `runner.epochs=N`; everything
                else is the configuration of the run.
            progress: whether to show a progress bar; by default in a terminal or a notebook.

        Raises:
            RequestError: the run is finished and gets no more epochs, or another process trains
                it.
            Interrupted: it was stopped again.
        """
        given = require_overrides(words)
        with argument_names(), interruptible():
            trusted = resume_run(self.folder, given, choose_display(progress), self.trusted)
        return Run(self.folder, trusted)

    def export(self, path: str | Path, replica: int = 0) -> Path:
        """Write a network and its configuration as one file, which `darnax.load` reads.

        The format is safetensors. Every array is named by its module and its field, such as
        `w_in/W`; the metadata contain the configuration.

        Args:
            path: of the file, ending in .safetensors.
            replica: which network of a run with several replicas.

        Raises:
            RequestError: the file cannot be written, or there is no such replica.
        """
        from darnax.api.exporting import export_model

        count = len(self.models)
        if replica not in range(count):
            expected = f"expected an integer from 0 to {count - 1}"
            raise RequestError(f"replica: got {format_argument(replica)}, {expected}")
        return export_model(self.models[replica], require_path(path, "path"))

    def to_html(self, path: str | Path) -> Path:
        """Write the page of the run, as `darnax compare RUN --html` does; return its path.

        It shows curves, network, settings that differ from those of its experiment, environment,
        checkpoints and times.
        """
        from darnax.api.run_background import describe_background
        from darnax.reports import page

        file = require_path(path, "path")
        page.write_run(runs.read(self.folder), describe_background(self.folder), file)
        return file

    def to_pandas(self) -> Any:
        """Return what the run has logged as a `pandas.DataFrame`."""
        return self.metrics.to_pandas()

    def __repr__(self) -> str:
        config, summary = self.config, self.summary
        parts = [str(config.get("name")), self.status]
        last = summary.get("metrics", {})
        for split in ("eval", "test"):
            for name, value in last.items():
                score = parse_score(name)
                if score is not None and score.set == split:
                    parts.append(f"{name} {number(value):.4f}")
        return printable(f"Run({', '.join(parts)}; {self.folder})")

    def _repr_html_(self) -> str:
        from darnax.api.html import run_html, score_curves

        return run_html(repr(self), score_curves(self.folder))
