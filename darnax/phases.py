"""Phases: stretches of relaxation as data, what they send, show and learn."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, Self, get_args

import jax

from darnax.printing import count_of

Direction = Literal["all", "forward", "unsupervised"]
STARTS = ("keep", "blank", "random")
CHOICES: dict[str, tuple[Any, ...]] = {
    "until": (None, "fixed_point"),
    "input": ("given", "clean", "none"),
    "target": ("given", "wrong", "none"),
}
UNSCALED = 1  # the gain of a message, and the factor of an update, that is not multiplied
LONGEST = 2**31  # steps are counted on the device, in 32 bits


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class Factors(Mapping[str, Any]):
    """Numbers by glob over module names; the first glob that matches a name counts.

    It is a pytree of its numbers, so that programs with other numbers share what was compiled.

    Args:
        globs: over the names of modules.
        numbers: one for each glob.

    Example:
        >>> factors = Factors.of({"nudge": 0.5, "*": 1.0})
        >>> factors.find("nudge"), factors.find("w_in"), Factors.of({"up*": 2.0}).find("w_in")
        (0.5, 1.0, None)
    """

    globs: tuple[str, ...]
    numbers: tuple[Any, ...]

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> Self:
        """Return the factors of a mapping glob -> number.

        Raises:
            ValueError: the mapping is empty, or a value is no finite number.
        """
        if not numbers:
            raise ValueError("got an empty mapping, expected at least one name")
        for name, value in numbers.items():
            if isinstance(value, bool | str | None):
                raise ValueError(f"{name}: got {value!r}, expected a number")
            if isinstance(value, int | float) and not math.isfinite(value):
                raise ValueError(f"{name}: got {value!r}, expected a finite number")
        return cls(tuple(numbers), tuple(numbers.values()))

    def find(self, name: str) -> Any:
        """Return the number of the first glob that matches `name`, or None."""
        for glob, number in zip(self.globs, self.numbers, strict=True):
            if fnmatchcase(name, glob):
                return number
        return None

    def __getitem__(self, glob: str) -> Any:
        return dict(zip(self.globs, self.numbers, strict=True))[glob]

    def __iter__(self) -> Iterator[str]:
        return iter(self.globs)

    def __len__(self) -> int:
        return len(self.globs)

    def with_globs(self, globs: Sequence[str]) -> Self:
        """Return the same numbers for other globs, in the same order."""
        return replace(self, globs=tuple(globs))

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        """Return the numbers, and the globs as the structure."""
        return self.numbers, self.globs

    @classmethod
    def tree_unflatten(cls, globs: tuple[str, ...], numbers: tuple[Any, ...]) -> Self:
        """Return the factors with these globs and numbers."""
        return cls(globs, tuple(numbers))

    def __str__(self) -> str:
        pairs = zip(self.globs, self.numbers, strict=True)
        return ", ".join(f"{glob}: {number:g}" for glob, number in pairs)


Messages = Direction | tuple[str, ...] | Mapping[str, float]


@dataclass(frozen=True)
class Phase:
    """A stretch of relaxation.

    Args:
        steps: the exact number of steps; leave it out with `until`.
        until: "fixed_point" stops after the first step that flips no unit of any sample in the
            batch.
        max_steps: the largest number of steps; required with `until`.
        messages: which are sent. `all`; `forward`, sender ≤ receiver; `unsupervised`, all but those
            of the output; a list of names of modules, globs allowed: those alone; or a mapping from
            a name or glob to a gain, by which the message is multiplied, the first match counting:
            those alone. A layer that receives one of them also receives its message to itself,
            with a gain where a mapping names the layer. A layer that receives none, and is not
            named, keeps its state; its field is 0.
        start: `keep` the state of the previous phase; `blank`: zeros in all buffers but the input
            and the output; `random`: ±1 there, with equal probability; or the name of an earlier
            phase: the state at its end.
        learn: names of the modules, globs allowed, that learn from the state at the end; or a
            mapping from a name or glob to a factor of the update, the first match counting.
        input: what the input buffer holds: `given`, with random stages of the data where there are
            some; `clean`, without them; or `none`, zeros.
        target: what the output buffer holds: the target as it is `given`; a `wrong` one: its values
            moved along by a random number of places, so that another class is on; or `none`, zeros.

    Raises:
        ValueError: neither or both of `steps` and `until`, a length below 0, an unknown choice, a
            string for `learn`, or a gain or factor that is no finite number.
    """

    steps: int | None = None
    until: Literal["fixed_point"] | None = None
    max_steps: int | None = None
    messages: Messages = "all"
    start: str = "keep"
    learn: tuple[str, ...] | Mapping[str, float] = ()
    input: Literal["given", "clean", "none"] = "given"
    target: Literal["given", "wrong", "none"] = "given"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                got = f"{name}: got {getattr(self, name)!r}"
                raise ValueError(f"{got}, expected one of {', '.join(map(str, choices))}")
        object.__setattr__(self, "messages", read_messages(self.messages))
        object.__setattr__(self, "learn", read_learn(self.learn))
        if not isinstance(self.start, str) or not self.start:
            got = f"start: got {self.start!r}"
            raise ValueError(f"{got}, expected {', '.join(STARTS)}, or the name of a phase")
        if (self.steps is None) == (self.until is None):
            what = "a phase has either `steps: n` or `until: fixed_point` with `max_steps: n`"
            raise ValueError(what)
        if (self.until is None) != (self.max_steps is None):
            raise ValueError("`until: fixed_point` and `max_steps: n` go together")
        if not 0 <= self.length < LONGEST:
            what = f"expected 0 or more in a phase, and less than {LONGEST}"
            raise ValueError(f"got {count_of(self.length, 'step')}, {what}")

    @property
    def length(self) -> int:
        """The largest number of steps."""
        return self.steps if self.steps is not None else self.max_steps or 0

    def gain(self, name: str) -> Any:
        """Return the gain of a module's message in a phase with names: None if it is not sent.

        Not for the three words, which depend on the module's place in the network.
        """
        return factor_of(self.messages, name)

    def factor(self, name: str) -> Any:
        """Return the factor of a module's update, or None for a module that does not learn."""
        return factor_of(self.learn, name)


def factor_of(numbers: Any, name: str) -> Any:
    """Return the number of a name in factors, `UNSCALED` for one of several globs, or None."""
    if isinstance(numbers, Mapping):
        factors = numbers if isinstance(numbers, Factors) else Factors.of(numbers)
        return factors.find(name)
    return UNSCALED if any(fnmatchcase(name, glob) for glob in numbers) else None


def read_messages(messages: Any) -> Messages:
    """Return a choice of messages: a word, globs, or the gain of each glob.

    Raises:
        ValueError: an unknown word, no name, or a gain that is no number.
    """
    words = get_args(Direction)
    if isinstance(messages, str):
        if messages not in words:
            expected = f"expected one of {', '.join(words)}, or a list of names of modules"
            raise ValueError(f"messages: got {messages!r}, {expected}")
        return messages  # type: ignore[return-value]
    return read_names("messages", messages)


def read_learn(learn: Any) -> tuple[str, ...] | Factors:
    """Return the globs of the modules that learn, or the factor of each glob.

    Raises:
        ValueError: a string, or a factor that is no number.
    """
    if isinstance(learn, str):
        what = f"expected a tuple of names, as in learn=({learn!r},)"
        raise ValueError(f"learn: got the string {learn!r}, {what}")
    return learn if learn == () else read_names("learn", learn)


def read_names(what: str, names: Any) -> tuple[str, ...] | Factors:
    """Return globs as a tuple, or numbers by glob as factors.

    Raises:
        ValueError: there is no name, one is no string, or a number is none.
    """
    if isinstance(names, Factors):
        return names
    if isinstance(names, Mapping):
        try:
            return Factors.of(names)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{what}: got {names!r}, expected names of modules")
    if what == "messages" and not names:
        raise ValueError("messages: got no name, expected at least one; without steps use `all`")
    return tuple(names)


@jax.tree_util.register_pytree_node_class
class Phases(Mapping[str, Phase]):
    """Phases by name, in the order in which they run.

    JAX sorts the keys of a dict that is an argument of a compiled function; `Phases` keeps its
    order. It is a pytree whose leaves are the gains and factors of its phases. It is equal only to
    the same phases in the same order.

    Args:
        phases: by name, in order.
        named: further ones, after these.

    Raises:
        TypeError: a value is not a `Phase`.
        ValueError: a phase starts from one that is not before it.

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
            earlier.append(name)

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
            for key, without in (("messages", "all"), ("learn", ())):
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
