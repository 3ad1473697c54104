"""Quoted tables of the page *Does relaxation at inference do anything?*"""

from reproduction.quotes.cells import Accuracy
from reproduction.quotes.comparison import (
    compare_rounds,
    compare_rows,
    compare_states,
    compare_steps,
)
from reproduction.quotes.quote import Quote, list_rows
from reproduction.rows.couplings import DISTURBED_COUPLINGS, LEARNED, NO_COUPLINGS, STEPS
from reproduction.rows.disturbed import DISTURBED, ONE_STEP_ONLY, SIX_STEPS
from reproduction.rows.memory import DIGITS, RANDOM_MEMORY
from reproduction.rows.published import DENSE

NOISY = "MNIST, a fifth of the pixels black or white"
BY_STEPS = {
    "1": Accuracy.of(DISTURBED, f"{NOISY}: {ONE_STEP_ONLY}"),
    "2": Accuracy.of(STEPS, f"{NOISY}, 2 steps"),
    "4": Accuracy.of(STEPS, f"{NOISY}, 4 steps"),
    "6": Accuracy.of(DISTURBED, f"{NOISY}: {SIX_STEPS}"),
    "8": Accuracy.of(STEPS, f"{NOISY}, 8 steps"),
    "32": Accuracy.of(STEPS, f"{NOISY}, 32 steps"),
}
NOISE_BY_STEPS = Quote(("steps", *BY_STEPS), (("test accuracy", *BY_STEPS.values()),))
RECURRENCE = Quote(
    ("", "test accuracy, three seeds"),
    list_rows(
        DENSE,
        {
            "couplings, input weights and readout learn": ["H = 1600, 16 epochs"],
            "couplings keep their random initial values": ["H = 1600, 16 epochs, J frozen"],
            "no recurrence, one step; only the readout learns": [
                "the same, and no recurrence: one step"
            ],
            "random couplings; only the readout learns": [
                "H = 1600, 16 epochs, nothing learns but the readout"
            ],
            "only couplings and readout learn": ["the same, input weights frozen"],
        },
    ),
)
RECALL_OF_PATTERNS = Quote(
    ("network", "recalled"),
    list_rows(
        RANDOM_MEMORY,
        {
            "couplings by the AdaTron rule, relaxed": ["couplings by the AdaTron rule, relaxed"],
            "the same network, one step": ["the same, one step"],
            "1000 random features and a readout, 150 or 1500 epochs": [
                "1000 random features and a readout",
                "the same, 1500 epochs",
            ],
            "error feedback, 500 hidden units of ±1, 1500 epochs": [
                "error feedback, 500 units of ±1, 1500 epochs"
            ],
            "backpropagation, 500 hidden units, 150 epochs": ["backpropagation, 500 units"],
            "the same, 1500 epochs": ["backpropagation, 500 units, 1500 epochs"],
        },
    ),
)
FIXED_POINT = "1000 hidden units in a loop, at the fixed point"
ONE_ROUND = "the same network, after one round"
RECALL_OF_DIGITS = Quote(
    ("network", "recalled"),
    list_rows(
        DIGITS,
        {
            "`memory_hidden`, 1000 hidden units, at the fixed point": [FIXED_POINT],
            "the same network, one round": [ONE_ROUND],
            "`memory_hidden`, 2000 hidden units": ["2000 hidden units in a loop"],
            "2000 random features and a readout, as many weights that learn": [
                "2000 random features and a readout"
            ],
            "backpropagation through 1000 hidden units, as many weights, one pass": [
                "backpropagation, 1000 units, one pass"
            ],
            "error feedback to 1000 hidden units of ±1, one pass": [
                "error feedback, 1000 units of ±1, one pass"
            ],
        },
    ),
)
HARDER_CLASSES = "completion_with_class_harder"
SMALL_WINDOWS = "MNIST, 40 % of the pixels black or white, windows of 3×3"
FIVE_POINTS = Quote(
    ("task", "without relaxation", "at the fixed point", "difference", "p"),
    (
        compare_rows(
            "500 digits, half of the pixels unknown: the same network, one round",
            DIGITS,
            ONE_ROUND,
            FIXED_POINT,
        ),
        compare_steps(
            "Fashion-MNIST, couplings that learn: the same network, one step", "Fashion-MNIST"
        ),
        compare_steps(
            "entangled MNIST, couplings that learn: the same network, one step", "entangled MNIST"
        ),
        compare_states(
            "Fashion-MNIST, 40 % of the pixels black or white, perceptron with $J_D = 0.5$: the "
            "same network, one step",
            "classifiers_by_steps_fashion",
        ),
        compare_states("MNIST, the same", "classifiers_by_steps"),
        compare_rounds(
            "class of digits with 80 % of the pixels unknown, 600 training images of a class, "
            "completed in rounds: a network of one round",
            6,
        ),
        compare_rounds("the same with all training images", 60),
        compare_rounds("the same with 200 images of a class", 2, "one round", HARDER_CLASSES),
        compare_rounds(
            "the same with 200 images of a class: backpropagation with the same outputs and epochs",
            2,
            "backpropagation",
            HARDER_CLASSES,
        ),
        compare_rows(
            "MNIST with noise, units that see 3×3 pixels: the same units, no couplings",
            DISTURBED_COUPLINGS,
            f"{SMALL_WINDOWS}: {NO_COUPLINGS}",
            f"{SMALL_WINDOWS}: {LEARNED}",
        ),
    ),
    has_tables=True,
)
