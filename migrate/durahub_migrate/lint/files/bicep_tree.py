"""The pieces of a Bicep file's syntax tree: declarations, the first line of one, properties, comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter

from durahub_migrate.lint.files.bicep_syntax import Syntax
from durahub_migrate.lint.place import Span

_COMMA = re.compile(rb"[ \t]*,")
_COMMA_BEFORE = re.compile(rb",[ \t]*$")
_REST_OF_LINE = re.compile(rb"[ \t]*(?://[^\n]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a resource or module: ``resource hub 'Microsoft.X/y@2025-11-01' existing = …``."""

    symbol: str
    type: str
    version: str | None
    declared: Span  # the type without its quotes and its version
    written_version: Span | None
    existing: bool
    body: tree_sitter.Node


def head_of(syntax: Syntax, node: tree_sitter.Node) -> Head | None:
    """Return the head of a declaration, ``None`` where it could not be read or its type is worked out."""
    parts = named(node)
    if len(parts) < 3 or parts[1].type != "string" or parts[1].named_child_count != 1:
        return None
    symbol, declared, body = parts[0], parts[1], parts[-1]
    kind, _, version = syntax.text(declared)[1:-1].partition("@")
    start, stop = declared.start_byte + 1, declared.end_byte - 1
    split = start + len(kind.encode("utf-8", "surrogatepass"))
    return Head(
        syntax.text(symbol),
        kind,
        version or None,
        syntax.at.span(start, split),
        syntax.at.span(split + 1, stop) if version else None,
        any(child.type == "existing" for child in node.children),
        body,
    )


def declarations(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the declarations of a file, also those that stand in what was not understood."""
    for child in root.children:
        if child.type == "ERROR":
            yield from child.named_children
        else:
            yield child


def children_of(body: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the resources that are declared within the body of another."""
    for child in body.named_children:
        for inner in child.named_children if child.type == "object_property" else ():
            if inner.type == "resource_declaration":
                yield inner


def property_of(syntax: Syntax, body: tree_sitter.Node, name: str) -> tree_sitter.Node | None:
    """Return the expression of the property *name* of an object."""
    for child in body.named_children:
        parts = named(child)
        is_property = child.type == "object_property" and len(parts) == 2
        if is_property and syntax.text(parts[0]).strip("'") == name:
            return parts[1]
    return None


def named(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the parts of *node* that mean something."""
    return [one for one in node.named_children if one.type not in ("comment", "ERROR")]


def comments(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the comments of a file in their order."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            yield node
        waiting.extend(reversed(node.children))


def entry_of(syntax: Syntax, child: tree_sitter.Node) -> Span:
    """Return the whole of a property: with a comma, and with its line where it has that alone."""
    data, start, stop = syntax.at.data, child.start_byte, child.end_byte
    comma = _COMMA.match(data, stop)
    stop = comma.end() if comma else stop
    line = data.rfind(b"\n", 0, start) + 1
    rest = _REST_OF_LINE.match(data, stop)
    if rest is not None and not data[line:start].strip():
        return syntax.at.span(line, rest.end())
    before = _COMMA_BEFORE.search(data[line:start])
    if comma is None and before is not None:
        return syntax.at.span(line + before.start(), stop)
    return syntax.at.span(start, stop)


def unwrapped(node: tree_sitter.Node) -> tuple[tree_sitter.Node | None, tree_sitter.Node]:
    """Return condition and body of ``if (…) {…}``; the node itself without a condition if it is none."""
    if node.type != "if_statement":
        return None, node
    inner = named(node)
    return (inner[0], inner[-1]) if len(inner) > 1 else (None, node)


def loop_body(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """Return what a loop repeats, ``None`` if *node* is no loop."""
    read = loop_of(node)
    return read[2] if read is not None else None


def loop_of(
    node: tree_sitter.Node,
) -> tuple[list[tree_sitter.Node], tree_sitter.Node, tree_sitter.Node] | None:
    """Return the variables of a loop, what it goes over, and what it repeats."""
    parts = named(node)
    if node.type != "for_statement" or len(parts) != 3:
        return None
    variables = named(parts[0]) if parts[0].type == "for_loop_parameters" else [parts[0]]
    return variables, parts[1], parts[2]


def pair_of(node: tree_sitter.Node) -> tuple[tree_sitter.Node | None, tree_sitter.Node | None]:
    """Return the name and the value of a property, ``None`` where it is none."""
    parts = named(node)
    colon = any(one.type == ":" for one in node.children)
    return (parts[0], parts[-1]) if len(parts) == 2 and colon else (None, None)


def whole(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the parts of an object or list, also those that stand in what was not understood."""
    for child in node.named_children:
        if child.type == "ERROR":
            yield from (one for one in child.named_children if one.type == "object_property")
        elif child.type not in ("comment", "diagnostic_comment"):
            yield child
