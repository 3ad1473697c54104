"""Activations: from the field of a layer to its state, with their slopes.

One of one's own is a subclass of `Activation`.
"""

from darnax.activations.binary import Sign, sign
from darnax.activations.hard_sigmoid import HardSigmoid
from darnax.activations.hard_tanh import HardTanh
from darnax.activations.interface import Activation
from darnax.activations.layer_norm import LayerNorm
from darnax.activations.linear import Linear
from darnax.activations.relu import ReLU
from darnax.activations.softmax import Softmax
from darnax.activations.step import Step
from darnax.activations.tanh import Tanh
from darnax.activations.unit_norm import UnitNorm
from darnax.activations.winners import KWinners

__all__ = [
    "Activation",
    "HardSigmoid",
    "HardTanh",
    "KWinners",
    "LayerNorm",
    "Linear",
    "ReLU",
    "Sign",
    "Softmax",
    "Step",
    "Tanh",
    "UnitNorm",
    "sign",
]
