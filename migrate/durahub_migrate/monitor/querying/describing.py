"""A query in words: for screen readers, for jobs that ask before they act, and for reports."""

from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Query, Relation
from durahub_migrate.monitor.querying.fields import TAG, TEXT
from durahub_migrate.monitor.querying.patterns import pieces, plain

_NAMES = {
    "id": "ID",
    "custom": "custom status",
    "age": "age",
    "idle": "time without change",
    "execution": "execution ID",
    "created": "creation",
    "updated": "last change",
    "completed": "end",
    "scheduled": "scheduled start",
}
_RELATIONS = {
    Relation.EQUALS: "is",
    Relation.CONTAINS: "contains",
    Relation.LESS: "is less than",
    Relation.AT_MOST: "is at most",
    Relation.MORE: "is more than",
    Relation.AT_LEAST: "is at least",
}
_TIMES = {
    Relation.EQUALS: "in",
    Relation.LESS: "before",
    Relation.AT_MOST: "before the end of",
    Relation.MORE: "after",
    Relation.AT_LEAST: "from",
}
_MOMENTS = frozenset({"created", "updated", "completed", "scheduled"})


def describe(query: Query) -> str:
    """Return *query* in words: ``status is Running, and age is more than 1h``."""
    return _node(query.node, is_inner=False) or "all instances"


def _node(node: Node, *, is_inner: bool = True) -> str:
    match node:
        case Condition():
            return _condition(node)
        case Not(part):
            return f"not {_node(part)}"
        case AllOf(parts):
            text = ", and ".join(map(_node, parts))
        case OneOf(parts):
            text = ", or ".join(map(_node, parts))
    return f"({text})" if is_inner else text


def _condition(node: Condition) -> str:
    values = [plain(value) or "empty" for value in node.values]
    if node.field == TEXT:
        return f"ID, name or texts contain “{values[0]}”"
    if node.field == "is":
        return f"it is {_or(values)}"
    if node.field == "parent" and node.operands == (None,):
        return "it has no parent"
    name = node.field
    name = f"tag {name[len(TAG) :]}" if name.startswith(TAG) else _NAMES.get(name, name)
    if node.field in _MOMENTS:
        return f"{name} {_TIMES[node.relation]} {_or(values)}"
    relation = _RELATIONS[node.relation]
    if node.relation is Relation.EQUALS and any(len(pieces(one)) > 1 for one in node.values):
        relation = "is like"
    return f"{name} {relation} {_or(values)}"


def _or(values: list[str]) -> str:
    return " or ".join(values)
