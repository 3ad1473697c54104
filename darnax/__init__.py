"""Deep asymmetric recurrent networks of ±1 units that relax to fixed points and learn by local rules (arXiv 2509.05041)."""

__version__ = "0.1.0"
