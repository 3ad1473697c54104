"""Which names were probably meant: among so many, and of such a length, that looking for them takes no time."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

LONGEST = 200  # letters; comparing two words takes a time that is the product of their lengths
MOST = 5000  # names


def near(word: str, names: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the names that look most like a word; none for a word that is longer than any name.

    Example:
        >>> near("hiden", ["hidden", "output"]), near("hiden" * 1000, ["hidden" * 1000])
        (['hidden'], [])
    """
    if len(word) > LONGEST:
        return []
    return get_close_matches(
        word, [name for name in islice(names, MOST) if len(name) <= LONGEST], n=count, cutoff=cutoff
    )
