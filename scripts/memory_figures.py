"""Measures the memory of a layer, and draws figures of docs/guides/memory.md.

The map of basins and the tables are made by `python scripts/reproduce.py --physics memory_map`
(also memory_capacity, memory_patterns), which keeps their numbers in docs/receipts.json.

python scripts/memory_figures.py            all figures, some minutes
python scripts/memory_figures.py capacity   one of capacity, stored, basins, steps
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))

from reproduction.ledger import Ledger  # noqa: E402
from reproduction.memory import draw_patterns, largest_stabilities  # noqa: E402
from reproduction.plot import Curve, Panel, draw  # noqa: E402
from reproduction.spread import read_spreads  # noqa: E402

from darnax.analysis.capacity import (  # noqa: E402
    bits_per_synapse,
    gardner_capacity,
    hebb,
    optimal_couplings,
    pseudo_inverse,
)
from darnax.analysis.recall import basin_map, recall_by_steps  # noqa: E402

LOADS = (0.1, 0.25, 0.5, 0.75)
SHARES = tuple(round(0.05 * n, 2) for n in range(11))


def capacity(units: int = 1000) -> Panel:
    """The largest load at which patterns have a stability, against Gardner's bound.

    The measured ones are those of the receipts: `python scripts/reproduce.py --physics
    memory_capacity`.
    """
    rows = Ledger.read(DOCS / "receipts.json").physics["memory_capacity"]["rows"]
    margins = [row["κ"] for row in rows]
    means, errors = read_spreads([row["measured α"] for row in rows])
    fine = [0.02 * n for n in range(76)]
    curves = [
        curve("Gardner", fine, [gardner_capacity(margin) for margin in fine]),
        Curve(f"N = {units}", margins, means, errors),
    ]
    return Panel("stability κ; the largest load α", curves, 2.0)


def stored(units: int = 400, receivers: int = 100) -> Panel:
    """The fraction of units that can give all patterns a stability, by load."""
    loads = [round(0.1 * n, 1) for n in range(1, 19)]
    found = {load: largest_stabilities(units, load, 0, receivers) for load in loads}
    curves = []
    for margin in (0.25, 0.5, 1.0, 1.5):
        fractions = [float(jnp.mean(found[load] >= margin)) for load in loads]
        curves.append(curve(f"κ = {margin}", loads, fractions))
    return Panel("load α; share of units that store all patterns with κ", curves)


def basins(units: int = 400) -> Panel:
    """Exact recall of patterns stored with the largest stability, by the share of flips."""
    patterns = draw_patterns(units, max(LOADS), 0)
    counts = jnp.asarray([round(load * units) for load in LOADS], jnp.float32)
    found = np.asarray(basin_map(patterns, counts, jnp.asarray(SHARES), jax.random.key(0)))
    curves = []
    for load, row in zip(LOADS, found, strict=True):
        curves.append(curve(f"α = {load}", SHARES, row.tolist()))
        at_a_tenth = bits_per_synapse(load, float(row[SHARES.index(0.1)]))
        cells = " ".join(f"{value:.2f}" for value in row)
        print(f"α {load}: {cells}; {at_a_tenth:.3f} bits per synapse at 10 %", flush=True)
    return Panel("share of the cue that is flipped; exact recall", curves)


def steps(units: int = 1000, load: float = 0.25, share: float = 0.2, most: int = 10) -> Panel:
    """Exact recall after each step, of three kinds of couplings."""
    patterns = draw_patterns(units, load, 0)
    kinds: Mapping[str, Callable[[Array], Array]] = {
        "AdaTron": lambda xi: optimal_couplings(xi, steps=300),
        "projection": pseudo_inverse,
        "Hebb": hebb,
    }
    curves = []
    for name, make in kinds.items():
        rows = recall_by_steps(
            make(patterns), patterns, jnp.asarray([share]), jax.random.key(0), most
        )
        values = rows[0].tolist()
        curves.append(curve(name, range(most + 1), values))
        print(f"{name}: {' '.join(f'{value:.3f}' for value in values)}", flush=True)
    return Panel(f"steps from a cue with {share:.0%} flipped, α = {load}; exact recall", curves)


def curve(name: str, x: object, y: list[float]) -> Curve:
    return Curve(name, list(x), y, [0.0] * len(y))


FIGURES: Mapping[str, tuple[Callable[[], Panel], ...]] = {
    "memory-capacity": (capacity, stored),
    "memory-recall": (basins, steps),
}


def main(names: list[str]) -> None:
    """Draw the figures that have one of the panels; all without a name."""
    known = [panel.__name__ for panels in FIGURES.values() for panel in panels]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"got {unknown[0]}, expected one of {', '.join(known)}")
    for figure, panels in FIGURES.items():
        if names and not any(panel.__name__ in names for panel in panels):
            continue
        (DOCS / f"{figure}.svg").write_text(draw([panel() for panel in panels], ""))
        print(f"docs/{figure}.svg", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
