"""Suggestions for misspelt names, from limited numbers and lengths, so that they take no time."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

LONGEST = 200  # characters; comparing two words takes time proportional to their product
MOST = 5000  # names


def near(word: str, names: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the names that are most similar to a word; none for a very long word.

    Example:
        >>> near("hiden", ["hidden", "output"]), near("a" * 300, ["a" * 300])
        (['hidden'], [])
    """
    if len(word) > LONGEST:
        return []
    short_names = [name for name in islice(names, MOST) if len(name) <= LONGEST]
    return get_close_matches(word, short_names, n=count, cutoff=cutoff)
