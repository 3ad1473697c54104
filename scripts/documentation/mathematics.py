r"""An extension of Python-Markdown: formulas become MathML, which needs no script and no font.

It follows `pymdownx.arithmatex` with `generic: true`, which turns `$…$` and `$$…$$` into `\(…\)`
and `\[…\]`.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor

INLINE = re.compile(r'<span class="arithmatex">\\\((.+?)\\\)</span>', re.DOTALL)
BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.+?)\\\]\s*</div>', re.DOTALL)
LAST = -10  # after the placeholders of other extensions have been replaced


def to_mathml(latex: str, display: str) -> str:
    return convert(html.unescape(latex).strip(), display=display)


class FormulasToMathML(Postprocessor):
    """Replaces the formulas in the HTML of a page."""

    def run(self, text: str) -> str:
        text = INLINE.sub(lambda match: to_mathml(match[1], "inline"), text)
        return BLOCK.sub(lambda match: to_mathml(match[1], "block"), text)


class Mathematics(Extension):
    """Registers the replacement."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        md.postprocessors.register(FormulasToMathML(md), "mathematics", LAST)


def makeExtension(**options: Any) -> Mathematics:  # noqa: N802
    return Mathematics(**options)
