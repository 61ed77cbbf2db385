"""Comments that silence rules: ``// durahub-lint: ignore ARM903 -- only while we test``; in TOML ``#``."""

import re
from collections.abc import Iterator

from durahub_migrate.lint.facts.templates import InlineIgnore
from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.place import Place, PlaceKind

_MARK = re.compile(
    r"(?://|#|/\*)[ \t]*durahub-lint:[ \t]*ignore[ \t]+"
    r"(?P<codes>[A-Za-z]+\d*(?:[ \t]*,[ \t]*[A-Za-z]+\d*)*)"
    r"(?:[ \t]+--[ \t]*(?P<reason>[^\r\n]*?))?[ \t]*(?:\*/|\r?$)",
    re.MULTILINE,
)
_ONLY_A_COMMENT = re.compile(r"\s*(?:(?://|#(?!disable)|/\*).*)?")


def inline_ignores(path: str, text: str, at: Positions) -> Iterator[InlineIgnore]:
    """Yield what the comments of a file silence."""
    lines = text.split("\n")
    for found in _MARK.finditer(text):
        span = at.span_of_characters(found.start(), found.end())
        line = span.line
        if not lines[line - 1][: span.column - 1].strip():
            line += 1
            while line < len(lines) and _ONLY_A_COMMENT.fullmatch(lines[line - 1].rstrip("\r")):
                line += 1
        codes = tuple(code.strip().upper() for code in found["codes"].split(","))
        yield InlineIgnore(
            place=Place(source=path, kind=PlaceKind.FILE, span=span),
            line=line,
            codes=codes,
            reason=(found["reason"] or "").strip() or None,
        )
