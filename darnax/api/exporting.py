"""A network in one file, with its configuration: written by `Run.export`, read by `darnax.load`."""

from collections.abc import Collection
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import equinox as eqx
import jax
from pydantic import Field

from darnax.api.model import Model
from darnax.api.opening import draw_connection_graph
from darnax.bounded_yaml import require_bounded_value
from darnax.builder import build
from darnax.composing import trust
from darnax.composing.references import interpolations
from darnax.errors import Problem, RequestError, writing_file
from darnax.laboratory.machine import with_paths_here
from darnax.orchestrators import Orchestrator
from darnax.runner import checkpoint
from darnax.runner.manifest import Meta

REST = "(orchestrator)"  # name of the arrays outside all modules; no module can have it


class ExportMeta(Meta):
    """The metadata of an exported network."""

    config: dict[str, Any]
    origin: Annotated[str, Field(max_length=1000)]
    darnax: str


def export_model(model: Model, path: Path) -> Path:
    """Write a network's arrays, named `module/field`, and its configuration."""
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
        RequestError: the file is damaged, or its configuration needs a package not in `trusted`.
    """
    meta = checkpoint.read_meta(path, ExportMeta)
    config = meta["config"]
    try:
        require_bounded_value(config)
    except ValueError as error:
        what = f"its configuration cannot be read ({error}); export the run again"
        raise RequestError(Problem(str(path), what)) from error
    found = interpolations(config)
    problems = [Problem(name, f"got {text}, expected a value") for name, text in found]
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
    draw = partial(draw_connection_graph, config)
    return Model(experiment, with_arrays(shapes, arrays), origin, draw)


def arrays_by_name(network: Orchestrator) -> dict[str, Any]:
    """Map the name of each module to its arrays, or their shapes."""
    layer_map = network.layer_map
    modules = {
        name: array_part(module)
        for name, module in zip(layer_map.names, layer_map.modules, strict=True)
    }
    rest = eqx.tree_at(lambda o: o.layer_map, network, None)
    return modules | {REST: array_part(rest)}


def with_arrays(shapes: Orchestrator, arrays: dict[str, Any]) -> Orchestrator:
    """Return the network with these arrays."""
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


def is_array_or_shape(leaf: Any) -> bool:
    """Return whether a leaf is an array, or the shape of one."""
    return eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)


def array_part(tree: Any) -> Any:
    """Return the arrays of a tree."""
    return eqx.filter(tree, is_array_or_shape)


def static_part(tree: Any) -> Any:
    """Return everything in a tree that is not an array."""
    return eqx.filter(tree, is_array_or_shape, inverse=True)
