"""The place at which a page of a list ended, as text that says nothing to those who hand it on."""

import base64
import hashlib
import json
from dataclasses import dataclass

from durahub.errors import BadRequest
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import write
from durahub_migrate.monitor.querying.folding import clean
from durahub_migrate.monitor.row import Sort

LONGEST = 16_000
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """The last row of a page. *now* is that of the first page: what lasts until now is sorted by it."""

    now: Ticks
    value: int | str | None
    hub: str
    instance_id: str


def to_text(place: Place, query: Query, sort: Sort) -> str:
    """Return *place* as text for the URL; it fits only this query and this order."""
    parts = [_of(query, sort), place.now, place.value, place.hub, place.instance_id]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_text(text: str, query: Query, sort: Sort) -> Place:
    """Return the place that `to_text` wrote. Raises `BadRequest` if it is of another list, or of none."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        encoded = text.encode("ascii")
        decoded = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), b"-_", validate=True)
        parts = json.loads(decoded)
        of, now, value, hub, instance_id = parts
        checked = (
            _is_number(now)
            and (value is None or isinstance(value, str) or _is_number(value))
            and isinstance(hub, str)
            and isinstance(instance_id, str)
        )
    except (ValueError, TypeError, RecursionError):
        raise BadRequest("after is not where a page of instances ended") from None
    if not checked:
        raise BadRequest("after is not where a page of instances ended")
    if of != _of(query, sort):
        raise BadRequest("after is where a page of another query or in another order ended")
    return Place(
        Ticks(now),
        clean(value) if isinstance(value, str) else value,
        clean(hub),
        clean(instance_id),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST


def _of(query: Query, sort: Sort) -> str:
    text = f"{sort.field} {sort.descending} {write(query.node)}"
    return hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
