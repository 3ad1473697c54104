"""Between what makes the points of a sweep and what runs them: points are composed and recorded before one of them starts."""

from collections.abc import Callable, Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from darnax.cli.hydra_adapter import Composer, words
from darnax.cli.sweep_record import Goal, Point

Begin = Callable[[list[Point], bool, Goal], list[Point]]
Together = Callable[[list[Point]], list[Point]]


class Batches:
    """Stands where Hydra's sweepers expect a launcher: every batch is composed and recorded before a point of it starts.

    `together(points)` runs those that can share a program, and returns the others, which the launcher runs.
    """

    def __init__(self, launcher: Launcher, composer: Composer, config: DictConfig, begin: Begin, together: Together) -> None:
        self.launcher, self.composer, self.begin, self.together = launcher, composer, begin, together
        self.hydra = words(config.hydra.overrides.hydra)
        self.here = config.hydra.launcher._target_.endswith(".BasicLauncher")  # Hydra loads the class anew: isinstance fails
        self.known: dict[tuple[str, ...], Point] = {}

    def point(self, overrides: Sequence[str]) -> Point:
        """Compose a point, once."""
        if (key := tuple(overrides)) not in self.known:
            self.known[key] = self.composer.point(self.hydra, list(overrides))
        return self.known[key]

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Do what Hydra's sweeper asks for."""
        return self.run(job_overrides, Goal(), initial_job_idx)

    def run(self, overrides: Sequence[Sequence[str]], goal: Goal, first: int = 0) -> Sequence[JobReturn]:
        """Run what `begin` leaves of these points."""
        left = self.together(self.begin([self.point(point) for point in overrides], self.here, goal))
        results = self.launcher.launch([list(point.overrides) for point in left], first) if left else []
        for result in results:
            _ = result.return_value  # raises what the job has raised
        return results
