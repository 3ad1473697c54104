"""Unusable optimisers are refused by the command. Oracle: exit code 2, and no new files."""

import pytest
from small_experiments import TASK

RATE = "optimizer.groups.w_in.learning_rate"
WARMUP = (
    "{_target_: optax.warmup_cosine_decay_schedule, init_value: 0, peak_value: 1, "
    "warmup_steps: 0.5 epochs, decay_steps: 0.6 epochs}"
)
CASES = {
    "epochs without a step of decay": (
        [f"~{RATE}", f"+{RATE}={WARMUP}"],
        ["optimizer: ", "requires positive decay_steps", "an epoch has 2 steps here"],
    ),
    "an optimiser that needs a loss": (
        ["+optimizer.groups.w_back={_target_: optax.scale_by_polyak}"],
        [
            "optimizer.groups.w_back._target_: optax.scale_by_polyak needs the value of a loss, "
            "and local rules have none"
        ],
    ),
    "a function that is not a constructor": (
        ["+optimizer.groups.w_back={_target_: optax.apply_updates}"],
        ["optimizer.groups.w_back._target_: optax.apply_updates builds no optimiser"],
    ),
    "a schedule for a constructor that branches on a number": (
        [
            "+optimizer.groups.w_back={_target_: optax.scale_by_sm3, "
            "b2: {_target_: optax.linear_schedule, init_value: 0.9, "
            "end_value: 0.5, transition_steps: 1 epochs}}"
        ],
        ["optimizer.groups.w_back: scale_by_sm3 cannot use a schedule for b2"],
    ),
}


@pytest.mark.parametrize(("overrides", "words"), CASES.values(), ids=CASES)
def test_an_unusable_optimiser_is_refused_before_a_folder_is_created(
    darnax, tmp_path, overrides, words
):
    result = darnax("train", *TASK, "tracking=local", *overrides)
    assert result.exit_code == 2
    output = " ".join(result.output.split())
    assert all(each in output for each in words), output
    assert not list((tmp_path / "work").iterdir())
