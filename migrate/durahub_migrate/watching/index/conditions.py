"""A query as the condition of a SELECT: fixed SQL with parameters, no text of a user ever in it.

A condition is true, false or NULL; as the whole NULL is as good as false, and what is turned around is made
one of the two first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Relation
from durahub_migrate.monitor.querying.fields import TAG, TEXT
from durahub_migrate.monitor.querying.folding import fold
from durahub_migrate.monitor.querying.matching import FAILED, MOMENTS, is_hub
from durahub_migrate.monitor.querying.patterns import literal, pieces
from durahub_migrate.monitor.row import ENDED, Kind

HAYSTACK = "(SELECT haystack FROM texts WHERE texts.row = rows.number)"
LIKE = r"LIKE ? ESCAPE '\'"
ENDED_SQL = f"status IN {tuple(sorted(ENDED))}"
_SPECIAL_LIKE = re.compile(r"[%_\\]")
_SPECIAL_GLOB = re.compile(r"[*?\[]")
_COLUMNS = {"custom": "custom", "output": "output", "input": "input", "error": "output"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with the values of its parameters."""

    text: str
    values: tuple[object, ...] = ()


def where(node: Node, hub: str, now: Ticks) -> Sql:
    """Return *node* as a condition on the rows of *hub*."""
    match node:
        case Condition():
            return _condition(node, hub, now)
        case Not(part):
            inner = where(part, hub, now)
            return Sql(f"NOT ifnull({inner.text}, 0)", inner.values)
        case AllOf(parts):
            return joined(" AND ", [where(part, hub, now) for part in parts])
        case OneOf(parts):
            return joined(" OR ", [where(part, hub, now) for part in parts])


def joined(word: str, parts: list[Sql]) -> Sql:
    """Return *parts* in brackets with *word* between them; nothing is true."""
    if not parts:
        return Sql("1")
    return Sql(
        f"({word.join(part.text for part in parts)})",
        tuple(value for part in parts for value in part.values),
    )


def duration(now: Ticks) -> Sql:
    """Return how many ticks a row lasted."""
    return Sql(
        f"((CASE WHEN {ENDED_SQL} THEN ifnull(completed, updated) ELSE ? END) - created)", (now,)
    )


def like(pattern: str, *, is_whole: bool) -> str:
    """Return a folded pattern for LIKE."""
    found = "%".join(_SPECIAL_LIKE.sub(r"\\\g<0>", piece) for piece in pieces(pattern))
    return found if is_whole else f"%{found}%"


def behind(prefix: str) -> str | None:
    """Return the least text that is greater than all that begin with *prefix*; ``None`` if there is none."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def _condition(one: Condition, hub: str, now: Ticks) -> Sql:
    field = one.field
    if field == TEXT:
        return _any(
            one, lambda pattern: Sql(f"{HAYSTACK} {LIKE}", (like(pattern, is_whole=False),))
        )
    if field.startswith(TAG):
        name = fold(field[len(TAG) :])
        is_whole = one.relation is Relation.EQUALS
        return _any(
            one,
            lambda pattern: Sql(
                "(tags IS NOT NULL AND tag_fits(tags, ?, ?, ?))", (name, is_whole, pattern)
            ),
        )
    match field:
        case "hub":
            return Sql("1" if is_hub(hub, one) else "0")
        case "id" | "parent" | "execution":
            return _id(one, field)
        case "name":
            return _text(one, "folded")
        case "version":
            return _text(one, "fold(version)")
        case "custom" | "output" | "input" | "error":
            found = _any(one, lambda pattern: _held(one, pattern, _COLUMNS[field]))
            return (
                found
                if field != "error"
                else joined(" AND ", [Sql("status = ?", (FAILED,)), found])
            )
        case "age":
            return _ago(one, "created", now)
        case "idle":
            return _ago(one, "updated", now)
        case "duration":
            return _number(one, duration(now))
        case "status" | "kind" | "is":
            return joined(" OR ", [_word(field, str(word), now) for word in one.operands])
        case _:
            return _number(one, Sql(field))


def _any(one: Condition, of: Callable[[str], Sql]) -> Sql:
    return joined(" OR ", [of(str(pattern)) for pattern in one.operands])


def _text(one: Condition, column: str) -> Sql:
    is_whole = one.relation is Relation.EQUALS
    return _any(one, lambda pattern: Sql(f"{column} {LIKE}", (like(pattern, is_whole=is_whole),)))


def _held(one: Condition, pattern: str, column: str) -> Sql:
    """Look in the haystack first: that takes no call from SQLite into Python."""
    exactly = Sql(
        f"fold({column}) {LIKE}", (like(pattern, is_whole=one.relation is Relation.EQUALS),)
    )
    needle = max(pieces(pattern), key=len)
    if not needle:
        return exactly
    about = Sql(f"{HAYSTACK} {LIKE}", (like(literal(needle), is_whole=False),))
    return joined(" AND ", [about, exactly])


def _id(one: Condition, field: str) -> Sql:
    if one.relation is Relation.CONTAINS:
        if field == "id":
            return _any(one, lambda pattern: _held(one, pattern, "id"))
        return _text(one, f"fold({field})")
    return joined(
        " OR ",
        [
            Sql(f"{field} IS NULL") if pattern is None else exactly(field, str(pattern))
            for pattern in one.operands
        ],
    )


def exactly(column: str, pattern: str) -> Sql:
    """Return that *column* is as *pattern* says, letter by letter; an index on it can be used."""
    first, *rest = pieces(pattern)
    if not rest:
        return Sql(f"{column} = ?", (first,))
    parts = [begins(column, first)] if first else []
    if first == "" or rest != [""]:
        found = "*".join(_SPECIAL_GLOB.sub(r"[\g<0>]", piece) for piece in pieces(pattern))
        parts.append(Sql(f"{column} GLOB ?", (found,)))
    return joined(" AND ", parts)


def begins(column: str, prefix: str) -> Sql:
    """Return that *column* begins with *prefix*."""
    end = behind(prefix)
    if end is None:
        return Sql(f"{column} >= ?", (prefix,))
    return Sql(f"({column} >= ? AND {column} < ?)", (prefix, end))


def _number(one: Condition, column: Sql) -> Sql:
    if one.relation is not Relation.EQUALS:
        return Sql(f"{column.text} {one.relation.value} ?", (*column.values, *one.operands))
    if one.field in MOMENTS:
        operands = cast("tuple[int, ...]", one.operands)
        spans = zip(operands[::2], operands[1::2], strict=True)
        return joined(
            " OR ",
            [Sql(f"({column.text} >= ? AND {column.text} < ?)", (*span,)) for span in spans],
        )
    places = ", ".join("?" * len(one.operands))
    return Sql(f"{column.text} IN ({places})", one.operands)


def _ago(one: Condition, column: str, now: Ticks) -> Sql:
    (length,) = cast("tuple[int]", one.operands)
    return Sql(f"{column} {_TURNED[one.relation.value]} ?", (now - length,))


def _word(field: str, word: str, now: Ticks) -> Sql:
    match field, word:
        case "kind", _:
            return Sql("kind = ?", (word,))
        case _, "ended":
            return Sql(ENDED_SQL)
        case _, "active":
            return Sql(f"NOT {ENDED_SQL}")
        case "status", _:
            return Sql("status = ?", (word,))
        case _, "entity":
            return Sql("kind = ?", (Kind.ENTITY.value,))
        case _, "child":
            return Sql("parent IS NOT NULL")
        case _, "root":
            return Sql("(kind = ? AND parent IS NULL)", (Kind.ORCHESTRATION.value,))
        case _, "locked":
            return Sql("locked_by IS NOT NULL")
        case _:  # scheduled
            return Sql("(status = 'Pending' AND scheduled > ?)", (now,))
