"""The rows of the results page: configurations, with reference numbers and their origin."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

ACCURACY = "test/accuracy"
STORED = "train/accuracy"  # of a memory: the fraction of patterns that are fixed points

NOTEBOOK = "fork"  # a notebook of a public fork of the authors' code; test images
AUTHORS = "authors"  # the authors' own code and plots; validation images


@dataclass(frozen=True)
class Row:
    """One configuration.

    Args:
        what: the first cell of the row.
        overrides: as they are typed after `darnax train`, without the seed.
        reference: the number to reproduce.
        origin: of the reference.
        metrics: that are shown.
    """

    what: str
    overrides: str
    reference: str = ""
    origin: str = ""
    metrics: tuple[str, ...] = (ACCURACY,)

    @property
    def command(self) -> str:
        """The command, without the seed."""
        return shlex.join(f"darnax train {self.overrides}".split())


@dataclass(frozen=True)
class Section:
    """Rows of one table, with the text above it."""

    title: str
    text: str
    rows: tuple[Row, ...]
    heads: tuple[str, ...] = ("test accuracy",)


def trained_on_all(*rows: Row) -> tuple[Row, ...]:
    """Return the rows without a validation split: the networks are trained on all images."""
    return tuple(replace(row, overrides=f"{row.overrides} data.validation=0") for row in rows)


def name_rows(networks: Mapping[str, Mapping[str, str]]) -> tuple[Row, ...]:
    """Return a row for every network of every set of images: set -> network -> overrides."""
    rows = []
    for images, overrides_of in networks.items():
        rows += [Row(f"{images}: {what}", words) for what, words in overrides_of.items()]
    return tuple(rows)


def sparse(units: int, strength: float, reference: str, more: str = "", what: str = "") -> Row:
    """Return a row of the sparse family; `strength` is that of the feedback."""
    model = f"model.features={units} model.adapters.w_back.strength={strength}"
    overrides = f"+experiment=mnist_sparse {model} {more}"
    return Row(f"N = {units}{what}", overrides.strip(), reference, NOTEBOOK)


def correlated(what: str, patterns: str, rate: float) -> Row:
    """Return a row of the experiment `memory`, with other patterns and another learning rate."""
    learning = f"optimizer.groups.hidden.descend.learning_rate={rate}"
    return Row(what, f"+experiment=memory {patterns} {learning}", metrics=(ACCURACY, STORED))


ENTANGLED = "+experiment=entangled_mnist"
LARGE = f"{ENTANGLED} runner.epochs=16"
NO_J, NO_IN = (
    "optimizer.groups.hidden.descend.learning_rate=0.0",
    "optimizer.groups.w_in.learning_rate=0.0",
)
NO_SELF = (
    "model.layers.hidden.j_d=0.0 model.layers.hidden.threshold=0.9 "
    "model.adapters.w_in.threshold=0.9"
)
COUPLED = "+experiment=entangled_chain model.features=400 runner.epochs=8"
ONE_STEP = (
    "+model.layers.hidden.rule=null +model.adapters.w_in.rule=null "
    "dynamics.train.clamped.steps=0 dynamics.train.free.steps=0 dynamics.infer.recall.steps=1"
)
TWO_SWEEPS = (
    "dynamics.train.warmup.steps=0 dynamics.train.clamped.steps=1 dynamics.train.free.steps=1"
)
LOADS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)

SPARSE = Section(
    "MNIST, sparse family",
    "One hidden layer, the published schedule, the network's own readout, 20 epochs unless the row "
    "has another number.",
    trained_on_all(
        Row("N = 1000", "+experiment=mnist_sparse", "0.9256", NOTEBOOK),
        sparse(
            2000,
            1.3,
            "0.942",
            "optimizer.groups.w_out.learning_rate=0.17 runner.epochs=3",
            ", readout rate 0.17, 3 epochs",
        ),
        sparse(3000, 1.1, "0.9443"),
        sparse(6000, 0.8, "0.9518"),
        Row("Fashion-MNIST, N = 3000", "+experiment=fashion_sparse"),
    ),
)
DENSE = Section(
    "Entangled MNIST, dense family",
    "One densely coupled layer of H units, 30 epochs unless the row has another number. The "
    "reference numbers are of a validation split, after 30 to 200 epochs. Ablations change the "
    "configuration only.",
    trained_on_all(
        Row("H = 100", f"{ENTANGLED} model.features=100", "0.814", AUTHORS),
        Row("H = 400", f"{ENTANGLED} model.features=400", "0.851", AUTHORS),
        Row("H = 1600, 16 epochs", LARGE, "0.86–0.88", AUTHORS),
        Row("H = 3200, 16 epochs", f"{LARGE} model.features=3200", "0.876", AUTHORS),
        Row("H = 1600, 16 epochs, nothing learns but the readout", f"{LARGE} {NO_J} {NO_IN}"),
        Row(
            "the same, and no recurrence: one step",
            f"{ENTANGLED} runner.epochs=8 {ONE_STEP}",
            "0.826",
            AUTHORS,
        ),
        Row("H = 1600, 16 epochs, J frozen", f"{LARGE} {NO_J}", "0.833", AUTHORS),
        Row("the same, input weights frozen", f"{LARGE} {NO_IN}"),
        Row(
            "the same, two sweeps instead of ten",
            f"{LARGE} {TWO_SWEEPS}",
            "about 0.02 less",
            AUTHORS,
        ),
        Row("the same, J_D = 0", f"{LARGE} {NO_SELF}", "0.11", AUTHORS),
        Row(
            "two layers of 400, J_D = 0, λ = 1, 8 epochs",
            f"{COUPLED} model.adapters.up.strength=1.0",
        ),
        Row("two layers of 400, J_D = 0, λ = 3, 8 epochs", COUPLED, "0.80–0.83", AUTHORS),
        Row(
            "two layers of 800, the same",
            "+experiment=entangled_chain runner.epochs=8",
            "0.80–0.83",
            AUTHORS,
        ),
        Row(
            "H = 1600, backpropagation instead",
            "+experiment=entangled_backprop",
            "about 0.90",
            AUTHORS,
        ),
    ),
)
PROTOTYPE = (
    "model.layers.hidden._target_=darnax.modules.PrototypeUnits dynamics.train.clamped.steps=1 "
    "+model.layers.hidden.share="
)
SYMMETRIC = "+model.layers.hidden.connectivity._target_=darnax.connectivity.Symmetric"
ONE_RECALL = "+experiment=mnist_chain dynamics.train.recall.steps=1 dynamics.infer.recall.steps=1"
CONTROLS = Section(
    "Controls",
    "Does relaxation under the label matter, and asymmetry? In the control a share of the units, "
    "those with the smallest field, copies the feedback of the label in one step, instead of "
    "relaxing under it for five; the share was chosen among 0.2 and 0.5 on a validation split, in "
    "4 epochs. On the dense family a share of 0.5 is as good as relaxation for 13 epochs (training "
    "accuracy 0.81 to 0.83), and then the couplings alone hold the label: the overlap of the "
    "states with and without it rises to 0.97, the input weights decay, and no input is answered. "
    "Symmetric couplings start symmetric, and every step is projected on symmetric matrices. The "
    "last row trains the readout on the states that the test has, after one step instead of six.",
    trained_on_all(
        Row("N = 1000, sparse", "+experiment=mnist_sparse", "0.9256", NOTEBOOK),
        Row(
            "the same, a share of 0.2 copies the label",
            f"+experiment=mnist_sparse {PROTOTYPE}0.2",
        ),
        Row("H = 400, entangled MNIST", f"{ENTANGLED} model.features=400", "0.851", AUTHORS),
        Row(
            "the same, a share of 0.5 copies the label",
            f"{ENTANGLED} model.features=400 {PROTOTYPE}0.5",
        ),
        Row(
            "the same, a share of 0.2 copies the label",
            f"{ENTANGLED} model.features=400 {PROTOTYPE}0.2",
        ),
        Row("the same, symmetric couplings", f"{ENTANGLED} model.features=400 {SYMMETRIC}"),
        Row("`mnist_chain`, six steps of recall", "+experiment=mnist_chain"),
        Row("the same, one step of recall, in training and in the test", ONE_RECALL),
    ),
)
# Of the tables of disturbed images: contender -> overrides, with the name of the set to fill in.
SIX_STEPS, ONE_STEP_ONLY = "two layers of 1000, six steps", "the same, one step"
CONTENDERS = {
    SIX_STEPS: "+experiment={data}_chain",
    ONE_STEP_ONLY: "+experiment={data}_chain dynamics.train.recall.steps=1 "
    "dynamics.infer.recall.steps=1",
    "error feedback, 2000": "+experiment={data}_error model.features=2000 runner.epochs=10",
    "random features, 2000": "+experiment={data}_error model.features=2000 runner.epochs=10 "
    "+model.adapters.w_in.rule=null",
    "backpropagation, 2000": "+experiment={data}_backprop model.features=2000",
}
NOISE, WINDOW = (
    "+data.disturb.noise.share={} +data.disturb.noise.when=always",
    "+data.disturb.occlude.share={} +data.disturb.occlude.part=window "
    "+data.disturb.occlude.when=always",
)
DISTURBED_SETS = {"mnist": "MNIST", "fashion": "Fashion-MNIST"}
DISTURBANCES = {
    "a fifth of the pixels black or white": NOISE.format(0.2),
    "a fifth of the image under a black window": WINDOW.format(0.2),
}


def disturbed(data: str, contender: str, disturbance: str) -> str:
    """Return the overrides of a contender, trained and tested on disturbed images."""
    network = CONTENDERS[contender].format(data=data)
    return f"{network} {DISTURBANCES[disturbance]} data.validation=0"


DISTURBED = Section(
    "Noise and occlusion, in training and in the test",
    "2000 hidden units each and 10 epochs, with the settings that were chosen for clean images. "
    "Every image is disturbed anew whenever it is seen; the window is at a random place.",
    name_rows(
        {
            f"{name}, {disturbance}": {
                contender: disturbed(data, contender, disturbance) for contender in CONTENDERS
            }
            for data, name in DISTURBED_SETS.items()
            for disturbance in DISTURBANCES
        }
    ),
)
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
    return {name: f"{words} data.validation=0" for name, words in networks.items()}


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
    networks[BACKPROPAGATION] = "+experiment=fashion_backprop model.features=400 data.validation=0"
    return {name: f"{words} {disturbance}" for name, words in networks.items()}


DISTURBED_COUPLINGS = Section(
    "Couplings that learn, on disturbed images",
    "The networks of Fashion-MNIST in *Couplings that learn*, and backpropagation in a layer of as "
    "many units that see all pixels, trained and tested on disturbed images, with the settings of "
    "clean images of Fashion-MNIST. Units see windows of 5×5 pixels, or in one case of 3×3, where "
    "as many weights are those of 4390 units.",
    name_rows({images: on_disturbed(images) for images in DISTURBED_IMAGES}),
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
CAPACITY = Section(
    "Hetero-association",
    "Random ±1 pairs through a chain of L dense layers of 100 units, α = pairs / 100, 50 epochs: "
    "the fraction of pairs that are recalled without error; and after the output is released, the "
    "overlap of the last layer with its clamped state, and the fraction of units that still flip "
    "after five steps.",
    tuple(
        Row(
            f"L = {depth}, α = {load}",
            f"+experiment=associations model.depth={depth} data.source.load={load}",
            metrics=(ACCURACY, f"overlap/clamped-free/hidden{depth}", "relax/free/flips"),
        )
        for depth, load in product((1, 2, 3), LOADS)
    ),
    ("pairs learned", "overlap clamped–free", "flips when free"),
)
UNIFORM = "model.adapters.w_in.patch=null model.adapters.w_in.sparsity=0.9"
ERROR = "+experiment=mnist_error"
CONV = "+experiment=conv_error"
SHIFT = "+data.disturb.shift.pixels=1"
BEYOND = Section(
    "Beyond the published model",
    "Local rules only; settings were chosen on a validation split (docs/science.md). "
    "`mnist_error` and `fashion_error` are one layer with learned error feedback; in their "
    "ablation only the readout learns.",
    trained_on_all(
        Row("`mnist_single`, one layer of 2000, 10 epochs", "+experiment=mnist_single"),
        Row("`mnist_chain`, two layers of 1000, 10 epochs", "+experiment=mnist_chain"),
        Row("`mnist_chain3`, three layers of 1000, 10 epochs", "+experiment=mnist_chain3"),
        Row("`mnist_error`, 1000 units, 9×9 patches, 20 epochs", ERROR),
        Row("the same, training images shifted by up to one pixel", f"{ERROR} {SHIFT}"),
        Row(
            "`mnist_error`, 1000 units, nothing learns but the readout",
            f"{ERROR} +model.adapters.w_in.rule=null",
        ),
        Row("`mnist_error`, 2000 units, 9×9 patches, 20 epochs", f"{ERROR} model.features=2000"),
        Row("`mnist_error`, 4000 units, 9×9 patches, 20 epochs", f"{ERROR} model.features=4000"),
        Row(
            "`mnist_error`, 1000 units, uniform inputs, 10 epochs",
            f"{ERROR} {UNIFORM} runner.epochs=10",
        ),
        Row(
            "`mnist_error`, 2000 units, uniform inputs, 10 epochs",
            f"{ERROR} {UNIFORM} model.features=2000 runner.epochs=10",
        ),
        Row("`mnist_fast`, 1000 units, shifted images, 20 epochs", "+experiment=mnist_fast"),
        Row("`entangled_error`, 1600 units, 20 epochs", "+experiment=entangled_error"),
        Row("`conv_error`, 14×14×32 units, 10 epochs", CONV),
        Row(
            "the same, nothing learns but the readout",
            f"{CONV} +model.adapters.w_in.rule=null",
        ),
        Row(
            "`conv_error`, 14×14×32 units, 10 epochs, training images shifted by up to one pixel",
            f"{CONV} {SHIFT}",
        ),
        Row("`conv_error`, 14×14×32 units, 3 epochs", f"{CONV} runner.epochs=3"),
        Row(
            "the same, training images shifted by up to one pixel",
            f"{CONV} runner.epochs=3 {SHIFT}",
        ),
        Row("`conv_error`, 14×14×64 units, 10 epochs", f"{CONV} model.channels=64"),
        Row("`fashion_error`, 2000 units, 9×9 patches, 10 epochs", "+experiment=fashion_error"),
    ),
)
CIFAR = "+experiment=cifar_conv data.path=cifar10_jpeg.zip"
FROZEN = "+model.adapters.w_in.rule=null +model.adapters.up.rule=null"
PHOTOGRAPHS = Section(
    "Photographs",
    "CIFAR-10, 50,000 and 10,000 colour images of 32×32 pixels, here JPEG files in class folders of"
    " an archive; 16×16×64 and 8×8×128 units, random shifts and mirror images, 15 epochs of batches"
    " of 50. Settings were chosen on a validation split (docs/development/log.md);"
    " backpropagation has the usual settings of Adam.",
    trained_on_all(
        Row("`cifar_conv`, two stages with learned error feedback, local rules only", CIFAR),
        Row("the same, nothing learns but the readouts: random windows", f"{CIFAR} {FROZEN}"),
        Row(
            "the same layers with ReLU, backpropagation instead",
            "+experiment=cifar_backprop data.path=cifar10_jpeg.zip",
        ),
    ),
)
SCHEMES = (
    ("three_threshold", "three thresholds, sparse units of ±1", ""),
    ("backprop", "backpropagation, the baseline", "0.984"),
    ("sign", "error feedback as a third factor, units of ±1", ""),
    ("dfa", "direct feedback alignment", "0.980–0.985"),
    ("ep", "equilibrium propagation", "0.980"),
    ("chl", "contrastive Hebbian learning", "about 0.98"),
    ("pc", "predictive coding", "0.984"),
    ("ff", "Forward-Forward, two layers, linear readout", "0.986"),
    ("softhebb", "SoftHebb, linear readout", "about 0.97"),
)
PERCEPTRON = "label-clamped perceptron, sparse units of ±1"
PAPERS = "its paper"  # an MLP of other sizes


def schemes(data: str) -> tuple[Row, ...]:
    """Return one row for every learning rule on a data set; only those of MNIST have references."""
    rows = []
    if data == "mnist":  # the first row of the page
        rows.append(Row(PERCEPTRON, "+experiment=mnist_sparse", "0.9256", NOTEBOOK))
    else:
        rows.append(Row(PERCEPTRON, f"+experiment=mnist_sparse data={data}_mnist"))
    for name, what, reference in SCHEMES:
        known = (reference, PAPERS) if data == "mnist" and reference else ("", "")
        rows.append(Row(what, f"+experiment={data}_{name}", *known))
    return trained_on_all(*rows)


RULES = Section(
    "Learning rules on MNIST",
    "One hidden layer of 1000 units over all pixels, without patches (permutation invariant), 10 "
    "epochs of batches of 100, Adam with cosine decay; what each scheme is stands in the guide of "
    "[learning rules](guides/learning-rules.md). The label-clamped perceptron has its published "
    "schedule, and three thresholds the same: 20 epochs of batches of 16, plain SGD. "
    "Forward-Forward has two layers of 1000 units and 20 epochs.",
    schemes("mnist"),
)
FASHION_RULES = Section(
    "Learning rules on Fashion-MNIST",
    "The same networks with the same settings, not tuned again for these images, but for the rate "
    "of Forward-Forward, which is a quarter: "
    "with that of MNIST, 0.028, two of three networks began at chance, and the accuracy at the end "
    "was 0.7883 ± 0.0270. It was chosen among four rates on a validation split, in 3 epochs.",
    schemes("fashion"),
)
VARIANTS = Section(
    "Variants of the learning rules, MNIST",
    "In `mnist_ep` the weights back from the output start as the transpose of those towards it, "
    "and learn by Hebb's rule from the same two activities, so that they stay it: tied feedback. "
    "Here they start random, ten times as large, and both decay, so that the difference shrinks "
    "(Kolen and Pollack 1994). Forward-Forward with one layer has the settings of two. One layer "
    "of 1000 units.",
    trained_on_all(
        Row("equilibrium propagation, tied feedback", "+experiment=mnist_ep", "0.980", PAPERS),
        Row(
            "equilibrium propagation, learned feedback that starts random",
            "+experiment=mnist_ep model.adapters.back.transpose=false "
            "+model.adapters.back.strength=0.3 optimizer.default._target_=optax.adamw "
            "+optimizer.default.weight_decay=0.01",
        ),
        Row("Forward-Forward, one layer, linear readout", "+experiment=mnist_ff model.depth=1"),
    ),
)
TWO_LAYERS = {  # of the schemes that have layers; Forward-Forward has two above
    name: "model=predictive2" if name == "pc" else "model.depth=2"
    for name in ("backprop", "sign", "dfa", "ep", "chl", "pc")
}


def schemes_of_two_layers(data: str) -> tuple[Row, ...]:
    """Return one row for every learning rule that has layers, with two of them."""
    rows = []
    for name, what, _ in SCHEMES:
        if name in TWO_LAYERS:
            rows.append(Row(what, f"+experiment={data}_{name} {TWO_LAYERS[name]}"))
    return trained_on_all(*rows)


DEEP_RULES = Section(
    "Two hidden layers, MNIST",
    "Two layers of 1000 units, with the settings that were chosen for one.",
    schemes_of_two_layers("mnist"),
)
DEEP_FASHION_RULES = Section(
    "Two hidden layers, Fashion-MNIST",
    "The same. With equilibrium propagation one network of three (seed 2, 0.6456) never answers "
    "three of the ten classes: the fields of their outputs are about −1.4, and the nudge does not "
    "raise them above 0, so that a hard sigmoid stays at 0 in every phase and nothing is learned.",
    schemes_of_two_layers("fashion"),
)
DEPTH = Section(
    "Depth, with readouts from every layer",
    "Units of ±1 with learned feedback of the error as a third factor, 1000 in every layer, 10 "
    "epochs. One layer has its own settings (`mnist_sign`); those of two and three layers are the "
    "best of 12 points of two layers (`sweep=deep`).",
    trained_on_all(
        Row("MNIST, one layer", "+experiment=mnist_sign"),
        Row("MNIST, two layers", "+experiment=mnist_deep"),
        Row("MNIST, three layers", "+experiment=mnist_deep model.depth=3"),
        Row("Fashion-MNIST, one layer", "+experiment=fashion_sign"),
        Row("Fashion-MNIST, two layers", "+experiment=fashion_deep"),
        Row("Fashion-MNIST, three layers", "+experiment=fashion_deep model.depth=3"),
    ),
)
MEMORY = Section(
    "Memory of correlated and sparse patterns",
    "The experiment `memory`: 100 patterns of 400 units of ±1, cues with 20 % of the entries "
    "flipped. *Stored* is the fraction of the patterns that are fixed points, *recalled* that of "
    "those that are recalled whole. The learning rate is smaller where patterns are correlated, "
    "or one sign prevails. 500 epochs but for the last row.",
    (
        Row("random", "+experiment=memory", metrics=(ACCURACY, STORED)),
        correlated("tree of 4 kinds and 20 groups", "data.source.tree=[4,20]", 0.03),
        correlated("coding level 0.1", "data.source.level=0.1", 0.01),
        correlated("coding level 0.05", "data.source.level=0.05", 0.01),
        correlated("the same, 2000 epochs", "data.source.level=0.05 runner.epochs=2000", 0.01),
    ),
    ("recalled", "stored"),
)
RANDOM_CODE = (
    "+experiment=memory_hidden model.features=2000 dynamics.train.code.messages=[draw] "
    "dynamics.train.keep.learn=[] dynamics.train.again.learn=[] model.adapters.w_in.rule=null "
    "dynamics.infer.show.messages=[cue,draw] dynamics.infer.recall.max_steps=1"
)
DIGITS = Section(
    "Memory of digits",
    "The first 500 training images of MNIST in black and white. *Recalled* is the fraction of them "
    "that come back whole, every one of 784 pixels, from cues of which half of the pixels, drawn "
    "anew for every cue, are unknown. *A sequence* is a cycle of the 500, and recalled the "
    "fraction of first digits, a fifth of the pixels unknown, from which 520 steps lead to the "
    "digit that is due, whole. Random features: the code of a cue is that of its random "
    "projections, and a readout of as many weights as learn in the loop makes the pattern.",
    (
        Row("1000 hidden units in a loop, at the fixed point", "+experiment=memory_hidden"),
        Row(
            "the same network, after one round",
            "+experiment=memory_hidden dynamics.infer.recall.max_steps=1",
        ),
        Row("2000 random features and a readout", RANDOM_CODE),
        Row(
            "dense associative memory, which keeps the digits",
            "+experiment=memory_digits data.disturb.cue.value=0",
        ),
        Row("a sequence of 500 digits", "+experiment=sequence_digits"),
    ),
    ("recalled",),
)
LARGE_MEMORY = "data.source.units=1000 data.batch_size=250 runner.epochs=150"
RANDOM_MEMORY = Section(
    "Memory of random patterns and of sequences",
    "250 patterns of 1000 units of ±1, cues with 20 % of the entries flipped: *recalled* is the "
    "fraction of those that come back whole. *A cycle* has 400 frames of 500 units, and recalled "
    "is the fraction of first frames, 10 % flipped, from which 420 steps lead to the frame that is "
    "due, whole.",
    (
        Row("couplings by the AdaTron rule, relaxed", f"+experiment=memory {LARGE_MEMORY}"),
        Row(
            "the same, one step",
            f"+experiment=memory {LARGE_MEMORY} dynamics.infer.recall.max_steps=1",
        ),
        Row(
            "1000 random features and a readout, as many weights",
            f"+experiment=memory_features {LARGE_MEMORY}",
        ),
        Row("a cycle, 1000 hidden units", "+experiment=sequence"),
        Row("a cycle, 1000 random features", "+experiment=sequence_features"),
        Row(
            "a cycle, 2000 random features: as many weights that learn",
            "+experiment=sequence_features model.features=2000",
        ),
        Row("a cycle, Hebb's couplings", "+experiment=sequence_hebb"),
    ),
    ("recalled",),
)
RULE_SECTIONS = (RULES, FASHION_RULES, VARIANTS, DEEP_RULES, DEEP_FASHION_RULES, DEPTH)
SECTIONS = (
    SPARSE,
    DENSE,
    CONTROLS,
    COUPLINGS,
    DISTURBED,
    DISTURBED_COUPLINGS,
    STEPS,
    CAPACITY,
    BEYOND,
    PHOTOGRAPHS,
    RANDOM_MEMORY,
    MEMORY,
    DIGITS,
    *RULE_SECTIONS,
)
