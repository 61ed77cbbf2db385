"""Writing a condition, or a whole syntax tree, as text that reads as the same."""

import re

from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf
from durahub_migrate.monitor.querying.fields import TAG, TEXT
from durahub_migrate.monitor.querying.reading import FIELD, TAG_NAME, VALUE

_WORDS = frozenset({"and", "or", "not"})


def write(node: Node) -> str:
    """Return *node* as text: ``parse(write(node), now).node`` is *node*, if `parse` made it at *now*."""
    match node:
        case Condition():
            return _condition(node)
        case Not(part):
            inner = write(part)
            return f"-({inner})" if isinstance(part, AllOf | OneOf) else f"-{inner}"
        case AllOf(parts):
            return " ".join(_in_brackets(part, OneOf) for part in parts)
        case OneOf(parts):
            return " or ".join(_in_brackets(part, OneOf) for part in parts)


def _in_brackets(node: Node, kind: type[OneOf]) -> str:
    return f"({write(node)})" if isinstance(node, kind) else write(node)


def _condition(node: Condition) -> str:
    if node.field == TEXT:
        (value,) = node.values
        is_bare = _is_bare(value) and not (
            value.startswith("-") or value.lower() in _WORDS or FIELD.match(value)
        )
        return value if is_bare else _quoted(value)
    values = list(map(write_value, node.values))
    value = values[0] if len(values) == 1 else f"({'|'.join(values)})"
    return f"{write_field(node.field)}{node.relation.value}{value}"


def write_value(pattern: str) -> str:
    """Return the value of a condition as it stands behind the relation, in quotes if it has to."""
    is_bare = _is_bare(pattern) and not pattern.startswith("=")
    return pattern if is_bare else _quoted(pattern)


def write_field(name: str) -> str:
    """Return the name of a field as it stands before the relation, that of a tag in quotes if it has to."""
    if not name.startswith(TAG):
        return name
    tag = name[len(TAG) :]
    return name if TAG_NAME.fullmatch(tag) else TAG + _quoted(tag.replace("\\", "\\\\"))


def _is_bare(value: str) -> bool:
    return '"' not in value and VALUE.fullmatch(value) is not None


def _quoted(value: str) -> str:
    return '"' + re.sub('"', r'\\"', value) + '"'
