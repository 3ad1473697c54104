"""Overrides that Hydra cannot read: which character is at fault, and the word to type instead."""

import re
import shlex

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from darnax.runner.run_folder import EXPERIMENT_NAME

# Characters that Hydra's grammar allows in a value without quotes.
PLAIN = re.compile(r"[\w/\\+.$%*@?|: -]", re.ASCII)
FUNCTION = re.compile(r"(choice|range|interval|glob|tag|sort|shuffle|int|float|str|bool)\(")
QUOTED_KEY = re.compile(r"""[{,]\s*(['"])[^'"]*\1\s*:""")
GENERAL = "cannot be read; put a value with special characters in quotes: 'name=\"a b\"'"


def explain_unreadable(override: str) -> str:
    r"""Return what is wrong with an override that Hydra cannot parse, and the word to type.

    Example:
        >>> print(explain_unreadable("paths.outputs=~/runs"))
        the character ~ needs quotes here; type "paths.outputs='~/runs'"
        >>> print(explain_unreadable("name=a&b"))
        got the character &, which no name of a folder may have: letters, digits, and . _ + -
        >>> print(explain_unreadable('a={"b": 1, c: 2}'))
        cannot be read; write the keys of a mapping without quotes, as in {a: 1, *: 2}
    """
    key, _, value = override.partition("=")
    odd = find_odd(value, "")
    if odd is None:
        return GENERAL
    if value.startswith(("[", "{")) or FUNCTION.match(value):
        inner = find_odd(value, "[]{}(),'\"=")
        if QUOTED_KEY.search(value):
            return "cannot be read; write the keys of a mapping without quotes, as in {a: 1, *: 2}"
        if inner is None:
            return "cannot be read; check its brackets, commas and quotes"
        return f"cannot be read; put the text with the character {inner} in quotes"
    if key == "name" and not re.fullmatch(EXPERIMENT_NAME, value):
        what = "which no name of a folder may have: letters, digits, and . _ + -"
        return f"got the character {odd}, {what}"
    word = quote(key, value)
    return f"the character {odd} needs quotes here; type {word}" if word else GENERAL


def find_odd(value: str, allowed: str) -> str | None:
    """Return the first character that needs quotes, but for those that are allowed."""
    odd = (letter for letter in value if not PLAIN.match(letter) and letter not in allowed)
    return next(odd, None)


def quote(key: str, value: str) -> str:
    r"""Return an override to be typed in a shell, whose value is a text; "" if Hydra has no way.

    Inner quotes are for Hydra, outer ones for the shell.

    Example:
        >>> print(quote("name", "a&b"), quote("name", "a$b!"))
        "name='a&b'" 'name="a$b!"'
    """
    if "'" not in value and can_be_parsed(f"{key}='{value}'"):
        word = f"{key}='{value}'"
        if not set(word) & set('"$`\\!'):
            return f'"{word}"'
    if '"' not in value and can_be_parsed(f'{key}="{value}"'):
        return shlex.quote(f'{key}="{value}"')
    if "'" not in value and can_be_parsed(f"{key}='{value}'"):
        return shlex.quote(f"{key}='{value}'")
    return ""


def can_be_parsed(word: str) -> bool:
    """Return whether Hydra's grammar accepts an override."""
    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        return False
    return True
