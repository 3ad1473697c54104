"""Hands the points of a grid or a search to the launcher, after they were recorded."""

from collections.abc import Callable

from hydra.plugins.launcher import Launcher

from darnax.sweeps.point import Objective, Point

Task = Callable[[list[str]], None]
Begin = Callable[[list[Point], bool, Objective], list[Point]]
RunBatched = Callable[[list[Point]], list[Point]]


class Batches:
    """Runs points: all of a grid at once, those of a search as they are drawn.

    Args:
        launcher: Hydra's launcher.
        task: runs one point in this process, which needs no launcher.
        here: whether the launcher runs points in this process.
        begin: records the points so far and returns those that are still to be run.
        run_batched: runs those that can share a program, and returns the others.
    """

    def __init__(
        self, launcher: Launcher, task: Task, begin: Begin, run_batched: RunBatched, *, here: bool
    ) -> None:
        self.launcher, self.task, self.begin = launcher, task, begin
        self.run_batched, self.here = run_batched, here

    def run(self, points: list[Point], goal: Objective) -> None:
        """Run what `begin` leaves of these points."""
        left = self.run_batched(self.begin(points, self.here, goal))
        if not left:
            return
        if self.here:
            for point in left:
                self.task(list(point.overrides))
            return
        for result in self.launcher.launch([list(point.overrides) for point in left], 0):
            _ = result.return_value  # raises the exception of the job
