"""Whether a row is what a query asks for: the judge of what the index finds by other means."""

from collections.abc import Callable, Mapping
from typing import cast

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Query, Relation
from durahub_migrate.monitor.querying.fields import TAG, TEXT
from durahub_migrate.monitor.querying.folding import clean, fold, haystack
from durahub_migrate.monitor.querying.patterns import contains, fits
from durahub_migrate.monitor.row import ENDED, Kind, Row

FAILED = "Failed"


def matches(query: Query, row: Row) -> bool:
    """Tell whether *row* is as *query* says, at the query's time."""
    return _holds(query.node, row, query.now)


def _holds(node: Node, row: Row, now: Ticks) -> bool:
    match node:
        case Condition():
            return _is(node, row, now)
        case Not(part):
            return not _holds(part, row, now)
        case AllOf(parts):
            return all(_holds(part, row, now) for part in parts)
        case OneOf(parts):
            return any(_holds(part, row, now) for part in parts)


def _is(condition: Condition, row: Row, now: Ticks) -> bool:
    name = condition.field
    if name == TEXT:
        return _text(condition, haystack(row))
    if name.startswith(TAG):
        return any(
            _text(condition, fold(value))
            for tag, value in row.tags.items()
            if fold(tag) == fold(name[len(TAG) :])
        )
    if name in TEXTS:
        text = TEXTS[name](row)
        return text is not None and _text(condition, fold(text))
    if name == "hub":
        return is_hub(row.hub, condition)
    if name in IDS:
        return _id(condition, IDS[name](row))
    if name in NUMBERS:
        return _number(condition, NUMBERS[name](row, now))
    return any(_WORDS[name](row, str(word), now) for word in condition.operands)


def _text(condition: Condition, text: str) -> bool:
    compare = fits if condition.relation is Relation.EQUALS else contains
    return any(compare(text, str(pattern)) for pattern in condition.operands)


def _id(condition: Condition, text: str | None) -> bool:
    if text is None:
        return None in condition.operands
    text = clean(text) if condition.relation is Relation.EQUALS else fold(text)
    compare = fits if condition.relation is Relation.EQUALS else contains
    return any(
        pattern is not None and compare(text, str(pattern)) for pattern in condition.operands
    )


def _number(condition: Condition, value: int | None) -> bool:
    if value is None:
        return False
    operands = cast("tuple[int, ...]", condition.operands)
    match condition.relation:
        case Relation.LESS:
            return value < operands[0]
        case Relation.AT_MOST:
            return value <= operands[0]
        case Relation.MORE:
            return value > operands[0]
        case Relation.AT_LEAST:
            return value >= operands[0]
        case _ if condition.field in MOMENTS:
            return any(
                start <= value < end
                for start, end in zip(operands[::2], operands[1::2], strict=True)
            )
        case _:
            return value in operands


def lasted(row: Row, now: Ticks) -> int | None:
    """Return the ticks from the creation of *row* to its end, or to *now*."""
    end = (row.updated if row.completed is None else row.completed) if row.is_ended else now
    return None if row.created is None or end is None else end - row.created


def is_hub(key: str, condition: Condition) -> bool:
    """Tell whether the hub of that *key* is one that *condition* names, by its key or its name."""
    return any(_text(condition, fold(name)) for name in (key, key.partition("@")[0]))


def _is_one(row: Row, word: str, now: Ticks) -> bool:
    match word:
        case "ended":
            return row.is_ended
        case "active":
            return not row.is_ended
        case "entity":
            return row.kind is Kind.ENTITY
        case "child":
            return row.parent_id is not None
        case "root":
            return row.kind is Kind.ORCHESTRATION and row.parent_id is None
        case "locked":
            return row.locked_by is not None
        case _:  # scheduled
            start = row.scheduled_start
            return row.status == "Pending" and start is not None and start > now


def _is_status(row: Row, word: str, _now: Ticks) -> bool:
    if word in ("active", "ended"):
        return (row.status in ENDED) == (word == "ended")
    return row.status == word


MOMENTS = frozenset({"created", "updated", "completed", "scheduled"})
TEXTS: Mapping[str, Callable[[Row], str | None]] = {
    "name": lambda row: row.name,
    "version": lambda row: row.version,
    "custom": lambda row: row.custom_status,
    "output": lambda row: row.output,
    "input": lambda row: row.input,
    "error": lambda row: row.output if row.status == FAILED else None,
}
IDS: Mapping[str, Callable[[Row], str | None]] = {
    "id": lambda row: row.instance_id,
    "parent": lambda row: row.parent_id,
    "execution": lambda row: row.execution_id,
}
NUMBERS: Mapping[str, Callable[[Row, Ticks], int | None]] = {
    "created": lambda row, _now: row.created,
    "updated": lambda row, _now: row.updated,
    "completed": lambda row, _now: row.completed,
    "scheduled": lambda row, _now: row.scheduled_start,
    "age": lambda row, now: None if row.created is None else now - row.created,
    "idle": lambda row, now: None if row.updated is None else now - row.updated,
    "duration": lasted,
    "partition": lambda row, _now: row.partition,
    "generation": lambda row, _now: row.generation,
    "size": lambda row, _now: row.bytes,
}
_WORDS: Mapping[str, Callable[[Row, str, Ticks], bool]] = {
    "status": _is_status,
    "kind": lambda row, word, _now: row.kind.value == word,
    "is": _is_one,
}
