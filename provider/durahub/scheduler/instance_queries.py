"""Queries of instances: the SQL of a page, and the token that names the place where the next begins."""

import base64
import json
from dataclasses import dataclass

from durahub.errors import BadRequest
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
    """Return the SQL of the page that *query* asks for, the oldest first. Raises `BadRequest`."""
    conditions = ["hub = ?", "entity = ?"]
    parameters: list[Column] = [hub, int(query.entities)]

    def add(condition: str, *values: Column) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if query.created_from is not None:
        add("created >= ?", query.created_from)
    if query.created_to is not None:
        add("created <= ?", query.created_to)
    if query.statuses:
        add(f"status IN ({', '.join(str(int(s)) for s in sorted(query.statuses))})")
    prefix = prefix_of(query)
    if prefix:
        add("id >= ?", from_text(prefix))
        after = _after(prefix)
        if after is not None:
            add("id < ?", from_text(after))
    if query.token is not None:
        created, instance_id = read_token(query.token)
        add("(created, id) > (?, ?)", created, from_text(instance_id))
    size = max(1, min(query.page_size, LARGEST_PAGE))
    columns = COLUMNS + PAYLOADS if query.payloads else COLUMNS
    sql = (
        f"SELECT {', '.join(columns)} FROM instances WHERE {' AND '.join(conditions)}"
        f" ORDER BY created, id LIMIT {size + 1}"
    )
    return PageSql(sql, tuple(parameters), size)


def ended_sql(hub: int, query: EndedQuery) -> tuple[str, tuple[Column, ...]]:
    """Return the SQL that selects ended orchestrations, by the time of their ends: that time, and the ID."""
    wanted = ", ".join(str(int(status)) for status in sorted(query.statuses))
    conditions = ["hub = ?", "entity = 0", "completed IS NOT NULL", f"status IN ({wanted})"]
    parameters: list[Column] = [hub]
    if query.completed_from is not None:
        conditions.append("completed >= ?")
        parameters.append(query.completed_from)
    if query.completed_to is not None:
        conditions.append("completed < ?")
        parameters.append(query.completed_to)
    if query.after is not None:
        conditions.append("(completed, id) > (?, ?)")
        parameters += [query.after.completed, from_text(query.after.instance_id)]
    sql = (
        f"SELECT completed, id FROM instances WHERE {' AND '.join(conditions)}"
        f" ORDER BY completed, id LIMIT {query.count}"
    )
    return sql, tuple(parameters)


def make_token(created: int, instance_id: str) -> str:
    """Return the token of the page that begins behind an instance."""
    place = json.dumps([created, instance_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode()


def read_token(token: str) -> tuple[int, str]:
    """Return what `make_token` was given. Raises `BadRequest` for a token that is not ours."""
    try:
        created, instance_id = json.loads(base64.urlsafe_b64decode(token.encode()))
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
