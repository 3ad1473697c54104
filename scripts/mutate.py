"""Tests of the tests: change the code in one place at a time and see whether a test notices.

    python scripts/mutate.py                    every subject
    python scripts/mutate.py rules relaxation   some of them

A mutant that no test kills is printed as `file:line  before -> after`. The code is changed in a copy, never here. Every mutant
runs in a fork of one process that has imported the heavy libraries, and XLA's programs are kept on disk between mutants.
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
SUBJECTS = {  # what is changed -> the tests that have to notice, nearest first
    "rules": ("darnax/rules", ["rules", "laws", "modules"]),
    "connectivity": ("darnax/connectivity", ["connectivity", "sparse_inputs", "laws", "modules"]),
    "states": ("darnax/states", ["states", "laws", "orchestrators"]),
    "relaxation": ("darnax/relaxation.py", ["relaxation", "learning"]),
    "checkpoint": ("darnax/runner/checkpoint.py", []),
}
TESTS = {name: [f"{LIBRARY}{test}.py" for test in tests] for name, (_, tests) in SUBJECTS.items()}
DAMAGE = "tests/reliability/test_bad_files.py::test_a_checkpoint_"
TESTS["checkpoint"] = [
    "tests/runner/test_checkpoint.py",
    f"{DAMAGE}without_a_sum_of_the_whole_is_still_read",
    f"{DAMAGE}damaged_anywhere_is_named_and_the_one_before_is_used",
]
LIMIT = 120  # seconds of computing for the tests of one mutant; one that takes longer hangs, and is noticed

OTHER: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
    ast.MatMult: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of `node`."""
    match node:
        case ast.BinOp(left, op, right) if type(op) in OTHER:
            yield ast.BinOp(left, OTHER[type(op)](), right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(OTHER[type(op)](), values)
        case ast.Compare(left, [op, *ops], comparators):
            yield ast.Compare(left, [OTHER[type(op)](), *ops], comparators)
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


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Yield parent, field and index of every node that computes: annotations, words and what is raised with them do not."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "bases") or isinstance(
            tree, ast.Raise | ast.JoinedStr
        ):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                yield tree, name, index
                yield from places(child)


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, what was changed into what, and the whole changed source."""
    tree = ast.parse(source)
    for parent, name, index in list(places(tree)):
        field = getattr(parent, name)
        node = field if index is None else field[index]
        for other in changes(node):
            put(parent, name, index, ast.copy_location(other, node))
            yield (
                node.lineno,
                f"{brief(node)}  ->  {brief(other)}",
                ast.unparse(ast.fix_missing_locations(tree)),
            )
            put(parent, name, index, node)


def put(parent: ast.AST, name: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def brief(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0][:70]


def passes(tests: list[str]) -> bool:
    """Whether all the tests pass; the nearest ones, which notice most, run alone first."""
    return all(passes_file(file) for file in tests)


def passes_file(file: str) -> bool:
    """Run one test, or those of one file, in a fork, in the current directory; whether all of them pass in time."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        import pytest

        os._exit(
            pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--tb=no", "--assert=plain", file])
        )
    return os.waitpid(child, 0)[1] == 0


def examine(name: str, place: Path) -> tuple[int, int]:
    """Try every mutant of one subject; return how many were killed, of how many."""
    path, tests = SUBJECTS[name][0], TESTS[name]
    if not passes(tests):
        sys.exit(f"{name}: the tests fail without any change; mend them first")
    killed = total = 0
    for file in sorted((place / path).rglob("*.py")) if (place / path).is_dir() else [place / path]:
        source = file.read_text()
        for line, change, changed in mutants(source):
            file.write_text(changed)
            survived = passes(tests)
            killed, total = killed + (not survived), total + 1
            if survived:
                print(f"survived  {file.relative_to(place)}:{line}  {change}", flush=True)
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
        place = Path(scratch)
        for name in COPIED:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, place / name)
        for cache in [*place.rglob("__pycache__")]:
            shutil.rmtree(cache)
        os.environ |= {
            "PYTHONDONTWRITEBYTECODE": "1",
            "JAX_COMPILATION_CACHE_DIR": str(place / "xla"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        os.chdir(place)
        sys.dont_write_bytecode = True
        sys.path[0] = str(
            place
        )  # in the place of scripts/, which hides the standard library's profile
        import equinox  # noqa: F401
        import hypothesis  # noqa: F401
        import optax  # noqa: F401

        found = [examine(name, place) for name in chosen]
    killed, total = map(sum, zip(*found, strict=True))
    print(f"all: {killed} of {total} killed ({killed / total:.1%})")


if __name__ == "__main__":
    main()
