"""Trains runs to their end, and records how they ended."""

import logging
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from darnax.data import Dataset
from darnax.errors import RequestError, RunError
from darnax.runner import processes
from darnax.runner.run_log import log_to
from darnax.runner.run_session import RunSession
from darnax.runner.stop_signals import Interrupted, catch_stop_signals
from darnax.runner.training_loop import TrainingLoop


def train(
    sessions: Sequence[RunSession], dataset: Dataset, *, ends_process: bool = False
) -> list[dict[str, Any]]:
    """Train from the last checkpoint, or from the start, to the end; return the summaries.

    A run that is resumed ends in the same bits as one that was never stopped. Several runs, which
    differ in numbers and seeds alone and are at the same step, are trained by one program; each
    gets the results that it would get alone, up to the order of summation.

    With `ends_process` the process has nothing to do after training, and a signal that arrives
    then is ignored once.

    Raises:
        Interrupted: after a signal; a checkpoint was saved, unless a second signal arrived.
        Pruned: a tracker stopped the run, which is not promising.
        RunError: a file could not be read or written, or a number is NaN, infinite or too large;
            the last checkpoint is from before that.
        RequestError: the last checkpoint is not one of this configuration; nothing was changed.
    """
    with ExitStack() as stack:
        if processes.is_first():
            for session in sessions:
                stack.enter_context(log_to(session.folder.log))
        request = stack.enter_context(catch_stop_signals(ends_process=ends_process))
        try:
            return TrainingLoop(sessions, dataset).run(request)
        except KeyboardInterrupt:
            # A second signal stops the run at once, without a checkpoint.
            signum = request.signum or signal.SIGINT
            raise Interrupted(signum, sessions[0].folder.path, saved=False) from None
        except RequestError:
            raise
        except Exception as error:
            # The traceback of a RunError would only show where darnax raised it.
            with_traceback = not isinstance(error, RunError)
            logging.getLogger(__name__).error("the run failed: %s", error, exc_info=with_traceback)
            for session in sessions:
                session.record_failure(error)
            if isinstance(error, OSError):
                what = f"{sessions[0].folder.path}: {error}; the last checkpoint is as it was"
                raise RunError(what) from error
            raise
