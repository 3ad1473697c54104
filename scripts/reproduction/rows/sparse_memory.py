"""Rows of memories of sparse patterns."""

from itertools import product

from reproduction.rows.row import ACCURACY, OPERATIONS, STORED, Row, Section

LEVELS = (0.1, 0.05)
LOADS = (0.5, 1.0)
UNITS = 400
ZERO_ONE = "units of 0/1 with thresholds"
THRESHOLDS, SIGNS = "units of ±1 with thresholds", "units of ±1 without thresholds"
# Rates and decays are the best for α = 1 and a level of 0.1, on the patterns of another seed.
OF_SIGNS = (
    "+experiment=memory data=sparse_memories runner.epochs=1000 "
    "optimizer.groups.hidden.descend.learning_rate=0.03 "
    "optimizer.groups.hidden.shrink.weight_decay=0.001"
)
ADATRON = "{_target_:darnax.rules.Adatron,margin:1.0}"
WITH_THRESHOLDS = (
    "+experiment=memory_sparse model.layers.hidden.activation._target_=darnax.activations.Sign "
    f"~model.layers.hidden.rule +model.layers.hidden.rule={ADATRON} "
    f"~model.layers.hidden.bias +model.layers.hidden.bias={ADATRON} "
    "optimizer.groups.hidden.descend.learning_rate=0.02 "
    "optimizer.groups.hidden.shrink.weight_decay=0.0003"
)
NETWORKS = {ZERO_ONE: "+experiment=memory_sparse", THRESHOLDS: WITH_THRESHOLDS, SIGNS: OF_SIGNS}


def storing(network: str, level: float, load: float) -> str:
    """Return the overrides of a network that stores patterns of a coding level, at a load."""
    patterns = f"data.source.level={level} data.source.load={load} data.batch_size={UNITS // 2}"
    return f"{NETWORKS[network]} {patterns}"


SPARSE_MEMORY = Section(
    "Memory of sparse patterns",
    "400 units. An entry of a pattern is active with the probability `level`, and a cue has lost "
    "30 % of the active entries. *Stored* is the fraction of the patterns that are fixed points, "
    "*recalled* that of those that come back whole. The AdaTron rule with weight decay, 1000 "
    "epochs; the learning rate and the weight decay of each network are the best of 12 to 16 "
    "points, for a load of 1 and a level of 0.1, on the patterns of another seed. Synaptic "
    "operations are those of one recall.",
    tuple(
        Row(
            f"{network}, level {level}, α = {load}",
            storing(network, level, load),
            metrics=(ACCURACY, STORED, *OPERATIONS),
        )
        for level, load, network in product(LEVELS, LOADS, NETWORKS)
    ),
    ("recalled", "stored", "operations, dense", "operations, events"),
)
