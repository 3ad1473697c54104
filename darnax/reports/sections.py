"""Sections of configurations that have been parsed before, by the digests of their texts.

Most of the time to read many runs is spent on YAML, and the runs of a sweep have most sections in
common. An entry of the cache belongs to the text it was made from, so that it is never out of date.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from darnax import bounded_yaml, trees
from darnax.reports import cache, configuration
from darnax.reports.configuration import Flat, as_hashable, parse_section

WORTH_STORING = 100  # sections; parsing them takes a tenth of a second
CODE = (bounded_yaml, trees, configuration)


class Sections:
    """Parses sections, each text once.

    Args:
        known: digest of a text -> its values as they were stored.
    """

    def __init__(self, known: Any) -> None:
        self.known: dict[str, Any] = known if isinstance(known, dict) else {}
        self.parsed: dict[str, Flat] = {}
        self.new = 0  # sections that were not known

    def parse(self, text: str) -> Flat:
        """Return what `parse_section` returns."""
        if text not in self.parsed:
            stored = self.known.get(cache.digest(text.encode(errors="surrogatepass")))
            if isinstance(stored, dict):
                for key, value in stored.items():
                    if type(value) in (list, dict):
                        stored[key] = as_hashable(value)
                self.parsed[text] = stored
            else:
                self.parsed[text] = parse_section(text)
                self.new += 1
        return self.parsed[text]

    def as_json(self) -> dict[str, Any]:
        """Return all sections that were parsed, as `known` takes them."""
        found = {}
        for text, values in self.parsed.items():
            found[cache.digest(text.encode(errors="surrogatepass"))] = values
        return found


@contextmanager
def cached_sections(places: Iterable[Path]) -> Iterator[Sections]:
    """Give the sections that were read below these folders before; keep those that are read now."""
    names = sorted(str(place.absolute()) for place in places)
    name = f"sections-{cache.digest(*(name.encode(errors='surrogatepass') for name in names))}"
    try:
        code = cache.digest_code(CODE)
    except OSError:
        yield Sections({})
        return
    sections = Sections(cache.load(name, code))
    yield sections
    if sections.new >= WORTH_STORING:
        cache.store(name, code, sections.as_json())
