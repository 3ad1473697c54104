"""Damaged run folders, records, checkpoints and archives are reported or skipped, never used.

The oracle is the undamaged file: what is not refused has to give the very same numbers.
"""

import gzip
import json
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest
import safetensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from sampling import one_of

from darnax.data.idx import read_idx
from darnax.errors import RequestError
from darnax.reports.digest import digest
from darnax.reports.record import rows
from darnax.runner import checkpoint

Damage = Callable[[Path], object]
FREELY = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def write(name: str, content: bytes | str) -> Damage:
    return lambda run: (run / name).write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )


def cut(name: str, part: float) -> Damage:
    return lambda run: (run / name).write_bytes(
        (run / name).read_bytes()[: int(part * (run / name).stat().st_size)]
    )


def remove(name: str) -> Damage:
    return lambda run: shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()


def into_folder(name: str) -> Damage:
    return lambda run: ((run / name).unlink(), (run / name).mkdir())


def edited(old: str, new: str) -> Damage:
    def damage(run: Path) -> None:
        text = (run / "config.yaml").read_text()
        assert old in text
        (run / "config.yaml").write_text(text.replace(old, new))

    return damage


BOMB = "\n".join(
    ["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))]
)  # 9¹¹ words
DAMAGES: dict[str, Damage] = {
    "no config": remove("config.yaml"),
    "an empty config": write("config.yaml", ""),
    "half a config": cut("config.yaml", 0.5),
    "a config of bytes": write("config.yaml", b"\xff\xfe\x00\x01"),
    "a config of zeros": write("config.yaml", bytes(500)),
    "a config that is a list": write("config.yaml", "- a\n- b\n"),
    "a config that is a string": write("config.yaml", "hello"),
    "a config that is a folder": into_folder("config.yaml"),
    "a config with a Python tag": write(
        "config.yaml", "name: !!python/object/apply:os.system ['touch bait']\n"
    ),
    "a config with unclosed brackets": write("config.yaml", "a: [" * 5000),
    "a deeply nested config": write("config.yaml", "a: " + "[" * 100000 + "]" * 100000),
    "a config of deeply nested names": write("config.yaml", "{a: " * 50000 + "1" + "}" * 50000),
    "a config nested without brackets": write("config.yaml", "- " * 20000 + "x"),
    "a config of many steps": write(
        "config.yaml", "\n".join(" " * level + "a:" for level in range(2000))
    ),
    "a config with exponential aliases": write("config.yaml", BOMB),
    "a config with merge keys": write("config.yaml", "a: &a {b: 1}\nc: {<<: *a}"),
    "a config that contains itself": write("config.yaml", "a: &a [*a]"),
    "a config of two documents": write("config.yaml", "name: a\n---\nname: b\n"),
    "a config with tabs": write("config.yaml", "name:\n\t- a\n"),
    "a config with another shape": edited("features: 20", "features: twenty"),
    "a config with a foreign class": edited("darnax.modules.OutputLayer", "os.system"),
    "a config with an absent class": edited("darnax.modules.OutputLayer", "darnax.modules.NoLayer"),
    "a config with an absent key": edited("batch_size", "batch_sise"),
    "a config with references": edited("name: associations", "name: ${oc.env:HOME}"),
    "no summary": remove("summary.json"),
    "an empty summary": write("summary.json", ""),
    "half a summary": cut("summary.json", 0.5),
    "a summary that is a list": write("summary.json", "[1, 2]"),
    "a summary that is a number": write("summary.json", "3"),
    "a summary of bytes": write("summary.json", b"\x80\x81"),
    "a summary that is a folder": into_folder("summary.json"),
    "a summary with unclosed brackets": write("summary.json", "[" * 100000),
    "a best checkpoint cut short": cut("checkpoints/best.safetensors", 0.9),
    "half a best checkpoint": cut("checkpoints/best.safetensors", 0.5),
    "an empty best checkpoint": write("checkpoints/best.safetensors", b""),
    "a best checkpoint of zeros": write("checkpoints/best.safetensors", bytes(4096)),
    "a best checkpoint of another kind": write(
        "checkpoints/best.safetensors", b"PK\x03\x04" + bytes(100)
    ),
    "a best checkpoint with a huge header": write("checkpoints/best.safetensors", b"\xff" * 64),
}


READ_BY = {
    "eval": "config summary checkpoint",
    "resume": "config summary",
    "from its config": "config",
    "cite": "config summary",
    "analyse": "config summary",
}
READ = [
    (command, what)
    for command, files in READ_BY.items()
    for what in DAMAGES
    if set(files.split()) & set(what.split())
]


@pytest.mark.parametrize(("command", "what"), one_of(3, READ))
def test_a_damaged_run_is_refused(darnax, run, command, what):
    DAMAGES[what](run)
    before = {
        path: path.read_bytes()
        for path in Path.cwd().rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    words = {
        "eval": ["eval", run],
        "resume": ["train", "--resume", run],
        "cite": ["cite", run],
        "analyse": ["analyse", run],
        "from its config": ["train", "--config", run / "config.yaml"],
    }
    result = darnax(*words[command])
    assert result.exit_code == 2, result.output
    assert re.match(r"Invalid (command|configuration|data):", result.stderr)
    assert "Traceback" not in result.output
    assert {
        path: path.read_bytes()
        for path in Path.cwd().rglob("*")
        if path.is_file() and path.name != ".lock"
    } == before


@pytest.mark.parametrize("what", DAMAGES)
def test_reports_skip_a_damaged_run(darnax, run, what, cases):
    good = Path(shutil.copytree(run, run.with_name("2026-01-01_00-00-00-abcdef")))
    summary = json.loads((good / "summary.json").read_text())
    (good / "summary.json").write_text(json.dumps(summary | {"status": "finished"}))
    DAMAGES[what](run)
    for words in (["runs"], ["compare", "outputs"], ["diff", good, run]):
        cases["commands"] += 1
        result = darnax(*words)
        assert result.exit_code in (0, 2), result.output
        assert "Traceback" not in result.output
        assert words[0] != "runs" or "abcdef" in result.output


def test_a_deeply_nested_environment_file(darnax, run):
    other = Path(shutil.copytree(run, run.with_name("2026-01-01_00-00-00-abcdef")))
    (run / "environment.json").write_text("[" * 100000)
    assert darnax("diff", run, other).exit_code == 0


def test_runs_lists_a_file_with_exponential_aliases_as_damaged(darnax, run):
    (run / "config.yaml").write_text(BOMB)
    result = darnax("runs")
    assert result.exit_code == 0
    assert "damaged" in result.output


RECORDS: dict[str, bytes] = {
    "empty": b"",
    "torn": b'{"step": 1, "epoch": 0.5, "eval/accuracy": 0.5}\n{"step": 2, "epo',
    "binary": bytes(range(256)),
    "no objects": b'1\n[]\nnull\n"x"\n',
    "no steps": b'{"epoch": 1}\n{"step": null}\n{"step": "x"}\n{"step": [1]}\n{"step": true}\n',
    "no numbers": b'{"step": 1, "epoch": "x", "eval/accuracy": {"a": 1}}\n',
    "not a number": b'{"step": 1, "epoch": 1, "eval/accuracy": NaN}\n{"step": 1e999, "epoch": 1}\n',
    "deep": b'{"step": ' + b"[" * 100000 + b"\n",
    "one endless line": b'{"step": 1, "x": "' + b"a" * 10**6,
    "nothing but line ends": b"\n\r\n\n",
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_damaged_record_is_skipped(darnax, run, what, cases):
    (run / "metrics.jsonl").write_bytes(RECORDS[what])
    for words in (["runs"], ["compare", "outputs"], ["compare", "outputs", "--html", "page.html"]):
        cases["commands"] += 1
        result = darnax(*words)
        assert result.exit_code == 0, result.output
        assert "Traceback" not in result.output


@pytest.mark.parametrize("what", RECORDS)
def test_a_run_with_a_damaged_record_is_resumed(tmp_path, what):
    from darnax.tracking.jsonl import Jsonl

    (tmp_path / "metrics.jsonl").write_bytes(RECORDS[what])
    tracker = Jsonl(tmp_path / "metrics.jsonl", keep_until=5)
    tracker.log({"a": 1.0}, step=6, epoch=1.0)
    tracker.finish({})
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1] == {"step": 6, "epoch": 1.0, "a": 1.0}
    assert all(row["step"] <= 6 for row in rows)


@settings(max_examples=60, derandomize=True, **FREELY)
@given(
    lines=st.lists(
        st.binary(max_size=30)
        | st.text(max_size=20).map(str.encode)
        | st.just(b'{"step": 3, "epoch": 1, "a": 2}')
    )
)
def test_curves_can_be_read_from_any_record(lines, tmp_path_factory, cases):
    cases["records"] += 1
    folder = tmp_path_factory.mktemp("record")
    (folder / "metrics.jsonl").write_bytes(b"\n".join(lines))
    digest(rows(folder / "metrics.jsonl"))


TREE = {"w": np.arange(40, dtype=np.float32), "n": 3}
NOISE = st.tuples(
    st.sampled_from(["flip", "cut", "insert"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 255),
)


@settings(max_examples=150, derandomize=True, **FREELY)
@given(noise=NOISE)
def test_a_damaged_checkpoint_is_named_and_the_previous_one_is_used(
    noise, tmp_path_factory, caplog, cases
):
    cases["damages"] += 1
    folder = tmp_path_factory.mktemp("checkpoints")
    before, path, best = (
        checkpoint.save(folder, step, TREE, {"best": 0.5}, 2, name)
        for step, name in ((1, None), (2, None), (2, "best"))
    )
    for file in (path, best):
        file.write_bytes(damaged(file.read_bytes(), *noise))
        with pytest.raises(RequestError, match=file.name):
            checkpoint.load(file, TREE)
    caplog.clear()
    assert checkpoint.find_latest(folder) == before
    assert str(path) in caplog.text
    loaded, meta = checkpoint.load(before, TREE)
    assert jax.tree.all(jax.tree.map(np.array_equal, loaded, TREE))
    assert meta == {"best": 0.5, "step": 1}


@pytest.mark.parametrize("sums", [False, True])
def test_a_checkpoint_without_a_manifest_checksum_is_read(tmp_path, sums):
    path = checkpoint.save(tmp_path, 1, TREE, {"best": 0.5}, keep=1)
    with safetensors.safe_open(path, "numpy") as file:
        manifest = file.metadata()["darnax"]
    early = {"crc32": str(zlib.crc32(manifest.encode()))} if sums else {}
    save_file(load_file(path), path, {"darnax": manifest, **early})
    assert checkpoint.load(path, TREE)[1] == {"best": 0.5, "step": 1}


def test_a_checkpoint_of_another_network_is_refused_with_the_differences(darnax, run):
    edited("size:\n      - 20\n", "size:\n      - 30\n")(run)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    result = darnax("train", "--resume", run)
    assert result.exit_code == 2, result.output
    assert "arrays/layer_map" in result.output
    assert "the checkpoint has float32[20, 100], the configuration float32[30, 100]" in " ".join(
        result.output.split()
    )
    assert {path: path.read_bytes() for path in before} == before


def damaged(whole: bytes, how: str, where: float, by: int) -> bytes:
    at = int(where * len(whole))
    if how == "flip":
        return whole[:at] + bytes([whole[at] ^ by]) + whole[at + 1 :]
    return whole[:at] if how == "cut" else whole[:at] + bytes([by]) * by + whole[at:]


@settings(max_examples=150, derandomize=True, **FREELY)
@given(noise=NOISE, packed=st.booleans())
def test_a_damaged_archive_gives_an_array_or_is_refused(noise, packed, tmp_path_factory, cases):
    cases["damages"] += 1
    raw = b"\0\0\x08\x02" + (3).to_bytes(4, "big") + (5).to_bytes(4, "big") + bytes(range(15))
    path = tmp_path_factory.mktemp("archives") / "a.gz"
    path.write_bytes(
        damaged(gzip.compress(raw), *noise) if packed else gzip.compress(damaged(raw, *noise))
    )
    try:
        array = read_idx(path)
    except RequestError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert array.dtype == np.uint8
        assert array.size == len(array.tobytes())
