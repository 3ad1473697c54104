"""The checker of annotations that tests/conftest.py hands to jaxtyping: beartype, which cannot judge `Self` in a lone method."""

from typing import Any, Self

from beartype import BeartypeConf, BeartypeHintOverrides, beartype

checked = beartype(conf=BeartypeConf(hint_overrides=BeartypeHintOverrides({Self: Any})))
