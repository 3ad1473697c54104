"""Mutations of YAML trees: replace, delete, rename, move, duplicate or wrap a leaf or branch."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

HUGE = 10**30
JUNK = [
    None, True, False, 0, 1, 2, 3, -1, -7, HUGE, -HUGE, 0.0, 0.5, -0.5, 1.5, 1e-300, 1e300,
    float("nan"), float("inf"), "", " ", "x", "nan", "1", "0.5", "true", "all", "blank", "free",
    "hidden", "hidden[1]", "hidden[i]", "hidden[i+9]", "w_in", "input", "output", "2 epochs",
    "-1 epochs", "0 epochs", "*", "[", "w_in*", "../..", "/etc/passwd", "a/b", "a.b", "${seed}",
    "${oc.env:HOME}", "[red]x[/red]", "\x1b[31mx", "<script>", "ß·∂", "x" * 3000, [], {}, [[]],
    [{}], {"a": {}}, [0], [1], [1, 2, 3], [-1], [28, 28, 1], [10], ["a"], [None],
    ["w_in", "hidden*"], {1: 2}, {None: 1}, {"a": [1, {"b": None}]}, {"": 1},
    {"_target_": "os.system"}, {"_target_": None}, {"_target_": "darnax.rules.Hebbian"},
    {"_target_": "optax.adam"}, {"_target_": "darnax.rules.Perceptron", "margin": "x"},
    {"_target_": "darnax.modules.OutputLayer"}, {"_target_": "darnax.data.Sign"},
    {"_target_": "darnax.rules.SoftmaxDelta"}, {"_target_": "optax.constant_schedule"},
    {"_target_": "optax.sgd", "learning_rate": 0.1},
    {"_target_": "optax.sgd", "learning_rate": [1, 2]},
    {"_target_": "darnax.tracking.jsonl.Jsonl", "path": "x"},
    {"_target_": "darnax.states.PackedState"},
]  # fmt: skip
NAMES: list[Any] = [
    "",
    "x",
    "_target_",
    "steps",
    "size",
    "repeat",
    "learning_rate",
    "a.b",
    "a b",
    "[red]",
    "w_in9",
    "j_d",
    1,
    None,
    True,
]


def paths(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every leaf and branch."""
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, child in items:
        yield (*above, key)
        yield from paths(child, (*above, key))


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


@st.composite
def corrupted(draw: st.DrawFn, tree: dict[str, Any], most: int = 2) -> dict[str, Any]:
    """Draw the tree with one or a few changes at random paths."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, most))):
        everywhere = list(paths(tree))
        if not everywhere:
            break
        *above, name = draw(st.sampled_from(everywhere))
        parent = at(tree, tuple(above))
        elsewhere = copy.deepcopy(at(tree, draw(st.sampled_from(everywhere))))
        match draw(
            st.sampled_from(
                [
                    "junk",
                    "junk",
                    "junk",
                    "number",
                    "words",
                    "away",
                    "rename",
                    "elsewhere",
                    "double",
                    "wrap",
                ]
            )
        ):
            case "junk":
                parent[name] = copy.deepcopy(draw(st.sampled_from(JUNK)))
            case "number":
                parent[name] = draw(st.integers(-3, 60) | st.floats(-10, 10, width=16))
            case "words":
                parent[name] = draw(st.text(max_size=8))
            case "away":
                del parent[name]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.sampled_from(NAMES))] = parent.pop(name)
            case "double" if isinstance(parent, dict):
                parent[f"{name}2"] = copy.deepcopy(parent[name])
            case "wrap":
                parent[name] = draw(st.sampled_from([[parent[name]], {"x": parent[name]}]))
            case _:
                parent[name] = elsewhere
    return tree
