"""JSON as .NET's hosts take it (comments, a comma behind the last entry), every value with its place.

The tree is tree-sitter's, which goes on behind a mistake; whether the text is JSON, and what is wrong with
it, is for the standard library to say. Names that stand there twice are all kept.
"""

import json
import re
from collections.abc import Iterator, Sequence

import tree_sitter
import tree_sitter_json

from durahub_migrate.lint.files.document import Document, Member, Node, Scalar, Unknown
from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.place import Span

_LANGUAGE = tree_sitter.Language(tree_sitter_json.language())
_DEEPEST = 200  # objects in objects; what is below is left unread
_VALUES = frozenset({"object", "array", "string", "number", "true", "false", "null"})
_STRING = r'"(?:\\.|[^"\\\n])*"'
# A comment that nobody closes reaches to the end, so that it is looked for once.
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_EXPONENT = re.compile(_STRING.encode() + rb"|(?<=[eE])\+(?=[0-9])")
_LONE = re.compile("[\ud800-\udfff]")


def read_json(path: str, text: str) -> Document:
    """Return the document in *text*; what cannot be read is among its problems, the rest is there."""
    reading = _Reading(text)
    return Document(path, text, reading.root(), tuple(reading.problems))


class _Reading:
    def __init__(self, text: str) -> None:
        self._at = Positions(text)
        self._data = self._at.data
        self._tree = tree_sitter.Parser(_LANGUAGE).parse(_EXPONENT.sub(_unsigned, self._data))
        self.problems = list(self._mistakes(text))

    def root(self) -> Node:
        values = [found for found in self._tree.root_node.children if found.type in _VALUES]
        if values and not self.problems:
            return self._node(values[0], 0)
        # Behind a mistake the outermost braces may be lost; names and values below are still there.
        top = values[0] if len(values) == 1 else self._tree.root_node
        if top.type in _VALUES - {"object"}:
            return self._node(top, 0)
        span = self._span(top)
        return Node("object", span, members=tuple(self._members(top, 0)))

    def _mistakes(self, text: str) -> Iterator[tuple[str, Span]]:
        plain = _LAST_COMMA.sub(_blank, _COMMENT.sub(_blank, text.replace("\ufeff", " ", 1)))
        try:
            json.loads(plain, parse_int=len, parse_float=len, parse_constant=_refused)
        except json.JSONDecodeError as error:
            at = min(error.pos, max(len(text) - 1, 0))
            yield f"not JSON: {error.msg}", self._at.span_of_characters(at, at + 1)
        except RecursionError:
            yield f"not read: more than {_DEEPEST} values within each other", self._at.span(0, 0)
        except ValueError as error:
            yield f"not JSON: {error}", self._at.span(0, 0)

    def _span(self, found: tree_sitter.Node) -> Span:
        return self._at.span(found.start_byte, found.end_byte)

    def _node(self, found: tree_sitter.Node, depth: int) -> Node:
        span = self._span(found)
        if depth > _DEEPEST:
            said = f"not read: more than {_DEEPEST} values within each other"
            if not self.problems:
                self.problems.append((said, span))
            return Node("scalar", span, scalar=Unknown(said))
        if found.type == "object":
            return Node("object", span, members=tuple(self._members(found, depth)))
        if found.type == "array":
            items = [one for one in found.children if one.type in _VALUES and not one.is_missing]
            return Node("list", span, items=tuple(self._node(one, depth + 1) for one in items))
        return Node("scalar", span, scalar=self._scalar(found))

    def _scalar(self, found: tree_sitter.Node) -> Scalar:
        text = self._data[found.start_byte : found.end_byte].decode("utf-8", "replace")
        try:
            value: Scalar = json.loads(text, strict=False)
        except ValueError:
            return Unknown(text)
        return _LONE.sub("\ufffd", value) if isinstance(value, str) else value

    def _members(self, found: tree_sitter.Node, depth: int) -> Iterator[Member]:
        pairs = list(_pairs(found))
        for number, (pair, comma) in enumerate(pairs):
            name, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if name is None or value is None:
                continue
            before = pairs[number - 1][1] if number else None
            called = self._scalar(name)
            yield Member(
                called if isinstance(called, str) else str(called),
                self._span(name),
                self._node(value, depth + 1),
                self._at.span(*self._entry(pair, comma, before)),
            )

    def _entry(
        self,
        pair: tree_sitter.Node,
        comma: tree_sitter.Node | None,
        before: tree_sitter.Node | None,
    ) -> tuple[int, int]:
        """Return what goes with a name: its comma, else the one before it; its line, if it has it alone."""
        data = self._data
        start, stop = pair.start_byte, (comma or pair).end_byte
        next_line = _end(_REST_OF_LINE, data, stop)  # a comment behind it goes, too
        if comma is None and before is not None:
            if next_line is not None:
                stop = next_line - (2 if data[next_line - 2 : next_line] == b"\r\n" else 1)
            return before.start_byte, stop
        line = _start_of_line(data, start)
        if line is not None and next_line is not None:
            return line, next_line
        return start, stop if comma is None else _end(_GAP, data, stop) or stop


def _pairs(
    found: tree_sitter.Node,
) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node | None]]:
    """Yield the pairs of an object, each with the comma behind it; those in what is broken, too."""
    last: tree_sitter.Node | None = None
    for child in _flat(found.children):
        if child.type == "pair":
            if last is not None:
                yield last, None
            last = child
        elif child.type == "," and last is not None:
            yield last, child
            last = None
    if last is not None:
        yield last, None


def _flat(children: Sequence[tree_sitter.Node]) -> Iterator[tree_sitter.Node]:
    for child in children:
        if child.type == "ERROR":
            yield from _flat(child.children)
        else:
            yield child


def _start_of_line(data: bytes, start: int) -> int | None:
    """Return where the line begins, ``None`` if something else stands there first."""
    while start and data[start - 1] in b" \t":
        start -= 1
    return start if not start or data[start - 1] in b"\n" else None


_REST_OF_LINE = re.compile(rb"[ \t]*(?://[^\n]*|/\*[^\n]*?\*/[ \t\r]*)?\r?\n")
_GAP = re.compile(rb"[ \t]*")


def _end(pattern: re.Pattern[bytes], data: bytes, start: int) -> int | None:
    found = pattern.match(data, start)
    return found.end() if found is not None else None


def _blank(found: re.Match[str]) -> str:
    """Keep a string; what is no JSON becomes blanks, so that places stay."""
    text = found[0]
    return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)


def _unsigned(found: re.Match[bytes]) -> bytes:
    """Write ``1e+16`` as ``1e016``: the grammar knows no plus sign."""
    return b"0" if found[0] == b"+" else found[0]


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number")
