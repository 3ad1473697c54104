"""Tables of the results page that compare runs. Oracles: arithmetic, and tables of Student's t."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml

from darnax.composing.composer import Composer
from darnax.reports.configuration import parse
from darnax.sweeps.planning import make_plan

ROOT = Path(__file__).parents[2]
PER_CLASS = {2: 200, 6: 600, 60: None}  # of ten classes, for 1000 hidden units
T_OF_TWO_DEGREES = 4.303  # two-sided 5 % of Student's t


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")


def test_differences_of_pairs():
    from reproduction.spread import compare_pairs

    difference, p = compare_pairs([0.91, 0.92, 0.93], [0.90, 0.90, 0.90])
    differences = np.array([1.0, 2.0, 3.0])
    half = T_OF_TWO_DEGREES * differences.std(ddof=1) / 3**0.5
    assert difference == f"+2.0 [{2 - half:.1f}, {2 + half:.1f}]"
    assert p == "0.074"  # t = 2 / (1 / √3) = 3.46 with two degrees of freedom


def test_every_row_of_disturbed_images_composes_and_differs():
    from reproduction.receipts import identity_of_row
    from reproduction.rows.disturbed import CONTENDERS, DISTURBANCES, DISTURBED, DISTURBED_SETS

    assert len(DISTURBED.rows) == len(CONTENDERS) * len(DISTURBANCES) * len(DISTURBED_SETS)
    identities = {identity_of_row(row.overrides, 0) for row in DISTURBED.rows}
    assert len(identities) == len(DISTURBED.rows)
    for identity in identities:
        settings = dict(identity)
        stage = "noise" if "data.disturb.noise.share" in settings else "occlude"
        assert settings[f"data.disturb.{stage}.share"] == 0.2
        assert settings[f"data.disturb.{stage}.when"] == "always"
        assert settings["runner.epochs"] == 10


def test_every_row_of_classifiers_composes_and_differs_in_its_network_alone():
    from reproduction.receipts import identity_of_row
    from reproduction.rows.classifiers import CLASSIFIERS, TASKS, cases, contenders

    rows = [row.overrides for row in CLASSIFIERS.rows]
    assert len({identity_of_row(row, 0) for row in rows}) == len(rows)
    for name, share, load in cases():
        found = [dict(identity_of_row(row, 0)) for row in contenders(name, share, load).values()]
        assert {settings["data.disturb.noise.share"] for settings in found} == {share}
        assert {settings["data.disturb.noise.when"] for settings in found} == {"always"}
        assert len({settings["model.features"] for settings in found}) == 1
        for same in ("data.name", "data.per_class", "data.validation", "runner.epochs"):
            assert len({settings[same] for settings in found}) == 1
        examples = 10 * found[0]["data.per_class"] if found[0]["data.per_class"] else 60_000
        assert examples / found[0]["model.features"] == load
    assert len(cases()) == sum(len(t.shares) * len(t.loads) for t in TASKS.values())


def test_the_picture_of_classifiers_has_a_cell_for_every_gain():
    from reproduction.classifier_map import BY_STEPS, GAIN, draw_classifiers
    from reproduction.rows.classifiers import TASKS

    measured, gains = {}, []
    for name, images in BY_STEPS.items():
        task, measured[name] = TASKS[images], []
        for load in task.loads:
            for share in task.shares:
                for j_d in task.self_couplings:
                    for margin in task.margins:
                        gains.append(f"{len(gains) / 10 - 8:+.1f}")
                        row = {"load": load, "disturbed": f"{share}", "J_D": j_d, "κ": margin}
                        measured[name].append(row | {GAIN: f"{gains[-1]} [0.0, 0.0]"})
    texts = re.findall(r"/><text [^>]*>([-+][0-9.]+)<", draw_classifiers(measured))
    assert sorted(texts) == sorted(gains)


def test_labelled_images_have_the_class_as_ten_more_entries():
    from labelled_images import label_images

    from darnax.data import Resident

    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
    classes = np.arange(40) % 10
    inputs, targets = label_images(Resident(images, classes))
    assert inputs.shape == targets.shape == (40, 794)
    np.testing.assert_array_equal(inputs[:, :784] == 1, images.reshape(40, -1) >= 128)
    np.testing.assert_array_equal(targets[:, :784], inputs[:, :784])
    np.testing.assert_array_equal(inputs[:, 784:], 0)
    np.testing.assert_array_equal(targets[:, 784:].argmax(axis=1), classes)
    np.testing.assert_array_equal(targets[:, 784:].sum(axis=1), -8)


def test_a_completion_is_compared_with_the_class_of_its_target():
    """Oracle: counting by hand; the inputs do not have the class."""
    from reproduction.class_completion import PIXELS, compare

    targets = np.full((4, PIXELS + 10), -1.0)
    targets[np.arange(4), PIXELS + np.array([3, 0, 7, 7])] = 1
    shown = np.where(np.arange(PIXELS + 10) < 2, 0.0, targets)
    shown[:, PIXELS:] = 0
    assert compare(targets, targets, shown) == (1.0, 1.0)
    scores = np.where(np.arange(PIXELS + 10) == 0, -targets, targets)
    scores[:2] = scores[2]
    assert compare(scores, targets, shown) == (0.5, 0.5)


def test_pixels_and_classes_by_steps_are_of_the_same_scores(monkeypatch):
    """Oracle: scores with one of two missing pixels right in all images, and one class in four."""
    from types import SimpleNamespace

    from reproduction import class_completion
    from reproduction.class_completion import PIXELS, measure_by_steps, phases_of_inference

    targets = np.full((4, PIXELS + 10), -1.0)
    targets[np.arange(4), PIXELS + np.arange(4)] = 1
    shown = np.where(np.arange(PIXELS + 10) < 2, 0.0, targets)
    scores = np.where(np.arange(PIXELS + 10) == 0, -targets, targets)
    scores[:, PIXELS:] = targets[0, PIXELS:]
    trained = SimpleNamespace(targets=targets)
    monkeypatch.setattr(class_completion, "open_shown", lambda run: (trained, shown, targets))
    monkeypatch.setattr(class_completion, "evaluate_shown", lambda *given: scores)
    assert measure_by_steps(None, "pixels") == dict.fromkeys(phases_of_inference(), 0.5)
    assert measure_by_steps(None, "classes") == dict.fromkeys(phases_of_inference(), 0.25)


def test_every_row_of_completion_with_class_has_the_images_of_its_case():
    from reproduction.class_completion import OF_MAP
    from reproduction.receipts import identity_of_row
    from reproduction.rows.class_completion import (
        CASES,
        CLASS_OF_INCOMPLETE,
        HARDER,
        HARDER_WITH_CLASS,
        WITH_CLASS,
        class_alone,
        completing_with_class,
        relaxing_layer,
    )

    layers = [
        relaxing_layer(case, j_d, margin)
        for case, j_d, margin in product(CASES, OF_MAP.self_couplings, OF_MAP.margins)
    ]
    sections = (WITH_CLASS, HARDER_WITH_CLASS, CLASS_OF_INCOMPLETE)
    rows = [row.overrides for section in sections for row in section.rows] + layers
    assert len({identity_of_row(row, 0) for row in rows}) == len(rows)
    for case in (*CASES, *HARDER):
        completing = list(completing_with_class(case).values())
        for row in (*completing, *class_alone(case).values()):
            settings = dict(identity_of_row(row, 0))
            assert settings["data.disturb.hide.share"] == case.share
            assert settings["data.disturb.hide.when"] == "always"
            assert settings["data.validation"] == 0
            assert settings["model.features"] == 1000
            of_case = (settings["data.name"], settings["data.per_class"])
            images = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist"}[case.images]
            labelled = (f"labelled_{images}_{case.load}", None)
            assert of_case == (labelled if row in completing else (images, PER_CLASS[case.load]))


def test_networks_at_another_load_and_share_differ_in_their_patterns_alone():
    """Oracle: the configurations; those at α = 0.25 and 20 % are those of the other sections."""
    from reproduction.receipts import identity_of_row
    from reproduction.rows.memory import ONE_STEP, RELAXED, TRAINED_ON_CUES
    from reproduction.rows.memory_load import (
        LOADS,
        RANDOM_BY_LOAD,
        SHARES,
        stored_at,
        trained_at,
    )

    for name, overrides in {"relaxed": RELAXED, "the same, one step": ONE_STEP}.items():
        assert identity_of_row(stored_at(0.25)[name], 0) == identity_of_row(overrides, 0)
    for name, overrides in TRAINED_ON_CUES.items():
        known = identity_of_row(overrides, 0)
        for load, share in product(LOADS, SHARES):
            settings = dict(identity_of_row(trained_at(load, share)[name], 0))
            assert settings["data.batch_size"] == 1000 * load
            assert settings["data.disturb.cue.share"] == share
            changed = {key for key, _ in frozenset(settings.items()) ^ known}
            expected = {"data.source.load", "data.batch_size"} if load != 0.25 else set()
            expected |= {"data.disturb.cue.share"} if share != 0.2 else set()
            assert changed - {"runner.evaluate_every"} == expected
    contenders = len(TRAINED_ON_CUES) * (len(LOADS) * len(SHARES) - 1)
    assert len(RANDOM_BY_LOAD.rows) == contenders + 2 * len(stored_at(0.1))


def test_relaxation_is_compared_with_the_best_network_without_recurrence():
    """Oracle: arithmetic; Student's t of three pairs."""
    from reproduction.memory_load import difference_to_best
    from reproduction.rows.memory import TRAINED_ON_CUES

    scores = dict.fromkeys(TRAINED_ON_CUES, (0.0, 0.1, 0.2))
    best = list(TRAINED_ON_CUES)[2]
    same = scores | {best: (0.4, 0.5, 0.6), "relaxed": (0.9, 1.0, 1.1)}
    assert difference_to_best(same) == "+50.0"
    differing = scores | {best: (0.9, 0.9, 0.9), "relaxed": (0.91, 0.92, 0.93)}
    half = T_OF_TWO_DEGREES * 1 / 3**0.5
    assert difference_to_best(differing) == f"+2.0 [{2 - half:.1f}, {2 + half:.1f}], p 0.074"


def test_first_frames_are_flipped_or_unknown_in_their_share():
    """Oracle: counting; four standard deviations."""
    from reproduction.memory_replay import disturb

    frame = np.sign(np.random.default_rng(0).normal(size=(20, 20)))
    flipped = disturb(frame, 0.1, 50, seed=1, is_flipped=True)
    unknown = disturb(frame, 0.2, 50, seed=1, is_flipped=False)
    assert flipped.shape == unknown.shape == (50, 20, 20)
    assert np.mean(flipped == -frame) == pytest.approx(0.1, abs=4 * 0.3 / 20_000**0.5)
    assert np.mean(np.isnan(unknown)) == pytest.approx(0.2, abs=4 * 0.4 / 20_000**0.5)
    assert np.all(np.isnan(unknown) | (unknown == frame))
    assert np.all((flipped == frame) | (flipped == -frame))


def test_a_list_is_replayed_to_its_end_and_stays_there(monkeypatch):
    """Oracle: counting by hand; one of the replays loses a frame, another the end."""
    from types import SimpleNamespace

    from reproduction import memory_replay

    from darnax.analysis.replay import longest_replay

    frames = np.sign(np.random.default_rng(0).normal(size=(5, 30)))
    right = np.concatenate([frames, frames[-1:]])[:, None].repeat(4, axis=1)
    right[2, 0] *= -1
    right[5, 1] *= -1
    found = SimpleNamespace(memory=right[-1], replayed=longest_replay(right, frames))
    network = SimpleNamespace(recall=lambda cues, frames: found)
    monkeypatch.setattr(memory_replay, "DRAWS", 4)
    monkeypatch.setattr(memory_replay.darnax, "load", lambda path: network)
    settings = {"data.disturb.cue.share": 0.1, "data.source.ahead": 5, "data.source.cycle": False}
    run = SimpleNamespace(config=settings, path=None)
    assert memory_replay.replay(run, frames, 0) == ((2 + 5 + 5 + 5) / 4, 0.75, (2 + 5 + 5) / 3)


@pytest.mark.parametrize(
    ("experiment", "sweep", "network"),
    [
        ("entangled_mnist", "curve_features", "everything learns"),
        ("entangled_mnist", "curve_coupling", "one layer of 400"),
        ("entangled_chain", "curve_lambda", "two layers of 400"),
    ],
)
def test_the_points_of_curves_are_those_of_the_sweeps(experiment, sweep, network):
    from reproduction.curves import curve_points
    from reproduction.receipts import SEEDS, identity, identity_of_row

    composer = Composer()
    planned = make_plan(composer, [f"+experiment={experiment}", f"sweep={sweep}"])
    swept = {identity(parse(yaml.safe_dump(point.config))) for point in planned.points}
    drawn = set()
    for _, name, _, overrides in curve_points():
        if name == network:
            drawn |= {identity_of_row(overrides, seed) for seed in SEEDS}
    assert drawn == swept


def test_the_sweep_over_units_names_the_four_curves_with_their_overrides():
    """Oracle: the networks that are drawn."""
    from reproduction.curves import NETWORKS

    lines = (ROOT / "configs/sweep/curve_features.yaml").read_text().splitlines()
    comment = " ".join(line.strip("# ") for line in lines if line.startswith("#"))
    named = " ".join(f"{name}: {overrides}" for name, overrides in NETWORKS.items())
    assert comment.endswith(named)


def test_curves_have_a_panel_for_every_quantity_and_a_point_for_every_row():
    from reproduction.curves import TITLES, curve_points, draw_curves

    points = list(curve_points())
    rows = [
        {"varied": varied, "network": network, "value": value, "accuracy": "0.8000 ± 0.0100"}
        for varied, network, value, _ in points
    ]
    picture = draw_curves(rows)
    assert len(re.findall("<circle", picture)) == len(points)
    for title in TITLES.values():
        assert title in picture


@pytest.mark.filterwarnings("ignore:accuracies of rows without runs")
def test_a_comparison_without_runs_is_that_of_the_receipts():
    """Oracle: the table that was made from the runs of these receipts."""
    from reproduction.accuracies import RECEIPTS, read_ledger
    from reproduction.recurrence import couplings_that_learn

    measured = read_ledger(RECEIPTS).physics["couplings_that_learn"]["rows"]
    assert couplings_that_learn(Path("nowhere")) == measured


def test_a_row_with_neither_runs_nor_receipts_is_named():
    from reproduction.accuracies import read_accuracies

    words = "+experiment=mnist_chain model.features=7"
    with pytest.raises(SystemExit, match=f"darnax train {re.escape(words)} seed=0"):
        read_accuracies({}, Path("nowhere"), words)
