"""Phases in the order in which they run."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import jax

from darnax.phases.factors import Factors
from darnax.phases.phase import STARTS, Phase
from darnax.printing import count_of


@jax.tree_util.register_pytree_node_class
class Phases(Mapping[str, Phase]):
    """Phases by name, in the order in which they run.

    JAX sorts the keys of a dict that is an argument of a compiled function; `Phases` keeps its
    order. It is a pytree whose leaves are the gains, factors and weights of its phases. It is equal
    only to the same phases in the same order.

    Args:
        phases: by name, in order.
        named: further ones, after these.

    Raises:
        TypeError: a value is not a `Phase`.
        ValueError: a phase starts from one that is not before it, learns the state of one, or
            has wrong targets by one.

    Example:
        >>> list(Phases(warmup=Phase(steps=1), clamped=Phase(steps=5)))
        ['warmup', 'clamped']
    """

    def __init__(self, phases: Mapping[str, Phase] | None = None, /, **named: Phase) -> None:
        self._phases = {**(phases or {}), **named}
        earlier: list[str] = []
        for name, phase in self._phases.items():
            if not isinstance(phase, Phase):
                raise TypeError(f"{name}: got a {type(phase).__name__}, expected a Phase")
            if phase.start not in (*STARTS, *earlier):
                expected = f"expected one of {', '.join((*STARTS, *earlier))}"
                raise ValueError(f"{name}.start: got {phase.start!r}, {expected}")
            if phase.wrong_by not in (None, *earlier):
                expected = f"expected one of {', '.join(earlier) or 'the phases before it: none'}"
                raise ValueError(f"{name}.wrong_by: got {phase.wrong_by!r}, {expected}")
            earlier.append(name)
            unknown = set(phase.target_state or ()) - set(earlier)
            if unknown:
                got = f"{name}.target_state: got {', '.join(sorted(unknown))}"
                raise ValueError(f"{got}, expected phases among {', '.join(earlier)}")

    def __getitem__(self, name: str) -> Phase:
        return self._phases[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._phases)

    def __len__(self) -> int:
        return len(self._phases)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phases) and list(self.items()) == list(other.items())

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __repr__(self) -> str:
        return f"Phases({self._phases!r})"

    def tree_flatten(self) -> tuple[list[Factors], "PhasesStructure"]:
        """Return the factors of all phases, and the phases without them."""
        factors: list[Factors] = []
        bare = {}
        for name, phase in self._phases.items():
            keys = []
            for key, without in (("messages", "all"), ("learn", ()), ("target_state", None)):
                part = getattr(phase, key)
                if isinstance(part, Factors):
                    factors.append(part)
                    keys.append(key)
                    phase = with_parts(phase, {key: without})
            bare[name] = (phase, tuple(keys))
        return factors, tuple(bare.items())

    @classmethod
    def tree_unflatten(cls, structure: "PhasesStructure", factors: Any) -> Self:
        """Return the phases of a structure, with these factors."""
        left = iter(factors)
        phases = {}
        for name, (phase, keys) in structure:
            filled = {key: next(left) for key in keys}
            phases[name] = with_parts(phase, filled)
        made = object.__new__(cls)  # leaves may be anything that JAX puts in their place
        made._phases = phases
        return made


PhasesStructure = tuple[tuple[str, tuple[Phase, tuple[str, ...]]], ...]


def with_parts(phase: Phase, parts: Mapping[str, Any]) -> Phase:
    """Return a phase with these parts, which are not validated."""
    if not parts:
        return phase
    made = object.__new__(Phase)
    for name, value in {**vars(phase), **parts}.items():
        object.__setattr__(made, name, value)
    return made


def require_ordered(phases: Mapping[str, Phase]) -> Phases:
    """Return `phases` as `Phases`.

    Raises:
        TypeError: another mapping of several phases, whose order JAX may have changed, or no
            mapping.
    """
    if isinstance(phases, Phases):
        return phases
    if not isinstance(phases, Mapping):
        got = f"got a {type(phases).__name__}"
        if hasattr(phases, "train") and hasattr(phases, "infer"):  # both phases of a run
            raise TypeError(f"{got}, expected one of its parts: phases.train or phases.infer")
        raise TypeError(f"{got}, expected Phases")
    if len(phases) > 1:
        got = f"got a {type(phases).__name__} of {count_of(len(phases), 'phase')}"
        example = f"Phases({next(iter(phases))}=…, …), in the order in which they are to run"
        raise TypeError(f"{got}, which JAX sorts by name; expected Phases: write {example}")
    return Phases(phases)
