"""Rows of completion: digits of which a part is unknown."""

from reproduction.rows.row import Row, Section, add_overrides, name_rows

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
