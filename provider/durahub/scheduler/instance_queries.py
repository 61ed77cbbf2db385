"""Queries of instances: the SQL of a page, and the token that names the place where the next begins.

No page may cost more because the hub holds more that is not on it. So each is a range of one index, or one
range for each status that is wanted, of which each gives a page at most. Instances with a prefix are a
range of their IDs, and come in the order of these; all others come in the order of their age.
"""

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass

from durahub.errors import BadRequest
from durahub.model.history import Status
from durahub.model.json_text import loads
from durahub.scheduler.columns import Column, from_text
from durahub.scheduler.instance_rows import COLUMNS, PAYLOADS
from durahub.store import EndedQuery, InstanceQuery

LARGEST_PAGE = 1000
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class PageSql:
    """A page as SQL: it selects one row more than *size*, which tells whether there is a next page."""

    sql: str
    parameters: tuple[Column, ...]
    size: int


def page_sql(hub: int, query: InstanceQuery) -> PageSql:
    """Return the SQL of the page that *query* asks for. Raises `BadRequest`."""
    prefix = prefix_of(query)
    # a plus keeps SQLite from an index that has the conditions, but not the order
    plus = "+" if prefix else ""
    where = _Where(f"hub = ? AND {plus}entity = ?", hub, int(query.entities))
    if prefix:
        where.add("id >= ?", from_text(prefix))
        after = _after(prefix)
        if after is not None:
            where.add("id < ?", from_text(after))
    if query.created_from is not None:
        where.add(f"{plus}created >= ?", query.created_from)
    if query.created_to is not None:
        where.add(f"{plus}created <= ?", query.created_to)
    if query.token is not None:
        created, instance_id = read_token(query.token)
        if prefix:
            where.add("id > ?", from_text(instance_id))
        else:
            where.add("(created, id) > (?, ?)", created, from_text(instance_id))
    size = max(1, min(query.page_size, LARGEST_PAGE))
    columns = ", ".join(COLUMNS + PAYLOADS if query.payloads else COLUMNS)
    if prefix:
        if query.statuses:
            where.add(f"+status IN ({', '.join(str(int(s)) for s in sorted(query.statuses))})")
        sql = f"SELECT {columns} FROM instances WHERE {where} ORDER BY id LIMIT {size + 1}"  # noqa: S608 (names and marks of ours)
        return PageSql(sql, tuple(where.parameters), size)
    return PageSql(*_ranges(columns, where, query.statuses, "created, id", size + 1), size)


def ended_sql(hub: int, query: EndedQuery) -> tuple[str, tuple[Column, ...]]:
    """Return the SQL that selects ended orchestrations, by the time of their ends: that time, and the ID."""
    where = _Where("hub = ? AND entity = 0 AND completed IS NOT NULL", hub)
    if query.completed_from is not None:
        where.add("completed >= ?", query.completed_from)
    if query.completed_to is not None:
        where.add("completed < ?", query.completed_to)
    if query.after is not None:
        place = query.after.completed, from_text(query.after.instance_id)
        where.add("(completed, id) > (?, ?)", *place)
    return _ranges("completed, id", where, query.statuses, "completed, id", query.count)


class _Where:
    """Conditions that must all hold, with their parameters."""

    def __init__(self, condition: str, *parameters: Column) -> None:
        self._conditions = [condition]
        self.parameters = list(parameters)

    def add(self, condition: str, *parameters: Column) -> None:
        self._conditions.append(condition)
        self.parameters += parameters

    def __str__(self) -> str:
        return " AND ".join(self._conditions)


def _ranges(
    columns: str, where: _Where, statuses: Collection[Status], order: str, limit: int
) -> tuple[str, tuple[Column, ...]]:
    """Return the SQL of the first *limit* rows, with its parameters: one range for each of *statuses*.

    Without any there is one range for all.
    """
    wanted = [f" AND status = {int(status)}" for status in sorted(statuses)] or [""]
    end = f"ORDER BY {order} LIMIT {limit}"
    ranges = [f"SELECT {columns} FROM instances WHERE {where}{status} {end}" for status in wanted]  # noqa: S608 (names and marks of ours)
    parameters = tuple(where.parameters) * len(ranges)
    if len(ranges) == 1:
        return ranges[0], parameters
    merged = " UNION ALL ".join(f"SELECT * FROM ({one})" for one in ranges)  # noqa: S608 (names and marks of ours)
    return f"{merged} {end}", parameters


def make_token(created: int, instance_id: str) -> str:
    """Return the token of the page that begins behind an instance."""
    place = json.dumps([created, instance_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode()


def read_token(token: str) -> tuple[int, str]:
    """Return what `make_token` was given. Raises `BadRequest` for a token that is not ours."""
    try:
        created, instance_id = loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError):
        created = instance_id = None
    known = isinstance(created, int) and isinstance(instance_id, str)
    if not known or created.bit_length() > 63:
        raise BadRequest("the continuation token is not one of this hub's")
    return created, instance_id


def prefix_of(query: InstanceQuery) -> str:
    """Return what the IDs begin with; those of entities begin with @, which may be left out."""
    missing = query.entities and query.prefix and not query.prefix.startswith("@")
    return f"@{query.prefix}" if missing else query.prefix


def _after(prefix: str) -> str | None:
    """Return the first text behind all that begin with *prefix*; ``None`` if there is none."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    if following == 0xD800:
        following = 0xE000  # what lies between are no characters
    return kept[:-1] + chr(following)
