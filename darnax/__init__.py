"""Deep asymmetric recurrent networks of ±1 units that learn by local rules (arXiv 2509.05041).

The functions of this package take the same overrides as the command line:

    import darnax

    run = darnax.train("+experiment=mnist_chain", "seed=1")
    run.metrics["eval/accuracy"].values
    run.predict(x)

They are loaded at their first use: `import darnax` itself loads neither JAX nor Hydra.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darnax.api.comparison import Comparison, compare
    from darnax.api.composition import build, compose
    from darnax.api.interruption import Interrupted
    from darnax.api.loading import load
    from darnax.api.model import Model
    from darnax.api.run import Run
    from darnax.api.run_list import runs
    from darnax.api.sweep import Sweep, sweep
    from darnax.api.training import train
    from darnax.errors import RequestError, RunError

__version__ = "0.2.0"

_HOME = {
    "Comparison": "api.comparison",
    "Interrupted": "api.interruption",
    "Model": "api.model",
    "RequestError": "errors",
    "Run": "api.run",
    "RunError": "errors",
    "Sweep": "api.sweep",
    "build": "api.composition",
    "compare": "api.comparison",
    "compose": "api.composition",
    "load": "api.loading",
    "runs": "api.run_list",
    "sweep": "api.sweep",
    "train": "api.training",
}

__all__ = [
    "Comparison",
    "Interrupted",
    "Model",
    "RequestError",
    "Run",
    "RunError",
    "Sweep",
    "build",
    "compare",
    "compose",
    "load",
    "runs",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
