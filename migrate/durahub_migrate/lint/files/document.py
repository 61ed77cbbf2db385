"""The values in a file, each with its place: what JSON, Bicep and TOML files have in common."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from durahub_migrate.lint.place import Place, PlaceKind, Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only a deployment could tell: an expression, a parameter without default."""

    text: str


Scalar = str | int | float | bool | None | Unknown


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a file. Exactly one of *scalar*, *members*, *items* counts, by *kind*.

    *span* is that of the value. One that is not *literal* was worked out of an expression: what stands at its
    span is not the value, and no fix writes another there. *file* is where it stands, if that is another file
    than the one in which it is used: a template that passes it to a module, a parameters file.
    """

    kind: str  # "scalar", "object", "list"
    span: Span
    scalar: Scalar = None
    members: tuple["Member", ...] = ()
    items: tuple["Node", ...] = ()
    literal: bool = True
    file: str | None = None

    def get(self, name: str) -> "Node | None":
        """Return the value of the last member called *name*, in any case; ``None`` if there is none."""
        member = self.member(name)
        return member.value if member is not None else None

    def member(self, name: str) -> "Member | None":
        """Return the last member called *name*, in any case."""
        found = [one for one in self.members if one.name.lower() == name.lower()]
        return found[-1] if found else None

    def at(self, path: str) -> "Node | None":
        """Return the value at a dotted *path*, names in any case."""
        node: Node | None = self
        for name in path.split("."):
            node = node.get(name) if node is not None else None
        return node

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, "Node"]]:
        """Yield each scalar and list below with its dotted path."""
        for member in self.members:
            path = f"{prefix}.{member.name}" if prefix else member.name
            if member.value.kind == "object":
                yield from member.value.leaves(path)
            else:
                yield path, member.value


@dataclass(frozen=True, slots=True)
class Member:
    """A named value in an object. *entry* is the span of name, value and the comma that belongs to it."""

    name: str
    name_span: Span
    value: Node
    entry: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. *path* is as the user gave it or as it was found below a folder."""

    path: str
    text: str
    root: Node
    problems: tuple[tuple[str, Span], ...] = field(default=())  # what could not be read, and where

    def place(self, node: Node | Member | None = None, key: str = "") -> Place:
        """Return the place of *node*, of the file without one."""
        span = node.span if isinstance(node, Node) else node.name_span if node is not None else None
        return Place(source=self.path, kind=PlaceKind.FILE, key=key, span=span)
