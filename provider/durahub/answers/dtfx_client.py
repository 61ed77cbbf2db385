"""An instance as DTFx's client tells it: ``GetOrchestrationStateAsync`` and ``…HistoryAsync``.

Members and their order are those of the recordings in ``tests/golden/hubs``. ``parent`` and
``failureDetails`` are always null: the client of Azure Storage does not fill them, though the history
has both.
"""

from collections.abc import Iterable
from typing import Any

from durahub.classic.dialect import Dialect
from durahub.classic.event_fields import GENERATE_NEW_TRACE
from durahub.classic.event_json import write_event
from durahub.model.history import Status
from durahub.model.ticks import Ticks, to_round_trip_text
from durahub.stored import StoredEvent, StoredInstance

TAGS, PROPERTIES = "Tags", "Properties"
UNKNOWN_STATUS = -1


def instance_answer(stored: StoredInstance) -> dict[str, Any]:
    """Return the state of an instance and its history."""
    return {
        "instanceId": stored.instance_id,
        "executionId": stored.execution_id,
        "name": stored.name,
        "version": stored.version,
        "status": _status_name(stored.status),
        "createdTime": _time(stored.created),
        "lastUpdatedTime": _time(stored.last_updated),
        "completedTime": _time(stored.completed),
        "scheduledStartTime": _time(stored.scheduled_start),
        "input": stored.input,
        "output": stored.output,
        "customStatus": stored.custom_status,
        "tags": None if stored.tags is None else dict(stored.tags),
        "generation": stored.generation or 0,
        "parent": None,
        "failureDetails": None,
        "history": history_answer(stored.history),
    }


def history_answer(events: Iterable[StoredEvent]) -> list[dict[str, Any]]:
    """Return events as DTFx writes them in JSON: without types, enums as numbers."""
    return [write_event(one.event, _dialect(one.lacks), typed=False) for one in events]


def status_number(status: str) -> int:
    """Return DTFx's number of a status that a row names; −1 if it knows none of that name."""
    return Status[status] if status in Status.__members__ else UNKNOWN_STATUS


def _status_name(status: str) -> str:
    return status if status in Status.__members__ else str(UNKNOWN_STATUS)


def _time(moment: Ticks | None) -> str | None:
    return None if moment is None else to_round_trip_text(moment)


def _dialect(lacks: frozenset[str]) -> Dialect:
    return Dialect(
        generate_new_trace=GENERATE_NEW_TRACE not in lacks,
        task_tags=TAGS not in lacks,
        failure_properties=PROPERTIES not in lacks,
    )
