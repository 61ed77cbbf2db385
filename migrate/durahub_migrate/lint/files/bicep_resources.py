"""The resources that a Bicep file declares: children within parents, loops turn by turn."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import tree_sitter

from durahub_migrate.lint.facts.templates import Resource
from durahub_migrate.lint.files.bicep_syntax import Syntax
from durahub_migrate.lint.files.bicep_tree import (
    Head,
    children_of,
    head_of,
    loop_body,
    property_of,
    unwrapped,
)
from durahub_migrate.lint.files.bicep_values import Values
from durahub_migrate.lint.files.document import Unknown

DEEPEST = 20  # resources within each other; types of Azure have far fewer parts
_SYMBOL = re.compile(r"\w+(::\w+)*(\[.*\])?")


@dataclass(frozen=True, slots=True)
class Resources:
    """Reads the resources of the file *path*; their keys begin with *prefix*."""

    path: str
    syntax: Syntax
    prefix: str
    deployed_to: str

    def of(
        self, node: tree_sitter.Node, values: Values, parent: Resource | None = None
    ) -> Iterator[Resource]:
        """Yield the resource of a declaration, as often as its loop turns, and those within it."""
        head = head_of(self.syntax, node)
        if head is None or (parent is not None and parent.key.count(".") > DEEPEST):
            return
        if parent is not None:
            head = _within(head, parent)
        key = f"{parent.key}.{head.symbol}" if parent is not None else self.prefix + head.symbol
        if head.body.type != "for_statement":
            condition, body = unwrapped(head.body)
            yield from self._one(head, key, parent, values, body, values.decided(condition))
            return
        turns = values.turns(head.body)
        if turns is not None:
            for number, (body, inside, decided) in enumerate(turns):
                yield from self._one(head, f"{key}[{number}]", parent, inside, body, decided)
            return
        repeated = loop_body(head.body)
        if repeated is not None:
            condition, body = unwrapped(repeated)
            unsure = True if condition is None else Unknown(self.syntax.text(condition))
            for one in self._one(head, key, parent, values, body, unsure):
                yield replace(one, many=True)

    def _one(
        self,
        head: Head,
        key: str,
        parent: Resource | None,
        values: Values,
        body: tree_sitter.Node,
        condition: bool | Unknown,
    ) -> Iterator[Resource]:
        found = values.of(body)
        if parent is not None and parent.condition is not True and condition is not False:
            condition = parent.condition
        resource = Resource(
            file=self.path,
            key=key,
            type=head.type,
            api_version=head.version,
            declared=head.declared,
            version=head.written_version,
            name=found.get("name"),
            names=(),
            body=found,
            within=parent.key if parent is not None else self._symbol(body, "parent"),
            scoped_to=self._symbol(body, "scope"),
            scope=found.get("scope"),
            existing=head.existing,
            condition=condition,
            deployed_to=self.deployed_to,
        )
        yield resource
        for child in children_of(body):
            yield from self.of(child, values, resource)

    def _symbol(self, body: tree_sitter.Node, name: str) -> str | None:
        """Return the key of the resource that a property names by its symbol."""
        value = property_of(self.syntax, body, name)
        symbol = "".join(self.syntax.text(value).split()) if value is not None else ""
        return self.prefix + symbol.replace("::", ".") if _SYMBOL.fullmatch(symbol) else None


def _within(head: Head, parent: Resource) -> Head:
    """Return the head of a resource within *parent*: type and version may go on from there."""
    whole = "." in head.type.partition("/")[0]
    inherited = parent.api_version if isinstance(parent.api_version, str) else None
    return replace(
        head,
        type=head.type if whole else f"{parent.type}/{head.type}",
        version=head.version or inherited,
    )
