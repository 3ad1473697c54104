"""Plasticity rules: each is a function from (y, h) alone to a post-synaptic signal."""

from darnax.rules.adatron import Adatron
from darnax.rules.delta import Delta
from darnax.rules.hebbian import Hebbian
from darnax.rules.interface import Rule
from darnax.rules.logistic import Logistic
from darnax.rules.perceptron import Perceptron
from darnax.rules.softmax_delta import SoftmaxDelta

__all__ = ["Adatron", "Delta", "Hebbian", "Logistic", "Perceptron", "Rule", "SoftmaxDelta"]
