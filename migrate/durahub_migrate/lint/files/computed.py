"""Values that were worked out of expressions, as `Node`s and as plain Python values."""

from dataclasses import replace
from typing import Any

from durahub_migrate.lint.files.document import Member, Node, Unknown
from durahub_migrate.lint.place import Span

_MOST = 50_000  # values in a value
_TOO_LARGE = "too large"
LONGEST = 10_000  # characters of a text, entries of a list: what is longer stays unknown


def unknown(text: str, span: Span) -> Node:
    """Return a value that only a deployment could tell; *text* is its expression."""
    return Node("scalar", span, scalar=Unknown(" ".join(text[:200].split())), literal=False)


def computed(value: Any, span: Span) -> Node:
    """Return the plain *value* (dicts, lists, scalars, `Unknown`) of the expression at *span*."""
    return _computed(value, span, [_MOST])


def plain(node: Node) -> Any:
    """Return *node* without its places; what is too large is left unknown.

    Values that are named twice are shared, so that a small file can stand for a very large value.
    """
    return _plain(node, [_MOST])


def _computed(value: Any, span: Span, left: list[int]) -> Node:
    left[0] -= 1
    if left[0] < 0:
        return unknown(_TOO_LARGE, span)
    if isinstance(value, dict):
        found = {name: _computed(one, span, left) for name, one in value.items()}
        members = (Member(name, span, one, span) for name, one in found.items())
        return Node("object", span, members=tuple(members), literal=False)
    if isinstance(value, list):
        items = tuple(_computed(one, span, left) for one in value)
        return Node("list", span, items=items, literal=False)
    return Node("scalar", span, scalar=value, literal=False)


def _plain(node: Node, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        return Unknown(_TOO_LARGE)
    if node.kind == "object":
        return {member.name: _plain(member.value, left) for member in node.members}
    if node.kind == "list":
        return [_plain(item, left) for item in node.items]
    return node.scalar


def known(node: Node | None) -> Any:
    """Return the scalar of *node* if it is known, else ``None``."""
    if node is None or node.kind != "scalar" or isinstance(node.scalar, Unknown):
        return None
    return node.scalar


def text_of(node: Node | None) -> str | None:
    """Return the text that *node* is, ``None`` if it is something else or not known."""
    value = known(node)
    return value if isinstance(value, str) else None


def is_unknown(node: Node | None) -> bool:
    """Whether *node* is there, but only a deployment could tell its value."""
    return node is not None and isinstance(node.scalar, Unknown)


def of_file(node: Node, file: str) -> Node:
    """Return *node* as a value of another file: it, and what is in it, stands in *file*."""
    return _of_file(node, file, {})


def _of_file(node: Node, file: str, seen: dict[int, Node]) -> Node:
    # What is named twice stays one value, or a small file could stand for a very large one.
    if id(node) not in seen:
        seen[id(node)] = replace(
            node,
            file=node.file or file,
            items=tuple(_of_file(item, file, seen) for item in node.items),
            members=tuple(
                replace(member, value=_of_file(member.value, file, seen)) for member in node.members
            ),
        )
    return seen[id(node)]
