"""A foreign configuration is plain data: composing it opens, imports and starts nothing else.

Oracle: Python's audit events of a process that composes it, and a secret that never appears.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darnax.bounded_yaml import load_plain
from darnax.composing import saved_configuration
from darnax.errors import RequestError

CANARY = "0123456789-the-canary"
# Composes every file in argv, for a run and for a sweep; prints the results and audit events.
CODE = """
import json, os, sys
from pathlib import Path
from hydra.types import RunMode
from darnax.composing.composer import Composer, normalise_overrides
from darnax.errors import RequestError
from darnax.cli import panels
from darnax.composing import saved_configuration
from darnax.sweeps import hydra_request  # what is imported on the way is not the file's doing

def use(file, words):
    try:
        composer = Composer(file)
        found = composer.run_composed(words)
        swept = [*normalise_overrides(words), "hydra/launcher=batched", "seed=1,2"]
        composer.compose(swept, RunMode.MULTIRUN)
        point = hydra_request.compose_point(composer, [], words)
        return [found.resolved, found.to_container(), point.config]
    except RequestError as error:
        return str(error)

use(Path(sys.argv[1]), [])
events = []
NOTED = {
    "open", "import", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.listdir", "os.scandir", "socket.connect",
}
def hook(name, arguments):
    if name in NOTED:
        events.append([name, str(arguments[0])])
sys.addaudithook(hook)
requests = [[], ["seed=3"], ["+extra.a=${oc.select:name}"]]
results = [use(Path(file), words) for file in sys.argv[1:] for words in requests]
print(json.dumps([results, events]))
"""
LAUNCHER = "_target_: darnax.cli.data.Path\nbait: ${oc.env:MY_CANARY}\n"
BESIDE = {  # files that Hydra would have read
    "config.yaml": "name: ${oc.env:MY_CANARY}\n",
    "model/chain.yaml": "depth: ${oc.env:MY_CANARY}\n",
    "hydra/launcher/basic.yaml": LAUNCHER,
    "hydra/launcher/batched.yaml": LAUNCHER,
    "hydra/sweeper/basic.yaml": LAUNCHER,
    "hydra/env/default.yaml": "# @package _global_\nhydra: {job: {env_set: {PATH: /nowhere}}}\n",
    "configs/hydra/launcher/basic.yaml": LAUNCHER,
}
PLAIN = (
    "name: foreign\nseed: 0\nmodel: {depth: 2, size: ['${model.depth}']}\npaths: {outputs: out}\n"
)
ATTACKS = {
    "a harmless file": PLAIN,
    "pairs": PLAIN + "x: !!pairs [a: '${oc.env:MY_CANARY}']\n",
    "an ordered mapping": PLAIN + "x: !!omap [a: '${oc.env:MY_CANARY}']\n",
    "a set": PLAIN + "? !!set {'${oc.env:MY_CANARY}'}\n: 1\n",
    "an object": PLAIN + "x: !!python/object/apply:os.system ['touch bait']\n",
    "a tag of a string": PLAIN + "x: !!str ${oc.env:MY_CANARY}\n",
    "a package behind a line separator": "#\u2028# @package hydra.job.env_set\n" + PLAIN,
    "a package behind a next line": "#\x85# @package hydra\n" + PLAIN,
    "a header of two": "# @package _global_\n" + PLAIN,
    "a lookup": PLAIN + "x: ${oc.env:MY_CANARY}\n",
    "a lookup in a list in a mapping": PLAIN + "x: {y: [1, {z: 'a${oc.env:MY_CANARY}'}]}\n",
    "an escaped lookup": PLAIN + "x: '\\${oc.env:MY_CANARY}'\n",
    "a twice escaped lookup": PLAIN + "x: '\\\\${oc.env:MY_CANARY}'\n",
    "a composed lookup": PLAIN + "a: '$'\nb: '{oc.env:MY_CANARY}'\nname2: '${a}${b}'\n",
    "a nested lookup": PLAIN + "x: ${${a}:MY_CANARY}\na: oc.env\n",
    "a lookup in a key": PLAIN + "'${oc.env:MY_CANARY}': 1\n",
    "a lookup in a name": PLAIN.replace("foreign", "'${oc.env:MY_CANARY}'"),
    "a lookup with spaces": PLAIN + "x: '${ oc.env : MY_CANARY }'\n",
    "a lookup behind a null": PLAIN + 'x: "${oc.env:MY_CANARY}\\0"\n',
    "hydra's node": PLAIN + "hydra: {job: {env_set: {PATH: /nowhere}}}\n",
    "a defaults list": PLAIN + "defaults: [{model: chain}]\n",
    "a search path": PLAIN + "hydra: {searchpath: ['file://.']}\n",
    "an anchor": PLAIN + "x: &a {b: 1}\ny: {<<: *a}\n",
    "two documents": PLAIN + "---\nname: ${oc.env:MY_CANARY}\n",
    "computed_from": PLAIN + "computed_from: {x: ['${oc.env:MY_CANARY}']}\n",
    "computed_from with an invalid key": PLAIN + "computed_from: {1: {a: b}}\n",
    "another encoding": (PLAIN + "x: ${oc.env:MY_CANARY}\n").encode("utf-16"),
}


def compose_in_process(place: Path, texts: dict[str, str | bytes]) -> tuple[list, list]:
    """Compose texts as files in a folder of decoys, in a process that reports its audit events."""
    files = []
    for number, text in enumerate(texts.values()):
        folder = place / str(number)
        for name, beside in BESIDE.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(beside)
        files.append(folder / "foreign.yaml")
        files[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
    process = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, files)],
        env={**os.environ, "MY_CANARY": CANARY},
        cwd=place / "0",
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert CANARY not in process.stdout + process.stderr
    results, events = json.loads(process.stdout)
    return results, [event for event in events if str(place) in event[1] or event[0] != "open"]


def test_a_foreign_configuration_is_plain_data(tmp_path):
    results, events = compose_in_process(tmp_path, ATTACKS)
    opened = {path for name, path in events if name == "open"}
    assert opened == {
        str(tmp_path / str(number) / "foreign.yaml") for number in range(len(ATTACKS))
    }
    assert [
        event for event in events if event[0] not in ("open", "import", "os.scandir", "os.listdir")
    ] == []
    assert [
        event
        for event in events
        if event[0] == "import" and event[1].startswith(("os.", "numpy", "subprocess"))
    ] == []
    accepted = [
        name
        for name, result in zip(ATTACKS, results[::3], strict=True)
        if not isinstance(result, str)
    ]
    harmless = {
        "a harmless file",
        "a package behind a line separator",
        "a package behind a next line",
        "a header of two",
    }
    assert set(accepted) <= harmless | {"a lookup in a key", "computed_from"}
    assert "a harmless file" in accepted
    assert results[1][0]["seed"] == 3
    assert results[2][0]["extra"] == {"a": "foreign"}


def test_hydra_would_follow_the_references(tmp_path, monkeypatch):
    """The check detects a violation: with OmegaConf's loader the secret appears."""
    from omegaconf import OmegaConf

    monkeypatch.setenv("MY_CANARY", CANARY)
    found = OmegaConf.to_yaml(OmegaConf.create(ATTACKS["a lookup"]), resolve=True)
    assert CANARY in found


KEYS = st.sampled_from(
    [
        "name",
        "seed",
        "a",
        "b.c",
        "hydra",
        "defaults",
        "computed_from",
        "${oc.env:MY_CANARY}",
        "true",
        "1",
        "~",
        "=",
        "<<",
    ]
)
PIECES = st.sampled_from(
    [
        "$",
        "{",
        "}",
        "${",
        "${a}",
        "${seed}",
        "${.a}",
        "oc.env:MY_CANARY",
        ":",
        "MY_CANARY",
        "\\",
        "'",
        '"',
        " ",
        "\u2028",
        "x",
        "${oc.env:",
    ]
)
TEXTS = st.lists(PIECES, max_size=5).map("".join)
LEAVES = st.one_of(TEXTS, st.none(), st.integers(), st.floats(), st.booleans())
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
TAGS = st.sampled_from(
    [
        "",
        "!!pairs ",
        "!!omap ",
        "!!set ",
        "!!str ",
        "!!binary ",
        "!!python/name:os.system ",
        "!x ",
        "&a ",
        "*a ",
    ]
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(KEYS, TREES, min_size=1, max_size=4),
    TAGS,
    st.sampled_from(["", "# @package hydra\n", "#\u2028# @package hydra\n"]),
)
def test_any_foreign_configuration_is_read_as_plain_data_or_refused(
    tmp_path_factory, tree, tag, header
):
    file = tmp_path_factory.getbasetemp() / "anything.yaml"
    text = header + yaml.safe_dump(tree, allow_unicode=True)
    file.write_text(text.replace(": ", f": {tag}", 1), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MY_CANARY", CANARY)
        try:
            found = saved_configuration.read_saved(file)
        except RequestError as error:
            message = str(error)
            found = None
    if found is None:
        assert CANARY not in message
        return
    assert CANARY not in repr(found)
    assert not list(saved_configuration.references.interpolations(found.resolved))
    plain = load_plain(file.read_text(encoding="utf-8"))
    assert set(found.resolved) == set(plain) - {"computed_from"}
    assert not {"hydra", "defaults"} & set(found.resolved)
