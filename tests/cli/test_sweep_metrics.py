"""Metrics that a search may optimise. Oracle: the names in the metrics.jsonl of a run."""

import json
from pathlib import Path

import pytest
from sampling import one_of

from darnax.builder import build
from darnax.composing.composer import compose
from darnax.errors import RequestError
from darnax.laboratory import training
from darnax.sweeps.logged_metrics import logged_names, require_logged

SMALL = ["tracking=local", "model.features=20", "runner.epochs=1", "runner.limit_batches=2"]


@pytest.mark.parametrize(
    "more",
    [[], pytest.param(["runner.replicas=2"], marks=pytest.mark.slow)],
    ids=["one", "replicas"],
)
def test_the_known_metrics_are_the_logged_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = compose(["+experiment=associations", *SMALL, *more])
    training.train(config, overrides=[], command=[])
    (metrics,) = tmp_path.glob("outputs/*/*/metrics.jsonl")
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    found = {name for row in rows for name in row if "/" in name and not name.startswith("test/")}
    known = set(logged_names(build(config)))
    assert found <= known
    optional = ("eval/",)  # where there is no validation split
    assert {name for name in known - found if not name.startswith(optional)} == set()


@pytest.mark.parametrize(
    "metric",
    one_of(5, ["eval/acuracy", "update/nobody", "relax/free/flip", "accuracy", "unstable/w_back"]),
)
def test_a_metric_that_is_not_logged_is_refused_with_the_logged_ones(metric: str) -> None:
    experiment = build(compose(["+experiment=associations", *SMALL]))
    require_logged("eval/accuracy", experiment)
    with pytest.raises(
        RequestError,
        match=f"hydra.sweeper.metric: got {metric}, which a run of this configuration does not",
    ):
        require_logged(metric, experiment)
