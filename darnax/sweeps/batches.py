"""Between what makes the points of a sweep and what runs them: points are recorded before one of them starts."""

from collections.abc import Callable

from hydra.plugins.launcher import Launcher

from darnax.sweeps.record import Objective, Point

Task = Callable[[list[str]], None]
Begin = Callable[[list[Point], bool, Objective], list[Point]]
Together = Callable[[list[Point]], list[Point]]


class Batches:
    """Runs points: all of a grid at once, those of a search as they are drawn.

    Args:
        launcher: of Hydra.
        here: whether it runs points in this process.
        begin: records the points so far and returns those left to do.
        together: runs those that can share a program, and returns the others, which the launcher runs.
    """

    def __init__(self, launcher: Launcher, begin: Begin, together: Together, *, here: bool) -> None:
        self.launcher, self.begin, self.together, self.here = launcher, begin, together, here

    def run(self, points: list[Point], goal: Objective) -> None:
        """Run what `begin` leaves of these points."""
        left = self.together(self.begin(points, self.here, goal))
        results = self.launcher.launch([list(point.overrides) for point in left], 0) if left else []
        for result in results:
            _ = result.return_value  # raises what the job has raised
