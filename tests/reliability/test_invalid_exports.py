"""A foreign exported network is loaded, or refused with a message.

Oracle: the file that `Run.export` wrote, a decoy package that must not be imported, the time, and
printable output.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hanging import interrupted_if_endless
from test_invalid_checkpoints import rewrite

import darnax
from darnax.bounded_yaml import DEEPEST, KEYS, require_bounded_value
from darnax.states import SequentialState

BAIT = "lurking_in_an_export"  # not the name in test_trust.py: modules are imported once
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def exported(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return darnax.load(trained).export(tmp_path_factory.mktemp("exported") / "net.safetensors")


@pytest.fixture
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that the import of a decoy package creates."""
    marker, place = tmp_path / "imported", tmp_path / "packages"
    place.mkdir()
    code = f"open({str(marker)!r}, 'w').close()\n"
    (place / f"{BAIT}.py").write_text(code + "class Anti:\n    pass\n")
    monkeypatch.syspath_prepend(place)
    sys.modules.pop(BAIT, None)
    return marker


def put(*path: str, value: Any) -> Callable[[Manifest], None]:
    def change(manifest: Manifest) -> None:
        *above, last = path
        node = manifest
        for name in above:
            node = node[name]
        node[last] = value

    return change


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


def in_config(*path: str, value: Any) -> Callable[[Manifest], None]:
    return put("meta", "config", *path, value=value)


def load_changed(exported: Path, folder: Path, change: Callable[[Manifest], None]) -> darnax.Model:
    path = folder / "changed.safetensors"
    path.write_bytes(exported.read_bytes())
    rewrite(path, lambda manifest, arrays: change(manifest))
    return darnax.load(path)  # type: ignore[return-value]


TARGETS = {
    "state": ("model", "state"),
    "layer": ("model", "layers", "hidden"),
    "rule": ("model", "adapters", "w_in", "rule"),
    "connectivity": ("model", "adapters", "w_in", "connectivity"),
    "rule of couplings": ("model", "layers", "hidden", "rule"),
    "orchestrator": ("dynamics", "orchestrator"),
    "optimizer": ("optimizer", "default"),
    "rate": ("optimizer", "default", "learning_rate"),
    "labels": ("data", "labels"),
    "source": ("data", "source"),
    "tracker": ("tracking", "own"),
}
NAMED = (
    f"{BAIT}.Anti",
    "os.system",
    "darnax.tracking.jsonl.Jsonl",
    "darnax.files.write_inside",
    "darnax.train",
    "darnax.api.exporting.export_model",
    "optax.os",
)


# Every position goes through one check, so that one of them is tried by default.
OFTEN = {"source"}
POSITIONS = [
    where if where in OFTEN else pytest.param(where, marks=pytest.mark.slow) for where in TARGETS
]


@pytest.mark.parametrize("where", POSITIONS)
def test_targets_outside_of_darnax_and_optax_are_refused(exported, tmp_path, bait, where):
    for named in NAMED:
        for more in ({}, {"_partial_": True}, {"_args_": ["x"]}):
            change = in_config(*TARGETS[where], value={"_target_": named, **more})
            with pytest.raises(darnax.RequestError, match=r"_target_|no such|is no|expected"):
                load_changed(exported, tmp_path, change)
    inner = {"_target_": "optax.chain", "args": [[{"_target_": f"{BAIT}.Anti"}]]}
    with pytest.raises(darnax.RequestError):
        load_changed(exported, tmp_path, in_config("optimizer", "default", value=inner))
    assert not bait.exists()


@pytest.mark.parametrize("trust", [[BAIT], BAIT, {BAIT: 1}, [[BAIT]]])
def test_an_exported_file_cannot_grant_trust(exported, tmp_path, bait, trust):
    def change(manifest: Manifest) -> None:
        in_config("trust", value=trust)(manifest)
        in_config("data", "source", value={"_target_": f"{BAIT}.Anti"})(manifest)

    with pytest.raises(darnax.RequestError, match="trust"):
        load_changed(exported, tmp_path, change)
    assert not bait.exists()


def test_build_of_a_foreign_configuration_imports_only_trusted_packages(task, bait):
    config = task | {"trust": [BAIT]}
    config["data"]["source"] = {"_target_": f"{BAIT}.Anti"}
    with pytest.raises(darnax.RequestError, match=rf"trust=\[{BAIT}\]"):
        darnax.build(config, steps_per_epoch=1)
    assert not bait.exists()
    with pytest.raises(darnax.RequestError, match="a method `open`"):
        darnax.build(config, steps_per_epoch=1, trust=BAIT)
    assert bait.exists()


def test_loading_reads_no_environment_variable(exported, tmp_path, monkeypatch):
    monkeypatch.setenv("NOT_YOURS", "0123456789")
    for text in ("${oc.env:NOT_YOURS}", "${model.depth}", "${now:%Y}"):
        with pytest.raises(darnax.RequestError, match="expected a value") as refusal:
            load_changed(exported, tmp_path, in_config("name", value=text))
        assert "0123456789" not in str(refusal.value)


LARGE = {
    "lists in lists": in_config("model", "deep", value=nested(600, lambda inner: [inner])),
    "mappings in mappings": in_config("model", "deep", value=nested(600, lambda x: {"a": x})),
    "deep trust": in_config("trust", value=nested(400, lambda inner: [inner])),
    "a number of many digits": in_config("model", "features", value=10**4000),
    "many values": in_config("model", "many", value=list(range(2_200_000))),
    "a long key": in_config("model", "a." * 5000, value=1),
    "many wrong keys": in_config("runner", value={f"a{n}": 1 for n in range(20_000)}),
    "many units": in_config("model", "buffers", "hidden", "size", value=[10**9]),
    "many layers of many units": in_config(
        "model", "buffers", "hidden", value={"size": [10**8], "repeat": 900}
    ),
    "long paths": in_config("paths", value={"outputs": "x" * 9000, "data": ["y"]}),
    "a long origin": put("meta", "origin", value="x" * 100_000),
}


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=pytest.mark.slow) if what == "many values" else what
        for what in LARGE
    ],
)
def test_loading_a_small_file_ends(exported, tmp_path, what):
    with interrupted_if_endless(), pytest.raises(darnax.RequestError) as refusal:
        load_changed(exported, tmp_path, LARGE[what])
    assert len(str(refusal.value)) < 20_000


STATE = {"_target_": "darnax.states.SequentialState", "sizes": [[12345]]}
UNANNOTATED = {
    "source": in_config("data", "source", value=STATE),
    "mask": in_config(
        "optimizer",
        "default",
        value={"_target_": "optax.masked", "inner": {"_target_": "optax.sgd"}, "mask": STATE},
    ),
    "rate": in_config("optimizer", "default", "learning_rate", value=STATE),
    "list": in_config(
        "optimizer", "default", value={"_target_": "optax.masked", "inner": [STATE], "mask": {}}
    ),
    "encoding": in_config("data", "encode", value={"own": STATE}),
    "label code": in_config("data", "labels", value=STATE),
    "tracker": in_config("tracking", "own", value=STATE),
    "observable": in_config("observables", value={"own": STATE}),
}


@pytest.mark.parametrize("where", UNANNOTATED)
def test_classes_are_instantiated_only_where_they_are_valid(exported, tmp_path, monkeypatch, where):
    made = []
    make = SequentialState.__init__

    def spy(self: Any, sizes: Any, *args: Any, **kwargs: Any) -> None:
        made.append([list(size) for size in sizes])
        make(self, sizes, *args, **kwargs)

    monkeypatch.setattr(SequentialState, "__init__", spy)
    with pytest.raises(darnax.RequestError):
        load_changed(exported, tmp_path, UNANNOTATED[where])
    assert [[12345]] not in made


CONTROL = "\x1b[2J\x07\u202e\r"
UNPRINTABLE = {
    "key": in_config("a" + CONTROL, value=1),
    "key with a line": in_config("a\nb: all is well", value=1),
    "inner key": in_config("runner", "a" + CONTROL, value=1),
    "name": in_config("name", value="a" + CONTROL),
    "module": in_config("model", "adapters", "a" + CONTROL, value={}),
    "target": in_config("model", "state", value={"_target_": f"darnax.states.{CONTROL}"}),
    "trust": in_config("trust", value=["a" + CONTROL]),
    "interpolation": in_config("seed", value="${a}" + CONTROL),
    "surrogate": in_config("model", "\ud800", value=1),
    "paths": in_config("paths", "other", value=CONTROL),
}


@pytest.mark.parametrize("where", UNPRINTABLE)
def test_text_of_a_file_is_escaped(exported, tmp_path, where):
    with pytest.raises(darnax.RequestError) as refusal:
        load_changed(exported, tmp_path, UNPRINTABLE[where])
    lines = str(refusal.value).split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("b: all is well") for line in lines)


def test_the_origin_is_escaped(exported, tmp_path):
    model = load_changed(exported, tmp_path, put("meta", "origin", value=f"a{CONTROL}\nb"))
    assert repr(model).isprintable()
    assert "a\\x1b[2J" in repr(model)


def test_irregular_files_are_refused_without_blocking(tmp_path, exported, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo.safetensors")
    Path("zero.safetensors").symlink_to("/dev/zero")
    Path("loop.safetensors").symlink_to("loop.safetensors")
    Path("folder.safetensors").mkdir()
    Path("empty.safetensors").touch()
    Path("header.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with Path("holes.safetensors").open("wb") as file:
        file.truncate(1 << 40)
    Path("cut.safetensors").write_bytes(exported.read_bytes()[:-5])
    for path in sorted(Path().iterdir()):
        with pytest.raises(darnax.RequestError):
            darnax.load(path)
    for text in ("x" * 100_000, "a/" * 3000, "a\0b", "\0", "\ud800", ""):
        with pytest.raises(darnax.RequestError):
            darnax.load(text or "nothing")


def test_values_are_accepted_up_to_the_limits():
    def keys(total: int) -> Any:
        return {"k" * (total - 1): 1}

    require_bounded_value(nested(DEEPEST, lambda inner: [inner]))
    require_bounded_value(keys(KEYS))
    require_bounded_value(json.loads("1e300"))
    for value in (nested(DEEPEST + 1, lambda inner: [inner]), keys(KEYS + 1), 10**250):
        with pytest.raises(ValueError, match=r"deep|characters|digits"):
            require_bounded_value(value)
