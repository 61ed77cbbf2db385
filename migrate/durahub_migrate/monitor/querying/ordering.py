"""The order of rows in a list: the value that a row is sorted by, the judge of the index's paging.

Rows follow each other by that value, then by hub and ID; descending all of it is turned around. Rows that do
not have the value come last either way.
"""

from collections.abc import Iterable

from durahub.errors import BadRequest
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.querying.fields import TAG
from durahub_migrate.monitor.querying.folding import clean, fold
from durahub_migrate.monitor.querying.matching import IDS, NUMBERS, TEXTS
from durahub_migrate.monitor.row import Row, Sort

_TURNED = {"age": "created", "idle": "updated"}  # what is older has the greater age
_OWN = frozenset({"status", "kind", "hub"})


def told(sort: Sort) -> Sort:
    """Return *sort* by a field that a row has itself. Raises `BadRequest` if nothing is sorted by it."""
    if sort.field in _TURNED:
        return Sort(_TURNED[sort.field], not sort.descending)
    is_tag = sort.field.startswith(TAG) and len(sort.field) > len(TAG)
    if is_tag or sort.field in _OWN or sort.field in {*TEXTS, *IDS, *NUMBERS}:
        return sort
    raise BadRequest(f"instances are not sorted by {sort.field!r}")


def value_of(row: Row, field: str, now: Ticks) -> int | str | None:
    """Return what *row* is sorted by, texts folded, IDs not."""
    if field.startswith(TAG):
        return tag_value(row, field[len(TAG) :])
    if field in TEXTS:
        text = TEXTS[field](row)
        return None if text is None else fold(text)
    if field in IDS:
        text = IDS[field](row)
        return None if text is None else clean(text)
    if field in NUMBERS:
        return NUMBERS[field](row, now)
    return {"status": row.status, "kind": row.kind.value, "hub": row.hub}[field]


def tag_value(row: Row, name: str) -> str | None:
    """Return the tag of that name, folded; of names in several cases the first."""
    wanted = fold(name)
    found = sorted(tag for tag in row.tags if fold(tag) == wanted)
    return fold(row.tags[found[0]]) if found else None


def in_order(rows: Iterable[Row], sort: Sort, now: Ticks) -> list[Row]:
    """Return *rows* in the order of *sort*. Raises `BadRequest`."""
    own = told(sort)
    valued = [(value_of(row, own.field, now), row) for row in rows]
    some = [(value, row.hub, row.instance_id, row) for value, row in valued if value is not None]
    none = [(row.hub, row.instance_id, row) for value, row in valued if value is None]
    some.sort(key=lambda one: one[:3], reverse=own.descending)
    none.sort(key=lambda one: one[:2], reverse=own.descending)
    return [one[-1] for one in some] + [one[-1] for one in none]
