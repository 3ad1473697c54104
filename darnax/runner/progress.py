"""How far a run is, as its checkpoints store it."""

from dataclasses import dataclass, field

PERSISTED = ("seconds", "wall_seconds", "best", "metrics")  # by a checkpoint, besides the step


@dataclass
class Progress:
    """How far a run is: what a checkpoint stores besides the train state.

    Args:
        total: steps of the whole run.
        per_epoch: steps of an epoch.
        step: steps so far.
        seconds: spent in training alone.
        wall_seconds: since the start, evaluation and checkpoints included.
        best: the best score on the validation split; None before the first evaluation.
        metrics: the last value of each.
    """

    total: int
    per_epoch: int
    step: int = 0
    seconds: float = 0.0
    wall_seconds: float = 0.0
    best: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def epoch(self) -> float:
        """Passes over the training set so far."""
        return self.step / max(self.per_epoch, 1)

    def forget_evaluations(self) -> None:
        """Drop the best score and all metrics of evaluations.

        Earlier versions of darnax evaluated on the test split if there was no validation split: a
        resumed run must not choose by such scores.
        """
        self.best = None
        self.metrics = {
            name: value for name, value in self.metrics.items() if not name.startswith("eval/")
        }
