"""Expressions of Bicep to values: literals as they are, the rest worked out as far as it is known.

The grammar lets ``.name`` and ``[0]`` reach over the operators before them (``a == b.c`` is read as
``(a == b).c``), so what follows a value is handed down to the operand that it belongs to.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import tree_sitter

from durahub_migrate.lint.files import functions
from durahub_migrate.lint.files.bicep_strings import unescaped
from durahub_migrate.lint.files.bicep_syntax import Syntax
from durahub_migrate.lint.files.bicep_tree import (
    entry_of,
    loop_of,
    named,
    pair_of,
    unwrapped,
    whole,
)
from durahub_migrate.lint.files.computed import LONGEST, computed, known, plain, text_of, unknown
from durahub_migrate.lint.files.document import Member, Node, Unknown
from durahub_migrate.lint.place import Span

_DEEPEST = 60  # expressions within each other; what is below stays unknown
_MOST_STEPS = 100_000  # of one file, lest a small file grows without end
_OPERATORS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "%": "mod",
    ">": "greater",
    ">=": "greaterOrEquals",
    "<": "less",
    "<=": "lessOrEquals",
    "&&": "and",
    "||": "or",
    "??": "coalesce",
}


@dataclass(slots=True)
class Names:
    """What the names of a file stand for. *declared* are expressions, worked out when they are used.

    *lazy* are resources and modules, worked out as late, as the object that ``.name`` and ``.id`` are of.
    """

    declared: dict[str, tree_sitter.Node] = field(default_factory=dict)
    lazy: dict[str, Callable[[], Node]] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    steps: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """What follows a value: ``.name`` or ``[index]``; *certain* without ``.?``."""

    name: str | None = None
    index: tree_sitter.Node | None = None


class Values:
    """Works out the values of one file. *local* are the variables of loops."""

    def __init__(
        self, syntax: Syntax, names: Names, local: Mapping[str, Node] | None = None, depth: int = 0
    ) -> None:
        self._syntax = syntax
        self._names = names
        self._local = local or {}
        self._depth = depth

    def within(self, local: Mapping[str, Node]) -> "Values":
        """Return the same with more variables of loops."""
        return Values(self._syntax, self._names, {**self._local, **local}, self._depth)

    def of(self, node: tree_sitter.Node, *steps: _Step) -> Node:
        """Return the value of an expression, with *steps* behind it."""
        self._names.steps += 1
        broken = node.has_error and node.type not in ("object", "array", "for_statement")
        if broken or self._depth > _DEEPEST or self._names.steps > _MOST_STEPS:
            return self._unknown(node)
        self._depth += 1
        try:
            return self._of(node, steps)
        finally:
            self._depth -= 1

    def _of(self, node: tree_sitter.Node, steps: tuple[_Step, ...]) -> Node:
        kind = node.type
        if kind in ("member_expression", "subscript_expression"):
            return self._followed(node, steps)
        if kind == "binary_expression":
            return self._binary(node, steps)
        if kind == "ternary_expression":
            return self._ternary(node, steps)
        if kind == "unary_expression":
            return self._unary(node, steps)
        if kind == "parenthesized_expression":
            inner = named(node)
            value = self.of(inner[0]) if len(inner) == 1 else self._unknown(node)
        elif kind in ("identifier", "resource_expression"):
            value = self._name(node)
        else:
            value = self._literal(node)
        return self._stepped(value, steps, node) if steps else value

    def _literal(self, node: tree_sitter.Node) -> Node:
        span = self._syntax.span(node)
        text = self._syntax.text(node)
        if node.type == "string":
            return self._string(node, span)
        if node.type == "number":
            return Node("scalar", span, scalar=int(text)) if len(text) < 20 else self._unknown(node)
        if node.type == "boolean":
            return Node("scalar", span, scalar=text == "true")
        if node.type == "null":
            return Node("scalar", span)
        if node.type == "object":
            return Node("object", span, members=tuple(self._members(node)))
        if node.type == "array":
            return self._array(node, span)
        if node.type == "call_expression":
            return self._call(node)
        if node.type == "for_statement":
            return self._for(node, span)
        return self._unknown(node)

    def _unknown(self, node: tree_sitter.Node) -> Node:
        return unknown(self._syntax.text(node), self._syntax.span(node))

    def _string(self, node: tree_sitter.Node, span: Span) -> Node:
        first = node.children[0] if node.children else node
        if self._syntax.text(first) == "'''":
            text = self._syntax.text(node)[3:-3]
            if first.start_byte in self._syntax.interpolated and "${" in text:
                return self._unknown(node)
            text = text.removeprefix("\r").removeprefix("\n")
            return Node("scalar", span, scalar=text, literal=False)
        data, parts, end = self._syntax.at.data, [], first.end_byte
        inserted = [child for child in node.children if child.type == "interpolation"]
        for child in inserted:
            # Blanks before it are the tree's, but text of the string: what is between counts, not its nodes.
            start = data.index(b"${", child.start_byte)
            parts.append(unescaped(data[end:start]))
            end = child.end_byte
            inner = named(child)
            value = plain(self.of(inner[0])) if len(inner) == 1 else None
            if not isinstance(value, (str, int)):
                return self._unknown(node)
            parts.append(functions.written(value))
        parts.append(unescaped(data[end : max(node.end_byte - 1, end)]))
        text = "".join(parts)
        if len(text) > LONGEST:
            return self._unknown(node)
        return Node("scalar", span, scalar=text, literal=not inserted)

    def _members(self, node: tree_sitter.Node) -> Iterator[Member]:
        for child in whole(node):
            if child.type != "object_property":
                continue
            name, value = pair_of(child)
            if name is None or value is None:
                continue
            if child.start_byte in self._syntax.spreads:
                yield from self._spread(child, value)
                continue
            called = text_of(self.of(name)) if name.type == "string" else self._syntax.text(name)
            span = self._syntax.span(name)
            found = self.of(value)
            yield Member(
                "..." if called is None else called, span, found, entry_of(self._syntax, child)
            )

    def _spread(self, child: tree_sitter.Node, value: tree_sitter.Node) -> Iterator[Member]:
        found, span = self.of(value), self._syntax.span(child)
        if found.kind == "object":
            yield from (replace(one, entry=span) for one in found.members)
        else:
            yield Member("...", span, self._unknown(value), span)

    def _array(self, node: tree_sitter.Node, span: Span) -> Node:
        items: list[Node] = []
        for child in whole(node):
            spread = child.start_byte - 3 in self._syntax.spreads
            found = self.of(child)
            if spread and found.kind == "list":
                items.extend(found.items)
            elif spread:
                return self._unknown(node)
            else:
                items.append(found)
        return Node("list", span, items=tuple(items))

    def _name(self, node: tree_sitter.Node) -> Node:
        name = "".join(self._syntax.text(node).split())
        if name in self._local:
            return self._local[name]
        names = self._names
        if name in names.values:
            return names.values[name]
        if name in names.busy or (name not in names.declared and name not in names.lazy):
            return self._unknown(node)
        names.busy.add(name)
        try:
            if name in names.lazy:
                names.values[name] = names.lazy[name]()
            else:
                plainly = Values(self._syntax, names, None, self._depth)
                names.values[name] = plainly.of(names.declared[name])
        finally:
            names.busy.discard(name)
        return names.values[name]

    def _followed(self, node: tree_sitter.Node, steps: tuple[_Step, ...]) -> Node:
        first, *others = named(node)
        if not others:
            return self._unknown(node)
        last = others[-1]
        is_member = node.type == "member_expression"
        step = _Step(name=self._syntax.text(last)) if is_member else _Step(index=last)
        return self.of(first, step, *steps)

    def _stepped(self, value: Node, steps: tuple[_Step, ...], node: tree_sitter.Node) -> Node:
        found: Node | None = value
        for step in steps:
            if found is None or isinstance(found.scalar, Unknown):
                break
            key = step.name if step.index is None else plain(self.of(step.index))
            if found.kind == "object" and isinstance(key, str):
                found = found.get(key)
            elif found.kind == "list" and type(key) is int and 0 <= key < len(found.items):
                found = found.items[key]
            else:
                found = None
        if found is None or isinstance(found.scalar, Unknown):
            named = "".join(f".{s.name}" if s.name else "[…]" for s in steps)
            return unknown(self._syntax.text(node) + named, self._syntax.span(node))
        return found

    def _binary(self, node: tree_sitter.Node, steps: tuple[_Step, ...]) -> Node:
        operands = named(node)
        operator = next((one.type for one in node.children if not one.is_named), "")
        if len(operands) != 2:
            return self._unknown(node)
        left, right = plain(self.of(operands[0])), plain(self.of(operands[1], *steps))
        span, text = self._syntax.span(node), self._syntax.text(node)
        if operator in ("==", "!=", "=~", "!~"):
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return self._unknown(node)
            if "~" in operator:
                left, right = str(left).lower(), str(right).lower()
            equal = functions.same(left, right)
            return Node("scalar", span, scalar=equal == (operator[0] == "="), literal=False)
        name = _OPERATORS.get(operator, "")
        return computed(functions.call(name, [left, right], text), span)

    def _ternary(self, node: tree_sitter.Node, steps: tuple[_Step, ...]) -> Node:
        condition = node.child_by_field_name("condition")
        then, otherwise = (
            node.child_by_field_name("consequence"),
            node.child_by_field_name("alternative"),
        )
        if condition is None or then is None or otherwise is None:
            return self._unknown(node)
        decided = known(self.of(condition))
        if decided is True:
            return self.of(then)
        if decided is False:
            return self.of(otherwise, *steps)
        one, other = self.of(then), self.of(otherwise, *steps)
        if plain(one) == plain(other) and not isinstance(one.scalar, Unknown):
            return one
        return self._unknown(node)

    def _unary(self, node: tree_sitter.Node, steps: tuple[_Step, ...]) -> Node:
        operands = named(node)
        if len(operands) != 1:
            return self._unknown(node)
        operator = next((one.type for one in node.children if not one.is_named), "")
        value, span = plain(self.of(operands[0], *steps)), self._syntax.span(node)
        if operator == "!" and isinstance(value, bool):
            return Node("scalar", span, scalar=not value, literal=False)
        if operator == "-" and type(value) is int:
            return Node("scalar", span, scalar=-value)
        return self._unknown(node)

    def _call(self, node: tree_sitter.Node) -> Node:
        first, *others = named(node)
        given = others[-1] if others and others[-1].type == "arguments" else None
        if given is None:
            return self._unknown(node)
        name = self._syntax.text(first).removeprefix("sys.").removeprefix("az.")
        values = [plain(self.of(one)) for one in named(given)]
        text = self._syntax.text(node)
        return computed(functions.call(name, values, text), self._syntax.span(node))

    def _for(self, node: tree_sitter.Node, span: Span) -> Node:
        turns = self.turns(node)
        if turns is None:
            return self._unknown(node)
        items = []
        for body, inside, condition in turns:
            if isinstance(condition, Unknown):
                return self._unknown(node)
            if condition:
                items.append(inside.of(body))
        return Node("list", span, items=tuple(items))

    def turns(
        self, node: tree_sitter.Node
    ) -> list[tuple[tree_sitter.Node, "Values", bool | Unknown]] | None:
        """Return the body of a loop with the values of each turn; ``None`` if the turns are not known."""
        read = loop_of(node)
        if read is None:
            return None
        variables, over, body = read
        items = self.of(over)
        condition, body = unwrapped(body)
        if items.kind != "list" or len(items.items) > LONGEST:
            return None
        turns = []
        for number, item in enumerate(items.items):
            local = dict(zip(variables, (item, computed(number, items.span)), strict=False))
            inside = self.within({self._syntax.text(name): one for name, one in local.items()})
            turns.append((body, inside, inside.decided(condition)))
        return turns

    def decided(self, condition: tree_sitter.Node | None) -> bool | Unknown:
        """Return whether *condition* holds."""
        if condition is None:
            return True
        value = self.of(condition)
        if isinstance(value.scalar, bool):
            return value.scalar
        return Unknown(self._syntax.text(condition))
