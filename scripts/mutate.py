"""Mutation testing: changes one expression of the code at a time, and runs the tests on it.

    python scripts/mutate.py                    every subject
    python scripts/mutate.py rules relaxation   some of them

A mutant that all tests pass is printed as `file:line  before -> after`. The code is changed in a
copy. Every mutant runs in a fork of one process that has imported the heavy libraries, and the
programs that XLA compiles are kept on disk between mutants.
"""

import argparse
import ast
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("darnax", "tests", "configs", "pyproject.toml", "README.md")
LIBRARY = "tests/library/test_"
# Subject -> the code that is changed, and its tests, those that fail most often first.
SUBJECTS = {
    "activations": ("darnax/activations", ["activations", "units"]),
    "rules": ("darnax/rules", ["rules", "laws", "modules"]),
    "connectivity": ("darnax/connectivity", ["connectivity", "sparse_inputs", "laws", "modules"]),
    "states": ("darnax/states", ["states", "laws", "orchestrators"]),
    "relaxation": ("darnax/relaxation.py", ["relaxation", "learning"]),
    "checkpoint": ("darnax/runner/checkpoint.py", []),
}


def list_files(tests: list[str]) -> list[str]:
    """Return the files of these tests of the library."""
    return [f"{LIBRARY}{test}.py" for test in tests]


TESTS = {name: list_files(tests) for name, (_, tests) in SUBJECTS.items()}
DAMAGE = "tests/reliability/test_bad_files.py::test_a_"
TESTS["checkpoint"] = [
    "tests/runner/test_checkpoint.py",
    f"{DAMAGE}checkpoint_without_a_manifest_checksum_is_read",
    f"{DAMAGE}damaged_checkpoint_is_named_and_the_previous_one_is_used",
]
# Seconds of CPU time for the tests of one mutant. One that takes longer has an endless loop, and
# counts as killed.
LIMIT = 120

REPLACED_BY: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Add,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


def mutate_node(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that may replace `node`."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in REPLACED_BY:
            yield ast.BinOp(left, REPLACED_BY[type(op)](), right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(REPLACED_BY[type(op)](), values)
        case ast.Compare(left, [op, *ops], comparators):
            yield ast.Compare(left, [REPLACED_BY[type(op)](), *ops], comparators)
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.If(test, body, orelse) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test, body, orelse) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Expr(ast.Call()):
            yield ast.Pass()
        case ast.Return(ast.expr()):
            yield ast.Return(ast.Constant(None))


def find_nodes(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Yield parent, field and index of every node that may be mutated.

    Annotations and the texts of messages are left out: no test depends on them.
    """
    if isinstance(tree, ast.Raise | ast.JoinedStr):
        return
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "bases"):
            continue
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST):
                yield tree, name, index
                yield from find_nodes(child)


def make_mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, change and changed source of every mutant."""
    tree = ast.parse(source)
    for parent, name, index in list(find_nodes(tree)):
        field = getattr(parent, name)
        node = field if index is None else field[index]
        for other in mutate_node(node):
            set_child(parent, name, index, ast.copy_location(other, node))
            changed = ast.unparse(ast.fix_missing_locations(tree))
            yield node.lineno, f"{first_line(node)}  ->  {first_line(other)}", changed
            # One tree serves for all mutants, so the change is undone.
            set_child(parent, name, index, node)


def set_child(parent: ast.AST, name: str, index: int | None, node: ast.AST) -> None:
    """Replace a child of a node."""
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def first_line(node: ast.AST) -> str:
    """Return the first line of the source of a node, shortened."""
    return ast.unparse(node).partition("\n")[0][:70]


def passes(tests: list[str]) -> bool:
    """Return whether all tests pass; file by file, since the first one kills most mutants."""
    return all(passes_file(file) for file in tests)


def passes_file(file: str) -> bool:
    """Return whether the tests of a file, or one test, pass in time; they run in a fork."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        import pytest

        options = ["-q", "-x", "-p", "no:cacheprovider", "--tb=no", "--assert=plain"]
        # `_exit`: the fork must not run the exit handlers of its parent.
        os._exit(pytest.main([*options, file]))
    return os.waitpid(child, 0)[1] == 0


def test_subject(name: str, folder: Path) -> tuple[int, int]:
    """Test every mutant of one subject; return the numbers of killed and of all mutants."""
    path, tests = SUBJECTS[name][0], TESTS[name]
    if not passes(tests):
        sys.exit(f"{name}: the tests fail without any change; fix them first")
    killed = total = 0
    code = folder / path
    for file in sorted(code.rglob("*.py")) if code.is_dir() else [code]:
        source = file.read_text()
        for line, change, changed in make_mutants(source):
            file.write_text(changed)
            survived = passes(tests)
            killed, total = killed + (not survived), total + 1
            if survived:
                print(f"survived  {file.relative_to(folder)}:{line}  {change}", flush=True)
        file.write_text(source)
    print(f"{name}: {killed} of {total} killed ({killed / total:.0%})", flush=True)
    return killed, total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "subjects", nargs="*", choices=[*SUBJECTS, []], help="what to change; everything by default"
    )
    chosen = parser.parse_args().subjects or list(SUBJECTS)
    with tempfile.TemporaryDirectory(prefix="darnax-mutants-") as scratch:
        folder = Path(scratch)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        # Compiled files of the original would hide changes made within one second.
        for cache in [*folder.rglob("__pycache__")]:
            shutil.rmtree(cache)
        os.environ |= {
            "PYTHONDONTWRITEBYTECODE": "1",
            "JAX_COMPILATION_CACHE_DIR": str(folder / "xla"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        os.chdir(folder)
        sys.dont_write_bytecode = True
        # Instead of scripts/, whose profile.py hides the module of the standard library.
        sys.path[0] = str(folder)
        import equinox  # noqa: F401
        import hypothesis  # noqa: F401
        import optax  # noqa: F401

        found = [test_subject(name, folder) for name in chosen]
    killed, total = map(sum, zip(*found, strict=True))
    print(f"all: {killed} of {total} killed ({killed / total:.1%})")


if __name__ == "__main__":
    main()
