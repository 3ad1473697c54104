"""A phase: a stretch of relaxation as data, with what it sends, shows and learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from darnax.phases.factors import Factors, factor_of, read_names
from darnax.printing import count_of

Direction = Literal["all", "forward", "unsupervised"]
Choice = Direction | tuple[str, ...] | Mapping[str, float]  # of messages, as in a configuration
Messages = Choice | Factors
STARTS = ("keep", "blank", "random")
CHOICES: dict[str, tuple[Any, ...]] = {
    "until": (None, "fixed_point"),
    "input": ("given", "clean", "none"),
    "target": ("given", "wrong", "none"),
}
LONGEST = 2**31  # steps are counted on the device, in 32 bits


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
            a name or glob to a gain, by which the message is multiplied: those alone, the most
            specific match counting. A layer that receives one of them also receives its message to
            itself, with a gain where a mapping names the layer. A layer that receives none, and is
            not named, keeps its state; its field is 0. A third factor is there in every phase,
            multiplied by its gain where a mapping names it.
        start: `keep` the state of the previous phase; `blank`: zeros in all buffers but the input
            and the output; `random`: ±1 there, with equal probability; or the name of an earlier
            phase: the state at its end.
        learn: names of the modules, globs allowed, that learn from the state at the end; or a
            mapping from a name or glob to a factor of the update, the most specific match
            counting.
        input: what the input buffer holds: `given`, with random stages of the data where there are
            some; `clean`, without them; or `none`, zeros.
        target: what the output buffer holds: the target as it is `given`; a `wrong` one: its values
            moved along by a random number of places, so that another class is on; or `none`, zeros.
        wrong_by: how a wrong target is chosen. None is with equal probability; the name of an
            earlier phase: with the probabilities that the softmax of the readout's scores at its
            end gives to the classes that are not on, so that likely confusions are shown more
            often.
        target_state: the state that the learning modules take as that of their receivers, y in
            `signal(y, h)`; the senders' state and the field are those at the end of this phase.
            None is the state at the end of this phase; the name of an earlier phase is the state at
            its end; a mapping from names of phases to weights is the weighted sum.

    Raises:
        ValueError: neither or both of `steps` and `until`, a length below 0, an unknown choice, a
            `wrong_by` without a wrong target, a string for `learn`, or a gain, factor or weight
            that is no finite number.
    """

    steps: int | None = None
    until: Literal["fixed_point"] | None = None
    max_steps: int | None = None
    messages: Choice = "all"
    start: str = "keep"
    learn: tuple[str, ...] | Mapping[str, float] = ()
    input: Literal["given", "clean", "none"] = "given"
    target: Literal["given", "wrong", "none"] = "given"
    wrong_by: str | None = None
    target_state: str | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                got = f"{name}: got {getattr(self, name)!r}"
                raise ValueError(f"{got}, expected one of {', '.join(map(str, choices))}")
        object.__setattr__(self, "messages", read_messages(self.messages))
        object.__setattr__(self, "learn", read_learn(self.learn))
        object.__setattr__(self, "target_state", read_target_state(self.target_state))
        if not isinstance(self.start, str) or not self.start:
            got = f"start: got {self.start!r}"
            raise ValueError(f"{got}, expected {', '.join(STARTS)}, or the name of a phase")
        if self.wrong_by is not None and self.target != "wrong":
            what = f"expected `target: wrong` beside it, got {self.target}"
            raise ValueError(f"wrong_by: got {self.wrong_by!r}, {what}")
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


def read_target_state(target_state: Any) -> Factors | None:
    """Return the weight of each phase in the state to learn; None is that of the phase itself.

    Raises:
        ValueError: no name of a phase, or a weight that is no number.
    """
    if target_state is None or isinstance(target_state, Factors):
        return target_state
    if isinstance(target_state, str) and target_state:
        return Factors.of({target_state: 1.0})
    if not isinstance(target_state, Mapping):
        what = "expected the name of a phase, or a mapping from names to weights"
        raise ValueError(f"target_state: got {target_state!r}, {what}")
    try:
        return Factors.of(target_state)
    except ValueError as error:
        raise ValueError(f"target_state: {error}") from error
