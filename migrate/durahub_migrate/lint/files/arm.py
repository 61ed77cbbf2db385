"""ARM templates to what they declare, with nested deployments; both shapes of ``resources`` are read.

Source: structure of ARM templates, as Microsoft documents it; ``languageVersion`` 2.0 has resources by
symbol.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from durahub_migrate.lint.facts.templates import Resource, UnreadModule
from durahub_migrate.lint.files.arm_expressions import evaluate, is_expression
from durahub_migrate.lint.files.bicep import Declared
from durahub_migrate.lint.files.computed import computed, is_unknown, known, plain, text_of, unknown
from durahub_migrate.lint.files.document import Document, Member, Node, Unknown

_NAMED = re.compile(r"\[\s*(parameters|variables)\(\s*'([^']+)'\s*\)\s*\]", re.IGNORECASE)
NESTED = "microsoft.resources/deployments"
_DEEPEST = 8  # deployments within deployments, values within values
_MOST_STEPS = 100_000
_SCOPES = {"subscription": "subscription", "managementgroup": "managementGroup", "tenant": "tenant"}


class Arm:
    """An ARM template: the object *root* of *document*. *given* are values of parameters."""

    def __init__(
        self,
        document: Document,
        root: Node,
        given: Mapping[str, Node],
        prefix: str = "",
        depth: int = 0,
    ) -> None:
        self._document = document
        self._root = root
        self._prefix = prefix
        self._depth = depth
        self._given = {name.lower(): value for name, value in given.items()}
        self._outer: Arm | None = None
        self._values: dict[tuple[str, str], Node] = {}
        self._busy: set[tuple[str, str]] = set()
        self._turn: int | None = None
        self._steps = 0

    def declared(self) -> Declared:
        """Return everything that it declares."""
        schema = (text_of(self._root.get("$schema")) or "").rpartition("/")[2].lower()
        scopes = (scope for start, scope in _SCOPES.items() if schema.startswith(start))
        result = Declared(target_scope=next(scopes, "resourceGroup"))
        result.whole = not self._document.problems
        self._add(self._root.get("resources"), None, result)
        return result

    def _add(self, resources: Node | None, parent: Resource | None, result: Declared) -> None:
        if resources is None:
            return
        entries: list[tuple[str, Node]] = [("", item) for item in resources.items]
        entries += [(member.name, member.value) for member in resources.members]
        for symbol, node in entries:
            for number in self._turns(node.get("copy")):
                self._turn = number
                self._add_one(symbol, node, parent, result)
                self._turn = None

    def _turns(self, copy: Node | None) -> list[int | None]:
        if copy is None:
            return [None]
        count = known(self._worked_out(copy.get("count"))) if copy.get("count") else None
        return list(range(count)) if type(count) is int and 0 <= count <= 100 else [-1]

    def _add_one(self, symbol: str, node: Node, parent: Resource | None, result: Declared) -> None:
        written = node.get("type")
        kind = text_of(written)
        if kind is None or written is None:
            return
        if parent is not None and "." not in kind.partition("/")[0]:
            kind = f"{parent.type}/{kind}"
        name = self._worked_out(node.get("name"))
        version = self._worked_out(node.get("apiVersion"))
        shown = symbol or f"{kind} {text_of(node.get('name')) or ''}".strip()
        turn = f"[{self._turn}]" if self._turn is not None and self._turn >= 0 else ""
        start = f"{parent.key}." if parent is not None else self._prefix
        resource = Resource(
            file=self._document.path,
            key=f"{start}{shown}{turn}",
            type=kind,
            api_version=_text_or_unknown(version),
            declared=written.span,
            version=version.span if version is not None and version.literal else None,
            name=name,
            names=(),
            body=self._whole(node),
            within=parent.key if parent is not None else None,
            scope=self._worked_out(node.get("scope")),
            existing=known(node.get("existing")) is True,
            condition=self._condition(node, parent),
            many=self._turn == -1,
            deployed_to=result.target_scope,
        )
        result.resources.append(resource)
        if resource.kind == NESTED:
            self._add_nested(node, resource, result)
        self._add(node.get("resources"), resource, result)

    def _condition(self, node: Node, parent: Resource | None) -> bool | Unknown:
        written = node.get("condition")
        value = self._worked_out(written).scalar if written is not None else True  # type: ignore[union-attr]
        decided = (
            value if isinstance(value, bool) else Unknown(str(plain(written)) if written else "")
        )
        above = parent.condition if parent is not None else True
        return above if above is not True and decided is not False else decided

    def _add_nested(self, node: Node, resource: Resource, result: Declared) -> None:
        template = node.at("properties.template")
        link = node.at("properties.templateLink")
        if template is None and link is not None:
            written = (
                text_of(link.get("relativePath")) or text_of(link.get("uri")) or "templateLink"
            )
            place = self._document.place(link, resource.key)
            result.unread.append(UnreadModule(place=place, path=written))
        if template is None or template.kind != "object" or self._depth > _DEEPEST:
            return
        inner = text_of(node.at("properties.expressionEvaluationOptions.scope")) or "outer"
        given: dict[str, Node] = {}
        passed = node.at("properties.parameters")
        for member in passed.members if passed is not None else ():
            value = self._worked_out(member.value.get("value"))
            if value is not None:
                given[member.name] = value
        nested = Arm(self._document, template, given, f"{resource.key}/", self._depth + 1)
        if inner.lower() != "inner":
            nested._outer = self  # its expressions are worked out where it stands
        result.add(nested.declared(), resource.condition)

    def _whole(self, node: Node) -> Node:
        """Return a resource with all its expressions worked out, but for what it nests."""
        members = [
            member
            if member.name.lower() in ("resources", "copy")
            else replace(member, value=self._resolved(member.value, 0))
            for member in node.members
            if not (
                member.name.lower() == "properties" and member.value.get("template") is not None
            )
        ]
        return replace(node, members=tuple(members))

    def _worked_out(self, node: Node | None) -> Node | None:
        return self._resolved(node, 0) if node is not None else None

    def _resolved(self, node: Node, depth: int) -> Node:
        """Return *node* with its expressions worked out."""
        self._steps += 1
        if depth > 60 or self._steps > _MOST_STEPS:
            return unknown("", node.span)
        if node.kind == "object":
            copied = [
                m for m in node.members if m.name.lower() == "copy" and m.value.kind == "list"
            ]
            members = [
                Member(m.name, m.name_span, self._resolved(m.value, depth + 1), m.entry)
                for m in node.members
                if m not in copied
            ]
            for member in copied:
                members += [_unknown_member(item, member) for item in member.value.items]
            return replace(node, members=tuple(members))
        if node.kind == "list":
            return replace(node, items=tuple(self._resolved(i, depth + 1) for i in node.items))
        text = node.scalar
        if not isinstance(text, str) or not text.startswith("[") or not text.endswith("]"):
            return node
        if not is_expression(text):
            return replace(node, scalar=text[1:], literal=False)
        named = _NAMED.fullmatch(text)
        if named is not None:
            found = self._value(named[1].lower(), named[2])
            return found if not is_unknown(found) else unknown(text, node.span)
        return computed(evaluate(text, self._function), node.span)

    def _function(self, name: str, arguments: list[Any]) -> Any:
        if name in ("parameters", "variables"):
            if len(arguments) == 1 and isinstance(arguments[0], str):
                return plain(self._value(name, arguments[0]))
            return Unknown(name)
        if name == "copyindex":
            turn, shift = self._turn, arguments[0] if arguments else 0
            if turn is None or turn < 0 or type(shift) is not int:
                return Unknown("copyIndex()")
            return turn + shift
        raise LookupError(name)

    def _value(self, table: str, name: str) -> Node:
        """Return the value of a parameter or variable."""
        if self._outer is not None:
            return self._outer._value(table, name)
        key = (table, name.lower())
        if key in self._busy:
            return unknown(name, self._root.span)
        if key not in self._values:
            self._busy.add(key)
            try:
                self._values[key] = self._read(table, name)
            finally:
                self._busy.discard(key)
        return self._values[key]

    def _read(self, table: str, name: str) -> Node:
        declared = self._root.get(table)
        found = declared.get(name) if declared is not None else None
        if table == "parameters" and name.lower() in self._given:
            return self._given[name.lower()]
        if table == "parameters" and found is not None:
            allowed = found.get("allowedValues")
            single = allowed.items[0] if allowed is not None and len(allowed.items) == 1 else None
            found = found.get("defaultValue") or single
        return self._resolved(found, 0) if found is not None else unknown(name, self._root.span)


def _text_or_unknown(node: Node | None) -> str | Unknown | None:
    if node is None:
        return None
    return text_of(node) or Unknown(str(plain(node)))


def _unknown_member(item: Node, member: Member) -> Member:
    """Return a property that a loop makes."""
    name = text_of(item.get("name")) or "..."
    return Member(name, member.name_span, unknown("copy", item.span), member.entry)
