"""The run itself: epochs of chunks of batches, evaluations, checkpoints, and an end that is always written down."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from darnax.data import Dataset, Split, Window
from darnax.errors import Problem, RequestError
from darnax.runner import checkpoint
from darnax.runner.evaluate import evaluate
from darnax.runner.experiment import Experiment
from darnax.runner.interrupts import Interrupted, Request, stop_requests
from darnax.runner.programs import Programs
from darnax.runner.recipe import Learner
from darnax.runner.run_folder import RunFolder
from darnax.tracking import Tracker

ROWS_PER_EPOCH = 20
REMEMBERED = ("seconds", "wall_seconds", "best", "metrics")  # by a checkpoint, besides the step
OpenTracker = Callable[["Progress"], Tracker]


@dataclass
class Progress:
    """How far a run is; what a checkpoint remembers besides the learner."""

    total: int
    per_epoch: int
    step: int = 0
    seconds: float = 0.0  # of training alone
    wall_seconds: float = 0.0
    best: float = -1.0  # of accuracies; below all of them before the first
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def epoch(self) -> float:
        """Passes over the training set so far."""
        return self.step / max(self.per_epoch, 1)


def train(experiment: Experiment, dataset: Dataset, folder: RunFolder, open_tracker: OpenTracker) -> dict[str, Any]:
    """Train from the last checkpoint in `folder`, or from the start, to the end; return the summary.

    A run that is resumed ends in the same bits as one that was never stopped.

    Raises:
        Interrupted: after SIGINT or SIGTERM; a checkpoint was saved.
    """
    handler = logging.FileHandler(folder.log)
    logging.getLogger().addHandler(handler)
    try:
        return Run(experiment, dataset, folder).to_the_end(open_tracker)
    except Exception as error:
        logging.getLogger(__name__).exception("the run failed")
        folder.write_summary(status="failed")
        error.add_note(f"traceback: {folder.log}")
        raise
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


class Run:
    """A run under way: what it was asked for, and what it has become."""

    def __init__(self, experiment: Experiment, dataset: Dataset, folder: RunFolder) -> None:
        data, choice = experiment.data, experiment.runner
        per_epoch = steps_of(dataset, data.batch_size, choice.limit_batches)
        self.experiment, self.dataset, self.folder = experiment, dataset, folder
        self.progress = Progress(total=per_epoch * choice.epochs, per_epoch=per_epoch)
        self.programs = Programs([experiment], per_epoch)
        self.keys = self.programs.keys()
        self.learner = self.programs.start(self.keys)
        self.began = time.perf_counter()
        if (path := checkpoint.latest(folder.checkpoints)) is not None:
            self.restore(path)

    def to_the_end(self, open_tracker: OpenTracker) -> dict[str, Any]:
        """Train, and write down how it ended, however it ended."""
        tracker = open_tracker(self.progress)
        status = "failed"
        self.folder.write_summary(status="running")
        try:
            with stop_requests() as request:
                self.compile(tracker)
                self.train(tracker, request)
            if request.signum is not None:
                status = "interrupted"
                self.save()
                raise Interrupted(request.signum, self.folder.path)
            self.log(tracker, self.accuracy("test", self.dataset.test))
            status = "finished"
        finally:
            summary = self.folder.write_summary(status=status, **self.results())
            tracker.finish(summary)
        return summary

    def compile(self, tracker: Tracker) -> None:
        """Train on no batch at all, so that the time this takes is not taken for training."""
        began = time.perf_counter()
        window, zero = self.programs.placed(next(self.dataset.train.windows(int(self.progress.epoch)))), np.int32(0)
        order = self.programs.shuffle(self.keys, zero, zero, window.count)
        self.learner, _ = jax.block_until_ready(self.advance(window, order, *[zero] * 4))
        self.log(tracker, {"time/compile_seconds": time.perf_counter() - began})

    def train(self, tracker: Tracker, request: Request) -> None:
        """Go on until the last epoch is over or a stop is requested."""
        choice, progress = self.experiment.runner, self.progress
        while progress.step < progress.total and request.signum is None:
            for metrics in self.chunks():
                over = progress.step % progress.per_epoch == 0
                epoch = progress.step // progress.per_epoch
                last = progress.step == progress.total
                if over and (epoch % choice.evaluate_every == 0 or last):
                    metrics |= self.evaluate()
                self.log(tracker, metrics)
                if over and (epoch % choice.checkpoint_every == 0 or last):
                    self.save()
                if request.signum is not None:
                    return

    def chunks(self) -> Iterator[dict[str, float]]:
        """Train the rest of the current epoch, chunk by chunk, yielding the metrics of each."""
        progress, size = self.progress, self.experiment.data.batch_size
        epoch, done = divmod(progress.step, progress.per_epoch)
        length = -(-progress.per_epoch // ROWS_PER_EPOCH)
        start = 0  # of the window, in batches of this epoch
        for number, window in enumerate(map(self.programs.placed, self.dataset.train.windows(epoch))):
            end = min(start + window.count // size, progress.per_epoch)
            if done < end:
                place = np.int32(epoch), np.int32(number)
                order = self.programs.shuffle(self.keys, *place, window.count)
                for first in range(done - start, end - start, length):
                    yield self.chunk(window, order, *place, first, min(first + length, end - start))
                done = end
            start = end

    def chunk(self, window: Window, order: jax.Array, epoch: Any, number: Any, first: int, last: int) -> dict[str, float]:
        """Train on the batches first…last-1 of a window, and wait for it."""
        began = time.perf_counter()
        self.learner, device = self.advance(window, order, epoch, number, np.int32(first), np.int32(last))
        metrics = over_replicas(jax.device_get(device))
        seconds = time.perf_counter() - began
        self.progress.step += last - first
        self.progress.seconds += seconds
        return metrics | {"time/images_per_second": self.images(last - first) / seconds}

    def advance(self, window: Window, order: jax.Array, *place: Any) -> tuple[Learner, Any]:
        """Call the program that trains."""
        return self.programs.train(self.learner, self.keys, window.inputs, window.targets, order, *place)

    def images(self, steps: int) -> int:
        """Return how many images so many steps show, to all replicas together."""
        return steps * self.experiment.data.batch_size * self.experiment.runner.replicas

    def evaluate(self) -> dict[str, float]:
        """Return the accuracy on the validation split, or on the test split where there is none; keep the best network."""
        metrics = self.accuracy("eval", self.dataset.validation or self.dataset.test)
        if metrics["eval/accuracy"] > self.progress.best:
            self.progress.best = metrics["eval/accuracy"]
            self.save("best")
        return metrics

    def accuracy(self, name: str, split: Split) -> dict[str, float]:
        """Return the accuracy on a split, with its standard deviation if there are replicas."""
        found = evaluate(self.programs, self.learner.arrays, split)
        spread = {} if found.sd is None else {f"{name}/accuracy_sd": found.sd}
        return {f"{name}/accuracy": found.accuracy} | spread

    def log(self, tracker: Tracker, metrics: Mapping[str, float]) -> None:
        """Hand a row to the tracker, and remember its numbers for the summary."""
        self.progress.metrics |= metrics
        now = time.perf_counter()
        self.progress.wall_seconds += now - self.began
        self.began = now
        tracker.log(metrics, step=self.progress.step, epoch=self.progress.epoch)

    def results(self) -> dict[str, Any]:
        """Return the fields of the summary that are numbers."""
        progress = self.progress
        images = self.images(progress.step)
        return {
            "metrics": progress.metrics,
            "best": {"eval/accuracy": progress.best} if progress.best >= 0 else {},
            "epochs": progress.epoch,
            "steps": progress.step,
            "wall_seconds": progress.wall_seconds,
            "images_per_second": images / progress.seconds if progress.seconds else 0.0,
        }

    def save(self, name: str | None = None) -> None:
        """Write a checkpoint of this moment."""
        progress = self.progress
        meta = {name: getattr(progress, name) for name in REMEMBERED}
        checkpoint.save(self.folder.checkpoints, progress.step, self.learner, meta, self.experiment.runner.keep, name)

    def restore(self, path: Path) -> None:
        """Go back to a checkpoint."""
        self.learner, meta = checkpoint.load(path, self.learner)
        progress = self.progress
        for name in ("step", *REMEMBERED):
            setattr(progress, name, meta[name])


def over_replicas(metrics: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return means over the replicas, and the standard deviation of every accuracy; one network's metrics as they are."""
    of_one = all(np.ndim(value) == 0 for value in metrics.values())
    accuracies = {} if of_one else {name: value for name, value in metrics.items() if name.endswith("/accuracy")}
    spread = {f"{name}_sd": float(np.std(value, ddof=1)) for name, value in accuracies.items()}
    return {name: float(np.mean(value)) for name, value in metrics.items()} | spread


def steps_of(dataset: Dataset, batch_size: int, limit: int | None) -> int:
    """Return the batches of an epoch; the examples that do not fill one are left for another epoch's shuffle."""
    steps = dataset.train.batches(batch_size)
    return steps if limit is None else min(steps, limit)


def load_learner(programs: Programs, folder: RunFolder) -> Learner:
    """Return the network of a run: the best one it kept, or else the last."""
    best = folder.checkpoints / "best.safetensors"
    path = best if best.is_file() else checkpoint.latest(folder.checkpoints)
    if path is None:
        raise RequestError(Problem(str(folder.path), f"has no checkpoint yet; go on with darnax train --resume {folder.path}"))
    like = eqx.filter_eval_shape(programs.start, programs.keys())
    return checkpoint.load(path, like)[0]
