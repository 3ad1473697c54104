"""The bookkeeping of one run while it trains: metrics, checkpoints, best network, summary."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from darnax.atomic import to_disk
from darnax.data import Labels
from darnax.errors import RunError
from darnax.printing import printable
from darnax.runner import checkpoint, jax_settings, processes
from darnax.runner.chance_level import format_chance_warning
from darnax.runner.experiment import Experiment
from darnax.runner.manifest import RunMeta
from darnax.runner.progress import PERSISTED, Progress
from darnax.runner.run_folder import RunFolder
from darnax.runner.train_program import TrainState
from darnax.tracking import Tracker

NO_BEST = -1.0  # stands for None in the checkpoints, whose format has a number here

OpenTracker = Callable[[Progress], Tracker]


class RunSession:
    """One run as the training loop uses it: an experiment, its folder and its tracker.

    Args:
        experiment: the run.
        folder: of this run alone.
        open_tracker: called once it is known from which step the run starts.
    """

    progress: Progress
    tracker: Tracker

    def __init__(
        self, experiment: Experiment, folder: RunFolder, open_tracker: OpenTracker
    ) -> None:
        self.experiment, self.folder, self.open_tracker = experiment, folder, open_tracker
        self.has_warned = False

    @property
    def labels(self) -> Labels:
        """The label code, which defines the score and whether higher or lower is better."""
        labels: Labels = self.experiment.data.labels
        return labels

    @property
    def selection_metric(self) -> str:
        """The metric that chooses the best network."""
        return f"eval/{self.labels.score_name}"

    def restore(self, per_epoch: int, like: TrainState) -> TrainState | None:
        """Load the last checkpoint and return its train state, or None if there is none.

        Args:
            per_epoch: steps of an epoch.
            like: shapes and types of the train state.
        """
        self.last_logged_at = time.perf_counter()
        total = per_epoch * self.experiment.runner.epochs
        self.progress = Progress(total=total, per_epoch=per_epoch)
        path = self.find_checkpoint()
        if path is None:
            return None
        recorded = self.folder.environment().get("jax")
        for difference in jax_settings.describe_differences(recorded):
            logging.getLogger(__name__).warning("%s", printable(difference))
        train_state, meta = checkpoint.load(path, like, RunMeta)
        for name in ("step", *PERSISTED):
            setattr(self.progress, name, meta[name])
        # The stored number means something only after an evaluation; before, it is NO_BEST.
        if self.selection_metric not in self.progress.metrics:
            self.progress.best = None
        return train_state

    def find_checkpoint(self) -> Path | None:
        """Return the last checkpoint that the first process finds."""

        def find_name() -> str:
            path = checkpoint.find_latest(self.folder.checkpoints, RunMeta)
            return "" if path is None else path.name

        name = processes.from_first(find_name)
        return self.folder.checkpoints / name if name else None

    def start(self) -> None:
        """Open the tracker, and record that the run has started, and its network."""
        self.folder.write_outline(self.experiment.outline())
        self.tracker = self.open_tracker(self.progress)
        self.folder.write_summary(status="running", reason=None)

    def log(self, metrics: Mapping[str, float]) -> None:
        """Log a row of metrics, and keep their values for the summary."""
        previous = format_chance_warning(self.progress.metrics)
        self.progress.metrics |= metrics
        warning = format_chance_warning(self.progress.metrics)
        if (warning is None) != (previous is None):
            self.folder.write_summary(warning=warning)
        # Logged once: a network close to chance level would fill the log.
        if warning and not self.has_warned:
            self.has_warned = True
            logging.getLogger(__name__).warning("%s", warning)
        now = time.perf_counter()
        self.progress.wall_seconds += now - self.last_logged_at
        self.last_logged_at = now
        self.tracker.log(metrics, step=self.progress.step, epoch=self.progress.epoch)

    def count_steps(self, steps: int, seconds: float) -> float:
        """Add steps and the seconds that they took; return the images per second."""
        self.progress.step += steps
        self.progress.seconds += seconds
        return self.images_in(steps) / seconds

    def images_in(self, steps: int) -> int:
        """Return the number of images in so many steps, counted for every replica."""
        return steps * self.experiment.data.batch_size * self.experiment.runner.replicas

    def update_best(self, metrics: Mapping[str, float]) -> bool:
        """Return whether these metrics are the best so far, and if so keep their score."""
        score, best = metrics[self.selection_metric], self.progress.best
        sign = 1.0 if self.labels.higher_is_better else -1.0
        is_better = best is None or sign * score > sign * best
        if is_better:
            self.progress.best = score
        return is_better

    def save(self, train_state: TrainState, name: str | None = None) -> None:
        """Write a checkpoint of the current step, after all rows up to it are on disk."""
        # A checkpoint that is ahead of the metrics would leave a gap in them after a power cut.
        if self.folder.metrics.exists():
            to_disk(self.folder.metrics)
        progress, settings = self.progress, self.experiment.runner
        meta = {name: getattr(progress, name) for name in PERSISTED}
        if progress.best is None:
            meta["best"] = NO_BEST
        every = settings.keep_every and settings.keep_every * progress.per_epoch
        checkpoint.save(
            self.folder.checkpoints,
            progress.step,
            train_state,
            meta,
            settings.keep,
            name,
            every,
            self.is_planned,
        )

    def is_planned(self, step: int) -> bool:
        """Return whether a run that is never stopped writes a checkpoint at this step."""
        period = self.experiment.runner.checkpoint_every * self.progress.per_epoch
        return step == self.progress.total or (step > 0 and step % period == 0)

    def finish(self, status: str, reason: str | None = None) -> dict[str, Any]:
        """Write how the run ended and close the tracker; return the summary."""
        summary = {"status": status, "reason": reason, **self.results()}
        try:
            summary = self.folder.write_summary(**summary)
        finally:
            self.tracker.finish(summary)
        return summary

    def results(self) -> dict[str, Any]:
        """Return the results in the summary."""
        progress = self.progress
        images = self.images_in(progress.step)
        best = {} if progress.best is None else {self.selection_metric: progress.best}
        direction = {} if self.labels.higher_is_better else {"lower_is_better": True}
        return {
            "metrics": progress.metrics,
            "warning": format_chance_warning(progress.metrics),
            "best": best,
            **direction,
            "epochs": progress.epoch,
            "steps": progress.step,
            "wall_seconds": progress.wall_seconds,
            "images_per_second": images / progress.seconds if progress.seconds else 0.0,
        }

    def describe_last_checkpoint(self) -> str:
        """Return a phrase for error messages: which checkpoint the run can resume from."""
        path = checkpoint.find_latest(self.folder.checkpoints, RunMeta)
        if path is None:
            return "no checkpoint was saved before"
        return f"the last checkpoint before is {path.name}"

    def record_failure(self, error: Exception) -> None:
        """Write the failure to the summary, if the disk allows, and add a note on the log."""
        with suppress(OSError):
            self.folder.write_summary(status="failed", reason=describe_failure(error))
        if not isinstance(error, RunError):
            error.add_note(f"traceback: {self.folder.log}")


def describe_failure(error: Exception) -> str:
    """Return why a run failed, for its summary."""
    # The message of a RunError explains itself; that of other exceptions often needs its type.
    return str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
