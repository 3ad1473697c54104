"""Rows of couplings that learn, and of numbers of steps."""

from collections.abc import Sequence

from reproduction.rows.disturbed import (
    DISTURBANCES,
    NOISE,
    OF_MNIST,
    SIX_STEPS,
    WINDOW,
    disturbed,
)
from reproduction.rows.row import Row, Section, add_overrides, name_rows, trained_on_all

# Every contender has the best of 24 points of its own search (`sweep=recurrent`, `sweep=sign`).
RECURRENT = "+experiment=entangled_recurrent"


def frozen_couplings(
    data: str, width: float, coupling: float, j_d: float, inputs: float, rates: Sequence[float]
) -> str:
    """Return the overrides of the network whose couplings do not learn, with its settings."""
    rate, rate_of_biases = rates
    return (
        f"+experiment={data}_recurrent model.layers.hidden.rule=null "
        f"model.layers.hidden.activation.width={width} model.layers.hidden.strength={coupling} "
        f"model.layers.hidden.j_d={j_d} model.adapters.w_in.strength={inputs} "
        f"optimizer.default.learning_rate.init_value={rate} "
        f"optimizer.groups.hidden.learning_rate.init_value={rate_of_biases}"
    )


def uncoupled(network: str, width: float, inputs: float, rate: float) -> str:
    """Return the overrides of the network without couplings, with its settings."""
    return (
        f"{network} model.layers.hidden.activation.width={width} "
        f"model.adapters.w_in.strength={inputs} "
        f"optimizer.default.learning_rate.init_value={rate}"
    )


LEARNED, FROZEN_J, NO_COUPLINGS, AS_MANY = (
    "400 units, the couplings learn",
    "400 units, random couplings that do not learn",
    "400 units, no couplings",
    "more units, no couplings: as many weights",
)
UNCOUPLED = {
    "entangled": uncoupled(
        "+experiment=mnist_sign data=entangled_mnist +model.adapters.w_in.sparsity=0.75",
        width=0.77,
        inputs=1.0,
        rate=0.002,
    ),
    "fashion": uncoupled(
        "+experiment=fashion_sign +model.adapters.w_in.patch={window}",
        width=0.27,
        inputs=2.07,
        rate=0.0033,
    ),
}
FROZEN_COUPLINGS = {
    "entangled": frozen_couplings(
        "entangled", width=0.343, coupling=0.03, j_d=0.2, inputs=0.32, rates=(0.00114, 0.00031)
    ),
    "fashion": frozen_couplings(
        "fashion", width=0.5, coupling=0.039, j_d=0.21, inputs=1.09, rates=(0.003, 0.00013)
    ),
}
COUPLED_SETS = {"entangled": "entangled MNIST", "fashion": "Fashion-MNIST"}


# Windows of units without couplings -> their number, for as many weights as 400 coupled ones have.
AS_MANY_UNITS = {5: 3257, 3: 4390}


def with_couplings(data: str, window: int = 5) -> dict[str, str]:
    """Return name -> overrides of the networks with and without couplings, on a data set."""
    smaller = f" model.adapters.w_in.patch={window}" if window != 5 else ""
    alone = UNCOUPLED[data].format(window=window)
    networks = {
        LEARNED: f"+experiment={data}_recurrent{smaller}",
        FROZEN_J: f"{FROZEN_COUPLINGS[data]}{smaller}",
        NO_COUPLINGS: f"{alone} model.features=400",
        AS_MANY: f"{alone} model.features={AS_MANY_UNITS[window]}",
    }
    return add_overrides(networks, "data.validation=0")


COUPLINGS = Section(
    "Couplings that learn",
    "Units of ±1 that receive 25 inputs each, of entangled MNIST 25 of 100 drawn at random, of "
    "Fashion-MNIST a window of 5×5 pixels; learned feedback of the error as a third factor, 10 "
    "epochs. With couplings the state is the fixed point, and they start random; without couplings "
    "one step is the fixed point. Each of the first three has the best settings of 24 points of a "
    "search of 8 epochs on a validation split (`sweep=recurrent`, `sweep=sign`), the last, 3257 "
    "units, those of the third.",
    name_rows({name: with_couplings(data) for data, name in COUPLED_SETS.items()}),
)
FLIPS = "+data.disturb.noise={{_target_:darnax.data.Noise,kind:sign_flips,share:{}}}"
ALL_INPUTS_COUPLED = (
    f"{RECURRENT} model.features=1600 ~model.layers.hidden.connectivity "
    "+model.layers.hidden.sparsity=0.95 model.adapters.w_in.sparsity=0.0"
)
ALL_INPUTS = Section(
    "Couplings that learn, where every unit has all inputs",
    "Entangled MNIST, 1600 units of ±1 that receive all 100 inputs; 80 couplings for each unit, "
    "drawn at random; 10 epochs. In training every input is flipped with a probability of 0.05, or "
    "of 0.023 without couplings. Without couplings the settings, the flips among them, are the "
    "best of 16 points of a search of 8 epochs on a validation split; with couplings they are of "
    "`entangled_recurrent`, whose search was of 400 units without flips. The random couplings "
    "have the settings of those that learn.",
    trained_on_all(
        Row("the couplings learn", f"{ALL_INPUTS_COUPLED} {FLIPS.format(0.05)}"),
        Row(
            "random couplings that do not learn",
            f"{ALL_INPUTS_COUPLED} model.layers.hidden.rule=null {FLIPS.format(0.05)}",
        ),
        Row("no couplings", "+experiment=entangled_sign"),
    ),
)
BACKPROPAGATION = "400 units over all pixels, backpropagation"
# Images -> the overrides that disturb them, and the window of a unit.
DISTURBED_IMAGES = {
    "MNIST, 20 % of the pixels black or white": (f"data=mnist {NOISE.format(0.2)}", 5),
    "MNIST, 40 % of the pixels black or white": (f"data=mnist {NOISE.format(0.4)}", 5),
    "MNIST, 60 % of the pixels black or white": (f"data=mnist {NOISE.format(0.6)}", 5),
    "MNIST, 40 % of the pixels black or white, windows of 3×3": (
        f"data=mnist {NOISE.format(0.4)}",
        3,
    ),
    "MNIST, a black window of 30 %": (f"data=mnist {WINDOW.format(0.3)}", 5),
    "Fashion-MNIST, 40 % of the pixels black or white": (NOISE.format(0.4), 5),
    "Fashion-MNIST, a black window of 30 %": (WINDOW.format(0.3), 5),
}


def on_disturbed(images: str) -> dict[str, str]:
    """Return name -> overrides of the networks of Fashion-MNIST, trained on disturbed images."""
    disturbance, window = DISTURBED_IMAGES[images]
    networks = with_couplings("fashion", window)
    plain = f"+experiment=fashion_backprop model.features=400 {OF_MNIST} data.validation=0"
    networks[BACKPROPAGATION] = plain
    return add_overrides(networks, disturbance)


DISTURBED_COUPLINGS = Section(
    "Couplings that learn, on disturbed images",
    "The networks of Fashion-MNIST in *Couplings that learn*, and backpropagation in a layer of as "
    "many units that see all pixels, trained and tested on disturbed images, with the settings of "
    "clean images of Fashion-MNIST, backpropagation with those of MNIST. Units see windows of 5×5 "
    "pixels, or in one case of 3×3, where "
    "as many weights are those of 4390 units.",
    name_rows({images: on_disturbed(images) for images in DISTURBED_IMAGES}),
)
FLIPPED_INPUTS = {
    "entangled MNIST, 5 % of the inputs flipped": 0.05,
    "entangled MNIST, 10 % of the inputs flipped": 0.1,
    "entangled MNIST, 20 % of the inputs flipped": 0.2,
}


def on_flipped(inputs: str) -> dict[str, str]:
    """Return name -> overrides of the networks of entangled MNIST, trained on flipped inputs."""
    flips = f"{FLIPS.format(FLIPPED_INPUTS[inputs])} +data.disturb.noise.when=always"
    networks = with_couplings("entangled")
    plain = "+experiment=entangled_backprop model.features=400 runner.epochs=10 data.validation=0"
    networks[BACKPROPAGATION] = plain
    return add_overrides(networks, flips)


FLIPPED_COUPLINGS = Section(
    "Couplings that learn, on flipped inputs",
    "The networks of entangled MNIST in *Couplings that learn*, and backpropagation in a layer of "
    "as many units that receive all inputs, trained and tested with a part of the inputs flipped, "
    "with the settings of inputs as they are. Inputs are flipped anew whenever they are seen.",
    name_rows({inputs: on_flipped(inputs) for inputs in FLIPPED_INPUTS}),
)
NUMBERS_OF_STEPS = (2, 4, 8, 32)


def relaxed(steps: int) -> tuple[Row, Row]:
    """Return the rows of two networks that relax for a number of steps, in training as well."""
    noisy = disturbed("mnist", SIX_STEPS, next(iter(DISTURBANCES)))
    recall = f"dynamics.train.recall.steps={steps} dynamics.infer.recall.steps={steps}"
    infer = f"dynamics.infer.step.steps={steps}"
    until = "dynamics.infer.step.until=null dynamics.infer.step.max_steps=null"
    learned = f"{RECURRENT} dynamics.train.step.steps={steps} {infer} {until} data.validation=0"
    return (
        Row(f"MNIST, a fifth of the pixels black or white, {steps} steps", f"{noisy} {recall}"),
        Row(f"entangled MNIST, couplings that learn, {steps} steps", learned),
    )


STEPS = Section(
    "Numbers of steps",
    "Networks that relax for another number of steps, in training and in the test, so that the "
    "readout is that of this number: two layers of 1000 units on disturbed images (one and six "
    "steps are above), and 400 units with couplings that learn.",
    tuple(row for steps in NUMBERS_OF_STEPS for row in relaxed(steps)),
)
