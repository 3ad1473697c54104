"""Every kind of error is reported with its path and a remedy. Oracle: the list of errors."""

import sys

import jax
import pytest
from chain import ABSENT, FULL, IDENTITY, changed

from darnax.builder import build
from darnax.builder.bibliography import bibliography
from darnax.builder.build import build_parts
from darnax.errors import RequestError


def full(sender, receiver, **more):
    return {"from": sender, "to": receiver, "_target_": FULL, **more}


A = "model.adapters"
L = "model.layers"
PLAIN = {"model.buffers": {"input": [6], "low": [8], "high": [8], "output": [4]}}
CASES = {
    # unknown and missing keys
    "root key": ({"sede": 3}, "sede", "did you mean seed?"),
    "section": ({"runner": ABSENT}, "runner", "is missing"),
    "section type": ({"runner": 3}, "runner", "got 3, expected a valid mapping"),
    "class without its key": (
        {"dynamics.orchestrator": "ParallelOrchestrator"},
        "dynamics.orchestrator",
        "a class is chosen by dynamics.orchestrator._target_="
        "darnax.orchestrators.ParallelOrchestrator",
    ),
    "runner key": ({"runner.epocs": 3}, "runner.epocs", "did you mean epochs?"),
    "data key": ({"data.batchsize": 3}, "data.batchsize", "did you mean batch_size?"),
    "tracking key": ({"tracking.consol": True}, "tracking.consol", "did you mean console?"),
    "wandb key": ({"tracking.wandb.projct": "a"}, "tracking.wandb.projct", "did you mean project?"),
    "phase key": (
        {"dynamics.train.free.message": "all"},
        "dynamics.train.free.message",
        "did you mean messages?",
    ),
    "model key": ({"model.layerz": {}}, "model.layerz", "did you mean layers?"),
    "model number like a key": ({"model.layerz": 3}, "model.layerz", "did you mean layers?"),
    "model number like another": ({"model.dept": 3}, "model.dept", "did you mean depth?"),
    "argument on the wrong level": (
        {"model.j_d": 0.7},
        "model.j_d",
        "write model.layers.hidden.j_d=0.7",
    ),
    "module argument": ({f"{L}.hidden.j_dd": 0.7}, f"{L}.hidden.j_dd", "did you mean j_d?"),
    "module argument missing": (
        {f"{L}.hidden.j_d": ABSENT},
        f"{L}.hidden.j_d",
        "RecurrentDiscrete needs a number",
    ),
    "filled argument": ({f"{L}.hidden.features": 8}, f"{L}.hidden.features", "leave it out"),
    "rule argument": (
        {f"{A}.w_in.rule": {"_target_": "darnax.rules.Perceptron", "marjin": 1}},
        f"{A}.w_in.rule.marjin",
        "did you mean margin?",
    ),
    "optax argument": (
        {"optimizer.default.rate": 1},
        "optimizer.default.rate",
        "sgd has no such argument",
    ),
    "encoder argument": (
        {"data.encode.scale.factr": 1},
        "data.encode.scale.factr",
        "did you mean factor?",
    ),
    # wrong types
    "module type": (
        {f"{L}.hidden.j_d": "half"},
        f"{L}.hidden.j_d",
        'got "half", expected a number',
    ),
    "a boolean instead of a number": (
        {f"{A}.w_in.strength": True},
        f"{A}.w_in.strength",
        "got true, expected a number",
    ),
    "rule type": (
        {f"{A}.w_in.rule": "hebb"},
        f"{A}.w_in.rule",
        "expected a Rule (a mapping with `_target_`) or null",
    ),
    "rule class": (
        {f"{A}.w_in.rule": {"_target_": "darnax.modules.OutputLayer"}},
        f"{A}.w_in.rule",
        "got OutputLayer, expected a Rule",
    ),
    "objects for a number": (
        {f"{A}.w_in.strength": [{"_target_": "darnax.rules.Hebbian"}]},
        f"{A}.w_in.strength",
        "expected a number or a list of numbers",
    ),
    "objects for an integer": (
        {f"{A}.w_in.patch": [{"_target_": "darnax.rules.Hebbian"}]},
        f"{A}.w_in.patch",
        "expected an integer or null",
    ),
    "a group that is a number": (
        {"optimizer.groups": {"w_in": 3}},
        "optimizer.groups.w_in",
        "a rate is optimizer.groups.w_in.learning_rate",
    ),
    "a schedule for an optimiser": (
        {"optimizer.default": {"_target_": "optax.constant_schedule", "value": 1.0}},
        "optimizer.default",
        "expected one of Optax's transformations",
    ),
    "an optimiser that needs the loss": (
        {"optimizer.default": {"_target_": "optax.lbfgs", "learning_rate": 0.1}},
        "optimizer.default",
        "these come with a loss, and local rules have none",
    ),
    "phase type": (
        {"dynamics.train.free.steps": "five"},
        "dynamics.train.free.steps",
        'got "five", expected an integer',
    ),
    "phase choice": (
        {"dynamics.train.free.messages": "al"},
        "dynamics.train.free.messages",
        "all or forward or unsupervised",
    ),
    "learn is a list": (
        {"dynamics.train.free.learn": "w_in"},
        "dynamics.train.free.learn",
        "expected a list",
    ),
    "runner type": ({"runner.epochs": "3"}, "runner.epochs", 'got "3", expected a valid integer'),
    "schedule type": (
        {"optimizer.default.learning_rate": "fast"},
        "optimizer.default.learning_rate",
        'got "fast", expected a number',
    ),
    "epochs outside the optimiser": (
        {f"{A}.w_in.patch": "2 epochs"},
        f"{A}.w_in.patch",
        "expected an integer or null",
    ),
    "name": ({"name": "a/b"}, "name", "expected a name for a folder"),
    # buffers
    "size": (
        {"model.buffers.output": 4},
        "model.buffers.output",
        "a list of positive integers, such as [10]",
    ),
    "negative length": (
        {"model.buffers.output": [-4]},
        "model.buffers.output",
        "a list of positive integers",
    ),
    "no depth": (
        {"model.buffers.hidden.repeat": 0},
        "model.buffers.hidden",
        "got repeat: 0, expected a positive integer",
    ),
    "negative depth": (
        {"model.buffers.hidden.repeat": -1},
        "model.buffers.hidden",
        "got repeat: -1",
    ),
    "repeat misspelt": (
        {"model.buffers.hidden": {"size": [8], "repaet": 3}},
        "model.buffers.hidden",
        "got the keys size, repaet",
    ),
    "repeated input": (
        {"model.buffers.input": {"size": [6], "repeat": 2}},
        "model.buffers.input",
        "does not repeat",
    ),
    "one name twice": (
        {
            "model.buffers": {
                "input": [6],
                "hidden": {"size": [8], "repeat": 3},
                "hidden2": [8],
                "output": [4],
            }
        },
        "model.buffers.hidden2",
        "also the name of a member of hidden",
    ),
    # layers
    "layer without buffer": ({f"{L}.hiden": {}}, f"{L}.hiden", "did you mean hidden?"),
    "buffer without layer": ({f"{L}.hidden": ABSENT}, f"{L}.hidden", "is missing"),
    "layer of the input": ({f"{L}.input": {}}, f"{L}.input", "has no layer"),
    "adapter as layer": (
        {f"{L}.hidden": {"_target_": FULL}},
        f"{L}.hidden._target_",
        "is no Layer",
    ),
    # ends of adapters
    "unknown buffer": (
        {f"{A}.w_in.to": "hiden[1]"},
        f"{A}.w_in.to",
        "there is no buffer hiden; did you mean hidden?",
    ),
    "no end": ({f"{A}.w_in.to": ABSENT}, f"{A}.w_in.to", "is missing"),
    "unreadable end": (
        {f"{A}.w_in.to": "hidden[j]"},
        f"{A}.w_in.to",
        "hidden[1], hidden[-1], hidden[i]",
    ),
    "index too high": ({f"{A}.w_in.to": "hidden[4]"}, f"{A}.w_in.to", "an index from 1 to 3"),
    "index zero": ({f"{A}.w_in.to": "hidden[0]"}, f"{A}.w_in.to", "an index from 1 to 3"),
    "index too low": ({f"{A}.w_in.to": "hidden[-4]"}, f"{A}.w_in.to", "an index from 1 to 3"),
    "family without index": (
        {f"{A}.w_in.to": "hidden"},
        f"{A}.w_in.to",
        "write hidden[1], hidden[-1], or hidden[i]",
    ),
    "no such member": ({f"{A}.w_in.to": "hidden4"}, f"{A}.w_in.to", "an index from 1 to 3"),
    "index of one": ({f"{A}.w_in.from": "input[1]"}, f"{A}.w_in.from", "write input"),
    "to the input": (
        {f"{A}.back": full("hidden[1]", "input")},
        f"{A}.back.to",
        "receives no messages",
    ),
    "to itself": (
        {f"{A}.loop": full("hidden[1]", "hidden[1]")},
        f"{A}.loop.to",
        "connect two buffers",
    ),
    "null adapter": ({f"{A}.w_back": None}, f"{A}.w_back", "write ~model.adapters.w_back"),
    # the graph
    "duplicate edge": (
        {f"{A}.more": full("hidden[1]", "hidden[2]")},
        f"{A}.more",
        "there is model.adapters.up already",
    ),
    "duplicate name": (
        {f"{A}.hidden1": full("input", "hidden[2]")},
        f"{A}.hidden1",
        "choose another name",
    ),
    "unreachable": ({f"{A}.up": ABSENT}, A, "no message from input reaches hidden2"),
    "output unfed": (
        {f"{A}.w_out": ABSENT},
        A,
        "nothing feeds the output; add an adapter with `to: output`",
    ),
    # shapes
    "sizes of an identity": (
        {f"{A}.w_in": {"from": "input", "to": "hidden[1]", "_target_": IDENTITY}},
        f"{A}.w_in",
        "the size (6,), but the receiver is (8,)",
    ),
    "a strength per unit": (
        {f"{A}.up.strength": [1.0, 2.0]},
        f"{A}.up",
        "strength: got shape (2,), expected () or (8,)",
    ),
    "a threshold per unit": (
        {f"{L}.hidden.threshold": [1.0, 2.0]},
        f"{L}.hidden",
        "threshold: got shape (2,), expected () or (8,)",
    ),
    "constructor": (
        {f"{L}.hidden.sparsity": 1.5},
        f"{L}.hidden",
        "got 1.5, expected a fraction of absent synapses in [0, 1)",
    ),
    "rule's threshold": (
        {f"{A}.w_out.threshold": 1.0},
        f"{A}.w_out.threshold",
        f"write `threshold: null` in a file, or ~{A}.w_out.threshold on the command line",
    ),
    "input size": ({"data.shape": [7]}, "model.buffers.input", "got [6], expected [7]"),
    "output size": ({"data.classes": 5}, "model.buffers.output", "got [4], expected [5]"),
    # dynamics and optimiser
    "learn matches no module": (
        {"dynamics.train.free.learn": ["w_inn"]},
        "dynamics.train.free.learn",
        "did you mean w_in?",
    ),
    "inference learns": (
        {"dynamics.infer.recall.learn": ["w_in"]},
        "dynamics.infer.recall.learn",
        "remove it",
    ),
    "no length": ({"dynamics.infer.recall.steps": ABSENT}, "dynamics.infer.recall", "`steps: n`"),
    "negative length of a phase": (
        {"dynamics.infer.recall.steps": -1},
        "dynamics.infer.recall",
        "got -1 steps",
    ),
    "no phase": ({"dynamics.train": {}}, "dynamics.train", "got {}, expected at least 1 of them"),
    "nothing learns": (
        {"dynamics.train.free.learn": ["w_back"], "dynamics.train.recall.learn": []},
        "dynamics.train",
        "nothing learns",
    ),
    "an adapter that learns in no phase": (
        {f"{A}.skip": full("input", "hidden[2]", threshold=1.0)},
        f"{A}.skip",
        "no phase of dynamics.train (clamped, free, recall) lets skip learn; "
        "name it in the `learn` of one of them, or freeze it with `rule: null`",
    ),
    "a family of adapters that learns in no phase": (
        {f"{A}.up": full("hidden[i]", "hidden[i+1]")},
        f"{A}.up",
        "lets up1, up2 learn",
    ),
    "one of several layers that learns in no phase": (
        {"dynamics.train.free.learn": ["w_in", "hidden1", "hidden3"]},
        f"{L}.hidden",
        "lets hidden2 learn",
    ),
    "orchestrator": (
        {"dynamics.orchestrator._target_": "darnax.orchestrators.Orchestrator"},
        "dynamics.orchestrator._target_",
        "is an interface",
    ),
    "group matches no module": (
        {"optimizer.groups": {"w_inn": {"_target_": "optax.sgd", "learning_rate": 1}}},
        "optimizer.groups.w_inn",
        "did you mean w_in?",
    ),
    "group of another network": (
        {"optimizer.groups": {"zzz": {"_target_": "optax.sgd", "learning_rate": 1}}},
        "optimizer.groups.zzz",
        "w_out; choose an optimizer for this network, as `optimizer=adam`",
    ),
    "no transformation": (
        {"optimizer.default": {"_target_": "optax.constant_schedule", "value": 1.0}},
        "optimizer.default",
        "expected one of Optax's transformations",
    ),
    # numbers of the other sections
    "batch size": (
        {"data.batch_size": 0},
        "data.batch_size",
        "got 0, expected a number greater than 0",
    ),
    "negative epochs": (
        {"runner.epochs": -1},
        "runner.epochs",
        "got -1, expected a number greater than or equal to 0",
    ),
    "endless epochs": (
        {"runner.epochs": 10**23},
        "runner.epochs",
        "expected a number less than 2147483648",
    ),
    "seeds of replicas": (
        {"seed": 2**31 - 1, "runner.replicas": 2},
        "seed",
        "expected at most 2147483646",
    ),
    "kept classes": ({"data.only_classes": [3, 8]}, "data.classes", "got 4, expected 2"),
    # targets
    "misspelt class": (
        {f"{L}.output._target_": "darnax.modules.OutputLayr"},
        f"{L}.output._target_",
        "darnax.modules has no OutputLayr; did you mean OutputLayer?",
    ),
    "misspelt module": (
        {f"{L}.output._target_": "darnax.modulez.OutputLayer"},
        f"{L}.output._target_",
        "darnax has no modulez; did you mean modules?",
    ),
    "a target without a dot": (
        {f"{L}.output._target_": "OutputLayer"},
        f"{L}.output._target_",
        "expected a dotted public name, such as darnax.modules.OutputLayer",
    ),
    "private name": (
        {f"{L}.output._target_": "darnax.modules._x"},
        f"{L}.output._target_",
        "expected a dotted public name",
    ),
    "untrusted": (
        {f"{L}.output._target_": "colorsys.Layer"},
        f"{L}.output._target_",
        "add trust=[colorsys]",
    ),
    "untrusted package in an argument": (
        {f"{L}.output._target_": "darnax.runner.git_revision.subprocess.run"},
        f"{L}.output._target_",
        "leads out of darnax, to subprocess",
    ),
    "a function of darnax": (
        {f"{L}.output._target_": "darnax.atomic.write_atomically"},
        f"{L}.output._target_",
        "is no class",
    ),
    "a module of darnax": (
        {f"{L}.output._target_": "darnax.modules"},
        f"{L}.output._target_",
        "is no class",
    ),
    "a module of Optax": (
        {"optimizer.default._target_": "optax.losses"},
        "optimizer.default._target_",
        "builds no optimiser",
    ),
    "no such package": (
        {"trust": ["no_such_package"], f"{L}.output._target_": "no_such_package.Layer"},
        f"{L}.output._target_",
        "install it",
    ),
}


@pytest.mark.parametrize(("changes", "where", "remedy"), CASES.values(), ids=CASES.keys())
def test_an_error_is_reported_with_its_path(changes, where, remedy):
    with pytest.raises(RequestError) as caught:
        build(changed(changes))
    reported = {problem.where: problem.what for problem in reversed(caught.value.problems)}
    assert where in reported, caught.value
    assert any(
        problem.where == where and remedy in problem.what for problem in caught.value.problems
    ), reported
    if len(changes) == 1 and where not in (A, "model.buffers.input"):
        assert len(caught.value.problems) == 1, "one mistake is one problem"


def test_a_member_of_a_family_has_two_names():
    """Oracle: the edge that the index makes; `hidden1` is what tables and pictures show."""
    (with_index,) = edges_of(changed({f"{A}.w_in.to": "hidden[1]"}))
    assert edges_of(changed({f"{A}.w_in.to": "hidden1"})) == {with_index}


def edges_of(config):
    """Return the edges of w_in."""
    layer_map = build_parts(config).shapes.layer_map
    return {edge for edge, name in layer_map.names_by_edge().items() if name == "w_in"}


def test_a_margin_that_is_null_leaves_the_place_to_another_rule():
    """Oracle: the class of the rule; a file that starts from another cannot remove the key."""
    rule = {"_target_": "darnax.rules.Adatron"}
    changes = {f"{L}.hidden.rule": rule, f"{L}.hidden.threshold": None}
    layer_map = build_parts(changed(changes)).shapes.layer_map
    assert type(layer_map["hidden1"].rule).__name__ == "Adatron"


def test_all_errors_are_reported_at_once():
    changes = {
        "sede": 1,
        "runner.epocs": 3,
        "data.batch_size": 0,
        f"{A}.w_in.to": "hiden[1]",
        f"{L}.hidden.j_dd": 1,
        "dynamics.train.free.learn": ["nobody"],
        "optimizer.default._target_": "optax.sgdd",
        "model.adapters.w_out.rule.marjin": 1,
        "tracking.wandb.mode": "on",
    }
    with pytest.raises(RequestError) as caught:
        build(changed(changes))
    found = {problem.where for problem in caught.value.problems}
    assert found == set(changes)


def test_wrong_buffers_do_not_hide_wrong_modules():
    with pytest.raises(RequestError) as caught:
        build(
            changed(
                {"model.buffers.hidden.repeat": 0, f"{L}.hidden.j_dd": 1, f"{A}.w_in.strengh": 1}
            )
        )
    found = {problem.where for problem in caught.value.problems}
    assert found == {"model.buffers.hidden", f"{L}.hidden.j_dd", f"{A}.w_in.strengh"}


def test_an_untrusted_package_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "unheard_of.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RequestError, match=r"trust=\[unheard_of\]"):
        build(changed({f"{A}.w_in.rule": {"_target_": "unheard_of.Rule"}}))
    assert "unheard_of" not in sys.modules


def test_a_rule_of_a_trusted_package_is_accepted(tmp_path, monkeypatch):
    (tmp_path / "my_rules.py").write_text(
        "import equinox as eqx\nfrom darnax.rules import Rule\n"
        "class Anti(Rule):\n    rate: float = eqx.field(static=True, default=1.0)\n"
        "    def signal(self, y, h):\n        return -y * self.rate\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    rule = {"_target_": "my_rules.Anti", "rate": 2.0}
    experiment = build(changed({"trust": ["my_rules"], f"{A}.w_in.rule": rule}))
    network = experiment.make_network(jax.random.key(0))
    rules = dict(zip(network.layer_map.names, network.layer_map.modules, strict=True))
    assert rules["w_in"].rule.rate == 2.0


def test_a_field_of_another_size_than_the_layer_is_refused(tmp_path, monkeypatch):
    (tmp_path / "my_errors.py").write_text(
        "import jax\nfrom darnax.modules import ErrorUnits\n"
        "class Short(ErrorUnits):\n"
        "    def reduce(self, h):\n        return jax.tree.leaves(h)[0][:, :3]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    short = {"trust": ["my_errors"], f"{L}.hidden": {"_target_": "my_errors.Short"}}
    with pytest.raises(RequestError, match=r"layers\.hidden: its field has the size \(3,\), but"):
        build(changed(short))


UNLEARNED = {f"{A}.skip": full("input", "hidden[2]", threshold=1.0)}


@pytest.mark.parametrize(
    "more",
    [
        {f"{A}.skip.rule": None},
        {"dynamics.train.recall.learn": ["w_out", "skip"]},
        {"dynamics.train.clamped.learn": ["s*"]},
        {"runner.epochs": 0},
    ],
)
def test_modules_that_are_frozen_or_learn_are_accepted(more):
    build(changed({**UNLEARNED, **more}))


def test_an_existing_run_may_have_a_module_that_learns_in_no_phase():
    """Runs of earlier versions are evaluated, analysed, resumed and cited unchanged."""
    assert build(changed(UNLEARNED), existing=True).name == "chain"
    assert bibliography(changed(UNLEARNED), "").entries


def test_the_message_for_a_module_without_a_rule_names_plastic(tmp_path, monkeypatch):
    (tmp_path / "my_pull.py").write_text(
        "from darnax.modules import Ferromagnetic\n"
        "from darnax.modules.interfaces import AbstractModule\n"
        "class Pull(Ferromagnetic):\n    plastic = AbstractModule.plastic\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    pull = {"trust": ["my_pull"], f"{A}.up._target_": "my_pull.Pull"}
    freeze = "freeze it with a method `plastic` of Pull"
    reported = rf"up: no phase .* lets up1, up2 learn; .*or {freeze}"
    with pytest.raises(RequestError, match=reported):
        build(changed(pull))


UNANNOTATED = """
from darnax.rules import Rule
class Twice(Rule):
    inner: Rule
    def __init__(self, inner):
        self.inner = inner
    def signal(self, y, h):
        return 2 * self.inner.signal(y, h)
class Never(Rule):
    def __init__(self):
        raise KeyError("never")
    def signal(self, y, h):
        return y
def labels():
    return 3
"""


@pytest.fixture
def unannotated(tmp_path, monkeypatch):
    """Return a trusted package with few annotations."""
    (tmp_path / "unannotated.py").write_text(UNANNOTATED)
    monkeypatch.syspath_prepend(tmp_path)
    return {"trust": ["unannotated"]}


def test_an_argument_without_annotation_takes_an_object(unannotated):
    rule = {"_target_": "unannotated.Twice", "inner": {"_target_": "darnax.rules.Hebbian"}}
    network = build(changed({**unannotated, f"{A}.w_in.rule": rule})).make_network(
        jax.random.key(0)
    )
    rules = dict(zip(network.layer_map.names, network.layer_map.modules, strict=True))
    assert type(rules["w_in"].rule.inner).__name__ == "Hebbian"


@pytest.mark.parametrize(
    ("where", "name", "message"),
    [
        (f"{A}.w_in.rule", "Never", r"w_in: .*never"),
        ("data.labels", "labels", r"data\.labels: got int, expected a Labels"),
    ],
)
def test_objects_of_a_trusted_package_are_checked(unannotated, where, name, message):
    with pytest.raises(RequestError, match=message):
        build(changed({**unannotated, where: {"_target_": f"unannotated.{name}"}}))


def test_lengths_made_of_an_invalid_number_of_epochs_are_no_problems_of_their_own():
    decay = {"init_value": 0.1, "decay_steps": "-1 epochs"}
    rate = {"_target_": "optax.cosine_decay_schedule", **decay}
    with pytest.raises(RequestError) as caught:
        build(changed({"runner.epochs": -1, "optimizer.default.learning_rate": rate}))
    assert [problem.where for problem in caught.value.problems] == ["runner.epochs"]
