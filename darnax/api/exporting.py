"""A network in one file, with its configuration: written by `Run.export`, read by `darnax.load`."""

from collections.abc import Collection
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import equinox as eqx
import jax

from darnax.api.model import Model
from darnax.api.opening import draw_connection_graph
from darnax.builder import build
from darnax.composing import trust
from darnax.composing.references import interpolations
from darnax.errors import RequestError, writing_file
from darnax.laboratory.machine import with_paths_here
from darnax.orchestrators import Orchestrator
from darnax.runner import checkpoint
from darnax.runner.manifest import Meta

REST = "(orchestrator)"  # arrays that belong to no module; no module can have such a name


class ExportMeta(Meta):
    """What an exported network says besides its arrays."""

    config: dict[str, Any]
    origin: str
    darnax: str


def export_model(model: Model, path: Path) -> Path:
    """Write the arrays of a network, each under the name of its module and field, and its configuration."""
    if path.suffix != ".safetensors":
        raise RequestError(f"{path}: got a name without .safetensors, expected FILE.safetensors")
    meta = {
        "step": 0,
        "config": dict(model.config),
        "origin": model.origin,
        "darnax": version("darnax"),
    }
    with writing_file(path):
        checkpoint.write(path, arrays_by_name(model.network), meta)
    return path


def load_model(path: Path, trusted: Collection[str] = ()) -> Model:
    """Read an exported network.

    Raises:
        RequestError: the file is damaged, or its configuration trusts a package that is not in `trusted`.
    """
    meta = checkpoint.read_meta(path, ExportMeta)
    config = meta["config"]
    found = interpolations(config)
    problems = [f"{name}: got {text}, expected a value" for name, text in found]
    if problems:
        raise RequestError(*problems)
    trust.require_granted(config, trusted)
    experiment = build(with_paths_here(config), existing=True)
    shapes = eqx.filter_eval_shape(
        experiment.make_network, jax.eval_shape(lambda: jax.random.key(0))
    )
    like = arrays_by_name(shapes)
    arrays, _ = checkpoint.load(path, like, ExportMeta)
    origin = f"{path.name}, of {meta['origin']}"
    return Model(
        experiment, with_arrays(shapes, arrays), origin, partial(draw_connection_graph, config)
    )


def arrays_by_name(network: Orchestrator) -> dict[str, Any]:
    """Return the name of a module -> its arrays, or their shapes."""
    layer_map = network.layer_map
    modules = {
        name: array_part(module)
        for name, module in zip(layer_map.names, layer_map.modules, strict=True)
    }
    rest = eqx.tree_at(lambda o: o.layer_map, network, None)
    return modules | {REST: array_part(rest)}


def with_arrays(shapes: Orchestrator, arrays: dict[str, Any]) -> Orchestrator:
    """Return the network that has these arrays."""
    layer_map = shapes.layer_map
    modules = [
        eqx.combine(arrays[name], static_part(module))
        for name, module in zip(layer_map.names, layer_map.modules, strict=True)
    ]
    rest = eqx.tree_at(lambda o: o.layer_map, shapes, None)
    whole = eqx.combine(arrays[REST], static_part(rest))
    return eqx.tree_at(
        lambda o: o.layer_map,
        whole,
        layer_map.with_modules(modules),
        is_leaf=lambda leaf: leaf is None,
    )


def is_number(leaf: Any) -> bool:
    """Tell an array, or the shape of one, from everything else."""
    return eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)


def array_part(tree: Any) -> Any:
    """Return the arrays of a tree."""
    return eqx.filter(tree, is_number)


def static_part(tree: Any) -> Any:
    """Return everything of a tree that is no array."""
    return eqx.filter(tree, is_number, inverse=True)
