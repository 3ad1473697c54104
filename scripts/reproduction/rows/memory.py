"""Rows of memories and associations."""

from itertools import product

from reproduction.rows.completion import ONE_ROUND
from reproduction.rows.row import ACCURACY, OPERATIONS, STORED, Row, Section
from reproduction.rows.rules import RATE


def correlated(what: str, patterns: str, rate: float) -> Row:
    """Return a row of the experiment `memory`, with other patterns and another learning rate."""
    learning = f"optimizer.groups.hidden.descend.learning_rate={rate}"
    return Row(what, f"+experiment=memory {patterns} {learning}", metrics=(ACCURACY, STORED))


# Digits behind a random projection and a sign, each its own target.
PROJECTED = (
    "data=image_memories ~data.source.seed data.source.count=100 data.shape=[400] data.classes=400 "
    "+data.encode.flatten={_target_:darnax.data.Flatten} "
    "+data.encode.project={_target_:darnax.data.RandomProjection,features:400} "
    "+data.encode.sign={_target_:darnax.data.Sign} data.labels._target_=darnax.data.CleanInputs "
    "~data.disturb.cue "
    "+data.disturb.cue={_target_:darnax.data.Noise,when:always,kind:sign_flips,share:0.2}"
)
LOADS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


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


MEMORY = Section(
    "Memory of correlated and sparse patterns",
    "The experiment `memory`: 100 patterns of 400 units of ±1, cues with 20 % of the entries "
    "flipped. *Stored* is the fraction of the patterns that are fixed points, *recalled* that of "
    "those that are recalled whole. The learning rate is smaller where patterns are correlated, "
    "or one sign prevails. 500 epochs but for the last row. The random projection of the digits "
    "is the same for every seed.",
    (
        Row("random", "+experiment=memory", metrics=(ACCURACY, STORED)),
        correlated("tree of 4 kinds and 20 groups", "data.source.tree=[4,20]", 0.03),
        correlated("coding level 0.1", "data.source.level=0.1", 0.01),
        correlated("coding level 0.05", "data.source.level=0.05", 0.01),
        correlated("digits by random projection and sign", PROJECTED, 0.01),
        correlated(
            "coding level 0.05, 2000 epochs", "data.source.level=0.05 runner.epochs=2000", 0.01
        ),
    ),
    ("recalled", "stored"),
)
HEADS_OF_RECALL = ("recalled", "operations, dense", "operations, events")


def recalled(what: str, overrides: str) -> Row:
    """Return a row with the operations of a recall."""
    return Row(what, overrides, metrics=(ACCURACY, *OPERATIONS))


LIST = "data.source.cycle=false"
RANDOM_CODE = (
    "+experiment=memory_hidden model.features=2000 dynamics.train.code.messages=[draw] "
    "dynamics.train.keep.learn=[] dynamics.train.again.learn=[] model.adapters.w_in.rule=null "
    "dynamics.infer.show.messages=[cue,draw] dynamics.infer.recall.max_steps=1"
)
STORED_DIGITS = (
    "data=image_memories +data.encode.centre={_target_:darnax.data.SubtractMean} "
    "model.buffers.output=[28,28,1] data.disturb.cue.part=pixels data.disturb.cue.value=0.0 "
    "runner.epochs=1000 runner.evaluate_every=500 runner.checkpoint_every=1000"
)
DIGITS = Section(
    "Memory of digits",
    "The first 500 training images of MNIST in black and white. *Recalled* is the fraction of them "
    "that come back whole, every one of 784 pixels, from cues of which half of the pixels, drawn "
    "anew for every cue, are unknown. *A cycle* is one of the 500, and recalled the fraction "
    "of first digits, a fifth of the pixels unknown, from which 520 steps lead to the digit that "
    "is due, whole; in *a list* this is the last digit, which comes after itself. Synaptic "
    "operations are those of one recall, of seed 0 alone in rows with two commits. "
    "Random features: the code of a cue is that of its random projections, and a readout of as "
    "many weights as learn in the loop makes the pattern.",
    (
        recalled("1000 hidden units in a loop, at the fixed point", "+experiment=memory_hidden"),
        recalled(
            "the same network, after one round",
            "+experiment=memory_hidden dynamics.infer.recall.max_steps=1",
        ),
        recalled("2000 hidden units in a loop", "+experiment=memory_hidden model.features=2000"),
        recalled("2000 random features and a readout", RANDOM_CODE),
        recalled(
            "backpropagation, 1000 units, one pass",
            f"+experiment=mnist_completion_backprop {STORED_DIGITS} {RATE}=0.01",
        ),
        recalled(
            "error feedback, 1000 units of ±1, one pass",
            f"+experiment=mnist_completion {ONE_ROUND} {STORED_DIGITS} {RATE}=0.01",
        ),
        recalled(
            "dense associative memory, which keeps the digits",
            "+experiment=memory_digits data.disturb.cue.value=0",
        ),
        recalled("the same, black where they are unknown", "+experiment=memory_digits"),
        recalled("a cycle of 500 digits", "+experiment=sequence_digits"),
        recalled("a list of 500 digits", f"+experiment=sequence_digits {LIST}"),
    ),
    HEADS_OF_RECALL,
)


def cycle(frames: int, units: int = 500) -> str:
    """Return the overrides of a cycle: the test asks for the frame after a whole round and 20."""
    return f"data.source.frames.load={frames / units:g} data.source.ahead={frames + 20}"


LARGE = "data.source.units=1000 data.batch_size=250"
LARGE_MEMORY = f"{LARGE} runner.epochs=150"
RELAXED = f"+experiment=memory {LARGE_MEMORY}"
ONE_STEP = f"{RELAXED} dynamics.infer.recall.max_steps=1"
LONGER = f"{LARGE} runner.epochs=1500"
ERROR_FEEDBACK = (
    f"+experiment=mnist_completion {ONE_ROUND} data=memories data.disturb.cue.share=0.2 "
    f"data.source.seed=${{seed}} model.features=500 {RATE}=0.001"
)
BACKPROPAGATION = "+experiment=memory_backprop model.features=500"
# Networks without recurrence that have as many weights, and learn to restore disturbed cues.
TRAINED_ON_CUES = {
    "1000 random features and a readout": f"+experiment=memory_features {LARGE_MEMORY}",
    "the same, 1500 epochs": f"+experiment=memory_features {LONGER}",
    "error feedback, 500 units of ±1, 1500 epochs": f"{ERROR_FEEDBACK} {LONGER}",
    "backpropagation, 500 units": f"{BACKPROPAGATION} {LARGE_MEMORY}",
    "backpropagation, 500 units, 1500 epochs": f"{BACKPROPAGATION} {LONGER}",
}
RANDOM_MEMORY = Section(
    "Memory of random patterns and of sequences",
    "250 patterns of 1000 units of ±1, cues with 20 % of the entries flipped: *recalled* is the "
    "fraction of those that come back whole. Networks without recurrence have as many weights, and "
    "learn to restore the patterns from cues that are flipped in training as in the test; their "
    "learning rates are the best of three or four on other patterns. *A cycle* has 400 frames of "
    "500 units, and recalled is the fraction of first frames, 10 % flipped, from which 420 steps "
    "lead to the frame that is due, whole. *A list* has an end: the last of its 400 frames comes "
    "after itself, and is due after 420 steps from every frame. Synaptic operations are those of "
    "one recall. The couplings of 1000 units are 10⁶ weights, so that 250 patterns are 0.25 bits "
    "for a weight; a cycle of 400 frames with 1000 hidden units, 10⁶ weights that learn, is 0.2.",
    (
        recalled("couplings by the AdaTron rule, relaxed", RELAXED),
        recalled("the same, one step", ONE_STEP),
        *(recalled(what, overrides) for what, overrides in TRAINED_ON_CUES.items()),
        recalled(
            "1000 patterns of 400 units, dense memory, exponential", "+experiment=memory_dense"
        ),
        recalled(
            "4000 patterns of 400 units, dense memory, cubic",
            "+experiment=memory_dense model.layers.hidden.power=3 model.layers.hidden.slots=4000 "
            "data.source.load=10",
        ),
        recalled("a cycle, 1000 hidden units", "+experiment=sequence"),
        recalled("a cycle, 1000 random features", "+experiment=sequence_features"),
        recalled(
            "a cycle, 2000 random features: as many weights that learn",
            "+experiment=sequence_features model.features=2000",
        ),
        recalled("a cycle, Hebb's couplings", "+experiment=sequence_hebb"),
        recalled("a list, 1000 hidden units", f"+experiment=sequence {LIST}"),
        recalled(
            "a list, 2000 random features",
            f"+experiment=sequence_features model.features=2000 {LIST}",
        ),
        recalled("a cycle of 500 frames, 1000 hidden units", f"+experiment=sequence {cycle(500)}"),
        recalled("200 frames, 1000 random features", f"+experiment=sequence_features {cycle(200)}"),
        recalled("100 frames, 1000 random features", f"+experiment=sequence_features {cycle(100)}"),
        *(
            recalled(
                f"{frames} frames, 2000 random features",
                f"+experiment=sequence_features model.features=2000 {cycle(frames)}",
            )
            for frames in (200, 100)
        ),
        *(
            recalled(
                f"{frames} frames, Hebb's couplings",
                f"+experiment=sequence_hebb {cycle(frames)} data.batch_size={frames}",
            )
            for frames in (100, 60, 30)
        ),
    ),
    HEADS_OF_RECALL,
)


def learned_by(rule: str) -> str:
    """Return the overrides that give the couplings of a memory another rule."""
    return f"~model.layers.hidden.rule +model.layers.hidden.rule={{_target_:darnax.rules.{rule}}}"


def three_thresholds(outer: float) -> str:
    """Return the overrides of the three-threshold rule, with a cue that reaches its thresholds."""
    rule = learned_by(f"ThreeThreshold,low:-{outer},high:{outer}")
    return f"{rule} +dynamics.train.store.messages.cue=20"


HEBB = (
    f"{learned_by('Hebbian')} +model.layers.hidden.strength=0 optimizer=memorise "
    "runner.epochs=1 runner.evaluate_every=1 runner.checkpoint_every=1"
)
LAWS = Section(
    "Memory by learning rule",
    "The same 250 patterns of 1000 units, by the rule of the couplings. A strong cue carries the "
    "fields of the three-threshold rule to its outer thresholds; Hebb's rule starts without "
    "couplings and writes each pattern once.",
    (
        recalled("AdaTron", f"+experiment=memory {LARGE_MEMORY}"),
        recalled(
            "perceptron", f"+experiment=memory {LARGE_MEMORY} {learned_by('Perceptron,margin:5.0')}"
        ),
        recalled(
            "logistic", f"+experiment=memory {LARGE_MEMORY} {learned_by('Logistic,margin:5.0')}"
        ),
        recalled(
            "three thresholds",
            f"+experiment=memory {LARGE_MEMORY} {three_thresholds(25.0)}",
        ),
        recalled(
            "Hebb",
            f"+experiment=memory {LARGE} {HEBB}",
        ),
    ),
    HEADS_OF_RECALL,
)
STORED_LOADS = (0.5, 1.0, 1.5)
SMALL = "+experiment=memory_capacity data.source.units=400"
# Three thresholds with a margin of 0.1, close to the bound of a margin of 0: 85 batches an epoch.
COOLED = (
    "~optimizer.groups.hidden.descend.learning_rate "
    "+optimizer.groups.hidden.descend.learning_rate={_target_:optax.cosine_decay_schedule,"
    "init_value:0.1,decay_steps:127500,alpha:0.02}"
)
NEAR_THE_BOUND = Row(
    "three thresholds, α = 1.7, 1000 units, a margin of 0.1, 1500 epochs",
    "+experiment=memory_capacity data.source.units=1000 data.source.load=1.7 runner.epochs=1500 "
    f"{three_thresholds(20.1)} {COOLED}",
)
LOAD = Section(
    "Fraction of patterns that are stored, by load",
    "400 units of ±1 in `memory_capacity`, 500 epochs, after random couplings: the fraction of the "
    "patterns that are fixed points. The margins are 1; for a margin of 0 the bound is α = 2. At "
    "α = 1.5 the training has not ended after 500 epochs.",
    (
        *(
            Row(f"{what}, α = {load}", f"{SMALL} data.source.load={load} {words}".strip())
            for what, words in (
                ("perceptron", ""),
                ("three thresholds", three_thresholds(21.0)),
                ("AdaTron", learned_by("Adatron,margin:1.0")),
                ("logistic", learned_by("Logistic,margin:1.0")),
            )
            for load in STORED_LOADS
        ),
        NEAR_THE_BOUND,
        *(
            Row(
                f"Hebb, α = {load}",
                f"+experiment=memory data.source.load={load} data.batch_size={round(400 * load)} "
                f"data.disturb.cue.share=0 {HEBB}",
            )
            for load in (0.05, 0.1, 0.15)
        ),
    ),
    ("stored",),
)
