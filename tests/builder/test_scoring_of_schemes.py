"""The phase that scores. Oracle: scores under another label, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from chain import CHAIN, changed
from sampling import one_of
from schemes import ends, examples, experiment, network_of

from darnax.builder import build
from darnax.errors import RequestError
from darnax.learning import scores_of
from darnax.scoring import label_free_phases, scoring_phase

SMALL = ("data.shape=[5]", "data.classes=3", "model.features=6")
SCORED = {  # experiment: the phase whose scores are the training accuracy
    "mnist_dfa": "step",
    "mnist_sign": "step",
    "mnist_ep": "free",
    "mnist_chl": "free",
    "mnist_pc": "forward",
    "mnist_softhebb": "step",
    "mnist_ff": "recall",
    "mnist_backprop": "step",
    "mnist_sparse": "warmup",
    "mnist_three_threshold": "warmup",
}
# Schemes whose phase of inference is in no step of training, with units enough for their layout.
PUBLISHED = {"mnist_sparse", "mnist_three_threshold"}
STRONG = {  # weights that start at zero would make all scores equal
    "mnist_ff": ["model.adapters.w_out.strength=1.0"],
    "mnist_pc": ["model.adapters.w_out.strength=1.0", "model.adapters.predict2.strength=1.0"],
}
STRONG |= {
    name: ["model.adapters.w_out.strength=1.0", "model.adapters.guess.strength=1.0"]
    for name in ("mnist_dfa", "mnist_sign")
}
STRONG |= {
    name: ["model.adapters.w_out.strength=1.0"] for name in ("mnist_softhebb", "mnist_backprop")
}
STRONG |= {
    name: ["model.layers.hidden.sparsity=0.5", "model.adapters.w_in.sparsity=null"]
    for name in PUBLISHED
}


def made_of(name):
    return experiment(name, *SMALL, *STRONG.get(name, []))


def scores_by_phase(made, network, x, y):
    found = ends(made, network, x, y)
    return {name: np.asarray(scores_of(network, end)) for name, end in found.items()}


@pytest.mark.parametrize("name", one_of(4, list(SCORED)))
def test_the_scores_of_training_do_not_depend_on_the_label(name):
    """The label changes the scores of exactly the phases that are not free of it."""
    made = made_of(name)
    assert made.score == SCORED[name]
    network, (x, y) = network_of(made), examples(made)
    one = scores_by_phase(made, network, x, y)
    other = scores_by_phase(made, network, x, np.roll(y, 1, axis=1))
    assert np.ptp(one[made.score]) > 0.01
    unchanged = [phase for phase in one if np.array_equal(one[phase], other[phase])]
    assert made.score in unchanged
    assert label_free_phases(network, made.train) == unchanged


@pytest.mark.parametrize("name", [name for name in SCORED if name not in PUBLISHED])
def test_the_scored_phase_is_that_of_inference(name):
    """Oracle: the phases of inference without a label, for the schemes whose state starts alike."""
    made = made_of(name)
    network, (x, y) = network_of(made), examples(made)
    training = scores_by_phase(made, network, x, y)[made.score]
    inference = scores_by_phase(replace(made, train=made.infer), network, x, 0 * y)
    *_, last = inference.values()
    np.testing.assert_allclose(training, last, atol=1e-5)


def with_score(score, **changes):
    return build(changed(changes, base=CHAIN | {"dynamics": CHAIN["dynamics"] | {"score": score}}))


def test_a_phase_may_be_named_and_is_by_default_the_one_of_the_readout():
    assert with_score(None).score == "recall"
    assert with_score("recall").score == "recall"


@pytest.mark.parametrize(
    ("score", "message"),
    [
        ("reccall", "got reccall, expected a phase of dynamics.train: clamped, free, recall"),
        ("free", "the scores at the end of free depend on the label; expected one of recall"),
        ("clamped", "the scores at the end of clamped depend on the label; expected one of recall"),
    ],
)
def test_another_phase_is_refused_in_one_sentence(score, message):
    with pytest.raises(RequestError) as error:
        with_score(score)
    (problem,) = error.value.problems
    assert problem.where == "dynamics.score"
    assert message in problem.what
    assert "\n" not in problem.what


def test_without_a_phase_that_is_free_of_the_label_none_can_be_named():
    phases = {"clamped": {"messages": "all", "steps": 2, "learn": ["w_in", "hidden*", "w_out"]}}
    with pytest.raises(RequestError, match="depend on the label; leave it out"):
        with_score("clamped", **{"dynamics.train": phases})
    assert with_score(None, **{"dynamics.train": phases}).score is None


@pytest.mark.parametrize(
    ("gain", "scored"), [(0, "all"), (0.0, "all"), (-0.0, "all"), (1e-30, None), (-1, None)]
)
def test_a_gain_of_zero_counts_as_no_message(gain, scored):
    phases = {"all": {"messages": {"w_back": gain, "*": 1}, "steps": 2, "learn": ["*"]}}
    made = build(changed({"dynamics.train": phases}))
    assert made.score == scored


def test_a_gain_of_zero_is_found_in_a_phase_before():
    """The label that reached a layer stays until a phase starts anew."""
    free = {"messages": {"w_back": 0, "*": 1}, "steps": 2, "learn": ["*"]}
    phases = {"first": free, "clamped": {"steps": 1}, "later": free}
    phases |= {"back": free | {"start": "first"}, "random": free | {"start": "random"}}
    made = build(changed({"dynamics.train": phases}))
    assert made.score == "random"
    network = network_of(made)
    assert label_free_phases(network, made.train) == ["first", "back", "random"]
    assert scoring_phase(network, made.train) == "random"


def test_a_phase_in_which_the_readout_receives_nothing_is_not_scored():
    silent = {"messages": ["w_in"], "start": "blank", "steps": 1, "learn": ["*"]}
    phases = {"show": silent | {"messages": "forward"}, "silent": silent}
    assert build(changed({"dynamics.train": phases})).score == "show"
    message = "the readout receives no message in the phase silent"
    with pytest.raises(RequestError, match=message):
        with_score("silent", **{"dynamics.train": phases})


def test_a_phase_without_a_target_does_not_see_the_label():
    phases = {"none": {"messages": "all", "steps": 2, "target": "none", "learn": ["*"]}}
    assert build(changed({"dynamics.train": phases})).score == "none"
