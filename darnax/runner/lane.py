"""What a run leaves behind while it lasts: rows, checkpoints, its best network, and how it ended."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from darnax.atomic import to_disk
from darnax.data import Labels
from darnax.errors import RunError
from darnax.files import open_inside
from darnax.printing import printable, printable_lines
from darnax.runner import checkpoint, jax_settings
from darnax.runner.chance import warning
from darnax.runner.experiment import Experiment
from darnax.runner.manifest import RunMeta
from darnax.runner.recipe import TrainState
from darnax.runner.run_folder import RunFolder
from darnax.tracking import Tracker

NO_BEST = -1.0  # in checkpoints before the first evaluation
PERSISTED = ("seconds", "wall_seconds", "best", "metrics")  # by a checkpoint, besides the step


@dataclass
class Progress:
    """How far a run is; what a checkpoint remembers besides the learner."""

    total: int
    per_epoch: int
    step: int = 0
    seconds: float = 0.0  # of training alone
    wall_seconds: float = 0.0
    best: float | None = None  # of the scores on the validation split; None before the first
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def epoch(self) -> float:
        """Passes over the training set so far."""
        return self.step / max(self.per_epoch, 1)

    def forget_evaluations(self) -> None:
        """Drop what an earlier version of darnax measured on the test split while it trained without a validation split."""
        self.best = None
        self.metrics = {
            name: value for name, value in self.metrics.items() if not name.startswith("eval/")
        }


class Log(logging.FileHandler):
    """A train.log that stops nothing when it cannot be written, and is a file of the run's own folder."""

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        return TextIOWrapper(
            open_inside(path.parent, path.name, append=True), "utf-8", errors="backslashreplace"
        )

    def format(self, record: logging.LogRecord) -> str:
        """Write nothing that would command the terminal on which the log is shown."""
        return printable_lines(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: where the disk is full, the run will."""


OpenTracker = Callable[[Progress], Tracker]


class RunSession:
    """A run as the one loop over steps sees it, alone or beside others: an experiment, and the folder that is told of it.

    Args:
        experiment: what was asked for.
        folder: of this run alone.
        open_tracker: makes the tracker, once it is known where the run starts from.
    """

    progress: Progress
    tracker: Tracker

    def __init__(
        self, experiment: Experiment, folder: RunFolder, open_tracker: OpenTracker
    ) -> None:
        self.experiment, self.folder, self.open_tracker = experiment, folder, open_tracker
        self.warned = False

    @property
    def labels(self) -> Labels:
        """The label code, which knows the name of the score and which of two is the better."""
        labels: Labels = self.experiment.data.labels
        return labels

    def begin(self, per_epoch: int, like: TrainState) -> TrainState | None:
        """Go back to the last checkpoint there is, and return its learner; None where there is none yet."""
        self.began = time.perf_counter()
        progress = self.progress = Progress(
            total=per_epoch * self.experiment.runner.epochs, per_epoch=per_epoch
        )
        if (path := checkpoint.latest(self.folder.checkpoints, RunMeta)) is None:
            return None
        for difference in jax_settings.differences(self.folder.environment().get("jax")):
            logging.getLogger(__name__).warning("%s", printable(difference))
        learner, meta = checkpoint.load(path, like, RunMeta)
        for name in ("step", *PERSISTED):
            setattr(progress, name, meta[name])
        if self.validated not in progress.metrics:
            progress.best = None
        return learner

    def start(self) -> None:
        """Tell that the run is under way."""
        self.tracker = self.open_tracker(self.progress)
        self.folder.write_summary(status="running", reason=None)

    def log(self, metrics: Mapping[str, float]) -> None:
        """Hand a row to the tracker, and remember its numbers for the summary."""
        before = warning(self.progress.metrics)
        self.progress.metrics |= metrics
        told = warning(self.progress.metrics)
        if (told is None) != (before is None):
            self.folder.write_summary(warning=told)
        if told and not self.warned:  # once: a network that comes and goes would fill the log
            self.warned = True
            logging.getLogger(__name__).warning("%s", told)
        now = time.perf_counter()
        self.progress.wall_seconds += now - self.began
        self.began = now
        self.tracker.log(metrics, step=self.progress.step, epoch=self.progress.epoch)

    def trained(self, steps: int, seconds: float) -> float:
        """Count so many steps in, and return how many images a second that was."""
        self.progress.step += steps
        self.progress.seconds += seconds
        return self.images(steps) / seconds

    def images(self, steps: int) -> int:
        """Return how many images so many steps show, to all replicas together."""
        return steps * self.experiment.data.batch_size * self.experiment.runner.replicas

    def improves(self, metrics: Mapping[str, float]) -> bool:
        """Say whether this is the best network so far, and remember that."""
        score, best = metrics[self.validated], self.progress.best
        sign = 1.0 if self.labels.higher_is_better else -1.0
        better = best is None or sign * score > sign * best
        if better:
            self.progress.best = score
        return better

    @property
    def validated(self) -> str:
        """The metric that chooses the best network."""
        return f"eval/{self.labels.score_name}"

    def save(self, learner: TrainState, name: str | None = None) -> None:
        """Write a checkpoint of this moment, after the rows up to it."""
        if self.folder.metrics.exists():
            to_disk(self.folder.metrics)
        progress = self.progress
        meta = {name: getattr(progress, name) for name in PERSISTED}
        if progress.best is None:
            meta["best"] = NO_BEST
        choice = self.experiment.runner
        every = choice.keep_every and choice.keep_every * progress.per_epoch
        checkpoint.save(
            self.folder.checkpoints,
            progress.step,
            learner,
            meta,
            choice.keep,
            name,
            every,
            self.is_planned,
        )

    def is_planned(self, step: int) -> bool:
        """Whether a run that is never stopped writes a checkpoint at this step."""
        period = self.experiment.runner.checkpoint_every * self.progress.per_epoch
        return step == self.progress.total or (step > 0 and step % period == 0)

    def finish(self, status: str, reason: str | None = None) -> dict[str, Any]:
        """Write down how the run ended, and why it failed; return the summary."""
        summary = {"status": status, "reason": reason, **self.results()}
        try:
            summary = self.folder.write_summary(**summary)
        finally:
            self.tracker.finish(summary)
        return summary

    def results(self) -> dict[str, Any]:
        """Return the fields of the summary that are numbers."""
        progress = self.progress
        images = self.images(progress.step)
        return {
            "metrics": progress.metrics,
            "warning": warning(progress.metrics),
            "best": {} if progress.best is None else {self.validated: progress.best},
            **({} if self.labels.higher_is_better else {"lower_is_better": True}),
            "epochs": progress.epoch,
            "steps": progress.step,
            "wall_seconds": progress.wall_seconds,
            "images_per_second": images / progress.seconds if progress.seconds else 0.0,
        }

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Keep what is logged meanwhile in the run's own train.log."""
        handler = Log(self.folder.log)
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            with suppress(OSError):
                handler.close()

    def kept(self) -> str:
        """Say from where the run could go on."""
        path = checkpoint.latest(self.folder.checkpoints, RunMeta)
        return (
            "no checkpoint was saved before"
            if path is None
            else f"the last checkpoint before is {path.name}"
        )

    def failed(self, error: Exception) -> None:
        """Write down that the run failed, if that can still be written, and tell where to look."""
        with suppress(OSError):
            self.folder.write_summary(status="failed", reason=reason(error))
        if not isinstance(error, RunError):
            error.add_note(f"traceback: {self.folder.log}")


def reason(error: Exception) -> str:
    """Say why a run failed."""
    return str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
