"""The trackers of darnax, by the keys of the section `tracking` that name them."""

from collections.abc import Mapping
from typing import NamedTuple

from darnax.tracking.interface import Tracker
from darnax.tracking.tensorboard import TensorBoard
from darnax.tracking.trackio import Trackio
from darnax.tracking.wandb import WandB


class Shipped(NamedTuple):
    """A tracker of darnax, and its name in messages."""

    title: str
    tracker: type[Tracker]


# These keys need no `_target_`: `tracking.wandb: {mode: online}`.
SHIPPED: Mapping[str, Shipped] = {
    "wandb": Shipped("W&B", WandB),
    "trackio": Shipped("Trackio", Trackio),
    "tensorboard": Shipped("TensorBoard", TensorBoard),
}
