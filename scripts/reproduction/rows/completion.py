"""Rows of completion: digits of which a part is unknown, and with it their class."""

from reproduction.rows.row import Row, Section, add_overrides, name_rows
from reproduction.rows.rules import INPUTS, RATE

LOOP, ONCE, FEATURES, BACKPROPAGATION = (
    "rounds of filling in",
    "one round",
    "random features",
    "backpropagation",
)
ONE_ROUND = "~dynamics.train.loop dynamics.score=first dynamics.infer.loop.steps=1"
FROZEN = (
    "model.layers.hidden.bias=null model.layers.hidden.third_factor=null "
    "model.adapters.w_in.rule=null model.adapters.w_in.third_factor=null "
    "~model.adapters.feedback ~dynamics.infer.loop.messages.feedback "
    "optimizer.default.learning_rate.init_value=0.0013 model.adapters.w_in.strength=0.4"
)
# The settings that a search has found; of random features the width has no effect.
NETWORKS = {
    LOOP: "+experiment=mnist_completion",
    ONCE: f"+experiment=mnist_completion {ONE_ROUND}",
    FEATURES: f"+experiment=mnist_completion {ONE_ROUND} {FROZEN}",
    BACKPROPAGATION: "+experiment=mnist_completion_backprop",
}
HALF, MOST = "half of the pixels", "80 % of the pixels"
LONGER = "runner.epochs=20"  # as many updates as rounds of filling in make in 10
MASKS = {
    HALF: "data.disturb.hide.share=0.5",
    MOST: "data.disturb.hide.share=0.8",
    "a band over 30 % of the rows": "data.disturb.hide.part=window data.disturb.hide.share=0.3",
}


def completing(mask: str) -> dict[str, str]:
    """Return name -> overrides of the networks that complete digits of which a part is unknown."""
    return add_overrides(NETWORKS, f"{MASKS[mask]} data.validation=0")


COMPLETION = Section(
    "Completion of digits",
    "MNIST in black and white, a part of every image unknown, in training and in the test: the "
    "fraction of all pixels with the right sign, on test images. 1000 hidden units, 10 epochs; "
    "settings are the best of 12 points of 3 epochs on a validation split, with half of the pixels "
    "unknown (`sweep=completion`, `sweep=backprop`). *Rounds of filling in*: hidden units of ±1 "
    "predict the image, the prediction takes the place of what is unknown, eight times; they learn "
    "from the error, sent back through feedback weights that are learned as well, after the first "
    "round and the fourth.",
    (
        *name_rows({mask: completing(mask) for mask in MASKS}),
        Row("half of the pixels: one round, 20 epochs", f"{completing(HALF)[ONCE]} {LONGER}"),
    ),
    ("pixels right",),
)
# The file is written by scripts/labelled_digits.py.
LABELLED = (
    "data=arrays data.path=outputs/labelled_digits.npz data.targets=patterns data.shape=[794] "
    "data.classes=794 data.test=0 data.encode={} data.labels={_target_:darnax.data.Patterns} "
    "data.batch_size=100 data.validation=0"
)
HIDE = (
    "+data.disturb.hide={{_target_:darnax.data.Occlude,when:always,part:pixels,share:{},value:0.0}}"
)
UNKNOWN = {HALF: 0.5, MOST: 0.8}


def completing_with_class(unknown: str) -> dict[str, str]:
    """Return name -> overrides of the networks that complete digits and say their class."""
    longer = {}
    for name in (ONCE, BACKPROPAGATION):
        longer[f"{name}, 20 epochs"] = f"{NETWORKS[name]} {LONGER}"
    networks = NETWORKS | longer if unknown == MOST else NETWORKS
    return add_overrides(networks, f"{LABELLED} {HIDE.format(UNKNOWN[unknown])}")


WITH_CLASS = Section(
    "Completion of digits with their class",
    "The networks of the section above, for an image with ten more entries of ±1, the code of the "
    "class, which are always unknown: `python scripts/labelled_digits.py "
    "outputs/labelled_digits.npz` writes the images. The fraction of all entries with the right "
    "sign; settings are those of the section above.",
    name_rows({unknown: completing_with_class(unknown) for unknown in UNKNOWN}),
    ("entries right",),
)
CLASS_ALONE = (
    "data=mnist_completion data.classes=10 data.labels={_target_:darnax.data.Classes} "
    "data.validation=0"
)
# The settings of the networks that complete.
ALONE = {
    "backpropagation": f"+experiment=mnist_backprop {RATE}=0.0017 {INPUTS}=0.69",
    "units of ±1, error feedback": f"+experiment=mnist_sign {RATE}=0.002 {INPUTS}=0.53 "
    "model.layers.hidden.activation.width=1.1",
}


def class_alone(unknown: str) -> dict[str, str]:
    """Return name -> overrides of the networks that are asked for the class alone."""
    return add_overrides(ALONE, f"{CLASS_ALONE} data.disturb.hide.share={UNKNOWN[unknown]}")


CLASS_OF_INCOMPLETE = Section(
    "Class of digits with unknown pixels, without completion",
    "The same images, a part of every one unknown, in networks of 1000 hidden units that are asked "
    "for the class alone, in one pass; 10 epochs, with the rates, strengths and width of the "
    "networks that complete.",
    name_rows({unknown: class_alone(unknown) for unknown in UNKNOWN}),
)
