"""TOML with places: the values are tomllib's, the places are looked for in the text.

Where a key stands is seen from table headers and lines that begin with it. Keys of inline tables have the
place of their table.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

from durahub_migrate.lint.files.document import Document, Member, Node
from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.place import Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]\]?")
_ASSIGNED = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_PIECE = re.compile(_KEY)
_TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*')
_LONGEST = 400  # lines of one value that are tried
_MISTAKE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)$")


def read_toml(path: str, text: str) -> Document:
    """Return the document in *text*; one that is broken has its mistake as problem, and no values."""
    at = Positions(text)
    try:
        tables = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _MISTAKE.match(str(error))
        sentence, line = (found[1], int(found[2])) if found else (str(error), len(text))
        problem = (f"not TOML: {sentence}", at.span_of_line(line))
        return Document(path, text, Node("object", at.span(0, 0)), (problem,))
    spans = dict(_places(text, at))
    return Document(path, text, _node(tables, (), spans, at.span(0, len(at.data))))


def _places(text: str, at: Positions) -> Iterator[tuple[tuple[str, ...], tuple[Span, Span]]]:
    """Yield the spans of each key and of its value, by path; elements of a list of tables by number."""
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    start = 1 if text.startswith("\ufeff") else 0
    while start < len(text):
        line_end = text.find("\n", start) % (len(text) + 1)
        header, assigned = _HEADER.match(text, start), _ASSIGNED.match(text, start)
        if header is not None:
            table = _numbered(_names(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            span = at.span_of_characters(header.start(1), header.end())
            yield table, (span, span)
        elif assigned is not None:
            path = (*table, *_names(assigned[1]))
            stop, end = _end(text, assigned.end(), line_end)
            name = at.span_of_characters(assigned.start(1), assigned.end(1))
            yield path, (name, at.span_of_characters(assigned.end(), stop))
            for number, found in enumerate(_texts(text, assigned.end(), stop)):
                span = at.span_of_characters(*found)
                yield (*path, str(number)), (span, span)
            line_end = end
        start = line_end + 1


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(str(next(iter(tomllib.loads(f"{piece} = 0")))) for piece in _PIECE.findall(dotted))


def _numbered(names: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """Say which element of a list of tables is meant: the last one."""
    path: tuple[str, ...] = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in counts:
            path = (*path, str(counts[path]))
    return (*path, names[-1])


def _end(text: str, start: int, line_end: int) -> tuple[int, int]:
    """Return where a value ends, and the end of that line; of a value of many lines find the last one."""
    end = line_end
    for _ in range(_LONGEST):
        try:
            tomllib.loads(f"x = {text[start:end]}")
            break
        except tomllib.TOMLDecodeError:
            if end >= len(text):
                break
            end = text.find("\n", end + 1) % (len(text) + 1)
    value = text[start:end]
    for found in _TEXT.finditer(value, value.rfind("\n") + 1):
        if found[0].startswith("#"):
            value = value[: found.start()]
    return start + len(value.rstrip()), end


def _texts(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    if text.startswith("[", start):
        for found in _TEXT.finditer(text, start, stop):
            if not found[0].startswith("#"):
                yield found.start(), found.end()


def _node(
    value: Any, path: tuple[str, ...], spans: dict[tuple[str, ...], tuple[Span, Span]], near: Span
) -> Node:
    span = spans.get(path, (near, near))[1]
    if isinstance(value, dict):
        return Node("object", span, members=tuple(_members(value, path, spans, span)))
    if isinstance(value, list):
        inner = [(*path, str(number)) for number in range(len(value))]
        return Node(
            "list",
            span,
            items=tuple(
                _node(one, below, spans, span) for one, below in zip(value, inner, strict=True)
            ),
        )
    known = isinstance(value, (str, int, float, bool))
    return Node("scalar", span, scalar=value if known else str(value))


def _members(
    table: dict[str, Any],
    path: tuple[str, ...],
    spans: dict[tuple[str, ...], tuple[Span, Span]],
    near: Span,
) -> Iterator[Member]:
    for name, value in table.items():
        below = (*path, name)
        name_span, span = spans.get(below, (near, near))
        node = _node(value, below, spans, span)
        entry = Span(
            name_span.line,
            name_span.column,
            span.end_line,
            span.end_column,
            name_span.start,
            max(span.stop, name_span.stop),
        )
        yield Member(name, name_span, node, entry)
