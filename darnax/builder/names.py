"""Which modules a word of `learn` or of `optimizer.groups` means."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from darnax.builder.problems import nearest


def glob_for(word: str, names: Sequence[str]) -> str:
    """Return the glob over module names that `word` stands for; raise ValueError if it matches none of `names`.

    A word is the name of a module, a glob, or the name of a line of the YAML that makes several: `hidden` means hidden1,
    hidden2, … Only that last one can be written in an override, where a key has no star.

    Example:
        >>> glob_for("up", ["hidden1", "up1", "up2"]), glob_for("h*", ["hidden1"])
        ('up[0-9]*', 'h*')
    """
    for glob in (word, f"{word}[0-9]*"):
        if any(fnmatchcase(name, glob) for name in names):
            return glob
    raise ValueError(f"no module is called {word}{nearest(word, names)}")
