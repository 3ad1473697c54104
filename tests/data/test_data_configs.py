"""Oracle: the constructors that a configuration names, and one example that they process."""

from importlib import import_module
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest
from omegaconf import OmegaConf

from darnax.data import Pipeline

FOLDER = Path(__file__).parents[2] / "configs" / "data"
KEYS = [
    "name",
    "shape",
    "classes",
    "batch_size",
    "validation",
    "per_class",
    "only_classes",
    "memory_gib",
    "source",
    "encode",
    "labels",
]


def make(node: dict[str, Any]) -> Any:
    module, _, name = node["_target_"].rpartition(".")
    arguments = {}
    for key, value in node.items():
        is_object = isinstance(value, dict) and "_target_" in value
        arguments[key] = make(value) if is_object else value
    del arguments["_target_"]
    return getattr(import_module(module), name)(**arguments)


OPEN = "shape: null"  # tests/local_data trains with these, and those that extend one of them
COMPLETE = []
for each in sorted(FOLDER.glob("*.yaml")):
    if not any(word in each.read_text() for word in (OPEN, "defaults:")):
        COMPLETE.append(each)


@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)
def test_a_configuration_builds_the_named_objects(path: Path) -> None:
    data: Any = OmegaConf.to_container(
        OmegaConf.create({"data": OmegaConf.load(path)}), resolve=True
    )["data"]
    assert [key for key in data if key != "disturb"] == KEYS
    raw, targets = jnp.zeros((2, 28, 28, 1), jnp.uint8), jnp.zeros(2, jnp.int32)
    if data["source"]:
        raw, targets, _ = next(make(data["source"]).open().train.windows(0))
    encoded = Pipeline({name: make(stage) for name, stage in data["encode"].items()})(raw)
    assert list(encoded.shape[1:]) == data["shape"]
    labels = make(data["labels"])
    shown = labels.encode(encoded if labels.of_inputs else targets, data["classes"])
    assert len(shown) == len(raw)
    assert shown[0].size == data["classes"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_line_of_a_configuration_has_a_comment(path: Path) -> None:
    assert all("#" in line for line in path.read_text().splitlines())
