"""Checks the built site: links have an end, nothing is loaded from elsewhere, the API is complete.

    python scripts/documentation/check_site.py site

The generator checks the links in Markdown; this also covers those in generated pages, the
references to the code, and anchors. Every name in an `__all__` of darnax and of its packages has to
be among the objects of the API reference.
"""

import ast
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
NOT_LOADED = {"canonical", "prev", "next", "alternate", "edit"}  # kinds of <link>


class Page(HTMLParser):
    """Collects what a page loads, where it links to, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.unresolved: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values.get("id", ""), values.get("name", "")}
        kinds = set(values.get("rel", "").split())
        if tag in LOADED and not kinds & NOT_LOADED:
            self.loaded.append(values.get(LOADED[tag], ""))
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag == "autoref":
            self.unresolved.append(values.get("identifier", ""))


def find_problems(site: Path) -> list[str]:
    """Return what is wrong with the pages of a site."""
    pages = {file.resolve(): Page(file.read_text()) for file in sorted(site.rglob("*.html"))}
    problems = []
    for file, page in pages.items():
        name = file.relative_to(site.resolve())
        problems += [f"{name}: loads {url}" for url in page.loaded if urlsplit(url).netloc]
        problems += [f"{name}: no such reference: {name_}" for name_ in page.unresolved]
        if file.name == "404.html":  # its links start at the root of the host
            continue
        for link in [*page.links, *page.loaded]:
            if not has_end(link, file, pages):
                problems.append(f"{name}: nothing is at {link}")
    return problems


def has_end(link: str, file: Path, pages: dict[Path, Page]) -> bool:
    """Return whether a link leads out of the site, or to a file and an anchor that exist."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if target not in pages:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[target].anchors


def missing_names(site: Path, package: Path) -> list[str]:
    """Return the public names that the API reference does not have."""
    inventory = (site / "objects.inv").read_bytes()
    _, lines = inventory.split(b"zlib", maxsplit=1)
    entries = zlib.decompress(lines.partition(b"\n")[2]).decode().splitlines()
    described = {entry.split()[0] for entry in entries}
    problems = []
    for file in [package / "__init__.py", *sorted(package.glob("*/__init__.py"))]:
        module = ".".join(file.parent.relative_to(package.parent).parts)
        for name in exported_names(file):
            # A function that has the name of its module is described where it is defined.
            if not {f"{module}.{name}", f"{module}.{name}.{name}"} & described:
                problems.append(f"{module}.{name} is not in the API reference")
    return problems


def exported_names(file: Path) -> list[str]:
    """Return the names in the `__all__` of a module."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


if __name__ == "__main__":
    found = find_problems(Path(sys.argv[1]))
    found += missing_names(Path(sys.argv[1]), Path(__file__).parents[2] / "darnax")
    print("\n".join(found) or "links, references and the API are complete")
    sys.exit(bool(found))
