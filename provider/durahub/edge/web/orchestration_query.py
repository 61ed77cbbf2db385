"""``orchestrations/query``: what is asked, and what of the instances found is answered; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from durahub.edge.web.bodies import object_member, text_member
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
from durahub.edge.web.protojson import status_named
from durahub.errors import BadRequest
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.json_text import member
from durahub.model.ticks import Ticks, to_text
from durahub.store import InstanceQuery

_NEWEST_FIRST = (("CREATED_AT", True),)

COLUMNS: Mapping[str, Callable[[Instance], Any]] = {
    "ORCHESTRATION_ID": lambda one: one.instance_id,
    "NAME": lambda one: one.name,
    "VERSION": lambda one: one.version or None,
    "CREATED_AT": lambda one: one.created,
    "LAST_UPDATED_AT": lambda one: one.last_updated,
    "START_AT": lambda one: one.scheduled_start,
    "COMPLETED_AT": lambda one: one.completed,
    "ORCHESTRATION_STATUS": lambda one: one.status.name,
    "TAGS": lambda one: sorted((one.tags or {}).items()) or None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrationQuery:
    """What is asked. The texts are folded; empty fields do not restrict."""

    orchestration_id: str = ""
    name: str = ""
    version: str = ""
    tags: str = ""
    created: Range = ALWAYS
    updated: Range = ALWAYS
    scheduled: Range = ALWAYS
    completed: Range = ALWAYS
    statuses: frozenset[Status] = frozenset()
    order: tuple[tuple[str, bool], ...] = _NEWEST_FIRST
    page: Slice = FIRST_PAGE
    fields: frozenset[str] = frozenset()

    def matches(self, one: Instance) -> bool:
        """Tell whether an instance is meant."""
        return (
            self.orchestration_id in one.instance_id.casefold()
            and self.name in (one.name or "").casefold()
            and self.version in (one.version or "").casefold()
            and (not self.tags or any(self.tags in text for text in _tag_texts(one)))
            and one.created in self.created
            and one.last_updated in self.updated
            and one.scheduled_start in self.scheduled
            and one.completed in self.completed
            and (not self.statuses or one.status in self.statuses)
        )

    def stored(self, page_size: int) -> InstanceQuery:
        """Return the part of the query that the store can answer itself."""
        end = self.created.end
        return InstanceQuery(
            statuses=self.statuses,
            created_from=self.created.start,
            created_to=None if end is None else Ticks(max(end - 1, 0)),
            payloads=False,
            page_size=page_size,
        )

    def sorted(self, found: Iterable[Instance]) -> list[Instance]:
        """Return *found* in the order that is asked for."""
        return in_order(found, self.order, COLUMNS)

    def shown(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that are asked for, all where none is named."""
        if not self.fields:
            return state
        return {name: value for name, value in state.items() if name in self.fields}


def orchestration_query(body: Mapping[str, Any]) -> OrchestrationQuery:
    """Return the query of a body; an empty object asks for everything. Raises `BadRequest`."""
    found = object_member(body, "filter")
    names = member(object_member(found, "orchestrationStatus"), "status") or ()
    if not isinstance(names, list | tuple):
        raise BadRequest("orchestrationStatus.status is not an array")
    fields = (text_member(body, "fields") or "").split(",")
    return OrchestrationQuery(
        orchestration_id=needle_of(found, "orchestrationId"),
        name=needle_of(found, "name"),
        version=needle_of(found, "version"),
        tags=needle_of(found, "tags"),
        created=range_of(found, "createdAt"),
        updated=range_of(found, "lastUpdatedAt"),
        scheduled=range_of(found, "startAt"),
        completed=range_of(found, "completedAt"),
        statuses=frozenset(status_named(name) for name in names),
        order=order_of(body, COLUMNS) or _NEWEST_FIRST,
        page=slice_of(body),
        fields=frozenset(name.strip() for name in fields if name.strip()),
    )


def trivia(found: Sequence[Instance]) -> dict[str, Any]:
    """Return the summary of all instances that a query found, whatever page is asked for."""
    counts = {
        status: sum(one.status is status for one in found)
        for status in (Status.Completed, Status.Running, Status.Failed, Status.Pending)
    }
    span = {}
    if found:
        span = {
            "earliestTimestamp": to_text(min(one.created for one in found)),
            "latestTimestamp": to_text(max(one.created for one in found)),
        }
    return span | {
        "totalCount": len(found),
        "completedCount": counts[Status.Completed],
        "runningCount": counts[Status.Running],
        "failedCount": counts[Status.Failed],
        "pendingCount": counts[Status.Pending],
    }


def _tag_texts(one: Instance) -> Iterable[str]:
    return (f"{key}={value}".casefold() for key, value in (one.tags or {}).items())
