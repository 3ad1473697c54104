"""Rows of completion with the class: images of which a part is unknown, over noise and load."""

from itertools import product
from typing import NamedTuple

from reproduction.rows.classifiers import couplings_of
from reproduction.rows.completion import BACKPROPAGATION, NETWORKS, ONCE
from reproduction.rows.row import Row, Section, add_overrides, name_rows
from reproduction.rows.rules import INPUTS, RATE


class Case(NamedTuple):
    """Images with a share of unknown pixels.

    Args:
        images: the name of the set.
        load: training images for each hidden unit.
        share: of the pixels that are unknown.
    """

    images: str
    load: int
    share: float

    @property
    def name(self) -> str:
        """The case in words."""
        return f"{self.images}, load {self.load}, {100 * self.share:.0f} % unknown"

    @property
    def labelled(self) -> str:
        """The overrides of the images with their class, from scripts/labelled_images.py."""
        name = f"labelled_{SETS[self.images]}_{self.load}"
        patterns = "data.targets=patterns data.labels={_target_:darnax.data.Patterns}"
        sizes = "data.shape=[794] data.classes=794"
        splits = "data.test=0 data.validation=0"
        file = f"data=arrays data.name={name} data.path=outputs/{name}.npz data.encode={{}}"
        return f"{file} {patterns} {sizes} {splits} {HIDE.format(self.share)}"

    @property
    def unlabelled(self) -> str:
        """The overrides of the same images with classes alone as targets."""
        classes = "data.classes=10 data.labels={_target_:darnax.data.Classes}"
        images = f"data=mnist_completion data.name={SETS[self.images]} {OF_CLASS[self.load]}"
        return f"{images} {classes} data.validation=0 data.disturb.hide.share={self.share}"


SHARES = (0.5, 0.8)
SETS = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist"}
OF_CLASS = {2: "data.per_class=200", 6: "data.per_class=600", 60: ""}
EPOCHS = {2: 50, 6: 30, 60: 10}
CASES = [Case(*one) for one in product(SETS, (6, 60), SHARES)]
MOST = max(SHARES)
# More of the pixels unknown, or fewer images.
HARDER = [Case(images, *one) for images, one in product(SETS, ((6, 0.9), (2, MOST)))]
LONGER = "twice the epochs"
HIDE = (
    "+data.disturb.hide={{_target_:darnax.data.Occlude,when:always,part:pixels,share:{},value:0.0}}"
)


def completing_with_class(case: Case) -> dict[str, str]:
    """Return name -> overrides of the networks that complete images and say their class."""
    images, epochs = f"{case.labelled} data.batch_size=100", EPOCHS[case.load]
    networks = add_overrides(NETWORKS, f"{images} runner.epochs={epochs}")
    if case.share >= MOST:
        # As many updates as rounds of filling in make.
        twice = f"{images} runner.epochs={2 * epochs}"
        for name in (ONCE, BACKPROPAGATION):
            networks[f"{name}, {LONGER}"] = f"{NETWORKS[name]} {twice}"
    return networks


WITH_CLASS = Section(
    "Completion with the class",
    "The networks of the section above, for images with ten more entries of ±1, the code of the "
    "class, which are always unknown: the fraction of all entries with the right sign. The load is "
    "the number of training images for each hidden unit: of 60, these are all images (10 epochs), "
    "of 6 the first 600 of every class (30 epochs). `python scripts/labelled_images.py mnist "
    "outputs/labelled_mnist_60.npz` writes the images, with `--per-class 600` "
    "`labelled_mnist_6.npz`, and those of `fashion_mnist` likewise. Settings are those of the "
    "section above, for all images.",
    name_rows({case.name: completing_with_class(case) for case in CASES}),
    ("entries right",),
)
HARDER_WITH_CLASS = Section(
    "Completion with the class, fewer images or pixels",
    "The networks of the section above, with 90 % of the pixels unknown, and with the first 200 "
    "images of every class (load 2, 50 epochs): `--per-class 200` of the script writes these.",
    name_rows({case.name: completing_with_class(case) for case in HARDER}),
    ("entries right",),
)
# The settings of the networks that complete.
ALONE = {
    "backpropagation": f"+experiment=mnist_backprop {RATE}=0.0017 {INPUTS}=0.69",
    "units of ±1, error feedback": f"+experiment=mnist_sign {RATE}=0.002 {INPUTS}=0.53 "
    "model.layers.hidden.activation.width=1.1",
}


def class_alone(case: Case) -> dict[str, str]:
    """Return name -> overrides of the networks that are asked for the class alone."""
    return add_overrides(ALONE, f"{case.unlabelled} runner.epochs={EPOCHS[case.load]}")


def class_alone_longer(case: Case) -> str:
    """Return the overrides of backpropagation for the class alone, with twice the epochs."""
    return f"{ALONE[BACKPROPAGATION]} {case.unlabelled} runner.epochs={2 * EPOCHS[case.load]}"


MOSTLY_UNKNOWN = [case for case in (*CASES, *HARDER) if case.share >= MOST]
CLASS_OF_INCOMPLETE = Section(
    "Class of images with unknown pixels, without completion",
    "The images of the sections above, in networks of 1000 hidden units that are asked for the "
    "class alone, in one pass, with the epochs, rates, strengths and width of the networks that "
    "complete.",
    (
        *name_rows({case.name: class_alone(case) for case in [*CASES, *HARDER]}),
        *(
            Row(f"{case.name}: backpropagation, {LONGER}", class_alone_longer(case))
            for case in MOSTLY_UNKNOWN
        ),
    ),
)

# Under the target a hidden unit receives a sum over the bright pixels and the class alone.
HIDDEN_LAYER = (
    "+experiment=mnist_single model.features=1000 model.layers.hidden.sparsity=0.99 "
    "model.adapters.w_in.patch=null model.adapters.w_in.sparsity=0.9 "
    "model.adapters.w_in.strength=6.6 model.adapters.w_back.strength=2.8 "
    "model.adapters.w_back.high=1.0 model.adapters.w_back.low=0.0"
)
HALF_AS_LONG = {load: epochs // 2 for load, epochs in EPOCHS.items()}


def relaxing_layer(case: Case, j_d: float, margin: float) -> str:
    """Return the overrides of a layer that relaxes and completes, with this J_D and this κ."""
    images = f"{case.labelled} data.batch_size=32 runner.epochs={HALF_AS_LONG[case.load]}"
    return f"{HIDDEN_LAYER} {images} {couplings_of(j_d, margin)}"
