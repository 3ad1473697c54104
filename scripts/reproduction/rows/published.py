"""Rows of the published networks, and of their controls."""

from reproduction.rows.row import AUTHORS, NOTEBOOK, Row, Section, trained_on_all


def sparse(units: int, strength: float, reference: str, more: str = "", what: str = "") -> Row:
    """Return a row of the sparse family; `strength` is that of the feedback."""
    model = f"model.features={units} model.adapters.w_back.strength={strength}"
    overrides = f"+experiment=mnist_sparse {model} {more}"
    return Row(f"N = {units}{what}", overrides.strip(), reference, NOTEBOOK)


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
        Row("Fashion-MNIST, N = 3000", "+experiment=fashion_sparse_3000"),
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
SPARSE_SYMMETRIC = (
    "model.layers.hidden.sparsity=null +model.layers.hidden.connectivity="
    "{_target_:darnax.connectivity.SparseSymmetric,sparsity:0.99}"
)
CONTROLS = Section(
    "Controls",
    "Does relaxation under the label matter, and asymmetry? In the control a share of the units, "
    "those with the smallest field, copies the feedback of the label in one step, instead of "
    "relaxing under it for five; the share was chosen among 0.2 and 0.5 on a validation split, in "
    "4 epochs. On the dense family a share of 0.5 is as good as relaxation for 13 epochs (training "
    "accuracy 0.81 to 0.83), and then the couplings alone hold the label: the overlap of the "
    "states with and without it rises to 0.97, the input weights decay, and no input is answered. "
    "Symmetric couplings start symmetric, and every step is projected on symmetric matrices; in "
    "the sparse family a unit has ten inputs on average. The last row trains the readout on the "
    "states that the test has, after one step instead of six.",
    trained_on_all(
        Row("N = 1000, sparse", "+experiment=mnist_sparse", "0.9256", NOTEBOOK),
        Row(
            "the same, a share of 0.2 copies the label",
            f"+experiment=mnist_sparse {PROTOTYPE}0.2",
        ),
        Row("N = 1000, sparse, 5 epochs", "+experiment=mnist_sparse runner.epochs=5"),
        Row(
            "the same, symmetric couplings",
            f"+experiment=mnist_sparse runner.epochs=5 {SPARSE_SYMMETRIC}",
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
