"""Run folders as the runner writes them, created without it."""

import json
import math
from pathlib import Path
from typing import Any

import yaml

CONFIG = {
    "model": {
        "depth": 1,
        "features": 100,
        "buffers": {"hidden": {"size": [100], "repeat": 1}},
        "layers": {"hidden": {"j_d": 0.5}},
    },
    "dynamics": {"train": {"free": {"steps": 5}, "recall": {"steps": 6}}},
    "tracking": {"console": True},
    "paths": {"outputs": "outputs"},
    "name": "chain",
    "seed": 0,
    "runner": {"epochs": 3},
}
KEYS = {"depth": "model.depth", "j_d": "model.layers.hidden.j_d"}


def configured(*, depth: int = 1, j_d: float = 0.5, **top: Any) -> dict[str, Any]:
    """Return the configuration of the `chain` experiment, with the depth in both places."""
    config = json.loads(json.dumps(CONFIG)) | top
    config["model"] |= {"depth": depth, "layers": {"hidden": {"j_d": j_d}}}
    config["model"]["buffers"]["hidden"]["repeat"] = depth
    return config


def make(
    place: Path,
    name: str,
    accuracy: float | None = None,
    /,
    *,
    status: str = "finished",
    tested: dict[str, float] | None = None,
    **changes: Any,
) -> Path:
    """Create the folder of a run; its curve rises to the accuracy in three epochs.

    `tested` maps metrics to factors of the final accuracy, to which they fall.
    """
    run = place / name
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.yaml").write_text(yaml.safe_dump(configured(**changes), sort_keys=False))
    asked = {"experiment": "chain"} | {KEYS.get(key, key): value for key, value in changes.items()}
    (run / "overrides.yaml").write_text(
        "".join(f"- {key}={value}\n" for key, value in asked.items())
    )
    (run / "environment.json").write_text(
        json.dumps({"git": {"commit": "abc"}, "seed": changes.get("seed", 0)})
    )
    names = {"eval/accuracy": 1.0, "norm/w_in": 100.0, **(tested or {})}
    metrics = {} if accuracy is None else {name: size * accuracy for name, size in names.items()}
    summary = {
        "status": status,
        "metrics": {} if status == "running" else metrics,
        "best": {},
        "wall_seconds": 65.0,
    }
    (run / "summary.json").write_text(json.dumps(summary))
    rows = [
        {
            "step": 10 * e,
            "epoch": float(e),
            "eval/accuracy": accuracy * math.tanh(e) / math.tanh(3),
            "norm/w_in": 100 * accuracy,
            **{name: size * accuracy * (2 - math.tanh(e)) for name, size in (tested or {}).items()},
        }
        for e in (1, 2, 3)
        if accuracy is not None
    ]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return run


def sweep(outputs: Path, **more: Any) -> Path:
    """Make a sweep of depth × j_d × 3 seeds; depth 2 and j_d 0.9 do best."""
    folder = outputs / "chain" / "sweeps" / "2026-01-02_10-00-00-abcd"
    points = [(depth, j_d, seed) for depth in (1, 2) for j_d in (0.5, 0.9) for seed in (0, 1, 2)]
    for i, (depth, j_d, seed) in enumerate(points):
        make(
            folder,
            f"2026-01-02_10-00-{i:02}-aaaaaa",
            0.8 + 0.02 * depth + 0.1 * j_d + 0.003 * seed,
            depth=depth,
            j_d=j_d,
            seed=seed,
            **more,
        )
    return folder
