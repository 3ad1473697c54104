"""The bibliography of a run. Oracle: the configuration, and the syntax of BibTeX."""

import importlib
import re
from pathlib import Path

import pytest
from chain import changed

import darnax
from darnax.builder import optimizer_references
from darnax.builder.bibliography import bibliography, entries_of
from darnax.rules import Rule, ThreeFactorRule

ROOT = Path(darnax.__file__).parent
RULES = [p.stem for p in sorted((ROOT / "rules").glob("[!_]*.py")) if p.stem != "interface"]
OTHERS = [p for name in ("activations", "modules") for p in sorted((ROOT / name).glob("*.py"))]
CARRIERS = [
    *(f"darnax.rules.{name}" for name in RULES),
    *(f"darnax.{p.parent.name}.{p.stem}" for p in OTHERS if entries_of(p.read_text())),
    "darnax.data.associations",
]
MNIST = "@article{lecun,\n  title={MNIST},\n  year={2010}}\n"
WANTED = {
    "article": {"journal"},
    "inproceedings": {"booktitle"},
    "book": {"publisher"},
    "misc": {"howpublished"},
}


def users(config, dataset=MNIST):
    found = bibliography(config, dataset)
    return {
        next(iter(entries_of(entry))): who for entry, who in found.entries.items()
    }, found.silent


def test_the_bibliography_lists_exactly_what_the_run_uses():
    cited, silent = users(changed({}))
    assert cited == {
        "badalotti2025dynamical": ["hidden1", "hidden2", "hidden3"],
        "rosenblatt1958perceptron": ["w_in", "hidden1", "hidden2", "hidden3"],
        "krauth1987learning": ["w_in", "hidden1", "hidden2", "hidden3"],
        "bridle1990probabilistic": ["w_out"],
        "lecun": ["data"],
    }
    assert silent == []


def test_the_activations_of_a_module_and_of_its_rule_are_cited():
    layer = {
        "_target_": "darnax.modules.Units",
        "activation": {
            "_target_": "darnax.activations.LayerNorm",
            "activation": {"_target_": "darnax.activations.HardSigmoid"},
        },
    }
    norm = {"_target_": "darnax.activations.UnitNorm"}
    cited, _ = users(
        changed({"model.layers.hidden": layer, "model.adapters.w_in.presynaptic": norm})
    )
    hidden = ["hidden1", "hidden2", "hidden3"]
    assert cited["ba2016layer"] == hidden
    assert cited["scellier2017equilibrium"] == hidden
    assert cited["hinton2022forward"] == ["w_in"]


def test_the_rule_in_a_rule_and_the_rule_of_biases_are_cited():
    adatron = {"_target_": "darnax.rules.Adatron"}
    layer = {
        "_target_": "darnax.modules.Units",
        "connectivity": {"_target_": "darnax.connectivity.Dense"},
        "rule": {"_target_": "darnax.rules.ZeroOne", "rule": adatron},
        "bias": {"_target_": "darnax.rules.Oja"},
    }
    cited, silent = users(changed({"model.layers.hidden": layer}))
    hidden = ["hidden1", "hidden2", "hidden3"]
    assert cited["anlauf1989adatron"] == hidden
    assert cited["oja1982simplified"] == hidden
    assert silent == []


def test_a_rule_that_never_learns_is_not_cited():
    cited, _ = users(changed({"dynamics.train.free.learn": ["w_in"]}))
    assert cited["rosenblatt1958perceptron"] == ["w_in"]


def test_optimisers_and_synthetic_tasks_are_cited():
    adam = {
        "_target_": "optax.adam",
        "learning_rate": {
            "_target_": "optax.cosine_decay_schedule",
            "init_value": 1.0,
            "decay_steps": 9,
        },
    }
    source = {"_target_": "darnax.data.Associations", "inputs": 6, "outputs": 4, "load": 2.0}
    patterns = {"_target_": "darnax.data.Patterns"}
    heavy = {"_target_": "optax.sgd", "learning_rate": 0.1, "momentum": 0.9}
    odd = {"_target_": "optax.sign_sgd", "learning_rate": 0.1}
    groups = {"hidden*": heavy, "w_in": odd}
    task = {"data.source": source, "data.labels": patterns, "data.encode": {}}
    cited, silent = users(
        changed({"optimizer.default": adam, "optimizer.groups": groups} | task), ""
    )
    optimizers = {key for key, who in cited.items() if who == ["optimizer"]}
    assert optimizers == {"kingma2015adam", "loshchilov2017sgdr", "polyak1964some"}
    assert {key for key, who in cited.items() if who == ["data"]} == {
        "cover1965geometrical",
        "gardner1988space",
    }
    assert silent == ["optax.sign_sgd"]


def test_a_dataset_without_a_citation_is_reported():
    assert users(changed({}), "no BibTeX at all")[1] == ["mnist"]


@pytest.mark.parametrize("carrier", [*CARRIERS, optimizer_references.__name__])
def test_every_entry_is_valid_bibtex(carrier):
    entries = entries_of(importlib.import_module(carrier).__doc__)
    assert entries
    for entry in entries.values():
        kind = re.match(r"@(\w+)", entry)[1]
        assert entry.count("{") == entry.count("}")
        assert {"title", "author", "year"} | WANTED[kind] <= set(
            re.findall(r"(\w+) = \{", entry)
        ), entry


def test_equal_keys_are_equal_entries_and_every_rule_is_there():
    entries = {}
    for carrier in CARRIERS:
        for key, entry in entries_of(importlib.import_module(carrier).__doc__).items():
            assert entries.setdefault(key, entry) == entry
    modules = {
        rule.__module__ for rule in (*Rule.__subclasses__(), *ThreeFactorRule.__subclasses__())
    }
    own = {name.rpartition(".")[2] for name in modules if name.startswith("darnax.")}
    assert own - {"interface"} == set(RULES)


def test_entries_in_any_shape():
    entries = "    @book{one, year = {1}}\n@misc{two,\n  title = {A {B}\n  c}\n}\n"
    text = f"Words @ and\n{entries}more {{words}}"
    assert entries_of(text) == {
        "one": "@book{one, year = {1}}",
        "two": "@misc{two,\n  title = {A {B}\n  c}\n}",
    }
