"""Bicep files to what they declare, with what their modules declare.

Source: Bicep file structure and syntax, as Microsoft documents it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import tree_sitter

from durahub_migrate.lint.facts.templates import Commented, Resource, UnreadModule
from durahub_migrate.lint.files.bicep_parameters import parameters
from durahub_migrate.lint.files.bicep_resources import DEEPEST, Resources
from durahub_migrate.lint.files.bicep_syntax import Syntax, parse
from durahub_migrate.lint.files.bicep_tree import (
    Head,
    children_of,
    comments,
    declarations,
    head_of,
    loop_body,
    named,
    property_of,
    unwrapped,
)
from durahub_migrate.lint.files.bicep_values import Names, Values
from durahub_migrate.lint.files.computed import computed, of_file, plain, text_of, unknown
from durahub_migrate.lint.files.document import Member, Node, Unknown
from durahub_migrate.lint.files.parameters import Given, beside_of
from durahub_migrate.lint.place import Place, PlaceKind

_MOST_MODULES = 300  # of one template, each as often as it is deployed
_COMMENTED = re.compile(
    r"^[ \t]*(?:/[/*]+)?[ \t]*resource[ \t]+\w+[ \t]+'([^'\n@]+)(?:@[^'\n]*)?'", re.MULTILINE
)


@dataclass(slots=True)
class Declared:
    """What one Bicep file and its modules declare, as far as it could be read.

    *used* are the paths of its modules. It is not *whole* if part of a file was not understood.
    """

    target_scope: str = "resourceGroup"
    resources: list[Resource] = field(default_factory=list)
    unread: list[UnreadModule] = field(default_factory=list)
    commented: list[Commented] = field(default_factory=list)
    outputs: dict[str, Node] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    whole: bool = True

    def add(self, module: "Declared", condition: bool | Unknown) -> None:
        """Add what a *module* declares that is deployed under *condition*."""
        for one in module.resources:
            sure = condition is True or one.condition is False
            self.resources.append(one if sure else replace(one, condition=condition))
        self.unread += module.unread
        self.commented += module.commented
        self.used |= module.used
        self.whole = self.whole and module.whole


class Shelf:
    """The files where modules are looked for; it gives out so many, lest modules in modules grow and grow."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path.replace("\\", "/"): path for path in files}
        self._texts = files
        self._left = _MOST_MODULES

    def take(self, path: str) -> str | None:
        """Return the text of a module, ``None`` where it is not there."""
        self._left -= 1
        return self.text(path) if path in self._files and self._left >= 0 else None

    def text(self, path: str) -> str:
        """Return the text of a module that was taken."""
        return self._texts[self._files[path]]


@dataclass(frozen=True, slots=True)
class _Module:
    """A module as it is deployed once."""

    path: str
    declared: Declared
    condition: bool | Unknown


class Bicep:
    """One Bicep file. *given* are values of parameters, *inside* the files that it is a module of."""

    def __init__(
        self,
        path: str,
        text: str,
        given: Given | None = None,
        shelf: Shelf | None = None,
        prefix: str = "",
        inside: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.syntax: Syntax = parse(text)
        self._shelf = shelf or Shelf({})
        self._prefix = prefix
        self._inside = (*inside, beside_of(path, path.replace("\\", "/").rpartition("/")[2]))
        self._names = Names()
        self._values = Values(self.syntax, self._names)
        self._modules: dict[int, list[_Module | UnreadModule]] = {}
        self._tops = list(declarations(self.syntax.root))
        self._name_parameters({name.lower(): value for name, value in (given or {}).items()})
        self._name_the_rest()

    def declared(self) -> Declared:
        """Return everything that it declares."""
        result = Declared(whole=self.syntax.is_whole)
        for node in self._tops:
            if node.type == "target_scope_assignment" and named(node):
                scope = text_of(self._values.of(named(node)[-1]))
                result.target_scope = scope or result.target_scope
        resources = Resources(self.path, self.syntax, self._prefix, result.target_scope)
        for node in self._tops:
            parts = named(node)
            if node.type == "resource_declaration":
                result.resources += resources.of(node, self._values)
            elif node.type == "module_declaration":
                for one in self._modules_of(node):
                    if isinstance(one, UnreadModule):
                        result.unread.append(one)
                    else:
                        result.used.add(one.path)
                        result.add(one.declared, one.condition)
            elif node.type == "output_declaration" and len(parts) > 1:
                result.outputs[self.syntax.text(parts[0])] = self._values.of(parts[-1])
        result.commented += self._commented()
        return result

    def _name_parameters(self, given: Given) -> None:
        for one in parameters(self.syntax, self._tops, self._values):
            value = given.get(one.name.lower())
            if value is not None:
                self._names.values[one.name] = value
            elif one.default is not None:
                self._names.declared[one.name] = one.default
            elif len(one.allowed) == 1:
                self._names.values[one.name] = one.allowed[0]

    def _name_the_rest(self) -> None:
        for node in self._tops:
            parts = named(node)
            if node.type == "variable_declaration" and len(parts) > 1:
                self._names.declared.setdefault(self.syntax.text(parts[0]), parts[-1])
            elif node.type == "resource_declaration":
                self._name_resource(node, "")
            elif node.type == "module_declaration" and len(parts) > 2:
                symbol = self.syntax.text(parts[0])
                self._names.lazy.setdefault(symbol, partial(self._module_value, node))

    def _name_resource(self, node: tree_sitter.Node, within: str) -> None:
        head = head_of(self.syntax, node)
        if head is None or head.body.type == "for_statement" or within.count("::") > DEEPEST:
            return
        symbol = f"{within}::{head.symbol}" if within else head.symbol
        for name in (symbol, head.symbol):
            self._names.lazy.setdefault(name, partial(self._resource_value, head))
        for child in children_of(unwrapped(head.body)[1]):
            self._name_resource(child, symbol)

    def _resource_value(self, head: Head) -> Node:
        """Return what ``.name`` of a resource is taken from; the rest of it only a deployment tells."""
        name = property_of(self.syntax, unwrapped(head.body)[1], "name")
        if name is None:
            return unknown(head.symbol, head.declared)
        member = Member("name", head.declared, self._values.of(name), head.declared)
        return Node("object", head.declared, members=(member,), literal=False)

    def _module_value(self, node: tree_sitter.Node) -> Node:
        """Return what the outputs of a module are taken from."""
        span = self.syntax.span(node)
        found = self._modules_of(node)
        one = found[0] if len(found) == 1 else None
        if not isinstance(one, _Module):
            return unknown(self.syntax.text(named(node)[0]), span)
        outputs = {name: plain(value) for name, value in one.declared.outputs.items()}
        return computed({"outputs": outputs}, span)

    def _modules_of(self, node: tree_sitter.Node) -> list[_Module | UnreadModule]:
        found = self._modules.get(node.start_byte)
        if found is None:
            found = self._modules[node.start_byte] = list(self._read_modules(node))
        return found

    def _read_modules(self, node: tree_sitter.Node) -> Iterator[_Module | UnreadModule]:
        head = head_of(self.syntax, node)
        if head is None:
            return
        written = head.type + (f"@{head.version}" if head.version else "")
        path = beside_of(self.path, written)
        is_ours = ":" not in written and path.endswith(".bicep") and path not in self._inside
        text = self._shelf.take(path) if is_ours else None
        if text is None:
            place = Place(
                source=self.path, kind=PlaceKind.FILE, key=head.symbol, span=head.declared
            )
            body = unwrapped(loop_body(head.body) or head.body)[1]
            yield UnreadModule(
                place=place, path=written, params=self._values.of(body).get("params")
            )
            return
        looped = head.body.type == "for_statement"
        turns = self._values.turns(head.body) if looped else None
        if turns is None:
            repeated = loop_body(head.body) if looped else None
            condition, body = unwrapped(repeated or head.body)
            decided = self._values.decided(condition)
            turns = [(body, self._values, decided)]
        for number, (body, values, decided) in enumerate(turns):
            if number and self._shelf.take(path) is None:
                return
            prefix = f"{self._prefix}{head.symbol}{f'[{number}]' if looped else ''}/"
            given = _parameters(values.of(body), self.path)
            module = Bicep(path, text, given, self._shelf, prefix, self._inside)
            yield _Module(path, module.declared(), decided)

    def _commented(self) -> Iterator[Commented]:
        for comment in comments(self.syntax.root):
            for found in _COMMENTED.finditer(self.syntax.text(comment)):
                span = self.syntax.span(comment)
                place = Place(source=self.path, kind=PlaceKind.FILE, key=found[1], span=span)
                yield Commented(place=place, type=found[1])


def _parameters(body: Node, file: str) -> Given:
    found = body.get("params")
    members = found.members if found is not None else ()
    return {member.name: of_file(member.value, file) for member in members}
