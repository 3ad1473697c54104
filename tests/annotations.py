"""How annotations are checked: by beartype, which cannot judge `Self` in a method that stands alone."""

from typing import Any, Self

from beartype import BeartypeConf, FrozenDict, beartype

checked = beartype(conf=BeartypeConf(hint_overrides=FrozenDict({Self: Any})))
