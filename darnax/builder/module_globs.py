"""The modules that an entry of `learn` or a key of `optimizer.groups` refers to."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from darnax.builder.problems import nearest


def expand_to_glob(word: str, names: Sequence[str]) -> str:
    """Return the glob over module names that `word` stands for.

    It is the name of a module, a glob, or the name of an entry of the YAML that makes several
    modules: `hidden` stands for hidden1, hidden2, … Only the last can be written as a key in an
    override, since keys of overrides have no star.

    Raises:
        ValueError: it matches none of `names`.

    Example:
        >>> expand_to_glob("up", ["hidden1", "up1", "up2"]), expand_to_glob("h*", ["hidden1"])
        ('up[0-9]*', 'h*')
    """
    for glob in (word, f"{word}[0-9]*"):
        if any(fnmatchcase(name, glob) for name in names):
            return glob
    raise ValueError(f"no module is called {word}{nearest(word, names)}")
