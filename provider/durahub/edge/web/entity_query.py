"""``entities/query``: what is asked, and which entities are meant; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from durahub.dispatch.entity_queries import EntityQuery
from durahub.edge.web.bodies import flag_member, object_member
from durahub.edge.web.filters import (
    ALWAYS,
    FIRST_PAGE,
    Range,
    Slice,
    in_order,
    needle_of,
    order_of,
    range_of,
    slice_of,
)
from durahub.engine.entities.work import Entity
from durahub.errors import BadRequest
from durahub.model.json_text import member
from durahub.model.ticks import Ticks

_LATEST_FIRST = (("LAST_MODIFIED_AT", True),)


def _parts(entity: Entity) -> tuple[str, str]:
    name, _, key = entity.instance_id.removeprefix("@").partition("@")
    return name, key


COLUMNS: Mapping[str, Callable[[Entity], Any]] = {
    "NAME": lambda one: _parts(one)[0],
    "KEY": lambda one: _parts(one)[1],
    "LAST_MODIFIED_AT": lambda one: one.last_modified,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitiesAsked:
    """What is asked; the texts are folded. ``starts`` and ``but_not`` may begin with an ID's ``@``."""

    name: str = ""
    key: str = ""
    starts: str = ""
    but_not: tuple[str, ...] = ()
    modified: Range = ALWAYS
    order: tuple[tuple[str, bool], ...] = _LATEST_FIRST
    page: Slice = FIRST_PAGE
    total: bool = True

    def matches(self, one: Entity) -> bool:
        """Tell whether an entity is meant."""
        name, key = (text.casefold() for text in _parts(one))
        return (
            self.name in name
            and self.key in key
            and _starts(one, self.starts)
            and not any(_starts(one, prefix) for prefix in self.but_not)
            and one.last_modified in self.modified
        )

    def stored(self, page_size: int) -> EntityQuery:
        """Return the part of the query that the hub can answer itself."""
        end = self.modified.end
        return EntityQuery(
            modified_from=self.modified.start,
            modified_to=None if end is None else Ticks(max(end - 1, 0)),
            page_size=page_size,
        )

    def sorted(self, found: list[Entity]) -> list[Entity]:
        """Return *found* in the order that is asked for."""
        return in_order(found, self.order, COLUMNS)


def entities_asked(body: Mapping[str, Any]) -> EntitiesAsked:
    """Return the query of a body; an empty object asks for everything. Raises `BadRequest`."""
    found = object_member(body, "filter")
    excluded = member(found, "excludeNameStartsWith") or []
    if not isinstance(excluded, list):
        raise BadRequest("excludeNameStartsWith is not an array")
    prefixes = (needle_of({"one": one}, "one") for one in excluded)
    return EntitiesAsked(
        name=needle_of(found, "name"),
        key=needle_of(found, "key"),
        starts=needle_of(found, "nameStartsWith"),
        but_not=tuple(prefix for prefix in prefixes if prefix),
        modified=range_of(found, "lastModifiedAt"),
        order=order_of(body, COLUMNS) or _LATEST_FIRST,
        page=slice_of(body),
        total=flag_member(body, "fetchTotalCount", default=True),
    )


def _starts(one: Entity, prefix: str) -> bool:
    whole = one.instance_id.casefold()
    return whole.startswith(prefix if prefix.startswith("@") else f"@{prefix}")
