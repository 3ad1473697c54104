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

from darnax.data import Dataset, Window
from darnax.errors import Problem, RequestError
from darnax.runner import checkpoint
from darnax.runner.evaluate import evaluate
from darnax.runner.experiment import Experiment
from darnax.runner.interrupts import Interrupted, Request, stop_requests
from darnax.runner.programs import Learner, Programs, make_programs
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
        self.programs = make_programs(experiment, per_epoch)
        self.weights, self.order, self.noise = jax.random.split(jax.random.key(experiment.seed), 3)
        self.learner = self.programs.start(self.weights)
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
            self.log(tracker, {"test/accuracy": self.accuracy(self.dataset.test)})
            status = "finished"
        finally:
            summary = self.folder.write_summary(status=status, **self.results())
            tracker.finish(summary)
        return summary

    def compile(self, tracker: Tracker) -> None:
        """Train on no batch at all, so that the time this takes is not taken for training."""
        window = next(self.dataset.train.windows(int(self.progress.epoch)))
        order = self.programs.shuffle(self.order, window.count)
        began, none = time.perf_counter(), np.int32(0)
        self.learner, _ = jax.block_until_ready(self.programs.train(self.learner, *window[:2], order, none, none, self.noise))
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
        key, noise = (jax.random.fold_in(k, epoch) for k in (self.order, self.noise))
        length = -(-progress.per_epoch // ROWS_PER_EPOCH)
        start = 0  # of the window, in batches of this epoch
        for number, window in enumerate(self.dataset.train.windows(epoch)):
            end = min(start + window.count // size, progress.per_epoch)
            if done < end:
                order = self.programs.shuffle(jax.random.fold_in(key, number), window.count)
                for first in range(done - start, end - start, length):
                    last = min(first + length, end - start)
                    yield self.chunk(window, order, first, last, jax.random.fold_in(noise, number))
                done = end
            start = end

    def chunk(self, window: Window, order: jax.Array, first: int, last: int, key: jax.Array) -> dict[str, float]:
        """Train on the batches first…last-1 of a window."""
        began = time.perf_counter()
        bounds = np.int32(first), np.int32(last)
        self.learner, device = self.programs.train(self.learner, window.inputs, window.targets, order, *bounds, key)
        metrics = {name: float(value) for name, value in jax.device_get(device).items()}
        seconds = time.perf_counter() - began
        self.progress.step += last - first
        self.progress.seconds += seconds
        return metrics | {"time/images_per_second": (last - first) * self.experiment.data.batch_size / seconds}

    def evaluate(self) -> dict[str, float]:
        """Return the accuracy on the validation split, or on the test split where there is none; keep the best network."""
        accuracy = self.accuracy(self.dataset.validation or self.dataset.test)
        if accuracy > self.progress.best:
            self.progress.best = accuracy
            self.save("best")
        return {"eval/accuracy": accuracy}

    def accuracy(self, split: Any) -> float:
        """Return the accuracy on a split."""
        return evaluate(self.programs, self.learner.arrays, split).accuracy

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
        images = progress.step * self.experiment.data.batch_size
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


def steps_of(dataset: Dataset, batch_size: int, limit: int | None) -> int:
    """Return the batches of an epoch; the examples that do not fill one are left for another epoch's shuffle."""
    steps = dataset.train.batches(batch_size)
    if steps == 0:
        raise RequestError(Problem("data.batch_size", f"{batch_size} is more than there is to train on at once; lower it"))
    return steps if limit is None else min(steps, limit)


def load_learner(experiment: Experiment, programs: Programs, folder: RunFolder) -> Learner:
    """Return the network of a run: the best one it kept, or else the last."""
    best = folder.checkpoints / "best.safetensors"
    path = best if best.is_file() else checkpoint.latest(folder.checkpoints)
    if path is None:
        raise RequestError(Problem(str(folder.path), f"has no checkpoint yet; go on with darnax train --resume {folder.path}"))
    like = eqx.filter_eval_shape(programs.start, jax.random.key(experiment.seed))
    return checkpoint.load(path, like)[0]
