"""Disturbed data in runs. Oracles: the run without the setting, numpy, and binomial counts."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

import darnax
from darnax.builder import build
from darnax.cli.app import app
from darnax.errors import RequestError

TINY = [
    "+experiment=associations",
    "data.source.inputs=40",
    "data.source.outputs=30",
    "data.batch_size=5",
    "runner.epochs=30",
    "runner.evaluate_every=30",
    "tracking=local",
]
SMALL = [
    "+experiment=mnist_chain",
    "model.depth=1",
    "model.features=60",
    "model.layers.hidden.sparsity=0.8",
    "model.adapters.w_in.patch=null",
    "data.batch_size=8",
    "runner.epochs=5",
    "tracking=local",
]
SHARE = "data.disturb.noise.share"
FLIPS = "+data.disturb.noise={kind: sign_flips, share: 0.3}"
CHANNELS = "+data.encode.channels={_target_: darnax.data.StandardiseChannels}"


@pytest.fixture(scope="module")
def train(tmp_path_factory) -> Callable[..., darnax.Run]:
    place = tmp_path_factory.mktemp("outputs")
    return lambda *words: darnax.train(*TINY, f"paths.outputs={place}", *words)


@pytest.fixture(scope="module")
def clean(train) -> darnax.Run:
    """A run that was trained without disturbances."""
    return train()


def test_a_run_trained_without_is_evaluated_with(clean):
    assert clean.evaluate(FLIPS).score < clean.evaluate().score - 0.05
    zero = clean.evaluate("+data.disturb.noise={kind: sign_flips, share: 0}")
    assert zero.score == clean.evaluate().score
    assert clean.evaluate(FLIPS).score == clean.evaluate(FLIPS).score


def test_the_picture_names_the_overrides(tmp_path):
    np.savez(tmp_path / "my.npz", x=np.random.default_rng(0).random((40, 6)), y=np.arange(40) % 4)
    words = [*SMALL, "data=arrays", f"data.path={tmp_path / 'my.npz'}", "runner.epochs=1"]
    run = darnax.train(*words, f"paths.outputs={tmp_path}")
    run.evaluate("dynamics.infer.recall.steps=1")
    assert "dynamics.infer.recall.steps=1" in (run.folder / "confusion.html").read_text()
    run.evaluate()
    assert "dynamics.infer.recall.steps=1" not in (run.folder / "confusion.html").read_text()


def test_an_override_of_when_is_followed(clean):
    only_train = "+data.disturb.noise={kind: sign_flips, share: 0.3, when: train}"
    assert clean.evaluate(only_train).score == clean.evaluate().score
    assert clean.evaluate(FLIPS, "+data.disturb.noise.when=train").score == clean.evaluate().score


def test_a_run_trained_with_noise_is_evaluated_without_unless_asked(train, clean):
    noisy = train(FLIPS, "++data.labels.whole=false")
    assert not np.array_equal(noisy.network.layer_map["w_in"].W, clean.network.layer_map["w_in"].W)
    silent = noisy.evaluate("data.disturb.noise.share=0")
    assert noisy.evaluate().score == silent.score
    assert noisy.evaluate("data.disturb.noise.share=0.5").score < silent.score


def test_predict_is_what_an_evaluation_sees(train):
    always = "+data.disturb.noise={kind: sign_flips, share: 0.2, when: always}"
    run = train(always, "++data.labels.whole=false")
    experiment = build(run.config, existing=True)
    dataset = experiment.data.source.open()
    window = next(dataset.test.windows(None))
    right = np.where(run.predict(window.inputs) >= 0, 1, -1) == np.asarray(window.targets)
    assert right.mean() == pytest.approx(run.evaluate().score, abs=1e-6)


def test_scores_over_values_are_those_of_single_evaluations(clean, compilations, tmp_path):
    kind = "+data.disturb.noise.kind=sign_flips"
    values = [0, 0.1, 0.3]
    curve = clean.evaluate_over(SHARE, values, kind)
    assert compilations.count("jit(evaluate_window)") <= 1
    assert curve.values == ("0", "0.1", "0.3")
    single = [clean.evaluate(kind, f"+{SHARE}={value}") for value in values]
    assert curve.scores.tolist() == [each.score for each in single]
    assert "accuracy ± standard error" in repr(curve)
    assert curve.to_pandas()[SHARE].tolist() == list(curve.values)
    rows = curve.to_csv(tmp_path / "curve.csv").read_text().splitlines()
    assert rows[0] == f"{SHARE},accuracy,standard error,examples"
    assert float(rows[2].split(",")[1]) == curve.scores[1]
    assert "data.disturb.noise.share" in curve.to_html(tmp_path / "curve.html").read_text()
    content = curve.found.collect()
    assert content["title"] == f"accuracy over {SHARE}"
    assert content["name"] == curve.found.run != ""
    (figure,) = content["figures"]
    (line,) = figure["panels"][""]  # one line, and its errors as bars
    assert line["x"] == values
    np.testing.assert_allclose(line["y"], curve.scores, rtol=1e-5)
    np.testing.assert_allclose(line["error"], curve.standard_errors, rtol=1e-5)


@pytest.fixture
def compilations():
    import jax

    names: list[str] = []

    def note(event: str, seconds: float, **facts: str) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(facts["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(note)
    yield names
    jax.monitoring.unregister_event_duration_listener(note)


def test_the_standard_error_of_right_answers_is_binomial(train):
    run = train("~data.labels", "+data.labels={_target_: darnax.data.Patterns, whole: true}")
    found = run.evaluate(FLIPS)
    p, n = found.score, found.examples
    assert found.standard_error == pytest.approx(np.sqrt(p * (1 - p) / n))


def test_scores_over_steps_are_those_of_the_trajectory(clean):
    """Oracle: the scores that `trajectory` follows with the phases of training."""
    window = next(build(clean.config, existing=True).data.source.open().test.windows(None))
    targets = np.asarray(window.targets)
    followed = clean.trajectory(np.asarray(window.inputs)).scores
    curve = clean.evaluate_over("dynamics.infer.recall.steps", [1, 2])
    for steps, score in zip((1, 2), curve.scores, strict=True):
        right = (np.where(followed[steps] >= 0, 1, -1) == targets).all(axis=1)
        assert right.mean() == pytest.approx(score, abs=1e-6)
    assert clean.evaluate("dynamics.infer.recall.steps=1").score == curve.scores[0]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("data.validation=0,1", "got data.validation; expected a setting of a random stage"),
        (f"{SHARE}=interval(0,1)", "got an interval; write values"),
        (f"{SHARE}=0,2", "share: got 2, expected a number in"),
        ("dynamics.infer.recal.steps=1,2", "did you mean dynamics.infer.recall"),
    ],
)
def test_wrong_curves_are_refused(clean, word, message):
    result = CliRunner().invoke(app, ["eval", str(clean.folder), "--over", word])
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_files_of_a_curve_need_a_curve(clean):
    result = CliRunner().invoke(app, ["eval", str(clean.folder), "--csv", "a.csv"])
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["+data.disturb.nois.share=0.1"], r"data\.disturb\.nois: nois is no stage .*mean noise"),
        (["+data.disturb.noise=0.1"], r"data\.disturb\.noise: got 0\.1, expected a mapping"),
        (["+data.disturb.noise.share=2"], r"data\.disturb\.noise: share: got 2"),
        (["+data.disturb.noise={}"], r"data\.disturb\.noise\.share: is missing"),
        (["+data.disturb.flip={}"], r"data\.encode: .* shape \[40\] \(data\.disturb\.flip: got an"),
        ([f"{SHARE}=0.1"], rf"no data\.disturb\.noise; a new stage is added with \+{SHARE}=0\.1"),
        (["+data.disturb.noise={share: 0.1, when: never}"], r"got never|got \"never\""),
    ],
)
def test_wrong_stages_are_refused(train, words, message):
    with pytest.raises(RequestError, match=message):
        train(*words)


@pytest.mark.slow
def test_the_target_of_a_completion_is_the_clean_input(train):
    words = [
        "~data.labels",
        "+data.labels={_target_: darnax.data.CleanInputs}",
        "data.source.outputs=40",
        "+data.disturb.occlude={share: 0.2, when: always}",
    ]
    run = train(*words)
    window = next(build(run.config, existing=True).data.source.open().test.windows(None))
    x = np.asarray(window.inputs)
    right = np.where(run.predict(x) >= 0, 1, -1) == x
    assert right.mean() == pytest.approx(run.evaluate().score, abs=1e-6)
    assert run.evaluate().score > 0.8
    states = run.states(x)["input"]
    assert ((states == 0).sum(axis=1) == 8).all()  # a fifth of 40 is not known


@pytest.mark.slow
def test_inputs_of_classes_are_completed(train, tmp_path):
    """Oracle: the shape of the input; outputs that are all right, for an input of all +1."""
    np.savez(tmp_path / "my.npz", x=np.ones((40, 12)), y=np.arange(40) % 4)
    words = [*SMALL, "data=arrays", f"data.path={tmp_path / 'my.npz'}"]
    words += ["data.labels={_target_: darnax.data.CleanInputs, whole: true}"]
    run = darnax.train(*words, f"paths.outputs={tmp_path}")
    assert run.config["data"]["classes"] == 12
    evaluation = run.evaluate()
    assert evaluation.score == 1
    assert (evaluation.class_names, evaluation.majority_rate) == ((), None)
    assert evaluation.right_or_wrong
    with pytest.raises(RequestError, match=r"output: got \[4\], expected \[12\], the shape of an"):
        darnax.train(*words, "data.classes=4", f"paths.outputs={tmp_path}")


def test_fitted_numbers_are_those_of_training_everywhere(train, tmp_path):
    run = train(CHANNELS)
    inputs = np.asarray(next(build(run.config).data.source.open().train.windows(None)).inputs)
    stored = run.model.experiment.data.encode.fitted["channels"]
    np.testing.assert_allclose(stored["mean"], inputs.mean(axis=0), atol=1e-6)
    exported = darnax.load(run.export(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(exported.predict(inputs), run.predict(inputs))
    encoded = run.model.experiment.data.encode(jnp.asarray(inputs))
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-5)
    # Other training data do not change the numbers.
    fewer = run.evaluate("data.source.load=0.2")
    assert fewer.examples == 8
    copy = tmp_path / "copy"
    shutil.copytree(run.folder, copy)
    (copy / "encoding.safetensors").unlink()
    with pytest.raises(RequestError, match=r"encoding\.safetensors"):
        darnax.load(copy).predict(inputs)


def test_a_damaged_file_of_fitted_numbers_is_refused(train):
    run = train(CHANNELS)
    file: Path = run.folder / "encoding.safetensors"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(RequestError, match=r"encoding\.safetensors"):
        run.evaluate()
    assert json.loads((run.folder / "summary.json").read_text())["status"] == "finished"


def test_an_override_that_adds_a_fitted_stage_is_refused(clean):
    with pytest.raises(RequestError):
        clean.evaluate(CHANNELS)
