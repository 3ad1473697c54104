"""The progress of preparing data in a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from darnax.laboratory.display import StageProgress
from darnax.printing import printable


@contextmanager
def terminal_stages() -> Iterator[StageProgress]:
    """Give a function `(stage, done, total)` that moves a bar on stderr, or prints when piped."""
    if not sys.stderr.isatty():

        def print_when_done(stage: str, done: int, total: int) -> None:
            if done >= total:
                print(printable(f"{stage}: {total}"), file=sys.stderr, flush=True)

        yield print_when_done
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    with Bars(console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def move(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield move
