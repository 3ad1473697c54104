"""How a weight is laid out and multiplied: dense, sparse, convolution."""

from darnax.connectivity.convolution import Convolved
from darnax.connectivity.dense import Dense
from darnax.connectivity.interface import Connectivity
from darnax.connectivity.sparse import Sparse

__all__ = ["Connectivity", "Convolved", "Dense", "Sparse"]
