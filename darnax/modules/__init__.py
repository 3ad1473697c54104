"""Layers and adapters: thin; each is a weight, a connectivity and a rule.

`Layer`, `Adapter`, and with a plastic weight `Recurrent`, `RecurrentUnits` and `Weighted`, are the
bases of modules of one's own.
"""

from darnax.modules.binary import BinaryUnits
from darnax.modules.constant import Constant
from darnax.modules.convolution import Convolution, RecurrentConvolution
from darnax.modules.dense_memory import DenseMemory
from darnax.modules.error import ErrorUnits
from darnax.modules.feedback import Feedback
from darnax.modules.ferromagnetic import Ferromagnetic
from darnax.modules.fully_connected import FullyConnected
from darnax.modules.interfaces import AbstractModule, Adapter, Layer
from darnax.modules.output import OutputLayer
from darnax.modules.plasticity import (
    RuleChoice,
    choose_rule,
    mask_nothing,
    no_update,
    perceptron_rule_backward,
)
from darnax.modules.pooling import AveragePool, MajorityPool, MaxPool, Resampling, Unpool
from darnax.modules.prototype import PrototypeUnits
from darnax.modules.recurrent import (
    Recurrent,
    RecurrentDiscrete,
    RecurrentTanh,
    RecurrentUnits,
)
from darnax.modules.sizes import per_receiver
from darnax.modules.units import Units
from darnax.modules.values import ValueUnits
from darnax.modules.weighted import Weighted

__all__ = [
    "AbstractModule",
    "Adapter",
    "AveragePool",
    "BinaryUnits",
    "Constant",
    "Convolution",
    "DenseMemory",
    "ErrorUnits",
    "Feedback",
    "Ferromagnetic",
    "FullyConnected",
    "Layer",
    "MajorityPool",
    "MaxPool",
    "OutputLayer",
    "PrototypeUnits",
    "Recurrent",
    "RecurrentConvolution",
    "RecurrentDiscrete",
    "RecurrentTanh",
    "RecurrentUnits",
    "Resampling",
    "RuleChoice",
    "Units",
    "Unpool",
    "ValueUnits",
    "Weighted",
    "choose_rule",
    "mask_nothing",
    "no_update",
    "per_receiver",
    "perceptron_rule_backward",
]
