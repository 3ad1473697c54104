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
    from darnax.api.citation import cite
    from darnax.api.comparison import Comparison, compare
    from darnax.api.composition import compose
    from darnax.api.datasets import datasets, describe_data, prepare
    from darnax.api.description import describe
    from darnax.api.difference import diff
    from darnax.api.experiments import experiments
    from darnax.api.interruption import Interrupted
    from darnax.api.loading import load
    from darnax.api.model import Model
    from darnax.api.parts import build
    from darnax.api.run import Run
    from darnax.api.run_list import runs
    from darnax.api.sweep import Sweep, sweep
    from darnax.api.sweep_plan import plan
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
    "build": "api.parts",
    "cite": "api.citation",
    "compare": "api.comparison",
    "compose": "api.composition",
    "datasets": "api.datasets",
    "describe": "api.description",
    "describe_data": "api.datasets",
    "diff": "api.difference",
    "experiments": "api.experiments",
    "load": "api.loading",
    "plan": "api.sweep_plan",
    "prepare": "api.datasets",
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
    "cite",
    "compare",
    "compose",
    "datasets",
    "describe",
    "describe_data",
    "diff",
    "experiments",
    "load",
    "plan",
    "prepare",
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
