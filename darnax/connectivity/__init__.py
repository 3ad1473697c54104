"""How a weight is laid out and multiplied: dense, symmetric, sparse, convolution, pooled, gated.

A layout of one's own is a subclass of `Connectivity`; modules take it as their argument
`connectivity`, by `ConnectivityFactory`.
"""

from darnax.connectivity.construction import ConnectivityFactory, make_connectivity
from darnax.connectivity.convolution import Convolved
from darnax.connectivity.dense import Dense
from darnax.connectivity.gated import Gated
from darnax.connectivity.interface import Connectivity, normalise
from darnax.connectivity.pooled import Pooled
from darnax.connectivity.sparse import Sparse
from darnax.connectivity.symmetric import SparseSymmetric, Symmetric

__all__ = [
    "Connectivity",
    "ConnectivityFactory",
    "Convolved",
    "Dense",
    "Gated",
    "Pooled",
    "Sparse",
    "SparseSymmetric",
    "Symmetric",
    "make_connectivity",
    "normalise",
]
