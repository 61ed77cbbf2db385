"""The syntax tree of a Bicep file, by tree-sitter, with what its grammar does not know smoothed over.

The grammar is older than some of the language. What it lacks is written anew in as many bytes, so that every
place stays: a spread in an object becomes a member ``_``, the type of a resource's input a plain one. What is
left as an error may be a mistake in the file as well as something newer still.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter
import tree_sitter_bicep

from durahub_migrate.lint.files.positions import Positions
from durahub_migrate.lint.place import Span

_LANGUAGE = tree_sitter.Language(tree_sitter_bicep.language())
_LONGEST = 15.0  # seconds for one file; 800 KB without mistakes take one
_CHUNK = 65_536  # bytes that the parser is given at a time
_TOLD = 5  # mistakes of one file that are told one by one
_RESOURCE_TYPE = re.compile(rb"\bresource(?:In|Out)put<'[^'\n]*'>(?:\.\w+|\[\*\])*")
_NEWER_LINE = re.compile(rb"^(?:extension|provider|extends|using)\b[^\n]*", re.MULTILINE)
_TYPED_VARIABLE = re.compile(rb"^([ \t]*var[ \t]+\w+)([ \t]+[^=\n]+?)(?=[ \t]*=)", re.MULTILINE)
_RAW_INTERPOLATED = re.compile(rb"\$+(?=''')")
_SPREAD = re.compile(rb"\.\.\.(?=[\w({\[])")
_PARAMETER = re.compile(rb"^([ \t]*)param(?=[ \t]+\w+[ \t]*=)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Syntax:
    """A tree, with what it takes to read it. *interpolated* are where raw strings with ``$`` begin."""

    root: tree_sitter.Node
    at: Positions
    interpolated: frozenset[int]
    spreads: frozenset[int]
    too_long: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether everything was understood."""
        return not self.too_long and not self.root.has_error

    def text(self, node: tree_sitter.Node) -> str:
        """Return what stands in the file at *node*."""
        return self.at.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def span(self, node: tree_sitter.Node) -> Span:
        """Return the place of *node*."""
        return self.at.span(node.start_byte, node.end_byte)

    def mistakes(self) -> Iterator[tuple[str, Span]]:
        """Yield what could not be read, and where."""
        if self.too_long:
            yield f"not read: it took longer than {_LONGEST:g} seconds", self.at.span(0, 0)
        places = list(_mistakes(self.root))
        for node in places[:_TOLD]:
            yield self._said(node), self.span(node)
        if len(places) > _TOLD:
            yield f"{len(places) - _TOLD} more places are not understood", self.span(places[_TOLD])

    def _said(self, node: tree_sitter.Node) -> str:
        if node.is_missing:
            return f"{node.type!r} is missing here"
        text = " ".join(self.text(node)[:60].split())
        return f"not understood from {text[:30]!r} on" if text else "not understood"


@lru_cache(maxsize=32)
def parse(text: str, *, parameters: bool = False) -> Syntax:
    """Return the tree of *text*, of a ``.bicepparam`` file with *parameters*."""
    at = Positions(text)
    interpolated = frozenset(found.end() for found in _RAW_INTERPOLATED.finditer(at.data))
    data = _PARAMETER.sub(rb"\1var  ", at.data) if parameters else at.data
    try:
        root, spreads = parsed(data, time.monotonic() + _LONGEST)
    except TooLong:
        empty = tree_sitter.Parser(_LANGUAGE).parse(b"")
        return Syntax(empty.root_node, at, interpolated, frozenset(), too_long=True)
    return Syntax(root, at, interpolated, spreads)


def parsed(data: bytes, deadline: float) -> tuple[tree_sitter.Node, frozenset[int]]:
    """Return the tree, and where spreads are; raise `TooLong` behind the *deadline*."""
    root = _tree(data, deadline)
    spreads: set[int] = set()
    if root.has_error:
        data = _smoothed(data)
        root = _tree(data, deadline)
    for _ in range(20):  # each time shows those that the last mistake hid
        found = _spreads(root, data) - spreads if root.has_error else set()
        if not found:
            break
        data = _written(data, found, b"_: ")
        root = _tree(data, deadline)
        lists = {one for one in found if _is_in_list(root, one)}
        data = _written(data, lists, b"   ")
        spreads |= found
        root = _tree(data, deadline) if lists else root
    return root, frozenset(spreads)


def _written(data: bytes, starts: set[int], instead: bytes) -> bytes:
    changed = bytearray(data)
    for start in starts:
        changed[start : start + len(instead)] = instead
    return bytes(changed)


def _tree(data: bytes, deadline: float) -> tree_sitter.Node:
    """Parse *data*. The time for a text with mistakes can grow with the square of its length."""

    def is_late(offset: int, has_error: bool) -> bool:  # noqa: ARG001
        return time.monotonic() > deadline

    def chunk(offset: int, point: object) -> bytes:  # noqa: ARG001
        return data[offset : offset + _CHUNK]

    try:
        tree = tree_sitter.Parser(_LANGUAGE).parse(chunk, progress_callback=is_late)
    except ValueError:
        raise TooLong from None
    return tree.root_node


class TooLong(Exception):
    """The text was not parsed in time."""


def _smoothed(data: bytes) -> bytes:
    data = _RESOURCE_TYPE.sub(lambda found: b"object".ljust(len(found[0])), data)
    data = _RAW_INTERPOLATED.sub(lambda found: b" " * len(found[0]), data)
    data = _TYPED_VARIABLE.sub(lambda found: found[1] + b" " * len(found[2]), data)
    return _NEWER_LINE.sub(lambda found: b" " * len(found[0]), data)


def _spreads(root: tree_sitter.Node, data: bytes) -> set[int]:
    """Return where spreads begin, near errors."""
    found = set()
    for node in _mistakes(root):
        for one in _SPREAD.finditer(data, node.start_byte, node.end_byte + 1):
            found.add(one.start())
    return found


def _is_in_list(root: tree_sitter.Node, start: int) -> bool:
    node = root.descendant_for_byte_range(start, start + 1)
    while node is not None and node.type not in ("array", "object"):
        node = node.parent
    return node is not None and node.type == "array"


def _mistakes(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            yield node
        elif node.has_error:
            waiting.extend(reversed(node.children))
