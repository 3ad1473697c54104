"""Writes text for a terminal, a web page and a spreadsheet, and escapes what is in it."""

import math
import re
from collections.abc import Sequence
from html import escape

# Characters that are printable to Python but invisible: fillers, and variation selectors.
UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Units of time in seconds, each with the lesser unit that is given with it.
UNITS_OF_TIME = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
COMMAND = re.compile(r"[\s\0]*[=+\-@'\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# Separators of cells in other programs or countries, before what would be a formula there.
INNER = re.compile(r"([;|\t\r\n])(?=[\s\0]{0,20}[=+\-@'\uff1d\uff0b\uff0d\uff20])")
SPARED = re.compile(r"([;|\t\r\n])'")


def printable(text: str) -> str:
    r"""Escape the characters of a text that would control a terminal, or be invisible on it.

    These are control characters, marks of the direction of writing, and characters without width.

    Example:
        >>> printable("a" + chr(27) + "[2J")
        'a\\x1b[2J'
    """
    if text.isprintable() and (text.isascii() or not UNSEEN.search(text)):  # the usual case
        return text
    return "".join(letter if is_seen(letter) else escape_character(letter) for letter in text)


def count_of(number: float, word: str, plural: str = "") -> str:
    """Return a number with its noun, in the plural unless the number is one.

    Example:
        >>> count_of(1, "epoch"), count_of(0.5, "epoch"), count_of(2, "class", "classes")
        ('1 epoch', '0.5 epochs', '2 classes')
    """
    amount = f"{number:g}" if isinstance(number, float) else str(number)
    noun = word if number == 1 else plural or f"{word}s"
    return f"{amount} {noun}"


def format_duration(seconds: float, *, precise: bool = False) -> str:
    """Return a duration in two units; nothing for nan.

    Less than a second has a tenth. With `precise`, all seconds have a tenth, and the lesser unit
    two digits, so that a duration that counts down changes its length rarely.

    Example:
        >>> [format_duration(seconds) for seconds in (0.4, 7, 203.2, 7300, 200000)]
        ['0.4 s', '7 s', '3 min 23 s', '2 h 1 min', '2 d 7 h']
        >>> [format_duration(seconds, precise=True) for seconds in (7, 203.2, 7300)]
        ['7.0 s', '3 min 23 s', '2 h 01 min']
    """
    if math.isnan(seconds):
        return ""
    if seconds < (60 if precise else 1):
        return f"{seconds:.1f} s"
    digits = 2 if precise else 1
    whole = round(seconds)
    for size, unit, lesser_size, lesser_unit in UNITS_OF_TIME:
        if whole >= size:
            lesser = whole % size // lesser_size
            return f"{whole // size} {unit} {lesser:0{digits}} {lesser_unit}"
    return f"{whole} s"


def align_columns(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return one line of text for each row, with two spaces between columns.

    Example:
        >>> align_columns([("a", "bc"), ("def", "g")])
        ['a    bc', 'def  g']
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = []
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        aligned.append("  ".join(padded).rstrip())
    return aligned


def printable_lines(text: str) -> str:
    r"""Escape every line of a text for a terminal.

    Example:
        >>> printable_lines("a" + chr(27) + "[2J\nb")
        'a\\x1b[2J\nb'
    """
    return "\n".join(printable(line.expandtabs()) for line in text.split("\n"))


def is_seen(letter: str) -> bool:
    """Return whether a terminal shows a character, and does nothing else with it."""
    return letter.isprintable() and not UNSEEN.match(letter)


def escape_character(letter: str) -> str:
    r"""Return a character as an escape sequence of Python's.

    Example:
        >>> escape_character("\n"), escape_character(chr(0x3164))
        ('\\n', '\\u3164')
    """
    return letter.encode("unicode_escape").decode("ascii")


def element_text(text: str) -> str:
    r"""Escape a text for an element of HTML or SVG, which allow no control characters.

    Example:
        >>> element_text("<b>" + chr(7))
        '&lt;b&gt;\\x07'
    """
    return escape(printable(text))


def escape_cell(value: object) -> str:
    """Return a value for a table that a spreadsheet may open, where no cell becomes a formula.

    An apostrophe is put before what would be a formula, also after any separator of cells. Text
    that begins with an apostrophe gets another one, so that `unescape_cell` restores every text.

    Example:
        >>> escape_cell("=1+1"), escape_cell(-0.5), escape_cell("-1e-3"), escape_cell("relu")
        ("'=1+1", '-0.5', '-1e-3', 'relu')
        >>> escape_cell("a;=1+1"), escape_cell("a; b")
        ("a;'=1+1", 'a; b')
    """
    text = str(value)
    inner = INNER.sub(r"\1'", text)
    is_formula = COMMAND.match(text) and not NUMBER.fullmatch(text)
    return f"'{inner}" if is_formula else inner


def unescape_cell(text: str) -> str:
    """Return the text that `escape_cell` was given.

    Example:
        >>> unescape_cell("'=1+1"), unescape_cell("relu")
        ('=1+1', 'relu')
    """
    return SPARED.sub(r"\1", text.removeprefix("'"))
