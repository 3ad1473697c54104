"""Words that may come from anywhere, as a terminal and a spreadsheet may be given them."""

import re
from html import escape

# Letters that are printable to Python and shown as nothing: fillers, and selectors of variants.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
COMMAND = re.compile(r"[\s\0]*[=+\-@'\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# What other programs, or other countries, take for the end of a cell, before what would be a formula in the next one.
INNER = re.compile(r"([;|\t\r\n])(?=[\s\0]{0,20}[=+\-@'\uff1d\uff0b\uff0d\uff20])")
SPARED = re.compile(r"([;|\t\r\n])'")


def printable(words: str) -> str:
    r"""Write what would command a terminal, or not be seen on it, as the letters that stand for it.

    These are control characters, marks that turn the direction of writing, and characters without width.

    Example:
        >>> printable("a" + chr(27) + "[2J")
        'a\\x1b[2J'
    """
    if words.isprintable() and not UNSEEN.search(words):  # which is nearly always so
        return words
    return "".join(letter if is_seen(letter) else escape_character(letter) for letter in words)


def count_of(number: float, word: str, plural: str = "") -> str:
    """Write a number with its word, in the plural unless it is one.

    Example:
        >>> counted(1, "epoch"), counted(0.5, "epoch"), counted(2, "class", "classes")
        ('1 epoch', '0.5 epochs', '2 classes')
    """
    amount = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{amount} {word if number == 1 else plural or f'{word}s'}"


def printable_lines(text: str) -> str:
    r"""Write every line of a text as a terminal may be given it.

    Example:
        >>> printable_lines("a" + chr(27) + "[2J\nb")
        'a\\x1b[2J\nb'
    """
    return "\n".join(printable(line.expandtabs()) for line in text.split("\n"))


def is_seen(letter: str) -> bool:
    """Return whether a terminal shows a letter, and does nothing else with it."""
    return letter.isprintable() and not UNSEEN.match(letter)


def escape_character(letter: str) -> str:
    r"""Write a letter as Python's literals do.

    Example:
        >>> escaped("\n"), escaped(chr(0x3164))
        ('\\n', '\\u3164')
    """
    return letter.encode("unicode_escape").decode("ascii")


def element_text(words: str) -> str:
    r"""Write words as the text of an element of HTML or SVG, which know no control characters.

    Example:
        >>> element_text("<b>" + chr(7))
        '&lt;b&gt;\\x07'
    """
    return escape(printable(words))


def escape_cell(value: object) -> str:
    """Write a value for a table that a spreadsheet may open: what it would take for a formula begins with an apostrophe.

    So does what follows a separator of cells, whichever it is. Text that begins with an apostrophe gets another one, so that
    `uncelled` gives back every text.

    Example:
        >>> cell("=1+1"), cell(-0.5), cell("-1e-3"), cell("relu")
        ("'=1+1", '-0.5', '-1e-3', 'relu')
        >>> cell("a;=1+1"), cell("a; b")
        ("a;'=1+1", 'a; b')
    """
    text = str(value)
    inner = INNER.sub(r"\1'", text)
    return f"'{inner}" if COMMAND.match(text) and not NUMBER.fullmatch(text) else inner


def unescape_cell(text: str) -> str:
    """Return the text that `cell` wrote.

    Example:
        >>> uncelled("'=1+1"), uncelled("relu")
        ('=1+1', 'relu')
    """
    return SPARED.sub(r"\1", text.removeprefix("'"))
