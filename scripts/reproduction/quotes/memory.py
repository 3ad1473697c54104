"""Quoted tables of the guide of memory."""

from collections.abc import Mapping
from functools import partial

from reproduction.quotes.cells import Accuracy, Cell, Derived, Measured
from reproduction.quotes.quote import Line, Quote
from reproduction.rows.memory import LAWS, LOAD, NEAR_THE_BOUND, RANDOM_MEMORY
from reproduction.spread import read_mean

LENGTHS = ("0.06", "0.12", "0.2", "0.4", "0.8", "1")  # frames of a cycle for each unit
REPLAYED = 0.95  # of the frames of a cycle that counts as replayed


def scale(recalled: str, factor: float) -> str:
    """Return the means in a cell times a factor, to two digits.

    Example:
        >>> scale("0.0573 ± 0.0201", 0.25), scale("1.0000, 0.5000", 1.0)
        ('0.014', '1, 0.5')
    """
    means = map(read_mean, recalled.split(", "))
    return ", ".join(f"{factor * mean:.2g}" for mean in means)


def store(
    network: str, patterns: int, units: int, millions: float, recalled: Cell, note: str = ""
) -> Line:
    """Return a line: patterns of units in millions of numbers, and the bits for a number."""
    factor = patterns * units / (millions * 10**6)
    numbers = "10⁶" if millions == 1 else f"{millions:g}·10⁶"
    bits = Derived(partial(scale, factor=factor), (recalled,))
    return (network, f"{patterns} of {units} units", f"{numbers}{note}", recalled, bits)


def longest(*recalled: str, lengths: tuple[str, ...]) -> str:
    """Return the longest cycle that is replayed; "" if there is none.

    Example:
        >>> longest("1.0000 ± 0.0000", "0.0133 ± 0.0115", lengths=("0.2", "0.4"))
        '0.2'
    """
    by_length = zip(lengths, recalled, strict=True)
    replayed = [length for length, text in by_length if read_mean(text) >= REPLAYED]
    return max(replayed, key=float, default="")


def replay(network: str, names: Mapping[str, str]) -> Line:
    """Return a line of cycles by their length: length -> name of the row."""
    cells = {length: Accuracy.of(RANDOM_MEMORY, name) for length, name in names.items()}
    by_length = (cells.get(length, "") for length in LENGTHS)
    last = Derived(partial(longest, lengths=tuple(cells)), tuple(cells.values()))
    return (network, *by_length, last)


BITS_FOR_A_NUMBER = Quote(
    ("network", "patterns", "stored numbers", "recalled", "bits for a number"),
    (
        store(
            "couplings by the AdaTron rule, the perceptron, the logistic or three thresholds",
            patterns=250,
            units=1000,
            millions=1,
            recalled=Accuracy.of(LAWS, "AdaTron", "perceptron", "logistic", "three thresholds"),
        ),
        store("Hebb's couplings", 250, 1000, 1, Accuracy.of(LAWS, "Hebb")),
        store(
            "1000 random features and a readout",
            patterns=250,
            units=1000,
            millions=2,
            recalled=Accuracy.of(RANDOM_MEMORY, "1000 random features and a readout"),
            note=", half of them learned",
        ),
        store(
            "error feedback, 500 units of ±1",
            patterns=250,
            units=1000,
            millions=1,
            recalled=Accuracy.of(RANDOM_MEMORY, "error feedback, 500 units of ±1, 1500 epochs"),
        ),
        store(
            "backpropagation, 500 hidden units, 1500 epochs",
            patterns=250,
            units=1000,
            millions=1,
            recalled=Accuracy.of(RANDOM_MEMORY, "backpropagation, 500 units, 1500 epochs"),
        ),
        store(
            "dense memory, exponential",
            patterns=1000,
            units=400,
            millions=0.4,
            recalled=Accuracy.of(
                RANDOM_MEMORY, "1000 patterns of 400 units, dense memory, exponential"
            ),
        ),
        store(
            "dense memory, `power: 3`",
            patterns=4000,
            units=400,
            millions=1.6,
            recalled=Accuracy.of(RANDOM_MEMORY, "4000 patterns of 400 units, dense memory, cubic"),
        ),
        store(
            "a cycle of 400 frames, 1000 hidden units, 10 % flipped",
            patterns=400,
            units=500,
            millions=1,
            recalled=Accuracy.of(RANDOM_MEMORY, "a cycle, 1000 hidden units"),
        ),
        (
            "couplings of the largest stability, 10 % flipped",
            "200 of 400 units",
            "0.16·10⁶",
            Measured("memory_basins", {"flipped": "10 %"}, "α = 0.5"),
            Measured("memory_basins", {"flipped": "bits for a coupling"}, "α = 0.5"),
        ),
        store(
            "fixed points alone, without recall: three thresholds, $α = 1.7$",
            patterns=1700,
            units=1000,
            millions=1,
            recalled=Accuracy.of(LOAD, NEAR_THE_BOUND.what),
        ),
    ),
)
REPLAY_BY_LENGTH = Quote(
    ("network", "$L/N = 0.06$", *LENGTHS[1:], "longest replayed, $L/N$"),
    (
        replay(
            "`sequence`, 1000 hidden units",
            {"0.8": "a cycle, 1000 hidden units", "1": "a cycle of 500 frames, 1000 hidden units"},
        ),
        replay(
            "2000 random features",
            {
                "0.2": "100 frames, 2000 random features",
                "0.4": "200 frames, 2000 random features",
                "0.8": "a cycle, 2000 random features: as many weights that learn",
            },
        ),
        replay(
            "1000 random features",
            {
                "0.2": "100 frames, 1000 random features",
                "0.4": "200 frames, 1000 random features",
                "0.8": "a cycle, 1000 random features",
            },
        ),
        replay(
            "Hebb's couplings",
            {
                "0.06": "30 frames, Hebb's couplings",
                "0.12": "60 frames, Hebb's couplings",
                "0.2": "100 frames, Hebb's couplings",
                "0.8": "a cycle, Hebb's couplings",
            },
        ),
    ),
)
