"""`connectivity` in a configuration. Oracle: the builder's messages for other arguments."""

import jax
import pytest
from tiny_runs import Train

import darnax
from darnax.errors import RequestError

BLOCKS = "{_target_: extlab.blocks.BlockSparse, blocks: 4}"
HIDDEN = "model.layers.hidden.connectivity"
W_IN = "model.adapters.w_in"


def composed(*words: str) -> dict:
    """Compose a small chain in which one module has a layout of another package."""
    sizes = ("data.source.inputs=20", "data.source.outputs=8", "trust=[extlab]")
    return darnax.compose("+experiment=associations", *sizes, *words)


def problem(*words: str) -> str:
    with pytest.raises(RequestError) as error:
        darnax.build(composed(*words), trust=["extlab"])
    return str(error.value)


def test_every_module_with_a_weight_takes_a_layout() -> None:
    names = ("layers.hidden", "adapters.w_in", "adapters.w_out", "adapters.w_back")
    words = [f"+model.{name}.connectivity={BLOCKS}" for name in names]
    network = darnax.build(composed(*words), trust=["extlab"]).network
    for name in ("hidden1", "w_in", "w_out", "w_back"):
        module = network.layer_map[name] if name != "hidden1" else network.layer_map[1, 1]
        assert type(module.connectivity).__name__ == "BlockSparse"
    hidden = network.layer_map[1, 1]
    assert hidden.J.shape == (5, 20)
    assert not (hidden.connectivity.senders == jax.numpy.arange(4)).any()


def test_the_layout_follows_from_the_seed_and_the_name_of_the_module() -> None:
    words = (f"+{HIDDEN}={BLOCKS}", f"+{W_IN}.connectivity={BLOCKS}")

    def build(seed: int):
        return darnax.build(composed(*words, f"seed={seed}"), trust=["extlab"])

    one, same, other = (build(seed).network.layer_map["w_in"].connectivity for seed in (0, 0, 5))
    assert (one.senders == same.senders).all()
    assert (one.senders != other.senders).any()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (f"+{HIDDEN}=5", f"{HIDDEN}: got 5, expected a mapping with `_target_`"),
        (f"+{HIDDEN}={{_target_: extlab.blocks.BlockSparse}}", f"{HIDDEN}.blocks: is missing"),
        (
            f"+{HIDDEN}={{_target_: extlab.blocks.BlockSparse, blocks: 4, pre: 20}}",
            f"{HIDDEN}.pre: is filled in by darnax",
        ),
        (
            f"+{HIDDEN}={{_target_: extlab.blocks.BlockSparse, blocks: 3}}",
            "model.layers.hidden: got 3 blocks, expected a divisor of 20 and 20, 2 at least",
        ),
        (
            f"+{HIDDEN}={{_target_: extlab.rule.SoftPerceptron}}",
            f"{HIDDEN}._target_: extlab.rule.SoftPerceptron is no Connectivity",
        ),
    ],
)
def test_an_error_is_reported_with_the_path_of_the_key(word: str, message: str) -> None:
    assert message in problem(word)


def test_a_layout_beside_a_sparsity_is_refused() -> None:
    message = problem(f"+{HIDDEN}={BLOCKS}", "model.layers.hidden.sparsity=0.5")
    assert "model.layers.hidden: got sparsity together with a connectivity" in message
    message = problem(f"+{W_IN}.connectivity={BLOCKS}", f"{W_IN}.patch=2")
    assert f"{W_IN}: got patch together with a connectivity" in message


def test_show_names_the_layout_and_its_inputs() -> None:
    from darnax.builder import describe

    rows = {row.name: row for row in describe(composed(f"+{HIDDEN}={BLOCKS}")).modules}
    assert rows["hidden1"].connectivity == "BlockSparse 5"
    assert rows["hidden1"].plastic == 5 * 20


def test_a_run_with_a_layout_resumes_and_evaluates(train: Train) -> None:
    run = train(f"+{HIDDEN}={BLOCKS}", "runner.epochs=1")
    again = darnax.load(run.folder)
    with pytest.raises(RequestError, match="asks to run code of extlab"):
        again.evaluate()
    assert again.evaluate("trust=[extlab]").score == run.evaluate().score
