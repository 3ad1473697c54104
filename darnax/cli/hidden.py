"""Values that must not be written down: what the environment keeps under the name of a key, a token or a password."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from darnax.cli.trust import leaves
from darnax.errors import Problem

SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
SHORTEST = 8  # letters; a shorter value stands in configurations by chance


def secrets() -> dict[str, str]:
    """Return value -> name of the variables that hold a secret."""
    return {value: name for name, value in os.environ.items() if SECRET.search(name) and len(value) >= SHORTEST}


def exposed(config: Mapping[str, Any]) -> list[Problem]:
    """Find what a run would write into config.yaml and show on a dashboard, and must not."""
    return [
        Problem(name, f"holds the value of ${variable}, which a run would write down; take it away")
        for name, text in leaves(config)
        for value, variable in secrets().items()
        if value in text
    ]


def masked(words: Sequence[str]) -> list[str]:
    """Return a command line with the names of the variables in the place of their values."""
    found = list(words)
    for value, variable in secrets().items():
        found = [word.replace(value, f"${variable}") for word in found]
    return found
