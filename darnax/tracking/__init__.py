"""Where metrics go: one interface, and one file per destination."""

from darnax.tracking.composite import Composite
from darnax.tracking.interface import TrackedRun, Tracker
from darnax.tracking.noop import Noop
from darnax.tracking.shipped import SHIPPED
from darnax.tracking.tensorboard import TensorBoard
from darnax.tracking.trackio import Trackio
from darnax.tracking.wandb import WandB

__all__ = [
    "SHIPPED",
    "Composite",
    "Noop",
    "TensorBoard",
    "TrackedRun",
    "Tracker",
    "Trackio",
    "WandB",
]
