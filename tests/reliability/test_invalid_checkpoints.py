"""Checkpoints with valid checksums and invalid contents are refused with a message.

Oracle: the undamaged checkpoint, and the field that was changed, which has to be named.
"""

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from sampling import one_of

from darnax.errors import RequestError
from darnax.runner import checkpoint
from darnax.runner.manifest import RunMeta

Change = Callable[[dict[str, Any], dict[str, np.ndarray]], None]
WRONG = {
    ("meta", "step"): ["12", -1, 1.5, None, True, [1], 2**70],
    ("meta", "best"): ["high", None, True, [0.9], {}, float("nan")],
    ("meta", "metrics"): [None, [], "none", 3, {"eval/accuracy": "high"}, {"eval/accuracy": [1]}],
    ("meta", "seconds"): ["1", -1.0, None, {}],
    ("meta", "wall_seconds"): ["1", -1.0, None, float("inf")],
    ("meta",): [None, [], "meta"],
    ("format",): ["1", None, 1.0],
    ("leaves",): [None, [], "leaves", {"arrays": 3}],
}
FIELDS = [(path, value) for path, values in WRONG.items() for value in values]
LEAF = {
    "type": [3, None, "float32[7, 7]", "int"],
    "stored": [3, "no type", "O"],
    "key": [3, "fry"],
    "crc32": ["1", -1, 1.5],
}
LEAVES = [(field, value) for field, values in LEAF.items() for value in values]


def rewrite(path: Path, change: Change) -> None:
    """Change the manifest or the tensors of a checkpoint, and update its checksums."""
    with safetensors.safe_open(path, framework="np") as file:
        manifest = json.loads(file.metadata()["darnax"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(manifest, arrays)
    content = safetensors.numpy.save(
        arrays, {"darnax": json.dumps(manifest), "crc32": checkpoint.NO_CHECKSUM}
    )
    path.write_bytes(
        checkpoint._replace_checksum(content, checkpoint.NO_CHECKSUM, f"{zlib.crc32(content):08x}")
    )


def put(path: tuple[str, ...], value: Any) -> Change:
    def change(manifest: dict[str, Any], _: dict[str, np.ndarray]) -> None:
        *above, last = path
        for name in above:
            manifest = manifest[name]
        manifest[last] = value

    return change


def put_in_leaf(field: str, value: Any) -> Change:
    return lambda manifest, arrays: put(("leaves", next(iter(arrays)), field), value)(
        manifest, arrays
    )


def reshape(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    name = next(name for name, array in arrays.items() if array.ndim == 2)
    arrays[name] = arrays[name].reshape(-1)


def retype(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    name = next(name for name, array in arrays.items() if array.dtype == np.float32)
    arrays[name] = arrays[name].view(np.int32)
    manifest["leaves"][name]["stored"] = "int32"


CHANGES: dict[str, Change] = {
    f"{'.'.join(path)} = {value}": put(path, value) for path, value in FIELDS
}
CHANGES |= {f"{field} of a leaf = {value}": put_in_leaf(field, value) for field, value in LEAVES}
CHANGES |= {
    f"no {name}": lambda manifest, _, name=name: manifest["meta"].pop(name)
    for name in RunMeta.model_fields
}
CHANGES |= {"a tensor of another shape": reshape, "a tensor of another type": retype}


def steps(run: Path) -> list[Path]:
    return sorted(run.glob("checkpoints/step-*.safetensors"))


@pytest.mark.parametrize("what", CHANGES)
def test_an_inconsistent_checkpoint_is_named_and_an_earlier_one_used(run, what, caplog):
    only = steps(run)[-1]
    earlier = only.with_name("step-0000000000.safetensors")
    earlier.write_bytes(only.read_bytes())
    rewrite(earlier, put(("meta", "step"), 0))
    rewrite(only, CHANGES[what])
    with pytest.raises(RequestError) as caught:
        checkpoint._read(only, RunMeta)
    (problem,) = caught.value.problems
    assert problem.where == str(only)
    assert "\n" not in problem.what
    assert checkpoint.find_latest(run / "checkpoints", RunMeta) == earlier
    assert only.name in caplog.text


@pytest.mark.parametrize("what", one_of(16, list(CHANGES)))
@pytest.mark.parametrize("command", ["eval", "analyse", "resume"])
def test_no_command_ends_in_a_traceback(darnax, run, what, command):
    for path in run.glob("checkpoints/*.safetensors"):
        rewrite(path, CHANGES[what])
    words = {
        "eval": ["eval", run],
        "analyse": ["analyse", run],
        "resume": ["train", "--resume", run],
    }[command]
    result = darnax(*words)
    assert "Traceback" not in result.output
    if command == "resume":  # there is no checkpoint that can be read: it starts anew
        assert result.exit_code == 0, result.output
        assert "passed over" in result.stderr
    else:
        assert result.exit_code == 2, result.output
        assert "best.safetensors" in result.stderr


def test_a_key_of_another_kind_is_refused(tmp_path):
    import jax

    path = checkpoint.save(tmp_path, 1, {"key": jax.random.key(0)}, {}, keep=1)
    for name, value in (("type", "key<rbg>[]"), ("key", "rbg"), ("key", "unknown"), ("key", None)):
        copy = tmp_path / "step-0000000001.safetensors"
        content = path.read_bytes()
        rewrite(copy, put(("leaves", "key", name), value))
        with pytest.raises(RequestError, match="key"):
            checkpoint.load(copy, {"key": jax.random.key(0)})
        copy.write_bytes(content)
    with pytest.raises(
        RequestError, match=r"the checkpoint has key<fry>\[\], the configuration key<rbg>\[\]"
    ):
        checkpoint.load(path, {"key": jax.random.key(0, impl="rbg")})


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to a device"])
def test_irregular_files_are_never_read(darnax, run, kind):
    best = run / "checkpoints" / "best.safetensors"
    best.unlink()
    make = {
        "fifo": os.mkfifo,
        "folder": Path.mkdir,
        "link to a device": lambda path: path.symlink_to("/dev/zero"),
    }
    make[kind](best)
    result = darnax("eval", run)
    assert result.exit_code == 2, result.output
    assert "best.safetensors" in result.stderr


@pytest.mark.parametrize("name", ["summary.json", "config.yaml", "metrics.jsonl", "train.log"])
@pytest.mark.parametrize("command", [["eval"], ["train", "--resume"]])
def test_a_file_of_a_run_that_is_a_fifo_is_refused(darnax, run, name, command):
    (run / name).unlink()
    os.mkfifo(run / name)
    result = darnax(*command, run)
    assert result.exit_code == 2, result.output
    assert name in result.stderr


def test_eval_and_analyse_print_the_checkpoint_used(darnax, run):
    last = steps(run)[-1]
    step = checkpoint.parse_step(last)
    assert darnax("eval", run).stdout.startswith(
        f"checkpoint best.safetensors (step {step}, the best by eval/accuracy)\n"
    )
    (run / "checkpoints" / "best.safetensors").unlink()
    assert darnax("eval", run).stdout.startswith(
        f"checkpoint {last.name} (step {step}, the last one)\n"
    )
    analysed = darnax("analyse", run, "--only", "couplings")
    assert analysed.stdout.startswith(f"checkpoint: {last.name} (step {step}, the last one)\n")
