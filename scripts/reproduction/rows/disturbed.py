"""Rows of disturbed images."""

from reproduction.rows.row import Section, name_rows
from reproduction.rows.rules import INPUTS, RATE

# Of the tables of disturbed images: contender -> overrides, with the name of the set to fill in.
SIX_STEPS, ONE_STEP_ONLY = "two layers of 1000, six steps", "the same, one step"
# The settings of backpropagation that were chosen for clean images of MNIST.
OF_MNIST = f"{RATE}=0.003 {INPUTS}=1.4"
CONTENDERS = {
    SIX_STEPS: "+experiment={data}_chain",
    ONE_STEP_ONLY: "+experiment={data}_chain dynamics.train.recall.steps=1 "
    "dynamics.infer.recall.steps=1",
    "error feedback, 2000": "+experiment={data}_error model.features=2000 runner.epochs=10",
    "random features, 2000": "+experiment={data}_error model.features=2000 runner.epochs=10 "
    "+model.adapters.w_in.rule=null",
    "backpropagation, 2000": f"+experiment={{data}}_backprop model.features=2000 {OF_MNIST}",
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
    "2000 hidden units each and 10 epochs, with the settings that were chosen for clean images, "
    "for backpropagation of MNIST. "
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
