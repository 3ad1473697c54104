"""The package layout. Oracle: the order of packages below, and the imports in the source.

Imports go down only, each heavy library is imported by one package, and no module takes a gradient.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "darnax"
# From low to high. A package imports packages of lower levels only.
PACKAGES = (
    ("printing",),
    (
        "atomic",
        "batch_shares",
        "bounded_yaml",
        "children",
        "errors",
        "extras",
        "files",
        "near",
        "scores",
        "ranges",
        "shapes",
        "split_sizes",
        "trees",
    ),
    ("locks", "metrics_file"),
    ("activations",),
    ("states", "rules", "connectivity"),
    ("modules",),
    ("layer_map",),
    ("phases",),
    ("orchestrators",),
    ("relaxation", "scoring"),
    ("schedule",),
    ("observables", "numeric_checks", "operations"),
    ("learning",),
    ("data", "tracking", "reports"),
    ("local_data",),
    ("runner",),
    ("analysis",),
    ("builder",),
    ("composing", "diagrams"),
    ("laboratory",),
    ("sweeps",),
    ("api",),
    ("cli",),
    ("__main__",),
)
LEVEL = {package: level for level, packages in enumerate(PACKAGES) for package in packages}
HELPERS = {*PACKAGES[0], *PACKAGES[1], *PACKAGES[2]}
# Packages that import nothing of darnax but the helpers; a rule may have an activation.
INDEPENDENT = {"activations", "states", "connectivity", "data", "tracking", "reports"}
HEAVY_LIBRARIES = {
    "hydra": {"composing", "sweeps"},  # composes configurations; starts launchers
    "typer": {"cli"},
    "wandb": {"tracking"},
    "trackio": {"tracking"},
    "tensorboardX": {"tracking"},
    "tensorflow_datasets": {"data"},
}
# What commands import besides `darnax.api`, and why.
COMMANDS_IMPORT = {
    "darnax": "its version",
    "darnax.bounded_yaml": "prints a configuration as YAML",
    "darnax.children": "settings of the process",
    "darnax.errors": "wrong options, and what a panel shows of an error",
    "darnax.laboratory.dependency_warnings": "settings of the process",
    "darnax.laboratory.display": "what a command shows of a run",
    "darnax.laboratory.log_records": "settings of the process",
    "darnax.printing": "text for a terminal",
    "darnax.sweeps.display": "what a command shows of a sweep",
    "darnax.tracking.console": "the progress bar of training",
}
LIBRARY = (
    "batch_shares",
    "ranges",
    "shapes",
    "activations",
    "states",
    "rules",
    "connectivity",
    "modules",
    "orchestrators",
    "layer_map",
    "phases",
    "relaxation",
    "schedule",
    "scoring",
    "observables",
    "numeric_checks",
    "operations",
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


def module_name(path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("darnax", *parts)).removesuffix(".__init__")


def package_of(module: str) -> str:
    """Return the part of a module's name after `darnax.`, empty for `darnax` itself."""
    return module.partition(".")[2].partition(".")[0]


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def imported_modules(tree: ast.AST) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= submodules or {node.module}
    return found


IMPORTS = {name: imported_modules(tree) for name, tree in TREES.items()}
INTERNAL_IMPORTS = {name: found & set(MODULES) for name, found in IMPORTS.items()}


def test_imports_have_no_cycle():
    TopologicalSorter(INTERNAL_IMPORTS).prepare()  # raises CycleError, which names the cycle


@pytest.mark.parametrize("module", [name for name in MODULES if package_of(name)])
def test_imports_go_down(module):
    package = package_of(module)
    imported = {package_of(name) for name in INTERNAL_IMPORTS[module]} - {"", package}
    assert not {other for other in imported if LEVEL[other] >= LEVEL[package]}
    assert package not in INDEPENDENT or imported <= HELPERS


def test_each_heavy_library_is_imported_by_its_packages_only():
    importers = defaultdict(set)
    for name, found in IMPORTS.items():
        for library in {module.split(".")[0] for module in found} & set(HEAVY_LIBRARIES):
            importers[library].add(package_of(name))
    assert importers == HEAVY_LIBRARIES


def test_the_library_loads_no_heavy_library():
    names = ", ".join(f"darnax.{package}" for package in LIBRARY)
    code = f"import sys, darnax, {names}; print({set(HEAVY_LIBRARIES)} & sys.modules.keys())"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert loaded == "set()"


def test_only_backpropagation_takes_a_gradient():
    for name, tree in TREES.items():
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        baseline = name == "darnax.orchestrators.backpropagation"
        assert used & GRADIENTS == ({"vjp"} if baseline else set()), name


def test_files_and_functions_are_short_and_no_file_is_called_utils():
    for name, path in MODULES.items():
        assert path.stem != "utils", name
        assert len(path.read_text().splitlines()) <= 300, name
        functions = [
            node
            for node in ast.walk(TREES[name])
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        assert not [f.name for f in functions if f.end_lineno - f.lineno >= 60], name


def test_no_package_holds_more_than_15_percent_of_the_lines():
    lines = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    by_package = defaultdict(int)
    for name, count in lines.items():
        by_package[package_of(name)] += count
    limit = 0.15 * sum(lines.values())
    assert not {package: count for package, count in by_package.items() if count > limit}


def test_commands_call_the_python_functions_only():
    used = set()
    for name in MODULES:
        if package_of(name) == "cli":
            used |= {each for each in INTERNAL_IMPORTS[name] if package_of(each) != "cli"}
    assert {each for each in used if package_of(each) != "api"} == set(COMMANDS_IMPORT)


def test_scripts_import_nothing_of_the_command_line():
    scripts = sorted((ROOT.parent / "scripts").rglob("*.py"))
    found = {path.name: imported_modules(ast.parse(path.read_text())) for path in scripts}
    assert found
    assert not {
        name
        for name, modules in found.items()
        if any(module.startswith("darnax.cli") for module in modules)
    }


def test_private_classes_of_hydra_are_used_in_one_module() -> None:
    users = [name for name in MODULES if uses_private_parts_of_hydra(name)]
    assert users == ["darnax.composing.hydra_loader"]


def uses_private_parts_of_hydra(module: str) -> bool:
    """Return whether a module names private modules, or private attributes of imported names."""
    text = MODULES[module].read_text()
    names = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "hydra":
            names |= {alias.asname or alias.name for alias in node.names}
    private = [re.search(rf"\b{name}(\(\))?\._[a-z]", text) for name in names]
    return "hydra._internal" in text or any(private)
