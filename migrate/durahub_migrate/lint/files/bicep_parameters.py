"""The parameters that a Bicep file asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tree_sitter

from durahub_migrate.lint.files.bicep_syntax import Syntax
from durahub_migrate.lint.files.bicep_tree import named
from durahub_migrate.lint.files.bicep_values import Values
from durahub_migrate.lint.files.document import Node
from durahub_migrate.lint.place import Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. *allowed* are the values that ``@allowed`` names."""

    name: str
    declared: Span
    default: tree_sitter.Node | None
    allowed: tuple[Node, ...]


def parameters(
    syntax: Syntax, tops: Sequence[tree_sitter.Node], values: Values
) -> Iterator[Parameter]:
    """Yield the parameters among the declarations of a file."""
    decorators: list[tree_sitter.Node] = []
    for node in tops:
        parts = named(node)
        if node.type == "decorators":
            decorators = parts
        elif node.type == "parameter_declaration" and parts:
            inner = [d for part in parts if part.type == "decorators" for d in named(part)]
            others = [part for part in parts if part.type != "decorators"]
            assigned = any(child.type == "=" for child in node.children)
            yield Parameter(
                syntax.text(others[0]) if others else "",
                syntax.span(others[0] if others else node),
                others[-1] if assigned and len(others) > 1 else None,
                tuple(_allowed(syntax, [*decorators, *inner], values)),
            )
        if node.type not in ("comment", "decorators"):
            decorators = []


def _allowed(
    syntax: Syntax, decorators: Sequence[tree_sitter.Node], values: Values
) -> Iterator[Node]:
    for decorator in decorators:
        for call in named(decorator):
            name, *rest = named(call) or [call]
            if syntax.text(name) in ("allowed", "sys.allowed") and rest:
                for listed in named(rest[-1]):
                    yield from values.of(listed).items
