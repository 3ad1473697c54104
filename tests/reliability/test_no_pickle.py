"""darnax unpickles no file and runs no code from a file. Oracle: the source."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2] / "darnax"
MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "cloudpickle",
    "dill",
    "joblib",
    "shelve",
    "marshal",
    "torch",
    "jsonpickle",
    "runpy",
    "code",
}
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen"}
LOADERS = {
    "tree_deserialise_leaves",
    "unsafe_load",
    "full_load",
    "UnsafeLoader",
    "FullLoader",
    "allow_pickle",
    "instantiate",
    "Unpickler",
}


def found_in(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                found |= {alias.name.split(".")[0] for alias in names} & MODULES
            case ast.ImportFrom(module=str(module), names=names):
                found |= ({module.split(".")[0]} & MODULES) | (
                    {alias.name for alias in names} & (MODULES | LOADERS)
                )
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                found.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os" | "builtins"), attr=name)) if (
                name in CALLS
            ):
                found.add(name)
            case ast.Call(func=ast.Attribute(attr="load" | "load_all"), args=[_]) if (
                "yaml" in ast.unparse(node.func)
            ):
                found.add(ast.unparse(node.func))
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=False)):
                pass  # that is how to forbid it
            case ast.keyword(arg=name) if name in LOADERS:
                found.add(str(name))
            case ast.Attribute(attr=name) if name in LOADERS:
                found.add(name)
    return found


def test_no_file_is_unpickled_or_run():
    assert {
        path.name: found
        for path in ROOT.rglob("*.py")
        if (found := found_in(ast.parse(path.read_text())))
    } == {}


def test_the_check_detects_a_violation():
    for bait in (
        "import pickle",
        "from joblib import Memory",
        "np.load(f, allow_pickle=True)",
        "eval('1')",
        "os.system('x')",
        "yaml.load(t)",
    ):
        assert found_in(ast.parse(bait)), bait
