"""Plasticity rules: each is a function from (y, h), or (y, h, t), to a post-synaptic signal."""

from darnax.rules.adatron import Adatron
from darnax.rules.delta import Delta
from darnax.rules.feedback_alignment import FeedbackAlignment
from darnax.rules.forward_forward import ForwardForward
from darnax.rules.hebbian import Hebbian
from darnax.rules.interface import Rule, ThreeFactorRule
from darnax.rules.logistic import Logistic
from darnax.rules.oja import Oja
from darnax.rules.perceptron import Perceptron
from darnax.rules.soft_hebb import SoftHebb
from darnax.rules.softmax_delta import SoftmaxDelta
from darnax.rules.three_threshold import ThreeThreshold
from darnax.rules.zero_one import ZeroOne

__all__ = [
    "Adatron",
    "Delta",
    "FeedbackAlignment",
    "ForwardForward",
    "Hebbian",
    "Logistic",
    "Oja",
    "Perceptron",
    "Rule",
    "SoftHebb",
    "SoftmaxDelta",
    "ThreeFactorRule",
    "ThreeThreshold",
    "ZeroOne",
]
