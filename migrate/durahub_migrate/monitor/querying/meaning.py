"""What a condition's values mean: the operands that rows are compared with."""

from collections.abc import Mapping
from difflib import get_close_matches

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import Condition, Relation
from durahub_migrate.monitor.querying.fields import Field, Values, field_of
from durahub_migrate.monitor.querying.folding import clean, fold
from durahub_migrate.monitor.querying.moments import is_relative, length, number, size, span
from durahub_migrate.monitor.querying.patterns import plain

NONE = "none"
Operand = str | int | float | Ticks | None


def condition(name: str, relation: Relation, values: tuple[str, ...], now: Ticks) -> Condition:
    """Return a condition with its operands. Raises `ValueError` with what was expected instead."""
    field = field_of(name)
    if field is None:
        raise ValueError("the name of a field")
    operands = tuple(
        operand for value in values for operand in operands_of(field, relation, value, now)
    )
    return Condition(name, relation, values, operands)


def operands_of(field: Field, relation: Relation, value: str, now: Ticks) -> tuple[Operand, ...]:
    """Return what *value* means to *field*. Raises `ValueError` with what was expected instead."""
    match field.values:
        case Values.EXACT:
            if field.name == "parent" and relation is Relation.EQUALS and fold(value) == NONE:
                return (None,)
            return (clean(value) if relation is Relation.EQUALS else fold(value),)
        case Values.PATTERN:
            return (fold(value),)
        case Values.WORD:
            return (_word(field, plain(value)),)
        case Values.TIME:
            return _time(field, relation, plain(value), now)
        case Values.LENGTH:
            return (length(plain(value)),)
        case Values.NUMBER:
            return (number(plain(value)),)
        case Values.BYTES:
            return (size(plain(value)),)


def _word(field: Field, value: str) -> str:
    word = field.words.get(fold(value))
    if word is None:
        raise ValueError(f"one of {', '.join(field.words.values())}{near(value, field.words)}")
    return word


def _time(field: Field, relation: Relation, value: str, now: Ticks) -> tuple[Operand, ...]:
    start, end = span(value, now)
    match relation:
        case Relation.EQUALS if is_relative(value):
            raise ValueError(
                f"a time, for an age has no extent; {field.name}>{value} is what came after it"
            )
        case Relation.EQUALS:
            return start, end
        case Relation.LESS | Relation.AT_LEAST:
            return (start,)
        case _:  # the time is all of its day, minute or second
            return (Ticks(end - 1),)


def near(typed: str, words: Mapping[str, str]) -> str:
    """Return a question for the word that *typed* may stand for, or nothing."""
    found = get_close_matches(fold(typed), list(words), n=1)
    return f"; did you mean {words[found[0]]!r}?" if found else ""
