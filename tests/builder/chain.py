"""A small chain with every kind of setting, and a function that changes it."""

import copy
from typing import Any

ABSENT = object()

FULL = "darnax.modules.FullyConnected"
IDENTITY = "darnax.modules.Ferromagnetic"
CHAIN: dict[str, Any] = {
    "name": "chain",
    "seed": 0,
    "trust": [],
    "model": {
        "depth": 3,
        "features": 8,
        "buffers": {"input": [6], "hidden": {"size": [8], "repeat": 3}, "output": [4]},
        "layers": {
            "hidden": {
                "_target_": "darnax.modules.RecurrentDiscrete",
                "j_d": 0.5,
                "threshold": 1.0,
                "sparsity": 0.5,
            },
            "output": {"_target_": "darnax.modules.OutputLayer"},
        },
        "adapters": {
            "w_in": {"from": "input", "to": "hidden[1]", "_target_": FULL, "strength": 5.0},
            "up": {"from": "hidden[i]", "to": "hidden[i+1]", "_target_": IDENTITY, "strength": 1.0},
            "down": {
                "from": "hidden[i+1]",
                "to": "hidden[i]",
                "_target_": IDENTITY,
                "strength": 0.5,
            },
            "w_back": {"from": "output", "to": "hidden[-1]", "_target_": FULL, "rule": None},
            "w_out": {
                "from": "hidden[-1]",
                "to": "output",
                "_target_": FULL,
                "rule": {"_target_": "darnax.rules.SoftmaxDelta"},
            },
        },
    },
    "dynamics": {
        "orchestrator": {"_target_": "darnax.orchestrators.SequentialOrchestrator"},
        "train": {
            "clamped": {"messages": "all", "steps": 2},
            "free": {"messages": "forward", "steps": 2, "learn": ["w_in", "hidden*"]},
            "recall": {
                "start": "blank",
                "messages": "forward",
                "until": "fixed_point",
                "max_steps": 4,
                "learn": ["w_out"],
            },
        },
        "infer": {"recall": {"start": "blank", "messages": "forward", "steps": 3}},
    },
    "optimizer": {
        "default": {"_target_": "optax.sgd", "learning_rate": 0.1},
        "groups": {"hidden*": {"_target_": "optax.sgd", "learning_rate": 0.2}},
    },
    "data": {
        "name": "mnist",
        "shape": [6],
        "classes": 4,
        "batch_size": 5,
        "validation": 0,
        "per_class": None,
        "only_classes": None,
        "memory_gib": 2.0,
        "source": None,
        "encode": {"scale": {"_target_": "darnax.data.Scale", "factor": 255.0}},
        "labels": {"_target_": "darnax.data.Classes", "high": 1.0, "low": -1.0},
    },
    "runner": {
        "epochs": 1,
        "evaluate_every": 1,
        "checkpoint_every": 1,
        "keep": 2,
        "replicas": 1,
        "limit_batches": None,
    },
    "tracking": {"console": True, "wandb": {"mode": "offline", "project": "darnax", "tags": []}},
    "paths": {"outputs": "outputs", "data": "sets"},
}


def changed(changes: dict[str, Any], base: dict[str, Any] = CHAIN) -> dict[str, Any]:
    """Return the configuration with some dotted names set, or deleted by ABSENT."""
    config = copy.deepcopy(base)
    for path, value in changes.items():
        *above, name = path.split(".")
        node = config
        for part in above:
            node = node[part]
        if value is ABSENT:
            del node[name]
        else:
            node[name] = copy.deepcopy(value)
    return config
