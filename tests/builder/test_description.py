"""`darnax show`. Oracle: arithmetic, and an XML parser."""

import xml.etree.ElementTree as ET
from itertools import pairwise, takewhile

import jax
import pytest
from chain import FULL, changed

from darnax.api.description import NetworkDescription, format_bytes
from darnax.builder import describe
from darnax.builder.outline import describe_layout
from darnax.connectivity import Dense, SparseSymmetric, Symmetric
from darnax.diagrams.picture import svg
from darnax.errors import RequestError


def rows(description):
    return {module.name: module for module in description.modules}


def test_layouts_of_a_layer_are_named():
    key = jax.random.key(0)
    layouts = [Dense(3, 3), Symmetric(3, 3), SparseSymmetric(10, 10, 0.8, key=key)]
    words = [describe_layout(layout, {}) for layout in layouts]
    assert words == ["dense 3", "symmetric 3", "sparse symmetric 2"]


def test_counts_are_those_of_the_layout():
    """Sparse 0.5 of 8 units: 4 inputs each (hollow); J_D and the margin are one number each."""
    description = describe(changed({}))
    found = rows(description)
    assert (found["hidden1"].parameters, found["hidden1"].plastic) == (4 * 8 + 2, 4 * 8)
    assert (found["w_in"].parameters, found["w_in"].plastic) == (6 * 8 + 1, 6 * 8)
    assert (found["w_back"].parameters, found["w_back"].plastic) == (4 * 8, 0)
    assert (found["w_out"].parameters, found["w_out"].plastic) == (8 * 4, 8 * 4)
    # Self-couplings, margins, strengths and codes are no weights; frozen weights are.
    weights = {name: row.weights for name, row in found.items() if row.weights}
    assert weights["hidden1"] == 4 * 8
    assert weights["w_in"] == 6 * 8
    assert weights["w_back"] == 4 * 8
    assert weights["w_out"] == 8 * 4
    strengths = [row for row in found.values() if row.kind == "Ferromagnetic"]
    assert all(row.parameters and not row.weights for row in strengths)
    assert description.plastic == 3 * 32 + 48 + 32
    assert description.memory["states"] == 5 * (6 + 3 * 8 + 4) * 4


def test_a_gated_layout_is_described_with_the_layout_inside():
    gated = {"_target_": "darnax.connectivity.Gated", "gate": 0.5}
    found = rows(describe(changed({"model.adapters.w_out.connectivity": gated})))
    assert found["w_out"].connectivity == "gated dense 8"


def test_adam_keeps_two_copies_of_what_learns():
    adam = {"_target_": "optax.adam", "learning_rate": 0.1}
    description = describe(changed({"optimizer.default": adam, "optimizer.groups": {}}))
    moments = 2 * 4 * description.plastic
    assert moments <= description.memory["optimizer"] <= moments + 100


def test_replicas_multiply_the_memory():
    one, three = (describe(changed({"runner.replicas": n})).memory for n in (1, 3))
    assert three == {what: 3 * size for what, size in one.items()}


def test_what_learns_and_when():
    found = rows(
        describe(changed({"model.layers.hidden.rule": None, "model.layers.hidden.threshold": None}))
    )
    assert found["w_in"].learns == ("free",)
    assert found["w_out"].learns == ("recall",)
    assert found["hidden1"].learns == ()
    assert (found["w_in"].rule, found["w_out"].rule, found["w_back"].rule) == (
        "Perceptron",
        "SoftmaxDelta",
        "",
    )


def test_the_table_names_the_optimiser_of_each_module():
    schedule = {
        "_target_": "optax.cosine_decay_schedule",
        "init_value": 0.3,
        "decay_steps": "2 epochs",
    }
    shrink = {"_target_": "optax.add_decayed_weights", "weight_decay": 0.1}
    groups = {
        "hidden": {"_target_": "optax.sgd", "learning_rate": schedule},
        "w_in": {"shrink": shrink, "descend": {"_target_": "optax.adam", "learning_rate": 2}},
        "h*": {"_target_": "optax.sgd", "learning_rate": 9.0},
    }
    found = rows(describe(changed({"optimizer.groups": groups})))
    settings = {name: (row.optimizer, row.rate, row.source) for name, row in found.items()}
    assert (
        settings["hidden1"]
        == settings["hidden3"]
        == ("sgd", "cosine_decay from 0.3", "groups.hidden")
    )  # the first that fits
    assert settings["w_in"] == ("add_decayed_weights, adam", "2", "groups.w_in")
    assert settings["w_out"] == ("sgd", "0.1", "default")
    assert settings["w_back"] == settings["up1"] == settings["output"] == ("", "", "")


@pytest.mark.parametrize(
    ("node", "rate"),
    [
        ({"_target_": "optax.adadelta"}, ""),
        ({"_target_": "optax.scale", "step_size": -0.1}, ""),
        ({"_target_": "optax.sgd", "learning_rate": 1e-5}, "1e-05"),
        (
            {
                "_target_": "optax.sgd",
                "learning_rate": {
                    "_target_": "optax.linear_schedule",
                    "init_value": 0.5,
                    "end_value": 0,
                    "transition_steps": 9,
                },
            },
            "linear from 0.5",
        ),
    ],
)
def test_constant_learning_rates_are_shown(node, rate):
    found = rows(describe(changed({"optimizer.default": node, "optimizer.groups": {}})))
    assert (found["w_out"].rate, found["w_out"].source) == (rate, "default")


def test_the_table_shows_modules_that_never_learn_or_match_no_group(capsys):
    groups = {"hidden*": {"_target_": "optax.sgd", "learning_rate": 0.2}}
    skip = {"from": "input", "to": "hidden[2]", "_target_": FULL, "rule": None}
    print(
        NetworkDescription(
            describe(changed({"model.adapters.skip": skip, "optimizer.groups": groups}))
        )
    )
    lines = {line.split()[0]: line for line in table(capsys.readouterr().out, "learns in")}
    assert lines["skip"].split() == ["skip", "frozen", "never"]
    assert lines["w_in"].split()[1:4] == ["Perceptron", "free", "sgd"]
    assert lines["w_in"].endswith("default (in no group)")
    assert lines["hidden1"].endswith("groups.hidden*")
    print(NetworkDescription(describe(changed({"optimizer.groups": {}}))))
    lines = {line.split()[0]: line for line in table(capsys.readouterr().out, "learns in")}
    assert lines["w_in"].endswith("default")  # there is nothing to fall through
    assert set(lines) == set(rows(describe(changed({}))))


def table(text, head):
    """Return the lines of the table with this head."""
    first = next(number for number, line in enumerate(text.splitlines()) if head in line)
    return list(takewhile(str.strip, text.splitlines()[first + 1 :]))


def test_connectivity_in_a_few_words():
    found = rows(
        describe(
            changed(
                {
                    "model.buffers.input": [4, 4],
                    "data.shape": [4, 4],
                    "model.adapters.w_in.patch": 3,
                }
            )
        )
    )
    assert found["w_in"].connectivity == "3×3 patch"
    assert found["hidden1"].connectivity == "sparse 4"
    assert found["w_back"].connectivity == "dense 4"
    assert found["up1"].connectivity == "unit to unit"


def test_a_wrong_configuration_is_refused():
    with pytest.raises(RequestError, match=r"model\.layers\.hidden\.j_dd"):
        describe(changed({"model.layers.hidden.j_dd": 1}))


def test_the_tables_name_every_module_within_eighty_columns(capsys):
    print(NetworkDescription(describe(changed({}))))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for name in rows(describe(changed({}))):
        assert any(line.startswith(name) for line in lines), name
    assert any("of which 176 learn" in line for line in lines)


def test_byte_counts_are_formatted_with_units():
    assert [format_bytes(size) for size in (0, 1023, 1024, 3 * 1024**2)] == [
        "0 bytes",
        "1023 bytes",
        "1 KiB",
        "3 MiB",
    ]


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_the_picture_is_xml_with_every_name_and_boxes_apart(depth):
    skip = {"from": "hidden[i]", "to": "output", "_target_": FULL}
    wiring = {
        "model.depth": depth,
        "model.buffers.hidden.repeat": depth,
        "model.adapters.w_out": skip,
        "dynamics.train.recall.learn": ["w_out*"],
    }
    description = describe(changed(wiring))
    picture = ET.fromstring(svg(description))
    words = {
        "".join(node.itertext()).split(" ")[0]
        for node in picture.iter("{http://www.w3.org/2000/svg}text")
    }
    assert {name for name, _ in description.buffers} | {
        m.name for m in description.modules if m.sender != m.receiver
    } <= words
    boxes = [
        node.attrib
        for node in picture.iter("{http://www.w3.org/2000/svg}rect")
        if node.get("class") == "box"
    ]
    edges = [(float(box["x"]), float(box["x"]) + float(box["width"])) for box in boxes]
    assert all(right + 40 < left for (_, right), (left, _) in pairwise(edges))
    assert edges[-1][1] < float(picture.attrib["width"])
