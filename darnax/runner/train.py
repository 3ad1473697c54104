"""The run itself: epochs of chunks of batches, evaluations, checkpoints, and an end that is always written down."""

import logging
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from darnax.data import Dataset, Split, Window
from darnax.errors import RequestError, RunError
from darnax.runner.chance import at_chance
from darnax.runner.divergence import DivergenceMonitor
from darnax.runner.evaluate import evaluate
from darnax.runner.interrupts import Interrupted, Request, stop_requests
from darnax.runner.lane import RunSession, reason
from darnax.runner.programs import CompiledPrograms
from darnax.runner.recipe import TrainState
from darnax.scores import parse_score
from darnax.tracking.pruning import Pruned

ROWS_PER_EPOCH = 20
Rows = list[dict[str, float]]  # of numbers to log, one for every lane


def train(
    lanes: Sequence[RunSession], dataset: Dataset, *, ends_process: bool = False
) -> list[dict[str, Any]]:
    """Train from the last checkpoint in the folder of a lane, or from the start, to the end; return the summaries.

    A run that is resumed ends in the same bits as one that was never stopped. Several lanes, which differ in numbers and seeds
    alone and stand at the same step, are one program; each is what it would be alone, up to the order of summation.
    With `ends_process`, a signal that comes after the end is not to end the process in another way than it would end.

    Raises:
        Interrupted: after a signal; a checkpoint was saved, unless a second one came.
        Pruned: a tracker found the run hopeless.
        RunError: a file could not be written, or read, or a number is none, or beyond all bounds; the last checkpoint is
            from before that.
        RequestError: the last checkpoint is not one of this configuration; nothing was changed.
    """
    with ExitStack() as stack:
        for lane in lanes:
            stack.enter_context(lane.logged())
        request = stack.enter_context(stop_requests(ends_process=ends_process))
        try:
            return Run(lanes, dataset).to_the_end(request)
        except KeyboardInterrupt:
            raise Interrupted(
                request.signum or signal.SIGINT, lanes[0].folder.path, saved=False
            ) from None
        except RequestError:
            raise
        except Exception as error:
            logging.getLogger(__name__).error(
                "the run failed: %s", error, exc_info=not isinstance(error, RunError)
            )
            for lane in lanes:
                lane.failed(error)
            if isinstance(error, OSError):
                raise RunError(
                    f"{lanes[0].folder.path}: {error}; the last checkpoint is as it was"
                ) from error
            raise


class Run:
    """A run under way, or several in step: what was asked for, and what it has become."""

    def __init__(self, lanes: Sequence[RunSession], dataset: Dataset) -> None:
        first = lanes[0].experiment
        self.lanes, self.dataset, self.data, self.choice = lanes, dataset, first.data, first.runner
        per_epoch = steps_of(dataset, first.data.batch_size, first.runner.limit_batches)
        self.programs = CompiledPrograms([lane.experiment for lane in lanes], per_epoch)
        self.watch = DivergenceMonitor(first)
        self.keys = self.programs.keys()
        self.learner = self.begin(per_epoch)
        self.progress = lanes[0].progress  # its step is that of all
        if dataset.validation is None:
            for lane in lanes:
                lane.progress.forget_evaluations()

    def begin(self, per_epoch: int) -> TrainState:
        """Return the learners that the lanes have come to; what no checkpoint will replace is drawn."""
        like = jax.eval_shape(lambda learners: self.part(learners, 0), self.programs.like())
        found = [lane.begin(per_epoch, like) for lane in self.lanes]
        if any(each is None for each in found):
            drawn = self.programs.start(self.keys)
            found = [self.part(drawn, n) if each is None else each for n, each in enumerate(found)]
        return self.side_by_side(found)

    @property
    def score_name(self) -> str:
        """The name of the label code's score."""
        return self.programs.recipe.score_name

    def part(self, tree: Any, number: int) -> Any:
        """Return what belongs to one lane."""
        return tree if len(self.lanes) == 1 else jax.tree.map(lambda leaf: leaf[number], tree)

    def side_by_side(self, parts: list[Any]) -> Any:
        """Put together what belongs to the lanes."""
        return (
            parts[0] if len(parts) == 1 else jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
        )

    def to_the_end(self, request: Request) -> list[dict[str, Any]]:
        """Train, and write down how it ended, however it ended."""
        status, why = "failed", None
        for lane in self.lanes:
            lane.start()
        try:
            self.compile()
            self.train(request)
            if request.signum is not None and self.progress.step < self.progress.total:
                self.save()
                status = "interrupted"
                raise Interrupted(request.signum, self.lanes[0].folder.path)
            if not all(
                f"test/{self.score_name}" in lane.progress.metrics for lane in self.lanes
            ):  # a run of no epochs
                self.log(self.test())
            status = "finished"
        except Pruned:
            status = "pruned"
            raise
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        except Exception as error:
            why = reason(error)
            raise
        finally:
            summaries = [lane.finish(status, why) for lane in self.lanes]
        return summaries

    def compile(self) -> None:
        """Train on no batch at all, so that the time this takes is not taken for training."""
        began = time.perf_counter()
        window, zero = (
            self.programs.placed(next(self.dataset.train.windows(int(self.progress.epoch)))),
            np.int32(0),
        )
        order = self.programs.shuffle(self.keys, zero, zero, window.count)
        self.learner, *device = self.advance(window, order, *[zero] * 4)
        metrics, first_bad_batch = jax.device_get(device)
        self.examine(metrics, first_bad_batch, last=0)
        self.log([{"time/compile_seconds": time.perf_counter() - began} for _ in self.lanes])

    def train(self, request: Request) -> None:
        """Go on until the last epoch is over or a stop is requested."""
        choice, progress = self.choice, self.progress
        while progress.step < progress.total and request.signum is None:
            for rows in self.chunks():
                over = progress.step % progress.per_epoch == 0
                epoch = progress.step // progress.per_epoch
                last = progress.step == progress.total
                if over and (epoch % choice.evaluate_every == 0 or last):
                    rows = joined(rows, self.evaluate())
                if last:
                    rows = joined(rows, self.test())
                self.log(rows)
                if over and (epoch % choice.checkpoint_every == 0 or last):
                    self.save()
                if request.signum is not None:
                    return

    def chunks(self) -> Iterator[Rows]:
        """Train the rest of the current epoch, chunk by chunk, yielding the metrics of each."""
        progress, size = self.progress, self.data.batch_size
        epoch, done = divmod(progress.step, progress.per_epoch)
        length = -(-progress.per_epoch // ROWS_PER_EPOCH)
        start = 0  # of the window, in batches of this epoch
        for number, window in enumerate(
            map(self.programs.placed, self.dataset.train.windows(epoch))
        ):
            end = min(start + window.count // size, progress.per_epoch)
            if done < end:
                place = np.int32(epoch), np.int32(number)
                order = self.programs.shuffle(self.keys, *place, window.count)
                for first in range(done - start, end - start, length):
                    yield self.chunk(window, order, *place, first, min(first + length, end - start))
                done = end
            start = end

    def chunk(
        self, window: Window, order: jax.Array, epoch: Any, number: Any, first: int, last: int
    ) -> Rows:
        """Train on the batches first…last-1 of a window, and wait for it."""
        began = time.perf_counter()
        self.learner, *device = self.advance(
            window, order, epoch, number, np.int32(first), np.int32(last)
        )
        metrics, first_bad_batch = jax.device_get(device)
        rows = self.rows(metrics)
        seconds = time.perf_counter() - began
        speeds = [lane.trained(last - first, seconds) for lane in self.lanes]
        self.examine(metrics, first_bad_batch, last)
        return [
            row | {"time/images_per_second": speed} for row, speed in zip(rows, speeds, strict=True)
        ]

    def examine(self, metrics: Any, first_bad_batch: np.ndarray, last: int) -> None:
        """Raise RunError where a chunk of batches, of which last-1 was the last, led to something out of bounds."""
        for number, lane in enumerate(self.lanes):
            found = self.watch.find(
                self.part(metrics, number), self.part(first_bad_batch, number), last - 1
            )
            if found is not None:
                step = lane.progress.step - last + found.batch + 1
                raise RunError(
                    f"{found.describe(step)}{self.which(lane, found.replica)}; {lane.kept()}"
                )

    def which(self, lane: RunSession, replica: int) -> str:
        """Tell runs that train together apart."""
        seed = lane.experiment.seed + replica
        return f" ({lane.folder.name}, seed {seed})" if len(self.programs.seeds) > 1 else ""

    def advance(self, window: Window, order: jax.Array, *place: Any) -> tuple[TrainState, Any, Any]:
        """Call the program that trains."""
        return self.programs.train(
            self.learner, self.keys, window.inputs, window.targets, order, *place
        )

    def evaluate(self) -> Rows:
        """Return the score on the validation split, and keep the best networks.

        Nothing where there is no such split.
        """
        if self.dataset.validation is None:
            return [{} for _ in self.lanes]
        rows = self.score("eval", self.dataset.validation)
        for number, (lane, row) in enumerate(zip(self.lanes, rows, strict=True)):
            if lane.improves(row):
                lane.save(self.part(self.learner, number), "best")
        return rows

    def test(self) -> Rows:
        """Return the score on the test split, once, in the row of the last step.

        It decides on nothing.
        """
        return self.score("test", self.dataset.test)

    def score(self, name: str, split: Split) -> Rows:
        """Return the score on a split, with its standard deviation if there are replicas."""
        found = evaluate(self.programs, self.learner.arrays, split)
        metrics = {f"{name}/{found.score_name}": found.scores}
        if found.share is not None:
            metrics[f"{name}/at_chance"] = at_chance(found.scores, found.examples, found.share)
        return self.rows(metrics)

    def rows(self, metrics: Mapping[str, np.ndarray]) -> Rows:
        """Return the metrics of every lane."""
        return [over_replicas(self.part(metrics, number)) for number in range(len(self.lanes))]

    def log(self, rows: Rows) -> None:
        """Tell every lane its row."""
        for lane, row in zip(self.lanes, rows, strict=True):
            lane.log(row)

    def save(self) -> None:
        """Write a checkpoint of this moment for every lane."""
        for number, lane in enumerate(self.lanes):
            lane.save(self.part(self.learner, number))


def joined(rows: Rows, found: Rows) -> Rows:
    """Return the rows with what else was found at that step."""
    return [row | more for row, more in zip(rows, found, strict=True)]


def over_replicas(metrics: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return means over the replicas, and the standard deviation of every score.

    One network's metrics stay as they are.
    """
    of_one = all(np.size(value) == 1 for value in metrics.values())
    scores = {name: value for name, value in metrics.items() if not of_one and parse_score(name)}
    spread = {f"{name}_sd": float(np.std(value, ddof=1)) for name, value in scores.items()}
    return {name: float(np.mean(value)) for name, value in metrics.items()} | spread


def steps_of(dataset: Dataset, batch_size: int, limit: int | None) -> int:
    """Return the batches of an epoch; the examples that do not fill one are left for another epoch's shuffle."""
    steps = dataset.train.batches(batch_size)
    return steps if limit is None else min(steps, limit)
