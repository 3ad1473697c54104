"""Whether a key that a configuration does not have is one that it could have."""

from collections.abc import Mapping
from typing import Any

from darnax.builder.network import ADAPTER_FILLED, WIRING
from darnax.builder.signatures import signature_of
from darnax.builder.specification import SECTIONS, Configuration
from darnax.builder.targets import find
from darnax.phases import Phase


def is_known(key: str, above: Any) -> bool:
    """Return whether the schema, a phase or a constructor has this key.

    Args:
        key: dotted.
        above: the mapping that would hold it.

    Example:
        >>> is_known("data.test", {}), is_known("data.tset", {})
        (True, False)
        >>> is_known("model.layers.x.bias", {"_target_": "darnax.modules.Recurrent"})
        False
    """
    *parents, name = key.split(".")
    if not isinstance(above, Mapping):
        return False
    if not parents:
        return name in Configuration.model_fields
    if len(parents) == 1 and parents[0] in SECTIONS:
        return name in SECTIONS[parents[0]].model_fields
    if len(parents) == 3 and parents[0] == "dynamics" and parents[1] in ("train", "infer"):
        return name in signature_of(Phase)[0]
    is_adapter = len(parents) == 3 and parents[:2] == ["model", "adapters"]
    if is_adapter and name in WIRING:
        return True
    if name == "threshold" and above.get("rule") is not None:
        return False  # the margin of the default rule, which another one replaces
    try:
        factory = find(above.get("_target_"), trust=())
    except ValueError:  # no object, or one of another package, which is not imported here
        return False
    return name in signature_of(factory)[0] and name not in ADAPTER_FILLED
