"""The training loop: epochs of chunks of batches, evaluations and checkpoints."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from darnax.data import Dataset, Split, Window
from darnax.errors import RunError
from darnax.runner import lost_process, processes, programs
from darnax.runner.chance_level import at_chance
from darnax.runner.devices import share_reading
from darnax.runner.divergence import DivergenceMonitor
from darnax.runner.evaluate import evaluate
from darnax.runner.programs import ParallelRuns
from darnax.runner.rows import Rows, average_replicas, merge_rows
from darnax.runner.run_session import RunSession, describe_failure
from darnax.runner.stop_signals import Interrupted, StopRequest
from darnax.runner.train_program import TrainState
from darnax.tracking.pruning import Pruned

ROWS_PER_EPOCH = 20


class TrainingLoop:
    """Trains one run, or several side by side, chunk by chunk."""

    def __init__(self, sessions: Sequence[RunSession], dataset: Dataset) -> None:
        first = sessions[0].experiment
        self.sessions = sessions
        self.data, self.settings = first.data, first.runner
        per_epoch = count_steps_per_epoch(
            dataset, first.data.batch_size, first.runner.limit_batches
        )
        self.runs = ParallelRuns([session.experiment for session in sessions], per_epoch)
        self.dataset = share_reading(dataset, self.runs.program.mesh)
        self.monitor = DivergenceMonitor(first)
        self.keys = self.runs.keys()
        self.runs.program = processes.arrays_of_first(self.runs.program)
        self.train_state = processes.arrays_of_first(self.restore_or_initialise(per_epoch))
        self.progress = sessions[0].progress  # all runs are at the same step
        if dataset.validation is None:
            for session in sessions:
                session.progress.forget_evaluations()

    def restore_or_initialise(self, per_epoch: int) -> TrainState:
        """Return the train state of every run, from its last checkpoint or drawn from its seed."""
        abstract = jax.eval_shape(lambda state: self.part_of(state, 0), self.runs.abstract_state())
        restored = [session.restore(per_epoch, abstract) for session in self.sessions]
        # Drawing takes time and memory: it is left out where every run has a checkpoint.
        if any(state is None for state in restored):
            drawn = self.runs.initial_state()
            for index, state in enumerate(restored):
                if state is None:
                    restored[index] = self.part_of(drawn, index)
        return self.stack(restored)

    @property
    def score_name(self) -> str:
        """The name that the label code gives its score."""
        return self.runs.program.score_name

    def part_of(self, tree: Any, index: int) -> Any:
        """Return the part of a pytree that belongs to run number `index`."""
        # One run with several replicas keeps their axis: they share a session and a folder.
        if len(self.sessions) == 1:
            return tree
        return jax.tree.map(lambda leaf: leaf[index], tree)

    def stack(self, parts: list[Any]) -> Any:
        """Return the pytree of which `part_of` returns these parts."""
        if len(parts) == 1:
            return parts[0]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)

    def run(self, request: StopRequest) -> list[dict[str, Any]]:
        """Train to the end or until a stop is requested, and record how it ended in any case."""
        status, reason = "failed", None
        for session in self.sessions:
            session.start()
        try:
            with lost_process.explained():
                self.train_and_test(request)
            status = "finished"
        except Interrupted:
            status = "interrupted"
            raise
        except Pruned:
            status = "pruned"
            raise
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        except Exception as error:
            reason = describe_failure(error)
            raise
        finally:
            summaries = [session.finish(status, reason) for session in self.sessions]
        return summaries

    def train_and_test(self, request: StopRequest) -> None:
        """Train to the end and measure the scores on the test split.

        Raises:
            Interrupted: a stop was requested, and a checkpoint is saved.
        """
        self.compile()
        signum = self.train(request)
        if signum is not None and self.progress.step < self.progress.total:
            self.save()
            raise Interrupted(signum, self.sessions[0].folder.path)
        score = f"test/{self.score_name}"
        # Usually logged with the last chunk; a run of no epochs has none.
        if not all(score in session.progress.metrics for session in self.sessions):
            self.log(self.test())

    def compile(self) -> None:
        """Train on no batches, so that compilation is not counted as time of training."""
        began = time.perf_counter()
        window = next(self.dataset.train.windows(int(self.progress.epoch)))
        window, zero = self.runs.to_devices(window), np.int32(0)
        order = programs.shuffle(self.keys.order, zero, zero, window.count)
        metrics, first_bad_batch = self.train_chunk(window, order, 0, 0, 0, 0)
        # Frozen weights may be too large from the start.
        self.raise_if_diverged(metrics, first_bad_batch, last=0)
        seconds = time.perf_counter() - began
        self.log([{"time/compile_seconds": seconds} for _ in self.sessions])

    def train(self, request: StopRequest) -> int | None:
        """Train until the last epoch is over or a stop is requested; return the signal."""
        settings, progress = self.settings, self.progress
        signum = processes.agree(request.signum)
        while progress.step < progress.total and signum is None:
            for rows in self.chunks():
                epoch, rest = divmod(progress.step, progress.per_epoch)
                epoch_is_over = rest == 0
                is_last = progress.step == progress.total
                if epoch_is_over and (epoch % settings.evaluate_every == 0 or is_last):
                    rows = merge_rows(rows, self.evaluate())
                if is_last:
                    rows = merge_rows(rows, self.test())
                self.log(rows)
                if epoch_is_over and (epoch % settings.checkpoint_every == 0 or is_last):
                    self.save()
                signum = processes.agree(request.signum)
                if signum is not None:
                    break
        return signum

    def chunks(self) -> Iterator[Rows]:
        """Train the rest of the current epoch, chunk by chunk, and yield the metrics of each."""
        progress, batch_size = self.progress, self.data.batch_size
        epoch, done = divmod(progress.step, progress.per_epoch)
        length = -(-progress.per_epoch // ROWS_PER_EPOCH)  # rounded up
        start = 0  # the first batch of the window, counted in the epoch
        for number, window in enumerate(self.dataset.train.windows(epoch)):
            window = self.runs.to_devices(window)
            end = min(start + window.count // batch_size, progress.per_epoch)
            # A resumed run skips the windows that it has trained on already.
            if done < end:
                epoch_index, window_index = np.int32(epoch), np.int32(number)
                order = programs.shuffle(self.keys.order, epoch_index, window_index, window.count)
                for first in range(done - start, end - start, length):
                    last = min(first + length, end - start)
                    yield self.timed_chunk(window, order, epoch, number, first, last)
                done = end
            start = end

    def timed_chunk(
        self, window: Window, order: jax.Array, epoch: int, number: int, first: int, last: int
    ) -> Rows:
        """Train on a chunk of batches; return its metrics and its speed.

        Raises:
            RunError: a number is NaN, infinite or too large.
        """
        began = time.perf_counter()
        metrics, first_bad_batch = self.train_chunk(window, order, epoch, number, first, last)
        rows = self.split_rows(metrics)
        seconds = time.perf_counter() - began
        for session, row in zip(self.sessions, rows, strict=True):
            row["time/images_per_second"] = session.count_steps(last - first, seconds)
        self.raise_if_diverged(metrics, first_bad_batch, last)
        return rows

    def train_chunk(
        self, window: Window, order: jax.Array, epoch: int, number: int, first: int, last: int
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Train on the batches first…last−1 of window `number` of an epoch.

        Returns:
            The metrics, and for each check the first batch in which it failed, on the host.
        """
        # NumPy scalars: Python numbers have a weak type in JAX, for which it would compile again.
        self.train_state, metrics, first_bad_batch = programs.train_chunk(
            self.runs.program,
            self.train_state,
            self.keys.noise,
            order,
            window.inputs,
            window.targets,
            np.int32(epoch),
            np.int32(number),
            np.int32(first),
            np.int32(last),
        )
        # The only transfer of a chunk; it waits until the device is done.
        return jax.device_get((metrics, first_bad_batch))

    def raise_if_diverged(self, metrics: Any, first_bad_batch: np.ndarray, last: int) -> None:
        """Raise RunError if a check failed in a chunk, whose last batch was `last` − 1."""
        for index, session in enumerate(self.sessions):
            of_run = self.part_of(metrics, index), self.part_of(first_bad_batch, index)
            divergence = self.monitor.find(*of_run, last - 1)
            if divergence is None:
                continue
            # `batch` counts in the window, steps in the run; the chunk has been counted already.
            step = session.progress.step - last + divergence.batch + 1
            where = self.describe_run(session, divergence.replica)
            checkpoint = session.describe_last_checkpoint()
            raise RunError(f"{divergence.describe(step)}{where}; {checkpoint}")

    def describe_run(self, session: RunSession, replica: int) -> str:
        """Return which of several networks it is, for messages; "" if there is only one."""
        if len(self.runs.seeds) == 1:
            return ""
        return f" ({session.folder.name}, seed {session.experiment.seed + replica})"

    def evaluate(self) -> Rows:
        """Return the scores on the validation split, and save networks that are the best so far.

        Without a validation split the rows are empty.
        """
        if self.dataset.validation is None:
            return [{} for _ in self.sessions]
        rows = self.score("eval", self.dataset.validation)
        for index, (session, row) in enumerate(zip(self.sessions, rows, strict=True)):
            if session.update_best(row):
                session.save(self.part_of(self.train_state, index), "best")
        return rows

    def test(self) -> Rows:
        """Return the scores on the test split, and the synaptic operations of an inference.

        Measured once, at the last step: nothing may be chosen by them.
        """
        return merge_rows(self.score("test", self.dataset.test), self.count_operations())

    def count_operations(self) -> Rows:
        """Return the synaptic operations of an inference, as a mean over a batch of the tests."""
        window = self.runs.to_devices(next(self.dataset.test.windows(epoch=None)))
        count = min(window.count, programs.EVALUATION_BATCH)
        inputs, targets = window.inputs[:count], window.targets[:count]
        found = programs.count_operations(
            self.runs.program, self.train_state.arrays, inputs, targets
        )
        counts = jax.device_get(found)._asdict()
        return self.split_rows({f"operations/{name}": each for name, each in counts.items()})

    def score(self, name: str, split: Split) -> Rows:
        """Return the scores on a split, and whether they are at chance level."""
        found = evaluate(self.runs, self.train_state.arrays, split)
        metrics = {f"{name}/{found.score_name}": found.scores}
        if found.majority_rate is not None:
            is_at_chance = at_chance(found.scores, found.examples, found.majority_rate)
            metrics[f"{name}/at_chance"] = is_at_chance
        return self.split_rows(metrics)

    def split_rows(self, metrics: Mapping[str, np.ndarray]) -> Rows:
        """Return the metrics of every run, each with its replicas averaged."""
        indices = range(len(self.sessions))
        return [average_replicas(self.part_of(metrics, index)) for index in indices]

    def log(self, rows: Rows) -> None:
        """Log the row of every run."""
        for session, row in zip(self.sessions, rows, strict=True):
            session.log(row)

    def save(self) -> None:
        """Write a checkpoint of the current step for every run."""
        for index, session in enumerate(self.sessions):
            session.save(self.part_of(self.train_state, index))


def count_steps_per_epoch(dataset: Dataset, batch_size: int, limit: int | None) -> int:
    """Return the number of batches of an epoch, `limit` at most.

    Examples that do not fill a batch are left out; the shuffle of every epoch leaves out others.
    """
    steps = dataset.train.batches(batch_size)
    return steps if limit is None else min(steps, limit)
