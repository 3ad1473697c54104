"""Layers and adapters: thin; each is a weight, a connectivity and a rule."""

from darnax.modules.convolution import Convolution, RecurrentConvolution
from darnax.modules.error import ErrorUnits
from darnax.modules.feedback import Feedback
from darnax.modules.ferromagnetic import Ferromagnetic
from darnax.modules.fully_connected import FullyConnected
from darnax.modules.interfaces import AbstractModule, Adapter, Layer
from darnax.modules.output import OutputLayer
from darnax.modules.recurrent import RecurrentDiscrete, RecurrentTanh

__all__ = [
    "AbstractModule",
    "Adapter",
    "Convolution",
    "ErrorUnits",
    "Feedback",
    "Ferromagnetic",
    "FullyConnected",
    "Layer",
    "OutputLayer",
    "RecurrentConvolution",
    "RecurrentDiscrete",
    "RecurrentTanh",
]
