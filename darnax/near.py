"""Suggestions for misspelt names, from limited numbers and lengths, so that they take no time."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

LONGEST = 200  # characters; comparing two words takes time proportional to their product
MOST = 5000  # names
# Usual names of settings -> those of the configuration.
SYNONYMS = {
    "margin": "threshold",
    "lr": "learning_rate",
    "kappa": "threshold",
    "threshold": "rule.margin",
}


def near(word: str, names: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Return the names that are most similar to a word, but never the word itself.

    There are none for a very long word.

    Example:
        >>> near("hiden", ["hidden", "output"]), near("a" * 300, ["b" + "a" * 300])
        (['hidden'], [])
        >>> near("seed", ["seed"])
        []
    """
    if len(word) > LONGEST:
        return []
    others = [name for name in islice(names, MOST) if len(name) <= LONGEST and name != word]
    return get_close_matches(word, others, n=count, cutoff=cutoff)


def near_key(word: str, keys: Iterable[str], count: int = 3) -> list[str]:
    """Return the dotted keys that may have been meant.

    They are similar as a whole and in their last parts, where capitals do not count, begin as the
    word does in the same section, or have the same last part in another section; or the last part
    is another usual name of theirs. A long common beginning alone does not make two keys similar.

    Example:
        >>> near_key("model.layers.hiden.j_d", ["model.layers.hidden.j_d", "model.layers.output"])
        ['model.layers.hidden.j_d']
        >>> near_key("model.layers.hidden.J_D", ["model.layers.hidden.j_d"])
        ['model.layers.hidden.j_d']
        >>> near_key("data.shape", ["data.path", "data.per_class"])
        []
        >>> near_key("data.batch", ["data.batch_size", "model.adapters.w_in.patch"])
        ['data.batch_size']
        >>> near_key("model.adapters.w_in.margin", ["model.adapters.w_in.threshold"])
        ['model.adapters.w_in.threshold']
    """
    keys = list(islice(keys, MOST))
    section, _, last = word.rpartition(".")
    synonym = f"{section}.{SYNONYMS.get(last, last)}"
    named = [key for key in keys if f"{key}.".startswith(f"{synonym}.") and key != word]
    if named:
        return named[:count]
    endings = {key.rpartition(".")[2] for key in keys}
    other_case = [ending for ending in endings if ending.lower() == last.lower()]
    meant = {*near(last, endings, count, 0.7), *other_case, last}
    candidates = [key for key in keys if key.rpartition(".")[2] in meant and key != word]
    begins = [key for key in keys if last and key.startswith(f"{section}.{last}") and key != word]
    elsewhere = [key for key in candidates if key.rpartition(".")[2] == last]
    return near(word, candidates, count, 0.75) or begins[:count] or elsewhere[:count]
