"""Overrides of a saved configuration. Oracle: Hydra composing the experiment with the overrides."""

import copy
from pathlib import Path

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from sampling import one_of

from darnax import trees
from darnax.bounded_yaml import dump_plain, load_plain
from darnax.composing import config_folders, saved_configuration
from darnax.composing.composer import Composer, compose
from darnax.composing.composition import Composed, find_sources, keep_references
from darnax.errors import RequestError
from darnax.runner.run_folder import RunFolder
from darnax.sweeps.hydra_request import compose_point
from darnax.trees import list_names

# Without those that have no data until a path is given.
EXPERIMENTS = [
    name for name in sorted(config_folders.list_experiments()) if not name.startswith("cifar_")
]
FRESH = Composer()  # reads every file once
CHANGES = {  # of values that others are derived from
    "model.depth": "3",
    "model.features": "33",
    "model.width": "10",
    "data.shape": "[9,9,2]",
    "data.classes": "7",
    "data.source.inputs": "44",
    "data.encode.project.features": "55",
    "runner.epochs": "4",
    "model.adapters.up.strength": "0.25",
    "optimizer.groups.w_in.learning_rate.init_value": "0.125",
    "seed": "5",
}


def save(folder: Path, words: list[str], *, composed: bool = True) -> Path:
    """Save a configuration as a run does, or as runs without composed.yaml did."""
    whole = FRESH.run_composed(words)
    tree = whole.to_container() if composed else None
    return (
        RunFolder.create(
            folder, "saved", whole.resolved, words, composed=tree, command=["darnax"]
        ).path
        / "config.yaml"
    )


def printed(folder: Path, words: list[str]) -> Path:
    """Save the output of `darnax train --cfg job`."""
    (folder / "printed.yaml").write_text(dump_plain(FRESH.run_composed(words).to_container()))
    return folder / "printed.yaml"


def refused(words: list[str], file: Path) -> str:
    with pytest.raises(RequestError) as caught:
        compose(words, file)
    return str(caught.value)


@pytest.mark.parametrize("way", [save, printed])
@pytest.mark.parametrize("name", one_of(16, EXPERIMENTS))
def test_a_saved_configuration_follows_its_overrides_as_the_experiment_does(tmp_path, name, way):
    experiment = [f"+experiment={name}"]
    composer = Composer(way(tmp_path, experiment))
    before = FRESH.run(experiment)
    assert composer.run([]) == before
    known = set(list_names(before, lists=False))
    words = [f"{key}={value}" for key, value in CHANGES.items() if key in known]
    for each in [*([word] for word in words), words]:
        assert composer.run(each) == FRESH.run([*experiment, *each])
    if way is save:
        assert (
            composer.run_composed(words).to_container()
            == FRESH.run_composed([*experiment, *words]).to_container()
        )


@pytest.mark.parametrize("name", one_of(16, EXPERIMENTS))
def test_without_references_a_value_with_derived_values_cannot_be_changed_alone(tmp_path, name):
    experiment = [f"+experiment={name}"]
    composer = Composer(save(tmp_path, experiment, composed=False))
    before = FRESH.run(experiment)
    assert composer.run([]) == before
    for key, value in CHANGES.items():
        if key not in set(list_names(before, lists=False)):
            continue
        expected = FRESH.run([*experiment, f"{key}={value}"])
        other = {
            name for name in leaves(expected) if leaves(before).get(name) != leaves(expected)[name]
        }
        derived = {name for name in other if not f"{name}.".startswith(f"{key}.")}
        if not derived:
            # Of patterns the output is as large as the input, so that either may be its origin.
            if key == "data.classes" and before["data"]["shape"] == [before["data"]["classes"]]:
                continue
            assert composer.run([f"{key}={value}"]) == expected
            continue
        with pytest.raises(RequestError) as caught:
            composer.run([f"{key}={value}"])
        named = [problem.where for problem in caught.value.problems]
        assert [
            name for name in derived if not any(name.startswith(where) for where in named)
        ] == []


def leaves(config: dict) -> dict:
    return dict(trees.leaves(config))


def test_without_references_all_derived_values_can_be_changed_together(tmp_path):
    experiment = ["+experiment=mnist_chain"]
    file = save(tmp_path, experiment, composed=False)
    message = refused(["model.depth=3"], file)
    assert "model.buffers.hidden.repeat: was computed from model.depth" in message
    words = ["model.depth=3", "model.buffers.hidden.repeat=3"]
    assert compose(words, file) == compose([*experiment, "model.depth=3"])
    assert compose(["model.depth=2"], file) == compose(experiment)  # nothing changes
    assert (
        compose(["model.depth=3", "~model.buffers"], file)["model"]["depth"] == 3
    )  # what is gone cannot stay behind


def test_a_value_of_another_size_is_not_derived(tmp_path):
    file = save(
        tmp_path, ["+experiment=mnist_chain", "model.buffers.hidden.size=[77]"], composed=False
    )
    assert compose(["model.features=5"], file)["model"]["buffers"]["hidden"]["size"] == [77]


def test_an_edited_configuration_is_refused_if_derived_values_would_not_change(tmp_path):
    words = [
        "+experiment=digits_smoke",
        "+data.labels.smooth=${model.layers.hidden.j_d}",
    ]  # of the user's own
    file = save(tmp_path, words)
    file.write_text(file.read_text().replace("seed: 0", "seed: 8"))
    assert compose([], file)["seed"] == 8
    assert "data.labels.smooth: was computed from model.layers.hidden.j_d" in refused(
        ["model.layers.hidden.j_d=0.1"], file
    )
    assert "model.buffers.hidden.repeat" in refused(["model.depth=3"], file)
    assert compose(["runner.keep=9"], file)["runner"]["keep"] == 9


@pytest.mark.parametrize("way", [save, printed])
@pytest.mark.parametrize(
    ("text", "changes", "key"),
    one_of(
        2,
        [
            ("${oc.select:model.depth}", "model.depth=3", "model.depth"),
            ("${oc.select:model.absent,5}", "+model.absent=3", "model.absent"),
            ("${oc.decode:'${model.depth}'}", "model.depth=3", "model.depth"),
            ("${model.${oc.decode:depth}}", "model.depth=3", "model"),
            ("x${oc.select:runner.epochs}", "runner.epochs=9", "runner.epochs"),
            ("${oc.dict.keys:model.layers}", "+model.layers.more={}", "model.layers"),
            ("[1,'${oc.select:seed}']", "seed=9", "seed"),
        ],
    ),
)
def test_values_computed_by_a_resolver_are_updated(tmp_path, way, text, changes, key):
    word = text if text.startswith("[") else f'"{text}"'
    words = ["+experiment=digits_smoke", f"+data.labels.extra={word}"]
    file = way(tmp_path, words)
    assert compose([], file) == compose(words)
    message = refused([changes], file)
    assert message.startswith("data.labels.extra")
    assert f"was computed from {key}, which changes" in message
    assert compose([changes, "data.labels.extra=1"], file)["data"]["labels"]["extra"] == 1
    again = save(tmp_path / "again", words)
    assert compose(["runner.keep=4"], again)["data"] == compose(words)["data"]


def test_an_environment_variable_is_read_only_when_composed(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACE", "there")
    words = ["+experiment=digits_smoke", "paths.data=${oc.env:PLACE}"]
    file = save(tmp_path, words)
    assert all(
        "there" in path.read_text() and "oc.env" not in path.read_text()
        for path in file.parent.glob("co*.yaml")
    )
    monkeypatch.setenv("PLACE", "elsewhere")
    assert compose(["seed=4"], file)["paths"]["data"] == "there"
    assert compose(["paths.data=${oc.env:PLACE}"], file)["paths"]["data"] == "elsewhere"
    assert find_sources("${oc.env:PLACE}", "paths.data", {"PLACE": 1}) == []


def test_an_overridden_part_of_a_reference_replaces_it(tmp_path):
    file = save(tmp_path, ["+experiment=mnist_skip"])
    groups = compose(["optimizer.groups.w_in_skip.learning_rate.init_value=9"], file)["optimizer"][
        "groups"
    ]
    assert groups["w_in"]["learning_rate"]["init_value"] == 0.6
    assert groups["w_in_skip"]["learning_rate"] == {
        **groups["w_in"]["learning_rate"],
        "init_value": 9,
    }


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    return Composer(save(tmp_path_factory.mktemp("saved"), ["+experiment=digits_smoke"]))


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("model=skip", "chooses a file"),
        ("+experiment=mnist_chain", "chooses a file"),
        ("experiment=mnist_chain", "chooses a file"),
        ("+sweep=coupling_grid", "chooses a file"),
        ("data=null", "chooses a file"),
        ("model@data=chain", "chooses a file"),
        ("hydra/launcher=joblib", "only in a sweep"),
        ("hydra.launcher.n_jobs=2", "only in a sweep"),
        ("hydra.searchpath=[file://more]", "without other files"),
        ("hydra.job.env_set={PATH: here}", "NAME=value darnax"),
        ("model.dept=3", "did you mean model.depth"),
        ("optimizer.lr=0.1", "`darnax show` lists every rate"),
        ("+seed=3", "seed exists already"),
        ("data.shape.7=1", "no data.shape.7: a list has the positions 0"),
        ("+data.shape.a=1", "no data.shape.a: a list has the positions 0"),
        ("~sed", "did you mean seed"),
        ("~seed=9", "the value of seed is 0"),
        ("seed=1,2", "several values"),
        ("seed=${nope}", "does not exist"),
        ("seed=${oc.env:NOT_SET_AT_ALL}", "NOT_SET_AT_ALL"),
        ("seed", "is not an override"),
        ("data.shape.7=1", "there is no data.shape.7"),
        ("+data.shape.x.y=1", "there is no data.shape.x"),
    ],
)
def test_unsupported_overrides_of_a_saved_configuration_are_explained(digits, word, says):
    with pytest.raises(RequestError) as caught:
        digits.run([word])
    assert says in str(caught.value)


def test_a_folder_in_the_place_of_a_saved_configuration_is_refused(tmp_path):
    with pytest.raises(RequestError) as caught:
        Composer(tmp_path)
    expected = f"is a folder, expected a file of YAML; give {tmp_path / 'config.yaml'}"
    assert str(caught.value) == f"{tmp_path}: {expected}"


NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.sampled_from([None, True, 0, 1.5, "x"])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.lists(NAMES | st.just("0"), min_size=1, max_size=3).map(".".join)
VALUES = st.sampled_from(["1", "null", "y", "[1,2]", "{a: 1}", "{a: {b: 2}, c: 3}", "'q, r'", "[]"])
WORDS = st.builds("{}{}={}".format, st.sampled_from(["", "+", "++"]), PATHS, VALUES) | PATHS.map(
    "~{}".format
)


@settings(deadline=None)
@given(st.dictionaries(NAMES, TREES, min_size=1), st.lists(WORDS, min_size=1, max_size=3))
def test_values_change_as_in_hydra(tree, words):
    config = OmegaConf.create(copy.deepcopy(tree))
    OmegaConf.set_struct(config, True)
    try:
        ConfigLoaderImpl._apply_overrides_to_config(
            OverridesParser.create().parse_overrides(words), config
        )
        expected = OmegaConf.to_container(config)
    except Exception:  # Hydra refuses to delete a null or to replace a number by a mapping
        return
    assert (
        saved_configuration.apply_overrides(Composed(tree, tree), words, lambda _: False).resolved
        == expected
    )


def test_kept_references_resolve_to_the_composed_values():
    raw = {"a": 1, "b": "${a}", "c": "${.b}", "d": ["${..a}"], "e": r"\${a}", "f": "${oc.select:a}"}
    resolved = {"a": 1, "b": 1, "c": 1, "d": [1], "e": "${a}", "f": 1}
    kept = keep_references(raw, resolved)
    assert kept.resolved == resolved
    assert "a" in kept.computed_from["f"]
    assert kept.tree["e"] == "${a}" or kept.tree == resolved


def test_a_saved_configuration_has_the_default_launcher_and_sweeper(tmp_path, monkeypatch):
    from hydra.types import RunMode

    file = save(tmp_path, ["+experiment=digits_smoke"])
    for place in (file.parent, tmp_path / "configs"):
        (place / "hydra/launcher").mkdir(parents=True)
        (place / "hydra/launcher/basic.yaml").write_text("_target_: os.system\n")
    monkeypatch.chdir(tmp_path)
    composer = Composer(file)
    config = composer.compose(
        ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "seed=1,2", "runner.keep=3"],
        RunMode.MULTIRUN,
    )
    assert config.hydra.launcher.n_jobs == 2
    assert list(config.hydra.overrides.task) == ["seed=1,2", "runner.keep=3"]
    assert config.runner.keep == 3
    assert composer.compose([], RunMode.MULTIRUN).hydra.launcher._target_.endswith("BasicLauncher")
    assert (
        composer.get_search_path().get_path()[1].path
        == f"file://{config_folders.packaged_folder()}"
    )
    assert compose_point(composer, [], ["seed=2"]).config == compose(["seed=2"], file)
    assert load_plain(file.read_text()) == compose([], file)
