"""Keys that a configuration could have. Oracle: the word that is advised composes."""

import pytest

import darnax
from darnax.errors import RequestError

EXPERIMENT = "+experiment=mnist_chain"
KNOWN = [
    "data.test=1000",
    "data.colour=grey",
    "data.resize=null",
    "dynamics.score=recall",
    "dynamics.train.free.target=none",
    "model.adapters.w_in.sparsity=0.9",
    "model.adapters.w_in.transpose=true",
    "model.state={_target_: darnax.states.SequentialState}",
    "optimizer.groups.w_in.nesterov=true",
    "observables={}",
]
UNKNOWN = [
    "data.tset=1000",
    "dynamics.train.free.targt=none",
    "model.adapters.w_in.sparsty=0.9",
    "model.adapters.w_in.in_features=3",  # which the builder fills in
    "optimizer.groups.w_in.nestrov=true",
]


@pytest.mark.parametrize("word", KNOWN)
def test_a_key_of_the_schema_that_no_file_has_is_added_with_a_plus(word):
    with pytest.raises(RequestError) as caught:
        darnax.compose(EXPERIMENT, word)
    key = word.partition("=")[0]
    assert f"there is no {key} yet; add it with +{word}" in str(caught.value)
    darnax.compose(EXPERIMENT, f"+{word}")


@pytest.mark.parametrize("value", ["[w_in]", "all"])
def test_a_mapping_is_replaced_as_a_whole(value):
    key = "dynamics.train.towards.messages"
    if value == "[w_in]":
        with pytest.raises(RequestError) as caught:
            darnax.compose("+experiment=mnist_ep", f"{key}={value}")
        assert f"replace the whole with '~{key}' '+{key}={value}'" in str(caught.value)
    darnax.compose("+experiment=mnist_ep", f"~{key}", f"+{key}={value}")


@pytest.mark.parametrize("word", UNKNOWN)
def test_a_key_that_nothing_has_is_not_advised(word):
    with pytest.raises(RequestError) as caught:
        darnax.compose(EXPERIMENT, word)
    assert "add it with" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (
            ["model.adapters.w_skip.from=input", "+model.adapters.w_skip.to=output"],
            "a new adapter, with its _target_, from and to, is added with "
            "+model.adapters.w_skip.from=input",
        ),
        (
            ["data.disturb.noise._target_=darnax.data.FlipPixels"],
            "a new stage is added with +data.disturb.noise._target_=darnax.data.FlipPixels",
        ),
        (["dynamics.train.settle.steps=2"], "a new phase is added with +dynamics.train.settle"),
        (
            ["observables.x._target_=a.B"],
            "a new observable, with its _target_, is added with +observables.x._target_=a.B",
        ),
    ],
)
def test_a_new_element_of_an_open_mapping_is_added_with_a_plus(words, advice):
    with pytest.raises(RequestError) as caught:
        darnax.compose(EXPERIMENT, *words)
    assert advice in str(caught.value)
    darnax.compose(EXPERIMENT, *(f"+{word.lstrip('+')}" for word in words))


def test_a_mapping_with_an_absent_key_is_added_with_a_plus():
    word = "model.layers.hidden={rule: {_target_: darnax.rules.Hebbian}, threshold: null}"
    with pytest.raises(RequestError, match=r"no model\.layers\.hidden\.rule yet; add it with \+"):
        darnax.compose(EXPERIMENT, word)
    composed = darnax.compose(EXPERIMENT, f"+{word}")
    assert composed["model"]["layers"]["hidden"]["rule"]["_target_"] == "darnax.rules.Hebbian"
    assert composed["model"]["layers"]["hidden"]["j_d"] == 0.6


def test_an_inherited_argument_that_another_class_lacks_is_left_out_by_null():
    word = (
        "+model.layers.hidden={_target_: darnax.modules.Units, activation: "
        "{_target_: darnax.activations.Tanh}, threshold: %s}"
    )
    with pytest.raises(RequestError, match="threshold: Units has no such argument"):
        darnax.describe(EXPERIMENT, word % 0.5)
    assert "Units" in repr(darnax.describe(EXPERIMENT, word % "null"))


def test_the_margin_of_a_named_rule_is_found():
    with pytest.raises(RequestError, match=r"did you mean model\.layers\.hidden\.rule\.margin\?"):
        darnax.compose("+experiment=memory", "model.layers.hidden.threshold=1")


def test_a_rate_is_suggested_where_it_has_an_effect():
    with pytest.raises(RequestError) as caught:
        darnax.compose(EXPERIMENT, "learning_rate=0.1")
    assert "optimizer.default" not in str(caught.value)
    assert "did you mean optimizer.groups.hidden.learning_rate" in str(caught.value)
    with pytest.raises(RequestError, match=r"did you mean optimizer\.default\.learning_rate"):
        darnax.compose("+experiment=mnist_backprop", "learning_rate=0.1")


def test_a_misspelt_setting_of_an_existing_element_is_no_new_element():
    with pytest.raises(RequestError) as caught:
        darnax.compose(EXPERIMENT, "model.adapters.w_in.patsh=3")
    assert "did you mean model.adapters.w_in.patch?" in str(caught.value)
    assert "is added with" not in str(caught.value)


def test_so_it_is_with_the_configuration_of_a_run(tmp_path):
    words = ["+experiment=associations", "tracking=local", "runner.epochs=1"]
    run = darnax.train(*words, f"paths.outputs={tmp_path}", progress=False)
    file = run.folder / "config.yaml"
    with pytest.raises(
        RequestError, match=r"there is no data\.test yet; add it with \+data\.test=1"
    ):
        darnax.compose("data.test=1", config=file)
    assert darnax.compose("+data.test=1", config=file)["data"]["test"] == 1


@pytest.mark.parametrize(
    ("word", "settings"),
    [("hydra.launcher.bogus=1", "n_jobs"), ("hydra.sweeper.bogus=1", "max_batch_size")],
)
def test_a_setting_that_a_launcher_lacks_is_answered_with_those_that_it_has(word, settings):
    with pytest.raises(RequestError) as caught:
        darnax.plan(EXPERIMENT, "seed=1,2", "hydra/launcher=joblib", word)
    part = word.split(".")[1]
    assert f"the {part} has " in str(caught.value)
    assert settings in str(caught.value)
    assert "_target_" not in str(caught.value)
