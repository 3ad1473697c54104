"""What a `_target_` may name, by the methods that a class defines."""

from abc import ABC, abstractmethod

import pytest

from darnax.builder.targets import require_kind
from darnax.rules import Rule


class Unfinished(ABC):
    @abstractmethod
    def make(self) -> None: ...

    @abstractmethod
    def draw(self) -> None: ...


def test_the_methods_that_a_class_of_ones_own_lacks_are_named() -> None:
    with pytest.raises(ValueError, match=r"lab\.Unfinished does not define draw, make; define"):
        require_kind(Unfinished, "lab.Unfinished", None)


def test_a_base_class_of_darnax_is_called_an_interface() -> None:
    with pytest.raises(ValueError, match="is an interface; name one of its implementations"):
        require_kind(Rule, "darnax.rules.Rule", None)
