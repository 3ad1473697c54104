"""The plan of the house holds: imports go down, heavy libraries live in one room each, nothing takes a gradient."""

import ast
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "darnax"
FLOORS = """
atomic bounded_yaml children errors files near printing scores shapes
locks
states rules connectivity
modules
layer_map
orchestrators
relaxation
observables numeric_checks
learning
data tracking reports
local_data
runner
analysis
builder
composing diagrams
laboratory
sweeps
api
cli
"""
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS.split("\n")) for room in rooms.split()}
ISLANDS = {
    "states",
    "rules",
    "connectivity",
    "data",
    "tracking",
    "reports",
}  # knowing the ground floor alone
GROUND = set(" ".join(FLOORS.split("\n")[1:3]).split())
HEAVY = ("hydra", "typer", "wandb", "trackio", "tensorboardX", "tensorflow_datasets")
LIBRARY = (
    "shapes",
    "states",
    "rules",
    "connectivity",
    "modules",
    "orchestrators",
    "layer_map",
    "relaxation",
    "observables",
    "numeric_checks",
    "learning",
)
GRADIENTS = {
    "grad",
    "value_and_grad",
    "vjp",
    "jacrev",
    "jacfwd",
    "filter_grad",
    "filter_value_and_grad",
    "filter_vjp",
}


def name_of(path: Path) -> str:
    return ".".join(("darnax", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def room_of(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def imports(tree: ast.AST) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= inside or {node.module}
    return found


IMPORTS = {name: imports(tree) for name, tree in TREES.items()}
WITHIN = {name: {other for other in found if other in MODULES} for name, found in IMPORTS.items()}


def test_no_ring():
    TopologicalSorter(WITHIN).prepare()  # raises CycleError, with the ring


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name)])
def test_imports_go_down(module):
    room = room_of(module)
    others = {other for name in WITHIN[module] if (other := room_of(name)) not in ("", room)}
    assert not {other for other in others if FLOOR[other] >= FLOOR[room]}
    assert room not in ISLANDS or others <= GROUND


def test_a_heavy_library_lives_in_one_room():
    rooms = defaultdict(set)
    for name, found in IMPORTS.items():
        for library in {module.split(".")[0] for module in found} & set(HEAVY):
            rooms[library].add(room_of(name))
    homes = {
        "hydra": {"composing", "sweeps"},  # the one composes, the other starts its launchers
        "typer": {"cli"},
        "wandb": {"tracking"},
        "trackio": {"tracking"},
        "tensorboardX": {"tracking"},
        "tensorflow_datasets": {"data"},
    }
    assert rooms == homes


def test_the_library_loads_no_heavy_library():
    code = f"import sys, darnax, {', '.join(f'darnax.{room}' for room in LIBRARY)}; print({set(HEAVY)} & sys.modules.keys())"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert loaded == "set()"


def test_nothing_takes_a_gradient():
    for name, tree in TREES.items():
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert not used & GRADIENTS, name


def test_files_and_functions_stay_small_and_have_a_subject():
    for name, path in MODULES.items():
        assert path.stem != "utils", name
        assert len(path.read_text().splitlines()) <= 300, name
        functions = [
            n
            for n in ast.walk(TREES[name])
            if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        assert not [f.name for f in functions if f.end_lineno - f.lineno >= 60], name


def test_no_package_holds_more_than_its_share():
    lines = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    rooms = defaultdict(int)
    for name, count in lines.items():
        rooms[room_of(name)] += count
    assert not {room: count for room, count in rooms.items() if count > 0.15 * sum(lines.values())}


def test_scripts_use_nothing_of_the_command_line():
    scripts = sorted((ROOT.parent / "scripts").rglob("*.py"))
    found = {path.name: imports(ast.parse(path.read_text())) for path in scripts}
    assert found
    assert not {
        name
        for name, modules in found.items()
        if any(module.startswith("darnax.cli") for module in modules)
    }


def test_private_classes_of_hydra_are_used_in_one_module() -> None:
    users = [name for name, path in MODULES.items() if "hydra._internal" in path.read_text()]
    assert users == ["darnax.composing.hydra_loader"]
