"""Checkpoints. Oracles: the saved tree, bit by bit; the file read by safetensors."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import safetensors

from darnax.errors import RequestError
from darnax.runner.checkpoint import find_latest, load, save


class Weights(eqx.Module):
    J: jax.Array
    J_D: jax.Array


class Swapped(eqx.Module):
    J_D: jax.Array
    J: jax.Array


def tree() -> dict[str, Any]:
    weights = Weights(jnp.arange(6.0).reshape(2, 3), -jnp.ones((2, 3)))
    return {
        "network": weights,
        "optimizer": optax.adam(1e-3).init(weights),
        "half": jnp.asarray([1.5, -2.25], jnp.bfloat16),
        "mask": jnp.asarray([True, False]),
        "empty": jnp.zeros((0, 3)),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "numpy": np.float32(0.1),
        "step": 12,
        "rate": 0.1,
        "on": True,
        "key": jax.random.key(3),
        "keys": jax.random.split(jax.random.key(4, impl="rbg"), 2),
        "nothing": None,
        "activation": jnp.tanh,
    }


def bits(leaf: Any) -> tuple[Any, ...]:
    if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return (str(leaf.dtype), *bits(jax.random.key_data(leaf)))
    return (
        (type(leaf), np.asarray(leaf).dtype, np.shape(leaf), np.asarray(leaf).tobytes())
        if not callable(leaf)
        else (leaf,)
    )


def test_every_leaf_is_restored_bit_by_bit(tmp_path: Path) -> None:
    path = save(tmp_path, 12, tree(), {"best": 0.94, "names": ["a"]}, keep=2)
    loaded, meta = load(path, tree())
    assert meta == {"best": 0.94, "names": ["a"], "step": 12}
    assert jax.tree.structure(loaded) == jax.tree.structure(tree())
    assert list(map(bits, jax.tree.leaves(loaded))) == list(map(bits, jax.tree.leaves(tree())))
    assert jnp.array_equal(
        jax.random.normal(loaded["keys"][1]), jax.random.normal(tree()["keys"][1])
    )


def test_the_values_come_from_the_file_and_not_from_like(tmp_path: Path) -> None:
    path = save(tmp_path, 1, {"a": jnp.ones(3), "n": 5, "key": jax.random.key(1)}, {}, keep=1)
    like = {"a": jax.ShapeDtypeStruct((3,), jnp.float32), "n": 0, "key": jax.random.key(0)}
    loaded, _ = load(path, like)
    assert loaded["a"].tolist() == [1, 1, 1]
    assert loaded["n"] == 5
    assert jnp.array_equal(
        jax.random.key_data(loaded["key"]), jax.random.key_data(jax.random.key(1))
    )


def test_two_fields_of_one_shape_are_never_swapped(tmp_path: Path) -> None:
    J, J_D = jnp.arange(3.0), jnp.full(3, 0.95)
    path = save(tmp_path, 1, {"w": Weights(J=J, J_D=J_D)}, {}, keep=1)
    loaded, _ = load(path, {"w": Swapped(J=J_D, J_D=J)})
    assert jnp.array_equal(loaded["w"].J, J)
    assert jnp.array_equal(loaded["w"].J_D, J_D)


def test_safetensors_alone_reads_it(tmp_path: Path) -> None:
    path = save(tmp_path, 3, {"w": Weights(jnp.ones(2), jnp.zeros(2))}, {"best": 0.5}, keep=1)
    with safetensors.safe_open(path, framework="np") as file:
        assert sorted(file.keys()) == ["w/J", "w/J_D"]
        assert file.get_tensor("w/J").tolist() == [1, 1]
        manifest = json.loads(file.metadata()["darnax"])
    assert manifest["meta"] == {"best": 0.5, "step": 3}
    assert manifest["format"] == 1  # what is on the disks of others


def test_every_difference_is_listed_with_both_shapes(tmp_path: Path) -> None:
    path = save(
        tmp_path,
        1,
        {"a": jnp.ones((2, 3)), "old": jnp.ones(1), "t": jnp.ones(4), "same": 1},
        {},
        keep=1,
    )
    like = {"a": jnp.ones((3, 2)), "new": jnp.ones(5), "t": jnp.ones(4, jnp.int32), "same": 2}
    with pytest.raises(RequestError) as caught:
        load(path, like)
    assert [str(problem) for problem in caught.value.problems[1:]] == [
        "a: the checkpoint has float32[2, 3], the configuration float32[3, 2]",
        "new: the checkpoint has nothing, the configuration float32[5]",
        "old: the checkpoint has float32[1], the configuration nothing",
        "t: the checkpoint has float32[4], the configuration int32[4]",
    ]


def test_two_leaves_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two leaves are called 'a/b'"):
        save(tmp_path, 1, {"a": {"b": 1}, "a/b": 2}, {}, keep=1)


def test_the_newest_stay_and_the_best_is_not_counted(tmp_path: Path) -> None:
    for step in range(5):
        save(tmp_path, step, {"a": step}, {}, keep=2)
        if step == 1:
            save(tmp_path, step, {"a": step}, {}, keep=2, name="best")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.safetensors",
        "step-0000000003.safetensors",
        "step-0000000004.safetensors",
    ]
    assert load(tmp_path / "best.safetensors", {"a": 0}) == ({"a": 1}, {"step": 1})


def test_checkpoints_of_keep_every_are_kept(tmp_path: Path) -> None:
    for step in range(1, 12):
        save(tmp_path, step, {"a": step}, {}, keep=2, every=5)
    assert [int(path.stem[5:]) for path in sorted(tmp_path.iterdir())] == [5, 10, 11]


def test_the_checkpoint_of_a_stop_is_not_counted_and_is_removed_later(tmp_path: Path) -> None:
    """Of steps 5, 10, 15, … are planned."""
    left = []
    for step in (0, 5, 10, 13, 14, 15, 17, 20):
        save(
            tmp_path,
            step,
            {"a": step},
            {},
            keep=2,
            every=7,
            is_planned=lambda step: step > 0 and step % 5 == 0,
        )
        left.append([int(path.stem[5:]) for path in sorted(tmp_path.iterdir())])
    assert left == [[0], [5], [5, 10], [5, 10, 13], [5, 10, 14], [10, 15], [10, 15, 17], [15, 20]]


def test_files_with_other_names_are_not_checkpoints(tmp_path: Path) -> None:
    path = save(tmp_path, 1, {"a": 1}, {}, keep=2)
    path.with_name("step-9 (copy).safetensors").write_bytes(path.read_bytes())
    path.with_name(".step-0000000009.safetensors.1.tmp").write_bytes(path.read_bytes())
    assert find_latest(tmp_path) == path


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes(
        {"truncated": content[:-3], "empty": b"", "header": content[:20], "a flipped bit": flipped}[
            how
        ]
    )


@pytest.mark.parametrize("how", ["truncated", "empty", "header", "a flipped bit"])
def test_a_damaged_checkpoint_is_skipped(tmp_path: Path, how: str) -> None:
    first = save(tmp_path, 1, {"a": jnp.ones(3)}, {}, keep=3)
    second = save(tmp_path, 2, {"a": jnp.zeros(3)}, {}, keep=3)
    assert find_latest(tmp_path) == second
    damage(second, how)
    assert find_latest(tmp_path) == first
    with pytest.raises(RequestError, match="not a whole checkpoint"):
        load(second, {"a": jnp.ones(3)})


def test_resuming_from_an_earlier_step_removes_later_checkpoints(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save(tmp_path, step, {"a": step}, {}, keep=3)
    damage(tmp_path / "step-0000000003.safetensors", "truncated")
    again = save(tmp_path, 2, {"a": 20}, {}, keep=1)
    assert list(tmp_path.iterdir()) == [again]
    assert find_latest(tmp_path) == again


def test_without_checkpoints_the_latest_is_none(tmp_path: Path) -> None:
    assert find_latest(tmp_path) is None
    assert find_latest(tmp_path / "absent") is None
    with pytest.raises(RequestError, match="not a whole checkpoint"):
        load(tmp_path / "step-0000000001.safetensors", {})
    (tmp_path / "step-0000000001.safetensors").write_bytes(safetensors.serialize({}, None))
    assert find_latest(tmp_path) is None


def test_leftovers_of_a_kill_are_ignored_and_removed(tmp_path: Path) -> None:
    first = save(tmp_path, 1, {"a": jnp.ones(3)}, {}, keep=3)
    (tmp_path / ".step-0000000002.safetensors.99.tmp").write_bytes(first.read_bytes()[:40])
    assert find_latest(tmp_path) == first
    save(tmp_path, 2, {"a": jnp.ones(3)}, {}, keep=3)
    assert all(path.suffix == ".safetensors" for path in tmp_path.iterdir())


def test_a_process_killed_while_saving_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    code = """
import sys
import numpy as np
from pathlib import Path
from darnax.runner.checkpoint import save
for step in range(1, 10**6):
    save(Path(sys.argv[1]), step, {"a": np.full(10**6, step, np.float32)}, {}, keep=2)
    print(step, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        done = [int(process.stdout.readline()) for _ in range(3)][-1]
        os.kill(process.pid, signal.SIGKILL)
    path = find_latest(tmp_path)
    assert path is not None
    loaded, meta = load(path, {"a": np.zeros(10**6, np.float32)})
    assert meta["step"] >= done
    assert (loaded["a"] == meta["step"]).all()
