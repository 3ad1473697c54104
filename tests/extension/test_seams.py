"""Extension points, from another package. Oracle: the documented behaviour of each extension."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from tiny_runs import Train

from darnax.errors import RequestError


class Seam(NamedTuple):
    """Overrides that add an extension to a run, and an argument that is refused."""

    words: tuple[str, ...]
    argument: str  # its path in the configuration
    wrong: str
    reason: str


HIDDEN = "model.layers.hidden"
HEBBIAN = "{_target_: darnax.rules.Hebbian}"
PROTOTYPES = "{_target_: extlab.source.Prototypes, inputs: 20, classes: 4, examples: 40}"
SEAMS = {
    "rule": Seam(
        (
            f"~{HIDDEN}.threshold",
            f"+{HIDDEN}.rule={{_target_: extlab.rule.SoftPerceptron, rate: 0.5}}",
        ),
        f"{HIDDEN}.rule.rate",
        "fast",
        'got "fast", expected a number or a list of numbers',
    ),
    "adapter": Seam(
        (
            "~model.adapters.w_in",
            "+model.adapters.w_in={from: input, to: 'hidden[1]', "
            "_target_: extlab.modules.Rectified, floor: -0.5}",
        ),
        "model.adapters.w_in.floor",
        "[1, 2]",
        "got [1, 2], expected a number",
    ),
    "layer": Seam(
        (f"~{HIDDEN}", f"+{HIDDEN}={{_target_: extlab.modules.ThreeState, width: 0.3}}"),
        f"{HIDDEN}.width",
        "wide",
        'got "wide", expected a number or a list of numbers',
    ),
    "activation": Seam(
        (
            f"~{HIDDEN}",
            f"+{HIDDEN}={{_target_: darnax.modules.Units, rate: 0.5, bias: {HEBBIAN}, "
            "activation: {_target_: extlab.activation.LeakyReLU, leak: 0.2}}",
        ),
        f"{HIDDEN}.activation.leak",
        "much",
        'got "much", expected a number or a list of numbers',
    ),
    "connectivity": Seam(
        (f"+{HIDDEN}.connectivity={{_target_: extlab.blocks.BlockSparse, blocks: 4}}",),
        f"{HIDDEN}.connectivity.blocks",
        "many",
        'got "many", expected an integer',
    ),
    "data source": Seam(
        (
            "~data.source",
            f"+data.source={PROTOTYPES}",
            "data.classes=4",
            "~data.labels",
            "+data.labels={_target_: darnax.data.Classes}",
            "model.features=20",
        ),
        "data.source.noise",
        "loud",
        'got "loud", expected a number',
    ),
    "encoding": Seam(
        ("+data.encode.threshold={_target_: extlab.encoding.Threshold, level: 0.1}",),
        "data.encode.threshold.level",
        "high",
        'got "high", expected a number',
    ),
    "random stage": Seam(
        ("+data.disturb.swap={_target_: extlab.encoding.Swap, probability: 0.3}",),
        "data.disturb.swap.probability",
        "often",
        'got "often", expected a number',
    ),
    "fitted stage": Seam(
        ("+data.encode.centre={_target_: extlab.encoding.Median, strength: 0.5}",),
        "data.encode.centre.strength",
        "strong",
        'got "strong", expected a number',
    ),
    "label code": Seam(
        (
            "~data.labels",
            "+data.labels={_target_: extlab.regression.Values, scale: 2.0}",
        ),
        "data.labels.scale",
        "large",
        'got "large", expected a number',
    ),
    "orchestrator": Seam(
        (
            "~dynamics.orchestrator",
            "+dynamics.orchestrator={_target_: extlab.orchestrator.BackwardOrder, sweeps: 2}",
        ),
        "dynamics.orchestrator.sweeps",
        "often",
        'got "often", expected an integer',
    ),
    "optimiser": Seam(
        (
            "~optimizer.groups.w_out",
            "+optimizer.groups.w_out={_target_: extlab.optimizer.sign_descent, learning_rate: 0.1}",
        ),
        "optimizer.groups.w_out.learning_rate",
        "slow",
        'got "slow", expected a number',
    ),
    "schedule": Seam(
        (
            "~optimizer.groups.w_out",
            "+optimizer.groups.w_out={_target_: optax.sgd, learning_rate: "
            "{_target_: extlab.optimizer.inverse_time, start: 0.1, half_after: 1 epochs}}",
        ),
        "optimizer.groups.w_out.learning_rate.half_after",
        "late",
        'got "late", expected an integer',
    ),
}
TOGETHER = [  # every extension once, in as few runs as can have them
    ("rule", "connectivity", "adapter", "encoding", "optimiser"),
    ("layer", "fitted stage", "orchestrator", "schedule"),
    ("activation", "data source"),
    ("label code", "random stage"),
]
for_every_seam = pytest.mark.parametrize("seam", SEAMS.values(), ids=SEAMS)


def assert_trains(train: Train, *words: str) -> None:
    run = train(*words)
    assert run.status == "finished"
    assert all(np.isfinite(list(run.summary["metrics"].values())))


@pytest.mark.parametrize("names", TOGETHER, ids=", ".join)
def test_a_run_with_extensions_trains_to_its_end(train: Train, names: tuple[str, ...]) -> None:
    assert_trains(train, *itertools.chain.from_iterable(SEAMS[name].words for name in names))


def test_every_extension_is_in_a_run() -> None:
    assert sorted(itertools.chain.from_iterable(TOGETHER)) == sorted(SEAMS)


@pytest.mark.slow
@for_every_seam
def test_a_run_with_one_extension_trains_to_its_end(train: Train, seam: Seam) -> None:
    assert_trains(train, *seam.words)


@for_every_seam
def test_a_wrong_argument_is_refused_with_its_path(train: Train, seam: Seam) -> None:
    with pytest.raises(RequestError) as error:
        train(*seam.words, f"++{seam.argument}={seam.wrong}")
    assert f"{seam.argument}: {seam.reason}" in str(error.value)


@for_every_seam
def test_an_unknown_argument_is_refused(train: Train, seam: Seam) -> None:
    node = seam.argument.rpartition(".")[0]
    with pytest.raises(RequestError, match="has no such argument") as error:
        train(*seam.words, f"+{node}.colour=red")
    assert f"{node}.colour" in str(error.value)


@for_every_seam
def test_a_package_that_is_not_trusted_is_refused(train: Train, seam: Seam) -> None:
    with pytest.raises(RequestError, match=r"does not trust; if you do, add trust=\[extlab\]"):
        train(*seam.words, trust=False)
